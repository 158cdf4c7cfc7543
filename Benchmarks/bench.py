#!/usr/bin/env python3
"""Measures a build of storage-gateway on this machine, and says what it ran.

Client and server share the machine, so the figures tell more about ratios than about limits. Nothing is written
into the tree; `--json FILE` keeps the figures.

    make bench
    STORAGE_GATEWAY_BIN=.build/debug/storage-gateway .venv/bin/python Benchmarks/bench.py --seconds 2
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import oss2

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests" / "Conformance"))

from kit.gateway import Gateway, binary  # noqa: E402
from kit.session import SessionClient  # noqa: E402
from kit.signing import Request, sign_v4_header, sign_v4_url  # noqa: E402
from kit.wire import address  # noqa: E402

KIB, MIB = 1024, 1024 * 1024


@dataclass
class Row:
    """One line of the table."""

    what: str
    figure: float
    unit: str
    note: str = ""


def send(connection: http.client.HTTPConnection, request: Request, credentials) -> int:
    """Signs and sends a request; returns the status."""
    signed = sign_v4_header(request, credentials)
    connection.request(request.method, signed.target, body=request.body or None, headers=dict(signed.headers))
    answer = connection.getresponse()
    answer.read()
    return answer.status


def in_parallel(count: int, seconds: float, work) -> tuple[int, float, list[float]]:
    """Runs `work(number)` again and again in threads; returns how often, in what time, and each duration."""
    done: list[list[float]] = [[] for _ in range(count)]
    problems: list[BaseException] = []
    barrier = threading.Barrier(count + 1)
    ends = [0.0]

    def loop(number: int) -> None:
        step = work(number)
        barrier.wait()
        try:
            while time.perf_counter() < ends[0]:
                began = time.perf_counter()
                step()
                done[number].append(time.perf_counter() - began)
        except BaseException as problem:  # noqa: BLE001 - told after the join
            problems.append(problem)

    threads = [threading.Thread(target=loop, args=(number,)) for number in range(count)]
    ends[0] = time.perf_counter() + 3600
    for thread in threads:
        thread.start()
    ends[0] = time.perf_counter() + seconds
    barrier.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    durations = [duration for each in done for duration in each]
    return len(durations), time.perf_counter() - began, durations


def milliseconds(durations: list[float]) -> str:
    """Median and 99th percentile."""
    ordered = sorted(durations)
    return f"p50 {statistics.median(ordered) * 1e3:.1f} ms, p99 {ordered[int(len(ordered) * 0.99)] * 1e3:.1f} ms"


def durable_puts(server: Gateway, size: int, clients: int, seconds: float) -> Row:
    """PUTs of new keys, each flushed before its answer. The load comes from one Python process."""
    host, port = address(server.oss)
    credentials, body = server.credentials, os.urandom(size)

    def work(number: int):
        connection = http.client.HTTPConnection(host, port, timeout=60)
        count = iter(range(10**9))

        def step() -> None:
            status = send(
                connection, Request("PUT", server.bucket, f"put/{number}/{next(count)}", body=body), credentials)
            assert status == 200, status
        return step

    count, took, durations = in_parallel(clients, seconds, work)
    return Row(f"durable PUT {size // KIB} KiB, {clients} clients", count / took, "requests/s", milliseconds(durations))


def gets_with_wrk(server: Gateway, size: int, connections: int, seconds: float) -> Row:
    """GETs of one presigned URL with wrk."""
    name = f"GET {size // KIB} KiB, presigned, {connections} connections, wrk"
    if shutil.which("wrk") is None:
        return Row(name, 0, "", "not run: there is no wrk")
    host, port = address(server.oss)
    connection = http.client.HTTPConnection(host, port, timeout=60)
    key = f"get/{size}"
    assert send(connection, Request("PUT", server.bucket, key, body=os.urandom(size)), server.credentials) == 200
    link = sign_v4_url(Request("GET", server.bucket, key), server.credentials, lifetime=3600)
    told = subprocess.run(
        ["wrk", "-t", "2", "-c", str(connections), "-d", f"{int(seconds)}s", "--latency", server.oss + link.target],
        capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told).group(1))
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    slowest = re.search(r"99%\s+(\S+)", told)
    note = f"{rate * size / MIB:.0f} MiB/s, p99 {slowest.group(1) if slowest else '?'}"
    return Row(name, rate, "requests/s", note + (f", {errors.group(1)} refused" if errors else ""))


def md5_speed() -> float:
    """What `openssl speed` reaches with MD5 on one core, in MiB/s; 0 without openssl."""
    if shutil.which("openssl") is None:
        return 0
    told = subprocess.run(
        ["openssl", "speed", "-seconds", "2", "-bytes", "1048576", "md5"], capture_output=True, text=True, timeout=60,
        check=True).stdout
    return float(re.search(r"^md5\s+([\d.]+)k", told, re.MULTILINE | re.IGNORECASE).group(1)) * 1000 / MIB


def large_put_and_get(server: Gateway, mebibytes: int) -> list[Row]:
    """One large object in and out, beside the speed of MD5, which a single PUT cannot exceed."""
    host, port = address(server.oss)
    block = os.urandom(MIB)
    signed = sign_v4_header(Request("PUT", server.bucket, "large"), server.credentials)
    connection = http.client.HTTPConnection(host, port, timeout=600)
    began = time.perf_counter()
    connection.putrequest("PUT", signed.target)
    for name, value in (*signed.headers, ("Content-Length", str(mebibytes * MIB))):
        connection.putheader(name, value)
    connection.endheaders()
    for _ in range(mebibytes):
        connection.send(block)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200
    put_seconds = time.perf_counter() - began

    signed = sign_v4_header(Request("GET", server.bucket, "large"), server.credentials)
    began = time.perf_counter()
    connection.request("GET", signed.target, headers=dict(signed.headers))
    answer = connection.getresponse()
    while answer.read(MIB):
        pass
    get_seconds = time.perf_counter() - began
    put_rate, md5 = mebibytes / put_seconds, md5_speed()
    note = f"{put_rate / md5:.0%} of openssl's MD5 ({md5:.0f} MiB/s on one core)" if md5 else "no openssl to compare"
    return [
        Row(f"PUT {mebibytes} MiB, 1 client", put_rate, "MiB/s", note),
        Row(f"GET {mebibytes} MiB, 1 client", mebibytes / get_seconds, "MiB/s"),
    ]


def session_rounds(server: Gateway, users: int, rounds: int) -> Row:
    """Rounds of turn, memory and report, as a sidecar sends them; each user stays below its rate limit."""
    clients = [SessionClient(server.api).register() for _ in range(users)]
    limited = [0]

    def run(client: SessionClient) -> None:
        session = client.post("/v1/chapters/bench/sessions", {}).json()["session_id"]
        for index in range(rounds):
            for answer in (
                client.post(f"/v1/sessions/{session}/turns", {
                    "chapter_id": "bench", "turn_index": index, "user_message": "question" * 20,
                    "companion_response": "answer" * 200, "turn_outcome": {"index": index}}),
                client.put(f"/v1/sessions/{session}/memory", {"chapter_id": "bench", "memory_json": {"n": index}}),
                client.put(f"/v1/sessions/{session}/report", {"chapter_id": "bench", "report_md": f"# {index}"}),
            ):
                limited[0] += answer.status_code == 429
                assert answer.status_code in (200, 201, 429), answer.text

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    note = f"{users} users, {rounds} rounds each" + (f", {limited[0]} answers were 429" if limited[0] else "")
    return Row("session rounds (turn, memory, report)", users * rounds / took, "rounds/s", note)


def library(program: Path) -> list[Row]:
    """What the measurements of OSSKit say, and oss2's rate of signing the same request beside them."""
    told = subprocess.run([str(program)], capture_output=True, text=True, timeout=300, check=True).stdout
    rows = []
    for line in told.splitlines():
        what, figure, unit, note = line.split("\t")
        rows.append(Row(what, float(figure), unit or "t", note))
    rates = {row.what: row.figure for row in rows}
    for name, version in (("V4", oss2.AUTH_VERSION_4), ("V1", oss2.AUTH_VERSION_1)):
        rate = oss2_signing_rate(version)
        rows.append(Row(f"presign a {name} URL, oss2 (Python)", rate, "1/s",
                        f"OSSKit: {rates[f'presign a {name} URL'] / rate:.0f} ×"))
    return rows


