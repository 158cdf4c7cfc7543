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
import random
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

from kit.gateway import Gateway, MemorySampler, binary, settle  # noqa: E402
from kit.session import SessionClient  # noqa: E402
from kit.signing import Request, sign_v4_header, sign_v4_url  # noqa: E402
from kit.wire import address  # noqa: E402

import load  # noqa: E402
import peers  # noqa: E402
import reads  # noqa: E402
import uploads  # noqa: E402

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
            with peers.rclone_serving(folder / "rclone", "bench") as peer:
                theirs = load.puts(peer.endpoint, [f"/bench/{key}" for key in keys], folder, size, connections, seconds)
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


def large_put_and_get(server: Gateway, folder: Path, mebibytes: int, rounds: int = 3) -> list[Row]:
    """One large object in and out with curl, beside the speed of MD5, which a single PUT cannot exceed."""
    path, block = folder / "large", os.urandom(8 * MIB)
    with open(path, "wb") as file:
        for _ in range(mebibytes // 8):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    puts, gets, digests = [], [], [peers.md5_speed()]
    for _ in range(rounds):
        puts.append(mebibytes / load.upload(server.oss + presigned(server, "PUT", "large"), path))
        digests.append(peers.md5_speed())
        gets.append(mebibytes / load.download(server.oss + presigned(server, "GET", "large")))
    path.unlink()
    return [
        Row(f"HTTP: PUT {mebibytes} MiB, 1 client, curl", max(puts), "MiB/s", beside_md5(puts, digests)),
        Row(f"HTTP: GET {mebibytes} MiB, 1 client, curl", max(gets), "MiB/s", spread(gets)),
    ]


def spread(figures: list[float]) -> str:
    """The least and the greatest of several rounds, of which the best is told."""
    return f"{len(figures)} rounds, {min(figures):,.0f} to {max(figures):,.0f}"


def beside_md5(figures: list[float], digests: list[float]) -> str:
    """What part of the best speed of MD5 the best round reached; both by the clock on the wall, in turns."""
    if not max(digests):
        return f"no openssl to compare; {spread(figures)}"
    return f"{max(figures) / max(digests):.0%} of openssl's MD5 on one core ({spread(digests)}); {spread(figures)}"


def memory_of_large(server: Gateway, folder: Path, mebibytes: int) -> list[Row]:
    """How much the server's resident memory grows while it takes and gives one very large object."""
    path = folder / "very-large"
    with open(path, "wb") as file:
        file.truncate(48 * MIB)
    # What any large transfer leaves behind is there before: heaps of threads, pages of the program.
    load.upload(server.oss + presigned(server, "PUT", "warm"), path)
    load.download(server.oss + presigned(server, "GET", "warm"))
    with open(path, "wb") as file:
        file.truncate(mebibytes * MIB)
    idle, rows = settle(server.memory_kib), []
    for what, run in (
        ("PUT", lambda: load.upload(server.oss + presigned(server, "PUT", "very-large"), path)),
        ("GET", lambda: load.download(server.oss + presigned(server, "GET", "very-large"))),
    ):
        with MemorySampler(server) as sampler:
            run()
        rows.append(Row(
            f"HTTP: growth of memory while {what} {mebibytes} MiB", (sampler.peak_kib - idle) / KIB, "MiB",
            f"resident at its peak, over {idle / KIB:.1f} MiB when idle"))
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
    return rows + engine_large(folder, mebibytes) + engine("inline-limit", "--folder", str(folder / "inline"))


def engine_large(folder: Path, mebibytes: int, rounds: int = 3) -> list[Row]:
    """A large object in and out of the store alone, in turns with MD5."""
    puts, gets, digests, rows = [], [], [peers.md5_speed()], []
    for _ in range(rounds):
        rows = engine("put-large", "--folder", str(folder / "large-objects"), "--mebibytes", str(mebibytes))
        if len(rows) != 2:
            return rows
        puts.append(rows[0].figure)
        gets.append(rows[1].figure)
        digests.append(peers.md5_speed())
    rows[0].figure, rows[0].note = max(puts), f"{beside_md5(puts, digests)}; {rows[0].note} in the last"
    rows[1].figure, rows[1].note = max(gets), spread(gets)
    return rows


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
        rows.append(lists(server, count))
        return rows + [starts_after_kill(server, folder, count)]
    finally:
        server.kill()


def lists(server: Gateway, count: int, pages: int = 300) -> Row:
    """Pages of 1,000 keys behind keys chosen at random, with prefix and delimiter, as one client reads them."""
    host, port = address(server.oss)
    connection = http.client.HTTPConnection(host, port, timeout=60)
    durations = []
    for _ in range(pages):
        number = random.randrange(count // 2)
        query = (
            ("list-type", "2"), ("max-keys", "1000"), ("prefix", "one/deep/folder/"), ("delimiter", "/"),
            ("start-after", f"one/deep/folder/{number:08}"))
        request = Request("GET", "measured", query=query)
        began = time.perf_counter()
        status = send(connection, request, server.credentials)
        durations.append(time.perf_counter() - began)
        assert status == 200, status
    connection.close()
    ordered = sorted(durations)
    return Row(
        f"HTTP: list of {count:,}, any place, prefix and delimiter", ordered[int(len(ordered) * 0.99)] * 1e3, "ms p99",
        f"{milliseconds(durations)}, {pages} pages, with the client's signing")


def starts_after_kill(server: Gateway, folder: Path, count: int, rounds: int = 5) -> Row:
    """From the start of the process to the first 200, after `kill -9` in the middle of puts."""
    durations = []
    for round_number in range(rounds):
        targets = [presigned(server, "PUT", f"k/{round_number}/{number}") for number in range(20_000)]
        first = Request("PUT", server.bucket, f"k/{round_number}/first", body=b"x")
        assert ask_once(server, first) == 200
        # A little more and a little less of the log is written each time.
        with load.putting(server.oss, targets, folder, 4 * KIB, 64):
            time.sleep(1.5 + 0.4 * round_number)
            server.kill()
        began = time.perf_counter()
        server.start()
        while ask_once(server, Request("HEAD", server.bucket, first.key)) != 200:
            pass
        durations.append(time.perf_counter() - began)
    told = ", ".join(f"{duration:.3f}" for duration in durations)
    return Row(
        f"HTTP: start to the first 200 with {count:,} objects, after kill -9 under load", max(durations), "s",
        f"the slowest of {told}")


def ask_once(server: Gateway, request: Request) -> int:
    """Sends one request on a connection of its own; returns the status."""
    host, port = address(server.oss)
    connection = http.client.HTTPConnection(host, port, timeout=60)
    try:
        return send(connection, request, server.credentials)
    finally:
        connection.close()


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
        "--memory", type=int, default=5120,
        help="MiB of the object that memory is watched with; 0 leaves it out (default 5120)")
    arguments.add_argument(
        "--objects", type=int, default=1_000_000, help="objects of the large bucket; 0 leaves it out (default 1,000,000)")
    arguments.add_argument("--folder", type=Path, help="where to put the data; on the disk to measure")
    arguments.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments.add_argument("--measurements", type=Path, help="the program that measures OSSKit alone")
    arguments.add_argument("--library-only", action="store_true", help="measure OSSKit and no server")
    arguments.add_argument("--reads-only", action="store_true", help="measure presigned reads beside the peers alone")
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
        rows = []
        for row in reads.beside_peers(folder / "beside", given.seconds, given.large):
            rows += show([Row(**row)])
        shutil.rmtree(folder / "beside", ignore_errors=True)
        if given.reads_only:
            return rows
        server = Gateway(folder / "server", "--log-level", "warning", demo=True).start()
        try:
            rows += show([durable_puts(server, 4 * KIB, 1, given.seconds)])
            rows += show(puts_beside_rclone(server, folder, 4 * KIB, 64, given.seconds))
            rows += show([gets_with_wrk(server, 4 * KIB, 64, given.seconds)])
            rows += show([gets_with_wrk(server, MIB, 16, given.seconds)])
            rows += show(large_put_and_get(server, folder, given.large))
            if given.memory:
                rows += show(memory_of_large(server, folder, given.memory))
            rows += show([session_rounds(server, users=16, rounds=60)])
        finally:
            server.kill()
        rows += show([Row(**row) for row in uploads.rows(folder, given.seconds)])
        rows += show(engine_rows(folder, given.seconds, given.large))
        if given.objects:
            rows += show(many_objects(folder, given.objects))
    return rows


if __name__ == "__main__":
    main()
