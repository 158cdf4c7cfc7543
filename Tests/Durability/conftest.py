"""Fixtures of the durability tests: servers, disk images, rounds and random numbers."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from kit.gateway import Gateway, binary
from rig.image import Image

SEED = int(os.environ.get("DURABILITY_SEED") or random.SystemRandom().randrange(2**32))


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--full` runs the tests that take minutes, and more rounds of the others."""
    parser.addoption("--full", action="store_true", help="the full run: all tests, more rounds")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Says what is tested, and how to repeat a run."""
    return [
        f"program under test: {binary()}", f"seed: {SEED} (DURABILITY_SEED={SEED} repeats it)",
        f"run: {'full' if config.option.full else 'short (--full for all)'}"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuses to run at all without a program to test."""
    if not session.config.option.collectonly and not os.access(binary(), os.X_OK):
        pytest.exit(f"no program to test at {binary()}; build it, or set STORAGE_GATEWAY_BIN", returncode=3)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what only the full run has; a test that runs and cannot do its work fails."""
    if config.option.full:
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("full")]


@pytest.fixture
def numbers(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers that the printed seed repeats."""
    return random.Random(f"{SEED}/{request.node.name}")


@pytest.fixture
def rounds(request: pytest.FixtureRequest):
    """Chooses how often something is done: `rounds(short, full)`; DURABILITY_ROUNDS overrides both."""
    given = os.environ.get("DURABILITY_ROUNDS")
    is_full = request.config.option.full
    return lambda short, full: int(given) if given else full if is_full else short


@pytest.fixture
def new_gateway(tmp_path: Path, new_image):
    """Makes servers that a test has for itself; whatever still runs at its end is ended, before images go."""
    made: list[Gateway] = []

    def make(*arguments: str, name: str = "own", **options) -> Gateway:
        made.append(Gateway(tmp_path / name, *arguments, **options))
        return made[-1]

    yield make
    for server in made:
        server.kill()


@pytest.fixture
def new_image(tmp_path: Path):
    """Makes disk images; whatever is mounted at the test's end is taken away."""
    made: list[Image] = []

    def make(*arguments, name: str = "disk", **options) -> Image:
        made.append(Image(tmp_path / name, *arguments, **options))
        return made[-1]

    yield make
    for image in made:
        image.remove()


@pytest.fixture
def say(capsys: pytest.CaptureFixture):
    """Prints a figure of the run, whatever the test's outcome."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(f"\n    {text}", flush=True)

    return say
