"""Runs the program's commands against a server, as a user does."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .gateway import Gateway, binary, clean_environment


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    output: bytes
    complaint: str

    @property
    def lines(self) -> list[dict]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.output.splitlines()]

    @property
    def failures(self) -> list[dict]:
        """Standard error as JSON lines, each one a failure."""
        return [json.loads(line)["error"] for line in self.complaint.splitlines()]


class CommandLine:
    """Commands of one user, whose home is a folder of the test, with the access key of a server."""

    def __init__(self, home: Path, server: Gateway | None = None):
        self.home = home
        self.environment = {"HOME": str(home)}
        if server:
            self.environment |= {
                "OSS_ENDPOINT": server.oss, "OSS_ACCESS_KEY_ID": server.credentials.access_key_id,
                "OSS_ACCESS_KEY_SECRET": server.credentials.secret,
            }

    def start(self, *arguments: str | Path, environment: dict[str, str] | None = None, **options) -> subprocess.Popen:
        """Starts a command; its streams are pipes unless `options` say otherwise."""
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [str(binary()), *map(str, arguments)], cwd=self.home,
            env=clean_environment(self.environment | (environment or {})), **(streams | options))

    def run(
        self, *arguments: str | Path, environment: dict[str, str] | None = None, typed: bytes = b"",
        timeout: float = 60, **options,
    ) -> Ended:
        """Runs a command to its end; `typed` is its standard input."""
        with self.start(*arguments, environment=environment, stdin=subprocess.PIPE, **options) as process:
            try:
                output, complaint = process.communicate(typed, timeout)
            except BaseException:
                process.kill()
                raise
        return Ended(process.returncode, output or b"", (complaint or b"").decode())

    def succeed(self, *arguments: str | Path, **options) -> Ended:
        """Runs a command, and insists that it succeeds."""
        ended = self.run(*arguments, **options)
        assert ended.status == 0, ended
        return ended
