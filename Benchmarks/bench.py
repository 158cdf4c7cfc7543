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

from kit.gateway import Gateway, binary, settle  # noqa: E402
from kit.session import SessionClient  # noqa: E402
from kit.signing import Request, sign_v4_header, sign_v4_url  # noqa: E402
from kit.wire import address  # noqa: E402

import load  # noqa: E402
import peers  # noqa: E402

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


def presigned(server: Gateway, method: str, key: str, lifetime: int = 3600) -> str:
    """The target of a presigned URL."""
    return sign_v4_url(Request(method, server.bucket, key), server.credentials, lifetime=lifetime).target


def gets_with_wrk(server: Gateway, size: int, connections: int, seconds: float) -> Row:
    """GETs of one presigned URL with wrk."""
    name = f"HTTP: GET {size // KIB} KiB, presigned, {connections} connections, wrk"
    if not load.has_wrk():
        return Row(name, 0, "", "not run: there is no wrk")
    host, port = address(server.oss)
    connection = http.client.HTTPConnection(host, port, timeout=60)
    key = f"get/{size}"
    assert send(connection, Request("PUT", server.bucket, key, body=os.urandom(size)), server.credentials) == 200
    rate = load.wrk(server.oss + presigned(server, "GET", key), connections, seconds)
    note = f"{rate.per_second * size / MIB:.0f} MiB/s, p99 {rate.slowest}"
    return Row(name, rate.per_second, "requests/s", note + (f", {rate.refused} refused" if rate.refused else ""))


def puts_beside_rclone(server: Gateway, folder: Path, size: int, connections: int, seconds: float) -> list[Row]:
    """PUTs of new keys with wrk: signed and durable here, neither of both at rclone."""
    name = f"HTTP: durable PUT {size // KIB} KiB, presigned, {connections} connections, wrk"
    if not load.has_wrk() or peers.rclone() is None:
        return [Row(name, 0, "", "not run: there is no wrk or no rclone")]
    keys = [f"put/{number % 100}/{number}" for number in range(int(8_000 * seconds))]
    rows, ours = [], 0.0
    # The peer stands between two measurements of the server, so that a change of the machine shows.
    for turn in ("before", "peer", "after"):
        if turn == "peer":
            with peers.rclone_serving(folder / "rclone", "bench") as endpoint:
                theirs = load.puts(endpoint, [f"/bench/{key}" for key in keys], folder, size, connections, seconds)
            continue
        targets = [presigned(server, "PUT", f"{turn}/{key}") for key in keys]
        rate = load.puts(server.oss, targets, folder, size, connections, seconds)
        note = f"{turn} the peer, p99 {rate.slowest}" + (f", {rate.refused} refused" if rate.refused else "")
        rows.append(Row(name, rate.per_second, "requests/s", note))
        ours += rate.per_second / 2
    note = f"we do {ours / theirs.per_second:.1f} times as many; p99 {theirs.slowest}"
    note += f", {theirs.refused} refused" if theirs.refused else ""
    rows.insert(1, Row("HTTP: the same puts to rclone serve s3, not durable", theirs.per_second, "requests/s", note))
    return rows