def oss2_signing_rate(version: str, rounds: int = 5, count: int = 1000) -> float:
    """How many URLs oss2 signs in a second: the best of some rounds, as for OSSKit."""
    auth = oss2.make_auth("LTAI5tExampleExampleExam", "yourAccessKeySecret0123456789A", version)
    bucket = oss2.Bucket(auth, "http://127.0.0.1:10724", "workspace", region="cn-hangzhou", is_path_style=True)
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(count):
            bucket.sign_url(
                "PUT", "user-1/session-2/chapter-3/homework.pdf", 900, slash_safe=True,
                headers={"Content-Type": "application/pdf"})
        best = min(best, time.perf_counter() - began)
    return count / best


def show(rows: list[Row]) -> None:
    """Prints the table."""
    for row in rows:
        decimals = 0 if row.figure >= 1000 else 2
        figure = f"{row.figure:>10,.{decimals}f} {row.unit}" if row.unit else f"{'–':>10}"
        print(f"{row.what:<58} {figure:<22} {row.note}")


def main() -> None:
    arguments = argparse.ArgumentParser(description="Measure a build of storage-gateway.")
    arguments.add_argument("--seconds", type=float, default=5, help="how long each rate is measured (default 5)")
    arguments.add_argument("--large", type=int, default=256, help="MiB of the large object (default 256)")
    arguments.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments.add_argument("--measurements", type=Path, help="the program that measures OSSKit alone")
    arguments.add_argument("--library-only", action="store_true", help="measure OSSKit and no server")
    given = arguments.parse_args()

    rows = library(given.measurements) if given.measurements else []
    if not given.library_only:
        rows += server_rows(given)
    show(rows)
    if given.json:
        given.json.write_text(json.dumps([vars(row) for row in rows], indent=2) + "\n")


def server_rows(given: argparse.Namespace) -> list[Row]:
    """Starts a server and measures it."""
    program = binary()
    if not os.access(program, os.X_OK):
        sys.exit(f"There is no program at {program}; run: make bench")
    print(f"program: {program} ({hashlib.sha256(program.read_bytes()).hexdigest()[:12]})")
    print(f"machine: {os.cpu_count()} cores, load and server together; load before: {os.getloadavg()[0]:.2f}\n")

    with tempfile.TemporaryDirectory(prefix="storage-gateway-bench-") as folder:
        server = Gateway(Path(folder), "--log-level", "warning", demo=True).start()
        try:
            return [
                durable_puts(server, 4 * KIB, 1, given.seconds),
                durable_puts(server, 4 * KIB, 64, given.seconds),
                gets_with_wrk(server, 4 * KIB, 64, given.seconds),
                gets_with_wrk(server, MIB, 16, given.seconds),
                *large_put_and_get(server, given.large),
                session_rounds(server, users=16, rounds=60),
            ]
        finally:
            server.kill()


if __name__ == "__main__":
    main()
