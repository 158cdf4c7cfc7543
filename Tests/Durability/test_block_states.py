"""C4: every state that a disk may be in after a power cut has each acknowledged write, and no row without its bytes.

The writes and flushes of the file system are recorded while clients write. From them come disks that hold everything up
to some moment, or only some of what was sent after the last flush, or one write of that cut in two. A real disk may
keep any of these.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.gateway import Gateway
from rig.blocklog import BlockLog, DiskState
from rig.gate import FLUSHES, GO_ON, PRETEND, SystemCallGate
from rig.load import Journal, Value, Writer, complete, copy, delete, overwrite, put
from rig.offline import objects_of, problems_of
from rig.verdict import compare

MEBIBYTES = 1300
"""Sparse; a little more than the free-space floor of 1 GiB."""
MODES = ("prefix", "subset", "torn")
SERVED_EACH = 20
"""One of so many states is opened by a server too; all of them by SQLite."""


@dataclass(frozen=True)
class Step:
    """One operation, with the places in the block log between which it happened."""

    key: str
    value: Value
    began: int
    ended: int


class Placed(Writer):
    """A writer that notes where in the block log each of its operations lies."""

    def __init__(self, log: BlockLog, steps: list[Step], *arguments, **options):
        super().__init__(*arguments, **options)
        self._log, self._steps = log, steps

    def change(self, key, value, request):
        """As a writer does."""
        began = self._log.position
        answer = super().change(key, value, request)
        self._steps.append(Step(key, value, began, self._log.position))
        return answer


@pytest.fixture
def record(new_image, new_gateway, tmp_path, numbers):
    """Runs a load on an image whose block writes are recorded; returns the log, its operations and the steps."""
    logs: list[BlockLog] = []

    def make(rule=None) -> tuple[BlockLog, list[Step]]:
        base = new_image("ext4", MEBIBYTES, ("-J", "size=8", "-b", "4096"), name="base").make()
        server = new_gateway(name="first", data=base.mount() / "data").start()
        assert server.stop() == 0
        base.unmount()
        log = BlockLog(base.file, tmp_path / "log")
        logs.append(log)
        recorded = new_image("ext4", name="recorded")
        recorded.mount_point.mkdir(parents=True)
        mounted = recorded.mount(log.image)
        gate = None
        if rule is not None:
            gate = SystemCallGate(*FLUSHES)
            gate.watch(rule)
        server = new_gateway(name="loaded", data=mounted / "data", launcher=gate).start()
        steps = write_some(log, server, numbers)
        server.kill()
        recorded.unmount()
        log.close()
        return log, steps

    yield make
    for log in logs:
        log.close()


def write_some(log: BlockLog, server: Gateway, numbers: random.Random) -> list[Step]:
    """50 puts, and 10 of each other operation, in a random order."""
    steps: list[Step] = []
    writer = Placed(
        log, steps, server, "block", numbers, sizes=[1, 3_000, 30_000, 40_000, 300_000, 1_100_000],
        weights=[4, 4, 4, 4, 4, 1])
    todo = [put] * 50 + [overwrite] * 10 + [delete] * 10 + [copy] * 10 + [complete] * 10
    numbers.shuffle(todo)
    for operation in [put, *todo]:
        operation(writer)
    return steps


def allowed_at(steps: list[Step], cut: int) -> dict[str, list[Value]]:
    """What each key may hold on a disk whose power went after so many block operations."""
    allowed: dict[str, list[Value]] = {}
    for step in steps:
        if step.ended <= cut:
            allowed[step.key] = [step.value]
        elif step.began < cut:
            allowed.setdefault(step.key, [None]).append(step.value)
    return allowed


def problems_at(data: Path, steps: list[Step], cut: int) -> list[str]:
    """Everything that is wrong with a data folder after a cut."""
    found = problems_of(data)
    if found:
        return found
    objects = objects_of(data)
    for key, values in allowed_at(steps, cut).items():
        if objects.get(key) not in values:
            found.append(f"{key} holds {objects.get(key)}, and not one of {values}")
    strays = objects.keys() - {step.key for step in steps if step.began < cut}
    return found + [f"{key} is there before it was sent" for key in sorted(strays)]


def check_states(
    log: BlockLog, steps: list[Step], states: list[DiskState], new_image, new_gateway, numbers,
) -> list[str]:
    """Builds each state, mounts it and looks at it; some are served as well."""
    operations, wrong = log.operations(), []
    for index, state in enumerate(states):
        image = new_image("ext4", name="state")
        image.mount_point.mkdir(parents=True, exist_ok=True)
        state.build(log.base, operations, image.file, numbers)
        try:
            mounted = image.mount()
        except RuntimeError as error:
            wrong.append(f"{state}: {error}")
            image.unmount()
            continue
        found: list[str] = []
        if index % SERVED_EACH == 0:
            found += problems_when_served(mounted, steps, state.cut, new_gateway, index)
        found += problems_at(mounted / "data", steps, state.cut)
        image.unmount()
        wrong += [f"{state}: {text}" for text in found[:3]]
    return wrong


def problems_when_served(mounted: Path, steps: list[Step], cut: int, new_gateway, index: int) -> list[str]:
    """What a server that recovers the folder answers wrongly."""
    server = new_gateway(name=f"state-{index}", data=mounted / "data").start()
    journal = Journal()
    for key, values in allowed_at(steps, cut).items():
        journal.settled[key] = values[0]
        # With one client there is at most one operation without an answer.
        if len(values) > 1:
            journal.pending[key] = values[-1]
    outcome = compare(server, [journal], "block")
    server.kill()
    return [] if outcome.is_clean else outcome.problems


def random_states(count: int, length: int, numbers: random.Random) -> list[DiskState]:
    """So many states, a third of each mode, in the order of their cuts."""
    return [
        DiskState(cut, MODES[index % len(MODES)])
        for index, cut in enumerate(sorted(numbers.randrange(length + 1) for _ in range(count)))]


@pytest.mark.full
@pytest.mark.timeout(1200)
def test_every_state_of_the_disk_after_a_cut_has_what_was_acknowledged_in_30_or_300_states(
    record, new_image, new_gateway, numbers, rounds, say,
):
    log, steps = record()
    length, count = log.position, rounds(30, 300)
    began = time.monotonic()
    states = random_states(count, length, numbers)
    wrong = check_states(log, steps, states, new_image, new_gateway, numbers)
    say(
        f"{count} states of {length} block operations and {len(steps)} requests: {len(wrong)} wrong"
        f" in {time.monotonic() - began:.0f} s")
    assert wrong == []


def log_is_not_flushed(call):
    """A commit returns before its log is on disk."""
    return PRETEND if call.path.endswith("/meta.sqlite-wal") else GO_ON


def blobs_are_not_flushed(call):
    """A row is committed before its blob is on disk."""
    return PRETEND if "/objects/blobs/" in call.path else GO_ON


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("rule", [log_is_not_flushed, blobs_are_not_flushed])
def test_the_states_of_a_disk_without_flushes_are_found_wrong(
    record, new_image, new_gateway, numbers, say, rule,
):
    """The control: the same load on a server whose flushes do not happen."""
    log, steps = record(rule)
    states = random_states(30, log.position, numbers)
    operations, wrong = log.operations(), 0
    for state in states:
        image = new_image("ext4", name="state")
        image.mount_point.mkdir(parents=True, exist_ok=True)
        state.build(log.base, operations, image.file, numbers)
        wrong += bool(problems_at(image.mount() / "data", steps, state.cut))
        image.unmount()
    say(f"control, {rule.__name__}: {wrong} of {len(states)} states wrong")
    assert wrong > 0