def large_put_and_get(server: Gateway, folder: Path, mebibytes: int) -> list[Row]:
    """One large object in and out with curl, beside the speed of MD5, which a single PUT cannot exceed."""
    path, block = folder / "large", os.urandom(8 * MIB)
    with open(path, "wb") as file:
        for _ in range(mebibytes // 8):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    rows = []
    for _ in range(2):
        md5 = peers.md5_speed()
        rate = mebibytes / load.upload(server.oss + presigned(server, "PUT", "large"), path)
        note = f"{rate / md5:.0%} of openssl's MD5 ({md5:.0f} MiB/s on one core)" if md5 else "no openssl to compare"
        rows.append(Row(f"HTTP: PUT {mebibytes} MiB, 1 client, curl", rate, "MiB/s", note))
    rate = mebibytes / load.download(server.oss + presigned(server, "GET", "large"))
    rows.append(Row(f"HTTP: GET {mebibytes} MiB, 1 client, curl", rate, "MiB/s"))
    path.unlink()
    return rows


def engine(*arguments: str) -> list[Row]:
    """Figures of the store without HTTP."""
    program = binary().parent / "StoreBench"
    if not os.access(program, os.X_OK):
        return [Row(f"engine: {arguments[0]}", 0, "", "not run: StoreBench was not built")]
    told = subprocess.run([str(program), *arguments], capture_output=True, text=True, check=True, timeout=3600).stdout
    return [Row(**json.loads(line)) for line in told.splitlines()]


def engine_rows(folder: Path, seconds: float, mebibytes: int) -> list[Row]:
    """The store alone: cached gets, small puts with and without shared flushes, a large object."""
    length = str(int(seconds))
    rows = engine("get-small", "--folder", str(folder / "gets"))
    single = engine("put-small", "--folder", str(folder / "single"), "--seconds", length, "--one-flush-each")
    shared = engine("put-small", "--folder", str(folder / "shared"), "--seconds", length)
    files = peers.one_flush_each(folder, 4 * KIB, seconds)
    for row in shared:
        if single[0].figure:
            row.note = f"{row.figure / single[0].figure:.1f} times one flush each, " \
                f"{row.figure / files:.1f} times plain files; {row.note}"
    rows += shared + single
    rows.append(Row("plain files of 4 KiB, one fdatasync each, 1 writer", files, "files/s"))
    rows.append(Row("plain file of 512 MiB and one fdatasync", peers.disk_speed(folder), "MiB/s", "what the disk takes"))
    md5 = peers.md5_speed()
    large = engine("put-large", "--folder", str(folder / "large-objects"), "--mebibytes", str(mebibytes))
    if md5 and large[0].figure:
        large[0].note = f"{large[0].figure / md5:.0%} of openssl's MD5 ({md5:.0f} MiB/s); {large[0].note}"
    return rows + large


def many_objects(folder: Path, count: int) -> list[Row]:
    """Lists, memory and start with very many objects."""
    empty = Gateway(folder / "empty", "--log-level", "warning").start()
    empty_kib = settle(empty.memory_kib)
    empty.stop()
    server = Gateway(folder / "many", "--log-level", "warning").start()
    server.stop()
    place = ["--folder", str(server.data / "objects"), "--count", str(count)]
    rows = engine("fill", *place) + engine("list", *place) + engine("idle", *place)
    server.start()
    try:
        idle_kib = settle(server.memory_kib)
        more = (idle_kib - empty_kib) * KIB / count
        rows.append(Row(
            f"HTTP: memory with {count:,} objects, idle", idle_kib / KIB, "MiB",
            f"{more:.1f} bytes an object more than an empty server"))
        host, port = address(server.oss)
        connection = http.client.HTTPConnection(host, port, timeout=60)
        for number in range(500):
            request = Request("PUT", server.bucket, f"k/{number}", body=b"x" * 4 * KIB)
            assert send(connection, request, server.credentials) == 200
        server.kill()
        began = time.perf_counter()
        server.start()
        took = time.perf_counter() - began
    finally:
        server.kill()
    rows.append(Row(f"HTTP: start to ready with {count:,} objects after kill -9", took, "s"))
    return rows


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


def show(rows: list[Row]) -> list[Row]:
    """Prints rows as soon as they are there, since a whole run takes minutes, and returns them."""
    for row in rows:
        decimals = 0 if row.figure >= 1000 else 2
        figure = f"{row.figure:>10,.{decimals}f} {row.unit}" if row.unit else f"{'–':>10}"
        print(f"{row.what:<64} {figure:<22} {row.note}", flush=True)
    return rows


def main() -> None:
    arguments = argparse.ArgumentParser(description="Measure a build of storage-gateway.")
    arguments.add_argument("--seconds", type=float, default=5, help="how long each rate is measured (default 5)")
    arguments.add_argument("--large", type=int, default=1024, help="MiB of the large object (default 1024)")
    arguments.add_argument(
        "--objects", type=int, default=1_000_000, help="objects of the large bucket; 0 leaves it out (default 1,000,000)")
    arguments.add_argument("--folder", type=Path, help="where to put the data; on the disk to measure")
    arguments.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments.add_argument("--measurements", type=Path, help="the program that measures OSSKit alone")
    arguments.add_argument("--library-only", action="store_true", help="measure OSSKit and no server")
    given = arguments.parse_args()

    rows = show(library(given.measurements)) if given.measurements else []
    if not given.library_only:
        rows += server_rows(given)
    if given.json:
        given.json.write_text(json.dumps([vars(row) for row in rows], indent=2) + "\n")


def server_rows(given: argparse.Namespace) -> list[Row]:
    """Starts servers and measures them, then the store alone."""
    program = binary()
    if not os.access(program, os.X_OK):
        sys.exit(f"There is no program at {program}; run: make bench")
    print(f"program: {program} ({hashlib.sha256(program.read_bytes()).hexdigest()[:12]})")
    print(f"machine: {os.cpu_count()} cores, load and server together; load before: {os.getloadavg()[0]:.2f}\n")

    with tempfile.TemporaryDirectory(prefix="storage-gateway-bench-", dir=given.folder) as name:
        folder = Path(name)
        server = Gateway(folder / "server", "--log-level", "warning", demo=True).start()
        try:
            rows = show([durable_puts(server, 4 * KIB, 1, given.seconds)])
            rows += show(puts_beside_rclone(server, folder, 4 * KIB, 64, given.seconds))
            rows += show([gets_with_wrk(server, 4 * KIB, 64, given.seconds)])
            rows += show([gets_with_wrk(server, MIB, 16, given.seconds)])
            rows += show(large_put_and_get(server, folder, given.large))
            rows += show([session_rounds(server, users=16, rounds=60)])
        finally:
            server.kill()
        rows += show(engine_rows(folder, given.seconds, given.large))
        if given.objects:
            rows += show(many_objects(folder, given.objects))
    return rows


if __name__ == "__main__":
    main()
