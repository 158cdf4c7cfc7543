"""J4, B3: a backup under load holds one moment and comes back whole; scrubs and backups that are killed harm nothing."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.gateway import Gateway, binary, clean_environment, run_command
from rig.housekeeping import assert_sound, housekeep
from rig.load import Load, Value, Version, Writer, start_load
from rig.offline import objects_of, problems_of
from rig.verdict import Outcome, compare

SIZES, WEIGHTS = [0, 100, 4_096, 32_769, 200_000, 1 << 20, 5_000_000], [2, 8, 16, 8, 8, 4, 1]
# How long a command may go on that has come too late for its server.
ALONE_SECONDS = 2


@dataclass(frozen=True)
class State:
    """What the keys of one writer held, and from when on it may have been so."""

    held: dict[str, Value]
    since: float


class RememberingWriter(Writer):
    """A writer that remembers every state that its keys went through, and when."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.states = [State({}, 0)]
        self.answered = [0.0]

    def step(self) -> None:
        """Does one operation, and notes what the keys hold by then."""
        since = time.monotonic()
        super().step()
        held = {key: value for key, value in self.journal.settled.items() if value is not None}
        self.states.append(State(held, since))
        self.answered.append(time.monotonic())

    def times_of(self, held: dict[str, Version]) -> list[tuple[float, float]]:
        """When the keys may have held just this: from when a state was asked for until the next one was answered."""
        ends = [*self.answered[1:], float("inf")]
        return [(state.since, end) for state, end in zip(self.states, ends) if state.held == held]


def moment_of(held: dict[str, Version], writers: list[RememberingWriter], begin: float, end: float) -> float | None:
    """A moment at which all writers' keys may have held this; nothing if there is none between two times."""
    spans = [writer.times_of({key: value for key, value in held.items() if key.startswith(writer.prefix + "/")})
             for writer in writers]
    starts = [begin, *(start for writer in spans for start, _ in writer)]
    for moment in sorted(start for start in starts if begin <= start <= end):
        if all(any(start <= moment <= until for start, until in writer) for writer in spans):
            return moment
    return None


@pytest.mark.timeout(900)
def test_a_backup_under_load_is_one_moment_and_comes_back_in_2_or_8_rounds(
    new_gateway, numbers, rounds, say, tmp_path,
):
    server, saved, taken = new_gateway().start(), 0, []
    for number in range(rounds(2, 8)):
        writers = [
            RememberingWriter(
                server, f"load-{number}/{writer}", random.Random(numbers.random()), sizes=SIZES, weights=WEIGHTS)
            for writer in range(6)]
        load = Load(writers)
        load.let_run(1)
        target, again = tmp_path / "saved", tmp_path / "again"
        begin = time.monotonic()
        status, lines = housekeep("backup", target, "--data", server.data)
        end = time.monotonic()
        load.let_run(0.3)
        load.join()
        assert status == 0, lines
        status, _ = housekeep("restore", target, "--data", again)
        assert status == 0
        assert_sound(again)
        assert problems_of(again) == []
        held = {key: value for key, value in objects_of(again).items() if key.startswith(f"load-{number}/")}
        moment = moment_of(held, writers, begin, end)
        assert moment is not None, "the backup is no state between its beginning and its end"
        saved += len(held)
        taken.append(moment - begin)
        shutil.rmtree(target), shutil.rmtree(again)
    # What was to be removed meanwhile is gone in the end.
    server.kill()
    assert problems_of(server.data) == []
    say(f"{saved} objects in backups under load, taken {min(taken):.2f} to {max(taken):.2f} s after the beginning")
    assert saved


def killed_while(server: Gateway, numbers: random.Random, *commands: tuple[str | Path, ...]) -> list[int]:
    """Ends the server at a random moment while commands are at work in it; returns their statuses.

    A command that came too late for the server works on the folder by itself, and is killed as well.
    """
    processes = [
        subprocess.Popen(
            [str(binary()), *map(str, command), "--data", str(server.data)], env=clean_environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    time.sleep(numbers.uniform(0.02, 0.6))
    server.kill()
    statuses = []
    for process in processes:
        try:
            statuses.append(process.wait(ALONE_SECONDS))
        except subprocess.TimeoutExpired:
            process.kill()
            statuses.append(process.wait())
    return statuses


@pytest.mark.timeout(1200)
def test_a_scrub_and_a_backup_that_are_killed_three_times_in_a_row_harm_nothing_in_1_or_8_rounds(
    new_gateway, numbers, rounds, say, tmp_path,
):
    """Load, housekeeping at its fastest, a scrub and a backup: whatever the server was at, nothing is lost."""
    server, total, journals, cut, count = new_gateway("--scrub-days", "1"), Outcome(), None, 0, rounds(1, 8)
    for number in range(count):
        for attempt in range(3):
            target = tmp_path / f"saved-{number}-{attempt}"
            server.start()
            load = start_load(server, numbers, "kept", journals, sizes=SIZES, weights=WEIGHTS)
            load.let_run(0.3)
            load.may_fail.set()
            statuses = killed_while(server, numbers, ("scrub", "--limit-rate", "500K"), ("backup", target))
            load.join()
            journals = load.journals
            cut += sum(status != 0 for status in statuses)
            # A backup is whole, or it is seen to be none.
            restored = run_command("restore", str(target), "--data", str(tmp_path / "again"), timeout=120)
            assert (restored.returncode == 0) == (target / "MANIFEST").exists(), restored
            if restored.returncode == 0:
                assert_sound(tmp_path / "again")
            shutil.rmtree(target, ignore_errors=True), shutil.rmtree(tmp_path / "again", ignore_errors=True)
        server.start()
        total += compare(server, journals, "kept")
        assert_sound(server.data)
        server.kill()
        assert problems_of(server.data) == []
    say(f"{3 * count} kills, {cut} commands cut off: {total}")
    assert total.is_clean, str(total)
    assert cut, "no command was ever cut off"
