"""Starts the server under test, on a folder and on ports of its own, and stops it again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Protocol

from .signing import Credentials

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60
STOP_SECONDS = 45

DEMO_EMAIL = "student@example.com"
DEMO_PASSWORD = "StrongPass123"

# The environment of the server is made from nothing: what the caller's shell exports must not decide a test.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


def binary() -> Path:
    """The program under test: `STORAGE_GATEWAY_BIN`, or the debug build of this tree."""
    return Path(os.environ.get("STORAGE_GATEWAY_BIN") or ROOT / ".build" / "debug" / "storage-gateway")


def clean_environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """An environment that holds nothing but what a program needs to run, and `extra`."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | (extra or {})


def run_command(
    *arguments: str, environment: dict[str, str] | None = None, timeout: float = 60, folder: Path | None = None,
    typed: str = "",
) -> subprocess.CompletedProcess[str]:
    """Runs the program to its end and returns what it said; `typed` is its standard input."""
    return subprocess.run(
        [str(binary()), *arguments], env=clean_environment(environment), cwd=folder, input=typed,
        capture_output=True, text=True, timeout=timeout, check=False)


class GatewayDidNotStart(Exception):
    """The server ended, or said nothing, before it listened."""


class Launcher(Protocol):
    """Starts the server as something else's child, such as a tracer's."""

    def command(self, command: list[str]) -> tuple[list[str], tuple[int, ...]]:
        """The command to run in place of the server's, and the descriptors that it inherits.

        The process that it starts must become the server.
        """

    def attach(self) -> None:
        """Called when the command was started."""


class Gateway:
    """One running server."""

    def __init__(
        self, folder: Path, *arguments: str, environment: dict[str, str] | None = None, demo: bool = False,
        data: Path | None = None, launcher: Launcher | None = None,
    ):
        """Describes a server on `folder/data`, or on `data`; `start()` starts it.

        Further `arguments` stand behind those that choose folder and ports.
        """
        self.folder = folder
        self.data = data or folder / "data"
        self.launcher = launcher
        self.environment = clean_environment(environment)
        self.arguments = [
            "serve", "--data", str(self.data), "--api-listen", "127.0.0.1:0", "--oss-listen", "127.0.0.1:0",
            *(["--demo"] if demo else []), *arguments,
        ]
        self.announcement: dict = {}
        self.output_lines: list[str] = []
        self.starts = 0
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    # Life

    def start(self, timeout: float = START_SECONDS) -> Gateway:
        """Starts the server and waits for the line that says it listens."""
        assert self._process is None, "the server runs already"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.starts += 1
        self.output_lines = []
        listening = threading.Event()
        command, descriptors = [str(binary()), *self.arguments], ()
        if self.launcher is not None:
            command, descriptors = self.launcher.command(command)
        with open(self._log_path, "w", encoding="utf-8") as log:
            process = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log, text=True, pass_fds=descriptors)
        self._process = process
        if self.launcher is not None:
            self.launcher.attach()
        self._reader = threading.Thread(target=self._read_output, args=(process, listening), daemon=True)
        self._reader.start()
        if not listening.wait(timeout) or not self.output_lines:
            self.kill()
            raise GatewayDidNotStart(f"exit status {process.returncode}\n{self.log[-4000:]}")
        self.announcement = json.loads(self.output_lines[0])
        return self

    def _read_output(self, process: subprocess.Popen[str], listening: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.output_lines.append(line.rstrip("\n"))
            listening.set()
        listening.set()

    def send_signal(self, number: signal.Signals) -> None:
        """Sends the running server a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, timeout: float = STOP_SECONDS) -> int:
        """Waits for the server's end and returns its exit status."""
        assert self._process is not None and self._reader is not None
        status = self._process.wait(timeout)
        self._reader.join(5)
        self._process = None
        return status

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout: float = STOP_SECONDS) -> int:
        """Asks the server to stop and returns its exit status."""
        self.send_signal(number)
        return self.wait(timeout)

    def kill(self) -> None:
        """Ends the server at once, as a power cut of the process would; does nothing when none runs."""
        if self._process is None:
            return
        self._process.kill()
        self.wait(10)

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    # What it says

    @property
    def _log_path(self) -> Path:
        return self.folder / f"server-{self.starts}.log"

    @property
    def log(self) -> str:
        """What the server wrote to standard error since its last start."""
        return self._log_path.read_text(encoding="utf-8", errors="replace") if self._log_path.exists() else ""

    @property
    def api(self) -> str:
        """The session API's endpoint."""
        return self.announcement["api_endpoint"]

    @property
    def oss(self) -> str:
        """The object store's endpoint."""
        return self.announcement["oss_endpoint"]

    @property
    def bucket(self) -> str:
        """The bucket of the upload gateway."""
        return self.announcement["bucket"]

    @property
    def credentials(self) -> Credentials:
        """The access key, with the secret that the server was given, or read from the file that it named."""
        secret = self.environment.get("OSS_ACCESS_KEY_SECRET")
        if secret is None:
            secret = Path(self.announcement["access_key_secret_file"]).read_text(encoding="utf-8").rstrip("\n")
        return Credentials(self.announcement["access_key_id"], secret, self.announcement["region"])

    # What it takes

    @property
    def pid(self) -> int:
        """The number of the process, as we started it."""
        assert self._process is not None
        return self._process.pid

    def memory_kib(self, field: str = "VmRSS") -> int:
        """A figure of `/proc/PID/status` in KiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise AssertionError(f"no {field} of process {self.pid}")


class MemorySampler:
    """Watches a server's resident memory while something runs."""

    INTERVAL_SECONDS = 0.02

    def __init__(self, gateway: Gateway):
        self._gateway = gateway
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_kib = 0

    def __enter__(self) -> MemorySampler:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(self.INTERVAL_SECONDS):
            self.peak_kib = max(self.peak_kib, self._gateway.memory_kib())


def settle(read, rounds: int = 20, pause: float = 0.1) -> int:
    """The least of several readings: what remains when short-lived buffers are gone."""
    least = read()
    for _ in range(rounds):
        time.sleep(pause)
        least = min(least, read())
    return least
