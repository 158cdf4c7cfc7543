"""B2, B3, C8: the server ends, or a flush fails, at one chosen system call after the other."""

from __future__ import annotations

import errno
import http.client
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import pytest

from Folders.make import ENVIRONMENT, HERE, contents
from kit.gateway import Gateway, GatewayDidNotStart
from rig.gate import ANSWERS, FILE_CHANGES, GO_ON, Call, Recorder, SystemCallGate, Verdict, fail_with
from rig.load import Journal, Refused, Writer, abort, complete, copy, delete, put, stage, start_load
from rig.offline import blob_path, problems_of
from rig.verdict import Outcome, compare
from test_data_folders import VERSIONS, unpacked

ROW, BLOB = 4_096, 2_500_000
DISK_FAILURE = 70
DAY_SECONDS = 86_400


def gated(new_gateway, *names: str, **options) -> tuple[Gateway, SystemCallGate]:
    """A server behind a gate."""
    gate = SystemCallGate(*(names or {*FILE_CHANGES, *ANSWERS}))
    return new_gateway(launcher=gate, **options), gate


def changes_the_store(call: Call) -> bool:
    """Whether a call changes the data folder, or answers a client."""
    if call.path.startswith("socket:"):
        return call.name in ANSWERS
    return "/data/" in call.path and (call.name != "openat" or call.creates) and not call.path.endswith("-shm")


# B2

@dataclass(frozen=True)
class Operation:
    """A change that is made again and again, with what has to be there before it and is handed to it."""

    before: Callable[[Writer], Any]
    change: Callable[[Writer, Any], None]


def nothing(writer: Writer) -> None:
    """Nothing has to be there."""


def put_of(size: int) -> Callable[..., None]:
    """Stores a new object of a size."""
    return lambda writer, _=None: put(writer, body=writer.numbers.randbytes(size))


def over_of(size: int) -> Callable[..., None]:
    """Stores an object of a size over another one."""
    return lambda writer, _=None: put(writer, writer.old_key(), writer.numbers.randbytes(size))


OPERATIONS = {
    "put-row": Operation(nothing, put_of(ROW)),
    "put-blob": Operation(nothing, put_of(BLOB)),
    "overwrite-row-with-blob": Operation(put_of(ROW), over_of(BLOB)),
    "overwrite-blob-with-row": Operation(put_of(BLOB), over_of(ROW)),
    "delete-blob": Operation(put_of(BLOB), lambda writer, _: delete(writer)),
    "copy-blob": Operation(put_of(BLOB), lambda writer, _: copy(writer)),
    "complete": Operation(stage, complete),
    "abort": Operation(stage, abort),
}


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_kill_at_any_system_call_of_an_operation_loses_and_tears_nothing(new_gateway, numbers, say, name):
    server, gate = gated(new_gateway)
    server.start()
    operation, total, journal, point = OPERATIONS[name], Outcome(), Journal(), 0
    while True:
        point += 1
        writer = Writer(server, f"call/{name}", numbers, journal=journal)
        prepared = operation.before(writer)
        settle_calls(gate)
        recorder = Recorder(changes_the_store, kill_at=point)
        gate.watch(recorder)
        try:
            operation.change(writer, prepared)
        except (OSError, http.client.HTTPException):
            pass
        # What follows the answer, such as the removal of a file, counts as well.
        wait_until_quiet(recorder)
        gate.open()
        if len(recorder.calls) < point:
            break
        server.kill()
        server.start()
        total += compare(server, [journal], f"call/{name}")
    server.kill()
    say(f"{name}: killed at each of {point - 1} calls: {total}; the last: {', '.join(map(short, recorder.calls))}")
    assert total.is_clean, str(total)
    assert problems_of(server.data) == []
    assert point > 3, "too few calls for an operation that is flushed and answered"


def short(call: Call) -> str:
    """A call for a line of figures."""
    last = Path(call.path).name
    return f"{call.name} {'answer' if call.path.startswith('socket:') else 'blob' if len(last) == 26 else last}"


