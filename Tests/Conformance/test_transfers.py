"""`put` and `get` with large files: killed and resumed, cancelled, and within their memory."""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import os
import re
import signal
import subprocess
import threading
import time
import uuid
from pathlib import Path

import pytest

from kit.gateway import binary, clean_environment
from kit.signing import Request

SIZE_MIB = int(os.environ.get("CONFORMANCE_TRANSFER_MIB") or 256)
SMALL_MIB = 64
PART_MIB = 8
KILLS = 3
# What a transfer itself takes, its heaps and stacks. The pages of the program's file come on top and can be dropped at
# any time: about 43 MiB of a debug build, and fewer of a release build.
ALLOWED_MEMORY_KIB = 32 * 1024
# Slow enough that every kill comes in time, and fast enough for 5 GiB.
RATE_WHILE_KILLED = "64M"
LIMIT_SECONDS = 1800
BLOCK = os.urandom(2**20)


def crc64(path: Path) -> str:
    """The CRC-64 of a file as OSS writes it, counted by liblzma."""
    library = ctypes.CDLL(ctypes.util.find_library("lzma") or "liblzma.so.5")
    library.lzma_crc64.restype = ctypes.c_uint64
    library.lzma_crc64.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
    value = 0
    with open(path, "rb") as file:
        while block := file.read(2**22):
            value = library.lzma_crc64(block, len(block), value)
    return str(value)


def write_file(path: Path, mebibytes: int) -> Path:
    """A file of so many MiB in which no two blocks are the same."""
    with open(path, "wb") as file:
        for number in range(mebibytes):
            file.write(number.to_bytes(8, "big") + BLOCK[8:])
    return path


class Transfer:
    """One run of `put` or `get`, and the most memory that it had."""

    def __init__(self, server, *arguments: str):
        credentials = server.credentials
        environment = clean_environment({
            "OSS_ACCESS_KEY_ID": credentials.access_key_id, "OSS_ACCESS_KEY_SECRET": credentials.secret,
            "OSS_REGION": credentials.region})
        self._process = subprocess.Popen(
            [str(binary()), *arguments, "--endpoint", server.oss], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.peak_kib = 0
        self.output = ""
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        status = Path(f"/proc/{self._process.pid}/status")
        while self._process.poll() is None:
            try:
                found = re.search(r"RssAnon:\s+(\d+)", status.read_text())
            except OSError:
                return
            if found:
                self.peak_kib = max(self.peak_kib, int(found.group(1)))
            time.sleep(0.01)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def end(self, number: signal.Signals | None = None) -> int:
        """Waits for its end, which a signal may bring about, and returns the exit status."""
        if number is not None:
            self._process.send_signal(number)
        self.output, _ = self._process.communicate(timeout=LIMIT_SECONDS)
        self._watcher.join(5)
        return self._process.returncode


class Uploads:
    """What the server knows of uploads that are under way."""

    def __init__(self, store, bucket: str):
        self._store = store
        self._bucket = bucket

    def ids(self, key: str) -> list[str]:
        """The IDs of the uploads of a key."""
        answer = self._store.send(Request("GET", self._bucket, query=(("uploads", ""), ("prefix", key))))
        assert answer.status == 200, answer
        return [upload.findtext("UploadId") for upload in answer.xml.iter("Upload")]

    def part_count(self, key: str) -> int:
        """How many parts the one upload of a key has; 0 if there is none."""
        ids = self.ids(key)
        assert len(ids) <= 1, ids
        if not ids:
            return 0
        answer = self._store.send(Request("GET", self._bucket, key, query=(("uploadId", ids[0]),)))
        # It may have been completed in between.
        return len(list(answer.xml.iter("Part"))) if answer.status == 200 else 0


def wait_until(condition, transfer: Transfer) -> None:
    """Waits until a condition holds, as long as the transfer runs."""
    until = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert transfer.is_running, transfer.end() or transfer.output
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.02)


@pytest.fixture
def own_server(new_gateway):
    """A server that nobody else loads."""
    return new_gateway().start()


@pytest.fixture
def large_key() -> str:
    """A key that no other test uses."""
    return f"film-{uuid.uuid4().hex}.mp4"


@pytest.mark.timeout(2 * LIMIT_SECONDS)
def test_an_upload_that_is_killed_three_times_ends_with_the_right_checksum(
        own_server, open_store, large_key, tmp_path, capsys):
    store, uploads = open_store(own_server), Uploads(open_store(own_server), own_server.bucket)
    source = write_file(tmp_path / "source", SIZE_MIB)
    wanted = crc64(source)
    command = ["put", str(source), f"oss://{own_server.bucket}/{large_key}", "--checkpoint-dir", str(tmp_path / "state")]
    peaks, part_total = [], SIZE_MIB // PART_MIB
    for kill in range(1, KILLS + 1):
        before = uploads.part_count(large_key)
        target = part_total * kill // (KILLS + 1)
        transfer = Transfer(own_server, *command, "--limit-rate", RATE_WHILE_KILLED)
        wait_until(lambda: uploads.part_count(large_key) >= target, transfer)
        assert transfer.end(signal.SIGKILL) == -signal.SIGKILL
        peaks.append(transfer.peak_kib)
        assert uploads.part_count(large_key) >= before, "parts were lost"
    before = uploads.part_count(large_key)
    began = time.monotonic()
    last = Transfer(own_server, *command)
    assert last.end() == 0, last.output
    seconds = time.monotonic() - began
    peaks.append(last.peak_kib)
    answer = store.send(Request("HEAD", own_server.bucket, large_key))
    assert answer.header("x-oss-hash-crc64ecma") == wanted
    assert answer.header("Content-Length") == str(SIZE_MIB * 2**20)
    # One upload from beginning to end: the parts of the killed ones were used.
    assert (answer.header("ETag") or "").endswith(f'-{part_total}"')
    assert uploads.ids(large_key) == []
    assert list((tmp_path / "state").iterdir()) == []
    with capsys.disabled():
        print(f"\nput of {SIZE_MIB} MiB, killed {KILLS} times: {before} of {part_total} parts resumed,"
              f" the rest in {seconds:.1f} s; peak memory {max(peaks) / 1024:.1f} MiB")
    assert max(peaks) < ALLOWED_MEMORY_KIB, peaks


