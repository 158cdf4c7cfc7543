"""Load from programs that are light, so that the server is measured and not its client."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

HERE = Path(__file__).resolve().parent


@dataclass
class Rate:
    """What wrk reports."""

    per_second: float
    slowest: str
    refused: int
    answers: int = 0


def wrk(url: str, connections: int, seconds: float, *arguments: str, environment: dict | None = None) -> Rate:
    """Runs wrk; what it printed, read."""
    return rate_told(run_wrk(url, connections, seconds, *arguments, environment=environment))


def run_wrk(url: str, connections: int, seconds: float, *arguments: str, environment: dict | None = None) -> str:
    """Runs wrk with one thread, which leaves a core to the server; returns what it printed."""
    return subprocess.run(
        ["wrk", "-t", "1", "-c", str(connections), "-d", f"{int(seconds)}s", "--latency", *arguments, url],
        capture_output=True, text=True, timeout=seconds + 60, check=True, env=os.environ | (environment or {})).stdout


def rate_told(told: str) -> Rate:
    """What wrk printed."""
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told).group(1))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    slowest = re.search(r"99%\s+(\S+)", told)
    return Rate(rate, slowest.group(1) if slowest else "?", int(refused.group(1)) if refused else 0)


def has_wrk() -> bool:
    """Whether there is a wrk."""
    return shutil.which("wrk") is not None


def puts(endpoint: str, targets: list[str], folder: Path, size: int, connections: int, seconds: float) -> Rate:
    """PUTs of the targets in turn."""
    path = folder / "targets"
    path.write_text("\n".join(targets) + "\n")
    return wrk(
        endpoint, connections, seconds, "-s", str(HERE / "put.lua"),
        environment={"TARGETS": str(path), "BYTES": str(size), "THREADS": "1"})


def gets(endpoint: str, targets: list[str], folder: Path, size: int, connections: int, seconds: float) -> Rate:
    """GETs of the targets in turn; fails unless every answer was a 200 with a body of this size."""
    path = folder / "targets"
    path.write_text("\n".join(targets) + "\n")
    told = run_wrk(
        endpoint, connections, seconds, "-s", str(HERE / "get.lua"), environment={"TARGETS": str(path)})
    found = re.search(r"Answers: (\d+), bytes: (\d+), failed: (\d+)", told)
    answers, length, failed = (int(figure) for figure in found.groups())
    # The answers that were under way at the end count with their bytes only; heads are shorter than 2 KiB.
    least, most = answers * size, (answers + connections) * (size + 2048)
    assert answers and not failed and least <= length <= most, told
    rate = rate_told(told)
    rate.answers = answers
    return rate


@contextmanager
def putting(endpoint: str, targets: list[str], folder: Path, size: int, connections: int) -> Iterator[None]:
    """PUTs in the background, by a server that may end in the middle of it."""
    path = folder / "targets"
    path.write_text("\n".join(targets) + "\n")
    environment = os.environ | {"TARGETS": str(path), "BYTES": str(size), "THREADS": "1"}
    process = subprocess.Popen(
        ["wrk", "-t", "1", "-c", str(connections), "-d", "60s", "-s", str(HERE / "put.lua"), endpoint],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait(20)


def upload(url: str, path: Path) -> float:
    """PUTs a file with curl; returns how many seconds it took."""
    began = time.perf_counter()
    status = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Expect:", "-T", str(path), url],
        capture_output=True, text=True, check=True, timeout=600).stdout
    assert status == "200", status
    return time.perf_counter() - began


def download(url: str, size: int | None = None) -> float:
    """GETs with curl and throws the bytes away, of which there must be `size`; returns how many seconds it took."""
    began = time.perf_counter()
    told = subprocess.run(
        ["curl", "-sS", "-f", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", url],
        capture_output=True, text=True, check=True, timeout=600).stdout
    took = time.perf_counter() - began
    status, length = told.split()
    assert status == "200" and (size is None or int(length) == size), told
    return took
