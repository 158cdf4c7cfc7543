"""D4, D7: too many connections, and thousands of requests that are given up half way."""

from __future__ import annotations

import os
import random
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit.gateway import Gateway, settle
from kit.signing import Request, sign_v4_header
from kit.wire import Connection, address, head_of
from rig.load import Client
from rig.offline import problems_of
from rig.tracing import Prefixed

pytestmark = [pytest.mark.full]


def descriptors(server: Gateway) -> int:
    """How many files and connections the server has open."""
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def threads(server: Gateway) -> int:
    """How many threads the server has."""
    return len(os.listdir(f"/proc/{server.pid}/task"))


def cpu_seconds(server: Gateway) -> float:
    """How much time the server has spent on a processor."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# D4

@pytest.mark.timeout(120)
def test_more_connections_than_descriptors_neither_end_nor_spin_the_server(new_gateway, say):
    server = new_gateway(launcher=Prefixed("prlimit", "--nofile=128:128", "--")).start()
    Client(server.oss, server.credentials).send(Request("PUT", server.bucket, "before", body=b"before"))
    held = [begin_connection(server) for _ in range(500)]
    time.sleep(1)
    before, began = cpu_seconds(server), time.monotonic()
    time.sleep(5)
    share = (cpu_seconds(server) - before) / (time.monotonic() - began)
    assert server.is_running
    for connection in held:
        connection.close()
    seconds = answers_again_after(server)
    say(f"500 connections with 128 descriptors: {share * 100:.1f} % CPU; answers {seconds:.2f} s after they went")
    assert share < 0.10
    assert seconds < 2
    assert server.stop() == 0


def begin_connection(server: Gateway) -> socket.socket:
    """A connection that says nothing; the kernel takes it even while the server cannot."""
    connection = socket.socket()
    connection.setblocking(False)
    connection.connect_ex(address(server.oss))
    return connection


def answers_again_after(server: Gateway) -> float:
    """How many seconds it takes until a read and a write succeed."""
    began = time.monotonic()
    while time.monotonic() - began < 30:
        try:
            client = Client(server.oss, server.credentials, timeout=2)
            assert client.send(Request("GET", server.bucket, "before")).body == b"before"
            assert client.send(Request("PUT", server.bucket, "after", body=bytes(100_000))).status == 200
            return time.monotonic() - began
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer any more")


# D7

@pytest.mark.timeout(900)
def test_20000_requests_a_third_given_up_leave_nothing_behind(new_gateway, numbers, rounds, say):
    server = new_gateway().start()
    assert Client(server.oss, server.credentials).send(
        Request("PUT", server.bucket, "large", body=bytes(8 << 20))).status == 200
    mix(server, numbers, 500)
    base = figures(server)
    began = time.monotonic()
    count = rounds(500, 20_000)
    outcomes = mix(server, numbers, count)
    took = time.monotonic() - began
    after = figures(server)
    say(
        f"{count} requests, {outcomes['given up']} given up, in {took:.0f} s; descriptors {base[0]} and {after[0]},"
        f" threads {base[1]} and {after[1]}, memory {base[2] >> 10} and {after[2] >> 10} MiB")
    assert outcomes["failed"] == 0 and outcomes["given up"] > count // 4
    assert abs(after[0] - base[0]) <= 5 and abs(after[1] - base[1]) <= 2
    assert after[2] - base[2] <= 16 << 10
    assert server.stop() == 0
    assert problems_of(server.data) == []
    named = len([path for path in (server.data / "objects" / "blobs").glob("*/*")])
    assert named == len(blobs_with_a_row(server.data)), "a body that was given up left its file behind"


def figures(server: Gateway) -> tuple[int, int, int]:
    """Descriptors, threads and KiB of memory when everything has come to rest."""
    return (
        settle(lambda: descriptors(server)), settle(lambda: threads(server), 2),
        settle(lambda: server.memory_kib(), 30))


def blobs_with_a_row(data: Path) -> list[str]:
    """The names of the blobs that the database knows."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(data / "objects" / "meta.sqlite")) as database:
        return [row[0] for row in database.execute("SELECT blob_id FROM bodies WHERE blob_id IS NOT NULL")]


def mix(server: Gateway, numbers: random.Random, count: int) -> dict[str, int]:
    """Sends so many requests over 8 threads, and gives a third of them up."""
    outcomes, lock = {"answered": 0, "given up": 0, "failed": 0}, threading.Lock()
    seeds = [numbers.random() for _ in range(8)]

    def work(seed: float) -> None:
        chosen, client = random.Random(seed), Client(server.oss, server.credentials)
        for number in range(count // 8):
            outcome = one_request(server, client, chosen, f"mixed/{seed}/{number % 40}")
            with lock:
                outcomes[outcome] += 1
        client.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, seeds))
    return outcomes


def one_request(server: Gateway, client: Client, numbers: random.Random, key: str) -> str:
    """One random request, answered or given up."""
    if numbers.random() < 1 / 3:
        give_up(server, numbers, key)
        return "given up"
    body = numbers.randbytes(numbers.choice([10, 4_096, 100_000]))
    request = numbers.choice([
        Request("PUT", server.bucket, key, body=body), Request("PUT", server.bucket, key, body=body),
        Request("GET", server.bucket, key), Request("HEAD", server.bucket, key), Request("DELETE", server.bucket, key),
        Request("GET", server.bucket, query=(("prefix", "mixed/"), ("max-keys", "10")))])
    return "answered" if client.send(request).status in (200, 204, 404) else "failed"


def give_up(server: Gateway, numbers: random.Random, key: str) -> None:
    """Begins an upload or a download and goes away: with a reset, or politely."""
    is_upload = numbers.random() < 0.6
    length = numbers.choice([1_000, 100_000, 3_000_000])
    request = Request("PUT", server.bucket, key, headers=(("Content-Length", str(length)),)) if is_upload else Request(
        "GET", server.bucket, "large")
    signed = sign_v4_header(request, server.credentials)
    with Connection(server.oss) as connection:
        connection.offer(head_of(signed, server.oss.removeprefix("http://")))
        if is_upload:
            connection.offer(bytes(numbers.randrange(length)))
        else:
            connection.socket.recv(numbers.randint(1, 50_000))
        if numbers.random() < 0.5:
            # No lingering: the other side sees a reset.
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