def wait_until_quiet(recorder: Recorder, seconds: float = 0.15) -> None:
    """Returns when no call was made for a while."""
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < seconds:
        if len(recorder.calls) != seen:
            seen, since = len(recorder.calls), time.monotonic()
        time.sleep(0.01)


def settle_calls(gate: SystemCallGate) -> None:
    """Lets what an operation left to be done come to its end."""
    recorder = Recorder(changes_the_store)
    gate.watch(recorder)
    wait_until_quiet(recorder)


# B3

def start_killed_three_times(server: Gateway, gate: SystemCallGate, numbers, points: int) -> list[str]:
    """Starts a server, and ends it at a random call of the first `points`, three times in a row.

    - Returns the calls at which it ended before it was done.
    """
    at = []
    for _ in range(3):
        recorder = Recorder(changes_the_store, kill_at=numbers.randint(1, points))
        gate.watch(recorder)
        start_and_sweep(server)
        if len(recorder.calls) >= recorder.kill_at:
            at.append(str(recorder.calls[-1]))
        server.kill()
    gate.open()
    return at


def calls_of_a_start(server: Gateway, gate: SystemCallGate) -> int:
    """How many calls a start makes, the work that begins with it included."""
    recorder = Recorder(changes_the_store)
    gate.watch(recorder)
    start_and_sweep(server)
    server.kill()
    gate.open()
    return len(recorder.calls)


def start_and_sweep(server: Gateway, seconds: float = 30) -> None:
    """Starts a server and waits until its first sweep is over, or until it is."""
    try:
        server.start()
    except GatewayDidNotStart:
        return
    deadline = time.monotonic() + seconds
    while server.is_running and "orphan sweep" not in server.log:
        assert time.monotonic() < deadline, "the first sweep does not end"
        time.sleep(0.02)


@pytest.mark.full
@pytest.mark.timeout(600)
def test_a_first_start_that_is_killed_three_times_is_finished_by_the_next(new_gateway, numbers, rounds, say):
    reached = []
    for number in range(rounds(2, 12)):
        server, gate = gated(new_gateway, name=f"first-{number}")
        # Most of the 4,500 calls make folders; half of the rounds end behind them.
        reached += start_killed_three_times(server, gate, numbers, [40, 4_600][number % 2])
        server.start()
        writer = Writer(server, "first", numbers)
        put_of(ROW)(writer), put_of(BLOB)(writer)
        assert compare(server, [writer.journal], "first").is_clean
        server.kill()
        assert problems_of(server.data) == []
    say(f"{len(reached)} first starts killed")
    assert reached


@pytest.mark.full
@pytest.mark.timeout(600)
def test_a_recovery_that_is_killed_three_times_loses_nothing(new_gateway, numbers, rounds, say):
    server, gate = gated(new_gateway)
    total, reached, journals, count = Outcome(), [], None, rounds(2, 15)
    for _ in range(count):
        server.start()
        load = start_load(server, numbers, "recovery", journals)
        load.let_run(numbers.uniform(0.2, 1))
        server.kill()
        load.join()
        journals = load.journals
        reached += start_killed_three_times(server, gate, numbers, 40)
        server.start()
        total += compare(server, journals, "recovery")
        server.kill()
    say(f"{count} recoveries, {len(reached)} of them killed once more: {total}")
    assert total.is_clean, str(total)
    assert reached, "no recovery was ever killed"
    assert problems_of(server.data) == []


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgrade_that_is_killed_three_times_is_finished_by_the_next_start(
    new_gateway, tmp_path, numbers, rounds, say, version,
):
    expected = json.loads((HERE / f"{version}.json").read_text())
    reached = []
    for number in range(rounds(2, 10)):
        folder = tmp_path / f"upgrade-{number}"
        folder.mkdir()
        data = unpacked(version, folder)
        server, gate = gated(new_gateway, name=f"server-{number}", data=data, environment=ENVIRONMENT)
        reached += start_killed_three_times(server, gate, numbers, 40)
        server.start()
        assert contents(server) == expected
        server.kill()
        assert problems_of(data) == []
        shutil.rmtree(folder)
    say(f"{len(reached)} upgrades of {version} killed")


