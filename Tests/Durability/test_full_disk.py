"""D1, D2: a disk without room or without inodes. Writes are refused, everything else goes on, nothing is lost."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from kit.gateway import Gateway
from kit.signing import Request
from rig.image import Image
from rig.load import Refused, Writer, put
from rig.offline import problems_of
from rig.verdict import compare

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]

MEBIBYTE = 1 << 20
REFUSAL = (503, "ServiceUnavailable")
SMALL_DISK_MEBIBYTES = 96
"""4,096 blob folders and the file system itself take a third of it."""


def fill(writer: Writer, size: int, limit: int = 5_000) -> int:
    """Stores objects of a size until one is refused for want of room, and returns how many were stored."""
    for count in range(limit):
        try:
            put(writer, body=writer.numbers.randbytes(size))
        except Refused as refusal:
            assert refusal.answer.refusal == REFUSAL, refusal
            return count
    raise AssertionError(f"{limit} objects of {size} bytes, and the disk is not full")


def assert_the_rest_works(server: Gateway, writer: Writer) -> None:
    """All that was stored is read, listed, and described on the full disk."""
    assert server.is_running
    outcome = compare(server, [writer.journal], writer.prefix)
    assert outcome.is_clean, str(outcome)


def remove(writer: Writer, count: int) -> None:
    """Removes so many objects, each of which must succeed."""
    for key in writer.journal.present()[:count]:
        writer.change(key, None, Request("DELETE", writer.bucket, key))


def assert_writes_are_back(writer: Writer, size: int, seconds: float = 5) -> float:
    """A write succeeds within some seconds; returns how many it took."""
    began = time.monotonic()
    while True:
        try:
            put(writer, body=writer.numbers.randbytes(size))
            return time.monotonic() - began
        except Refused as refusal:
            assert refusal.answer.refusal == REFUSAL, refusal
            assert time.monotonic() - began < seconds, "writes are still refused although there is room"
            time.sleep(0.1)


def finish(server: Gateway, writer: Writer) -> None:
    """Nothing is lost over a stop, and the database is whole."""
    assert server.stop() == 0
    assert problems_of(server.data) == []
    server.start()
    assert compare(server, [writer.journal], writer.prefix).is_clean
    server.kill()


def free_bytes(folder: Path) -> int:
    """How much a volume has left."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def take_all(file: Path) -> None:
    """Lets a file grow until its volume has nothing left."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for size in (MEBIBYTE, 65_536, 4_096):
            try:
                while os.write(descriptor, bytes(size)):
                    os.fsync(descriptor)
            except OSError as error:
                assert error.errno == errno.ENOSPC
    finally:
        os.close(descriptor)


@pytest.fixture(params=["one volume", "two volumes"])
def small_disk(request, new_image) -> Path:
    """A data folder on a small disk, or one whose blobs alone lie on a small disk."""
    # No blocks are set aside for root, who would find room where the file system says that there is none.
    small: Image = new_image("ext4", SMALL_DISK_MEBIBYTES, ("-m", "0"), name="small").make()
    if request.param == "one volume":
        return small.mount() / "data"
    large: Image = new_image("ext4", 3_072, name="large").make()
    data = large.mount() / "data"
    small.mount_point = data / "objects" / "blobs"
    small.mount_point.mkdir(parents=True)
    small.mount()
    return data


def test_on_a_full_disk_writes_are_refused_and_reads_and_deletes_go_on(small_disk, new_gateway, numbers, say):
    server = new_gateway("--free-space-floor-mib", "8", data=small_disk).start()
    process, writer = server.pid, Writer(server, "full", numbers)
    blobs = fill(writer, MEBIBYTE)
    assert_the_rest_works(server, writer)
    remove(writer, 12)
    seconds = assert_writes_are_back(writer, MEBIBYTE)
    refilled = fill(writer, MEBIBYTE)
    assert_the_rest_works(server, writer)
    assert server.pid == process
    say(f"{blobs} MiB until refused; {seconds:.2f} s after 12 MiB were removed; {refilled} MiB until refused again")
    finish(server, writer)


def test_without_a_floor_a_disk_filled_to_its_last_block_loses_nothing(small_disk, new_gateway, numbers, say):
    """A floor of 0 is the operator's word that deletes may be refused too; what was acknowledged is there."""
    server = new_gateway("--free-space-floor-mib", "0", data=small_disk).start()
    writer = Writer(server, "last-block", numbers)
    # With blobs on a disk of their own there is no end to the rows.
    sizes = [MEBIBYTE, 40_000] + ([] if (small_disk / "objects" / "blobs").is_mount() else [4_000, 1])
    counts = [fill(writer, size) for size in sizes]
    assert_the_rest_works(server, writer)
    removed = 0
    for key in writer.journal.present():
        try:
            writer.change(key, None, Request("DELETE", writer.bucket, key))
            removed += 1
        except Refused as refusal:
            assert refusal.answer.refusal == REFUSAL, refusal
    assert_the_rest_works(server, writer)
    say(f"{counts} objects of {sizes} bytes until refused, {removed} removed")
    finish(server, writer)


@pytest.mark.parametrize("floor", ["0", "8"])
def test_at_100_percent_every_delete_succeeds_and_writes_are_back_after_10_mib(
    new_image, new_gateway, numbers, say, floor,
):
    """Somebody else takes the last block; the store has put aside what its deletes need."""
    mounted = new_image("ext4", SMALL_DISK_MEBIBYTES, ("-m", "0"), name="small").make().mount()
    server = new_gateway("--free-space-floor-mib", floor, data=mounted / "data").start()
    process, writer = server.pid, Writer(server, "brim", numbers)
    for size in (MEBIBYTE, 40_000, 4_000, 1):
        for _ in range(12):
            put(writer, body=numbers.randbytes(size))
    # Rows in the log that the database file has no room for yet are the hardest case.
    for _ in range(40):
        put(writer, body=numbers.randbytes(30_000))
    stranger = mounted / "stranger"
    take_all(stranger)
    with pytest.raises(Refused) as refused:
        put(writer, body=numbers.randbytes(MEBIBYTE))
    assert refused.value.answer.refusal == REFUSAL
    assert_the_rest_works(server, writer)
    kept = 20
    present = writer.journal.present()
    for key in present[kept:]:
        writer.change(key, None, Request("DELETE", writer.bucket, key))
        take_all(stranger)
    assert_the_rest_works(server, writer)
    stranger.write_bytes(b"")
    with stranger.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free_bytes(mounted) - 18 * MEBIBYTE))
    seconds = assert_writes_are_back(writer, MEBIBYTE)
    assert server.pid == process
    say(f"floor {floor}: {len(present) - kept} deletes at 100 %, writes again after {seconds:.2f} s")
    finish(server, writer)


def test_without_inodes_blobs_are_refused_and_the_rest_goes_on(new_image, new_gateway, numbers, say):
    """Small objects are rows and need no inode; large ones are refused."""
    image = new_image("ext4", 3_072, ("-N", "4400"), name="few-inodes").make()
    server = new_gateway(data=image.mount() / "data").start()
    process, writer = server.pid, Writer(server, "inodes", numbers)
    blobs = fill(writer, 40_000)
    put(writer, body=b"a row needs no inode")
    assert_the_rest_works(server, writer)
    remove(writer, 12)
    seconds = assert_writes_are_back(writer, 40_000)
    assert fill(writer, 40_000) > 0
    assert_the_rest_works(server, writer)
    assert server.pid == process
    say(f"{blobs} blobs until refused; {seconds:.2f} s after 12 were removed")
    finish(server, writer)
