"""Runs the commands that look after a data folder."""

from __future__ import annotations

import json
from pathlib import Path

from kit.gateway import run_command

INTEGRITY = 76


def housekeep(*arguments: str | Path, timeout: float = 300) -> tuple[int, list[dict]]:
    """Runs a command to its end; returns its status and what it printed."""
    ended = run_command(*map(str, arguments), "--json", timeout=timeout)
    assert ended.returncode in (0, INTEGRITY), (arguments, ended)
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()]


def scrub(data: Path) -> tuple[set[str], list[dict]]:
    """Reads every byte; returns the keys that are named, and everything else that is found."""
    status, lines = housekeep("scrub", "--data", data)
    findings = [line for line in lines if "damage" in line or "problem" in line]
    assert (status == INTEGRITY) == bool(findings), lines
    return {line["key"] for line in findings if "damage" in line}, [line for line in findings if "problem" in line]


def assert_sound(data: Path) -> None:
    """Insists that neither `check` nor `scrub` finds anything."""
    for command in ("check", "scrub"):
        status, lines = housekeep(command, "--data", data)
        assert status == 0, lines