@pytest.mark.full
@pytest.mark.timeout(600)
def test_a_sweep_that_is_killed_three_times_removes_orphans_and_nothing_else(new_gateway, numbers, rounds, say):
    server, gate = gated(new_gateway)
    reached, journal = [], Journal()
    for _ in range(rounds(2, 10)):
        server.start()
        writer = Writer(server, "sweep", numbers, journal=journal)
        for _ in range(4):
            put_of(BLOB)(writer)
        server.kill()
        blobs = server.data / "objects" / "blobs"
        named = {path for path in blobs.glob("*/*") if len(path.name) == 26}
        strays = make_strays(server.data / "objects", named, numbers)
        reached += start_killed_three_times(server, gate, numbers, calls_of_a_copy(server, gate))
        for _ in range(2):
            age(blobs)
            start_and_sweep(server)
            server.kill()
        server.start()
        assert compare(server, [writer.journal], "sweep").is_clean
        server.kill()
        left = [path for path in strays if path.exists() or path.with_name(path.name + ".orphan").exists()]
        assert left == [], "orphans are still there after two more sweeps"
        assert problems_of(server.data) == []
    say(f"{len(reached)} starts with a sweep killed")


def make_strays(store: Path, named: set[Path], numbers) -> list[Path]:
    """Blobs that no row names, some of them marked, and a blob of a row that was marked by mistake; all days old."""
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    strays = []
    for number in range(12):
        path = blob_path(store, "".join(numbers.choice(digits) for _ in range(26)))
        (path if number % 2 else path.with_name(path.name + ".orphan")).write_bytes(b"nobody's")
        strays.append(path)
    marked = numbers.choice(sorted(named))
    marked.rename(marked.with_name(marked.name + ".orphan"))
    age(store / "blobs")
    return strays


def age(blobs: Path) -> None:
    """Makes every blob file three days older than now."""
    past = time.time() - 3 * DAY_SECONDS
    for path in blobs.glob("*/*"):
        os.utime(path, (past, past))


def calls_of_a_copy(server: Gateway, gate: SystemCallGate) -> int:
    """How many calls the next start would make, found out on a copy of the folder."""
    copied = server.folder / "copied"
    shutil.copytree(
        server.data, copied / "data", symlinks=True, ignore=shutil.ignore_patterns("control.sock"))
    for path in (server.data / "objects" / "blobs").glob("*/*"):
        shutil.copystat(path, copied / "data" / path.relative_to(server.data))
    other_gate = SystemCallGate(*FILE_CHANGES)
    other = Gateway(server.folder / "other", data=copied / "data", launcher=other_gate)
    count = calls_of_a_start(other, other_gate)
    shutil.rmtree(copied)
    return max(1, count)


# C8

@dataclass
class OneFailure:
    """Fails one call, usually with EIO, and watches what is done to the same file afterwards."""

    matches: Callable[[Call], bool]
    skipped: int = 0
    error: int = errno.EIO
    """How many calls that match go on before."""
    failed: Call | None = None
    at: float = 0
    repeated: list[Call] | None = None

    def __call__(self, call: Call) -> Verdict:
        if self.failed is not None:
            if call.path == self.failed.path and call.name in ("fsync", "fdatasync"):
                self.repeated = [*(self.repeated or []), call]
            return GO_ON
        if not self.matches(call):
            return GO_ON
        if self.skipped > 0:
            self.skipped -= 1
            return GO_ON
        self.failed, self.at = call, time.monotonic()
        return fail_with(self.error)


FLUSHES = {
    "blob": lambda call: call.name == "fdatasync" and "/blobs/" in call.path,
    "folder": lambda call: call.name == "fsync" and "/blobs/" in call.path,
    "log": lambda call: call.name in ("fsync", "fdatasync") and call.path.endswith("/objects/meta.sqlite-wal"),
}
WRITES = {
    "blob-write": lambda call: call.name == "pwrite64" and "/blobs/" in call.path,
    "log-write": lambda call: call.name == "pwrite64" and call.path.endswith("/objects/meta.sqlite-wal"),
}


