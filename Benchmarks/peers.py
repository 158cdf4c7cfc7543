"""What the server is measured against, in the same run: other programs, and the least that durability costs."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

MIB = 1024 * 1024


def md5_speed() -> float:
    """What `openssl speed` reaches with MD5 on one core, in MiB of wall time; 0 without openssl."""
    if shutil.which("openssl") is None:
        return 0
    told = subprocess.run(
        ["openssl", "speed", "-elapsed", "-seconds", "3", "-bytes", "1048576", "md5"], capture_output=True, text=True, timeout=60,
        check=True).stdout
    return float(re.search(r"^md5\s+([\d.]+)k", told, re.MULTILINE | re.IGNORECASE).group(1)) * 1000 / MIB


def disk_speed(folder: Path, mebibytes: int = 512) -> float:
    """How fast the disk takes a file and a flush at its end, in MiB/s."""
    path, block = folder / "sequential", os.urandom(MIB)
    began = time.perf_counter()
    with open(path, "wb", buffering=0) as file:
        for _ in range(mebibytes):
            file.write(block)
        os.fdatasync(file.fileno())
    took = time.perf_counter() - began
    path.unlink()
    return mebibytes / took


def one_flush_each(folder: Path, size: int, seconds: float) -> float:
    """Files a second, each written and flushed before the next, as a plain program makes a small object durable."""
    body, count = os.urandom(size), 0
    place = folder / "flushes"
    place.mkdir()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        with open(place / str(count), "xb", buffering=0) as file:
            file.write(body)
            os.fdatasync(file.fileno())
        count += 1
    shutil.rmtree(place)
    return count / seconds


def rclone() -> str | None:
    """The rclone program, installed beside the Python that runs this."""
    beside = Path(sys.executable).parent / "rclone"
    return str(beside) if beside.exists() else shutil.which("rclone")


@contextmanager
def rclone_serving(folder: Path, bucket: str) -> Iterator[str]:
    """`rclone serve s3` on a folder, without authentication; yields its endpoint. It does not flush anything."""
    program = rclone()
    assert program is not None
    (folder / bucket).mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [program, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--config", "/dev/null", str(folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