@pytest.mark.timeout(2 * LIMIT_SECONDS)
def test_a_download_that_is_killed_three_times_ends_with_the_right_bytes(
        own_server, large_key, tmp_path, capsys):
    size_mib = min(SIZE_MIB, 1024)
    source = write_file(tmp_path / "source", size_mib)
    wanted = crc64(source)
    address = f"oss://{own_server.bucket}/{large_key}"
    upload = Transfer(own_server, "put", str(source), address)
    assert upload.end() == 0, upload.output
    source.unlink()
    target, state = tmp_path / "target", tmp_path / "state"
    command = ["get", address, str(target), "--checkpoint-dir", str(state)]
    peaks, part_total = [], size_mib // PART_MIB
    for kill in range(1, KILLS + 1):
        before = checkpointed_parts(state)
        transfer = Transfer(own_server, *command, "--limit-rate", RATE_WHILE_KILLED)
        wait_until(lambda: checkpointed_parts(state) >= part_total * kill // (KILLS + 1), transfer)
        assert transfer.end(signal.SIGKILL) == -signal.SIGKILL
        peaks.append(transfer.peak_kib)
        assert checkpointed_parts(state) >= before, "parts were lost"
        assert not target.exists()
    last = Transfer(own_server, *command)
    assert last.end() == 0, last.output
    peaks.append(last.peak_kib)
    assert crc64(target) == wanted
    assert sorted(path.name for path in tmp_path.iterdir() if "target" in path.name) == ["target"]
    assert list(state.iterdir()) == []
    with capsys.disabled():
        print(f"\nget of {size_mib} MiB, killed {KILLS} times: peak memory {max(peaks) / 1024:.1f} MiB")
    assert max(peaks) < ALLOWED_MEMORY_KIB, peaks


def checkpointed_parts(state: Path) -> int:
    """How many parts the one checkpoint in a folder holds; 0 if there is none."""
    for path in state.glob("*.checkpoint"):
        # A line with a checksum, and then JSON.
        return len(json.loads(path.read_bytes().split(b"\n", 1)[1])["parts"])
    return 0


def test_an_upload_that_is_interrupted_leaves_nothing(own_server, open_store, large_key, tmp_path):
    store, uploads = open_store(own_server), Uploads(open_store(own_server), own_server.bucket)
    source = write_file(tmp_path / "source", SMALL_MIB)
    transfer = Transfer(
        own_server, "put", str(source), f"oss://{own_server.bucket}/{large_key}", "--limit-rate", "8M")
    wait_until(lambda: uploads.part_count(large_key) >= 1, transfer)
    assert transfer.end(signal.SIGINT) != 0
    assert uploads.ids(large_key) == []
    assert store.send(Request("HEAD", own_server.bucket, large_key)).status == 404


def test_a_download_that_is_interrupted_leaves_nothing(own_server, large_key, tmp_path):
    source = write_file(tmp_path / "source", SMALL_MIB)
    address = f"oss://{own_server.bucket}/{large_key}"
    upload = Transfer(own_server, "put", str(source), address)
    assert upload.end() == 0, upload.output
    folder = tmp_path / "folder"
    folder.mkdir()
    transfer = Transfer(own_server, "get", address, str(folder / "target"), "--limit-rate", "8M")
    wait_until(lambda: list(folder.glob("*.part")) != [], transfer)
    assert transfer.end(signal.SIGINT) != 0
    assert list(folder.iterdir()) == []


def test_a_file_that_changes_while_it_is_sent_is_not_stored(own_server, open_store, large_key, tmp_path):
    store, uploads = open_store(own_server), Uploads(open_store(own_server), own_server.bucket)
    source = write_file(tmp_path / "source", SMALL_MIB)
    transfer = Transfer(
        own_server, "put", str(source), f"oss://{own_server.bucket}/{large_key}", "--limit-rate", "16M")
    wait_until(lambda: uploads.part_count(large_key) >= 1, transfer)
    with open(source, "r+b") as file:
        file.seek(SMALL_MIB * 2**19)
        file.write(b"changed")
    assert transfer.end() != 0
    assert store.send(Request("HEAD", own_server.bucket, large_key)).status == 404
    assert uploads.ids(large_key) == []