@pytest.mark.parametrize("target", FLUSHES)
def test_a_flush_that_fails_is_never_answered_with_success_and_ends_the_server(new_gateway, numbers, say, target):
    server, gate = gated(new_gateway)
    server.start()
    writer = Writer(server, "flush", numbers)
    for size in (ROW, BLOB):
        put_of(size)(writer)
    settle_calls(gate)
    failure = OneFailure(FLUSHES[target])
    gate.watch(failure)
    with pytest.raises((Refused, OSError, http.client.HTTPException)):
        put_of(BLOB)(writer)
    assert failure.failed is not None
    status = server.wait(10)
    took = time.monotonic() - failure.at
    say(f"EIO at {short(failure.failed)}: exit status {status} after {took * 1000:.0f} ms")
    assert status == DISK_FAILURE and took < 1
    assert not failure.repeated, "a flush was tried again on a file whose flush had failed"
    gate.open()
    server.start()
    assert compare(server, [writer.journal], "flush").is_clean
    server.kill()
    assert problems_of(server.data) == []


@pytest.mark.parametrize("target", WRITES)
def test_a_write_that_fails_is_never_answered_with_success(new_gateway, numbers, target):
    """The server may end or go on, but what it said before holds, and what it refused did not happen."""
    server, gate = gated(new_gateway)
    server.start()
    writer = Writer(server, "write", numbers)
    put_of(BLOB)(writer)
    settle_calls(gate)
    failure = OneFailure(WRITES[target])
    gate.watch(failure)
    with pytest.raises((Refused, OSError, http.client.HTTPException)):
        put_of(BLOB)(writer)
    assert failure.failed is not None
    gate.open()
    time.sleep(0.3)
    if not server.is_running:
        assert server.wait() == DISK_FAILURE
        server.start()
    assert compare(server, [writer.journal], "write").is_clean
    server.kill()
    assert problems_of(server.data) == []


@pytest.mark.parametrize("error", [errno.EDQUOT, errno.ENOSPC], ids=["EDQUOT", "ENOSPC"])
@pytest.mark.parametrize("target", WRITES)
def test_a_write_without_room_or_quota_is_refused_and_the_server_goes_on(new_gateway, numbers, target, error):
    """SQLite takes a quota of the machine that is used up for a broken disk; the store tells the two apart."""
    server, gate = gated(new_gateway)
    server.start()
    writer = Writer(server, "room", numbers)
    put_of(BLOB)(writer)
    settle_calls(gate)
    # The store makes room in the log and tries again, so a log that fails once is no failure for the client.
    failures = [OneFailure(WRITES[target], error=error) for _ in range(3)]

    def each_fails_once(call: Call) -> Verdict:
        return next((failure(call) for failure in failures if failure.failed is None), GO_ON)

    gate.watch(each_fails_once)
    with pytest.raises(Refused) as refused:
        put_of(BLOB)(writer)
    assert refused.value.answer.refusal == (503, "ServiceUnavailable")
    gate.open()
    assert server.is_running
    put_of(BLOB)(writer)
    put_of(ROW)(writer)
    assert compare(server, [writer.journal], "room").is_clean
    assert server.stop() == 0
    assert problems_of(server.data) == []


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("target", FLUSHES)
def test_a_flush_that_fails_under_load_loses_nothing(new_gateway, numbers, rounds, say, target):
    server, gate = gated(new_gateway, "fsync", "fdatasync")
    total, slowest, journals, count = Outcome(), 0.0, None, rounds(2, 8)
    for _ in range(count):
        gate.open()
        server.start()
        load = start_load(server, numbers, "failing", journals)
        load.may_fail.set()
        failure = OneFailure(FLUSHES[target], skipped=numbers.randint(5, 60))
        gate.watch(failure)
        status = server.wait(30)
        ended = time.monotonic()
        load.join()
        journals = load.journals
        assert status == DISK_FAILURE and not failure.repeated
        slowest = max(slowest, ended - failure.at)
        gate.open()
        server.start()
        total += compare(server, journals, "failing")
        server.kill()
    say(f"EIO at a flush of {target} under load, {count} rounds: {total}; slowest end {slowest * 1000:.0f} ms")
    assert total.is_clean, str(total)
    assert slowest < 1
    assert problems_of(server.data) == []
