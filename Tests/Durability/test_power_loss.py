"""C1, C2, C7: the power goes while clients write. What was answered is there afterwards.

The file system is told to go down without flushing anything, its journal included. Nothing in the page cache, and no
name that only the cache knows, survives that.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kit.gateway import Gateway
from rig.gate import FLUSHES, GO_ON, PRETEND, Call, SystemCallGate
from rig.image import Image
from rig.load import WRITERS, start_load
from rig.offline import problems_of
from rig.verdict import Outcome, compare

MEBIBYTES = 3072
"""Sparse; enough that the free-space floor of 1 GiB is never met."""


@pytest.fixture
def fresh_image(new_image, new_gateway):
    """Makes images on which a server has run once; copies of one image that is made at the first call."""
    made: dict[str, Image] = {}

    def make(file_system: str, name: str) -> Image:
        if file_system not in made:
            first = made[file_system] = new_image(file_system, MEBIBYTES, name=f"{file_system}-first").make()
            server = new_gateway(name=f"{file_system}-first-server", data=first.mount() / "data").start()
            assert server.stop() == 0
            first.unmount()
        return new_image(file_system, MEBIBYTES, name=name).copy_of(made[file_system])

    return make


class Rounds:
    """Power cuts, each on a fresh image, with the time and everything else decided by random numbers."""

    def __init__(self, fresh_image, file_system: str, folder: Path, numbers, gate_rule=None):
        self._fresh_image, self._file_system, self._folder = fresh_image, file_system, folder
        self._numbers, self._gate_rule = numbers, gate_rule
        self.total = Outcome()
        self.starts: list[float] = []

    def run(self, number: int) -> Outcome:
        """Writes for a while, cuts the power, starts again and compares."""
        image = self._fresh_image(self._file_system, "cut")
        mounted = image.mount()
        server = self._server(mounted, f"before-{number}", self._gate_rule).start()
        load = start_load(server, self._numbers, f"cut/{number}")
        load.let_run(self._numbers.uniform(0.5, 3))
        load.may_fail.set()
        image.cut_power()
        server.kill()
        load.join()
        image.unmount()
        outcome = self._recover(image, load, number)
        image.remove()
        self.total += outcome
        return outcome

    def _recover(self, image: Image, load, number: int) -> Outcome:
        mounted = image.mount()
        server = self._server(mounted, f"after-{number}", None)
        began = time.monotonic()
        try:
            server.start()
            self.starts.append(time.monotonic() - began)
            outcome = compare(server, load.journals, f"cut/{number}")
        except Exception as error:
            if self._gate_rule is None:
                raise
            # With flushes that do not happen, the store may be damaged so much that it does not even start.
            outcome = Outcome(lost=1, problems=[f"{type(error).__name__}: {error}"[:300]])
        server.kill()
        found = problems_of(mounted / "data")
        image.unmount()
        return outcome + Outcome(torn=len(found), problems=found)

    def _server(self, mounted: Path, name: str, rule) -> Gateway:
        gate = None
        if rule is not None:
            gate = SystemCallGate(*FLUSHES)
            gate.watch(rule)
        return Gateway(self._folder / name, data=mounted / "data", launcher=gate)


@pytest.mark.full
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("file_system", ["ext4", "xfs"])
def test_nothing_acknowledged_is_lost_by_a_power_cut_in_20_rounds(
    fresh_image, file_system, tmp_path, numbers, rounds, say,
):
    count = rounds(2, 20)
    cuts = Rounds(fresh_image, file_system, tmp_path, numbers)
    for number in range(count):
        cuts.run(number)
    say(
        f"power cut on {file_system}, {count} rounds, {WRITERS} writers: {cuts.total};"
        f" slowest start {max(cuts.starts):.2f} s")
    assert cuts.total.is_clean, str(cuts.total)
    assert cuts.total.acknowledged >= count * WRITERS, "too little was written for this to mean anything"


def commits_are_not_flushed(call: Call):
    """What `synchronous=NORMAL` would do: a commit returns before its log is on disk."""
    return PRETEND if call.path.endswith("/meta.sqlite-wal") else GO_ON


def blobs_are_not_flushed(call: Call):
    """A row may name a blob whose bytes are in the cache only."""
    return PRETEND if "/objects/blobs/" in call.path and call.name == "fdatasync" else GO_ON


def nothing_of_a_blob_is_flushed(call: Call):
    """A row may name a blob whose bytes and whose name are in the cache only."""
    return PRETEND if "/objects/blobs/" in call.path else GO_ON


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("rule", [commits_are_not_flushed, blobs_are_not_flushed, nothing_of_a_blob_is_flushed])
def test_the_power_cut_finds_a_server_whose_flushes_do_not_happen_within_8_rounds(
    fresh_image, tmp_path, numbers, say, rule,
):
    """The control: were the rounds above too gentle to lose anything, they would stay green here too."""
    cuts = Rounds(fresh_image, "ext4", tmp_path, numbers, rule)
    red = next((number for number in range(8) if not cuts.run(number).is_clean), None)
    say(f"control, {rule.__name__}: red in round {red}, {cuts.total}".split("\n")[0])
    assert red is not None, "nothing was lost although flushes did not happen"
