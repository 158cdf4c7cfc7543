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
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Peer:
    """A program that runs beside the server."""

    endpoint: str
    pid: int


@contextmanager
def running(command: list[str], port: int) -> Iterator[Peer]:
    """Runs a program that listens on a port of this machine, until it is not needed any more."""
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            assert program.poll() is None, f"{command[0]} ended with status {program.returncode}"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Peer(f"http://127.0.0.1:{port}", program.pid)
    finally:
        program.terminate()
        program.wait(20)


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def rclone_serving(folder: Path, bucket: str, key: str | None = None) -> Iterator[Peer]:
    """`rclone serve s3` on a folder; without a `key` (id and secret, with a comma) it asks for no signature.

    It does not flush anything.
    """
    program, port = rclone(), free_port()
    assert program is not None
    (folder / bucket).mkdir(parents=True, exist_ok=True)
    command = [program, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--config", "/dev/null"]
    with running([*command, *(["--auth-key", key] if key else []), str(folder)], port) as peer:
        yield peer


# As many workers as our server has event loops by default on two cores; no log of requests, as there.
NGINX = """
{user}
worker_processes 2;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 600;
    keepalive_requests 1000000000;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        root {root};
        location / {{
            secure_link $arg_md5,$arg_expires;
            secure_link_md5 "$secure_link_expires$uri {secret}";
            if ($secure_link = "") {{ return 403; }}
            if ($secure_link = "0") {{ return 410; }}
        }}
    }}
}}
"""


def nginx() -> str | None:
    """The nginx program, which Debian keeps where only root looks."""
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


@contextmanager
def nginx_serving(folder: Path, root: Path, secret: str) -> Iterator[Peer]:
    """nginx on the files below `root`, which it gives to those who have a link signed with `secret`."""
    program, port = nginx(), free_port()
    assert program is not None
    folder.mkdir(parents=True)
    configuration = folder / "nginx.conf"
    # The files are readable by whoever runs this.
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(NGINX.format(user=user, folder=folder, port=port, root=root, secret=secret))
    with running([program, "-c", str(configuration), "-p", str(folder), "-e", str(folder / "error.log")], port) as peer:
        yield peer


def processor_seconds(pid: int) -> float:
    """The processor time that a process and its children have taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(processor_seconds(int(child)) for child in children)
