"""The commands that answer standard input line by line."""

from __future__ import annotations

import json
import subprocess

from .gateway import binary, clean_environment


def answers(command: str, lines: list[bytes | str | dict], timeout: float = 300) -> list[dict]:
    """What a command answers to lines, one for each."""
    raw = [line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()
           for line in lines]
    ended = subprocess.run(
        [str(binary()), command], env=clean_environment(), input=b"\n".join(raw) + b"\n", capture_output=True,
        timeout=timeout, check=False)
    assert ended.returncode == 0, ended.stderr
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(found) == len(lines)
    return found
