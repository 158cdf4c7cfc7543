"""Starts the server below strace or with limits, and reads what strace wrote."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .image import CannotRun


class Prefixed:
    """A launcher that puts a command in front of the server's, which must become the server or leave it its place."""

    def __init__(self, *prefix: str):
        if shutil.which(prefix[0]) is None:
            raise CannotRun(f"{prefix[0]} is missing; scripts/setup --tests installs it")
        self._prefix = prefix

    def command(self, command: list[str]) -> tuple[list[str], tuple[int, ...]]:
        """The command with the prefix in front."""
        return [*self._prefix, *command], ()

    def attach(self) -> None:
        """Nothing is left to do."""


def traced(file: Path, calls: str) -> Prefixed:
    """Writes these system calls to a file; the tracer is the server's grandchild, not its parent."""
    return Prefixed("strace", "-D", "-f", "-yy", "-ttt", "-s", "24", "-e", f"trace={calls}", "-o", str(file))


@dataclass(frozen=True)
class TracedCall:
    """One system call from its beginning to its end, as indices of the lines of the trace."""

    name: str
    path: str
    began: int
    ended: int
    result: int
    text: str


_LINE = re.compile(r"^(\d+)\s+([\d.]+) (.*)$")
_BEGIN = re.compile(r"^(\w+)\((?:\d+<([^>]*)>)?(.*)$")
_RESULT = re.compile(r"\)\s+= (-?\d+)")


def read_trace(lines: list[str]) -> list[TracedCall]:
    """The calls of a trace that came to their end, in the order of their ends."""
    calls: list[TracedCall] = []
    begun: dict[str, tuple[int, str]] = {}
    for index, line in enumerate(lines):
        if not (found := _LINE.match(line)):
            continue
        thread, _, text = found.groups()
        began = index
        if text.endswith("<unfinished ...>"):
            begun[thread] = (index, text.removesuffix("<unfinished ...>"))
            continue
        if text.startswith("<... "):
            if thread not in begun:
                continue
            began, beginning = begun.pop(thread)
            text = beginning + text.split("resumed>", 1)[1]
        head, result = _BEGIN.match(text), _RESULT.search(text)
        if head and result:
            calls.append(TracedCall(head[1], head[2] or "", began, index, int(result[1]), text))
    return calls
