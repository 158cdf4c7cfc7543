"""D5, D6, D8: clients that are slow on purpose, that send what nobody asked for, and that are too many."""

from __future__ import annotations

import select
import socket
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.gateway import Gateway, MemorySampler, settle
from kit.signing import Request, sign_v1_header, sign_v4_header
from kit.wire import Connection, address, head_of
from rig.load import Client

MIB = 1 << 20


def host(server: Gateway) -> str:
    return server.oss.removeprefix("http://")


# D5

TCP_ESTABLISHED = 1


class SlowCrowd:
    """Many connections that do next to nothing, each in the same way."""

    def __init__(self, server: Gateway, kind: str):
        self.server, self.kind = server, kind
        self.open: list[socket.socket] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._live)

    def begin(self, count: int) -> None:
        """Opens the connections, and lets them send and read a little every second from then on."""
        first = self._first_bytes()
        for _ in range(count):
            connection = socket.socket()
            if self.kind == "read":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
            connection.settimeout(10)
            connection.connect(address(self.server.oss))
            connection.sendall(first)
            connection.setblocking(False)
            self.open.append(connection)
        self._thread.start()

    def _first_bytes(self) -> bytes:
        credentials, bucket = self.server.credentials, self.server.bucket
        match self.kind:
            case "head":
                return b"GET / HTTP/1.1\r\nHost: x\r\n"
            case "body":
                slow = Request("PUT", bucket, "slow", headers=(("Content-Length", "1000000"),))
                return head_of(sign_v1_header(slow, credentials), host(self.server))
            case "read":
                large = sign_v1_header(Request("GET", bucket, "large"), credentials)
                return head_of(large, host(self.server), close=False)
            case "range":
                ranges = ",".join(f"5-{number}" for number in range(1_300))
                many = Request("GET", bucket, "small", headers=(("Range", f"bytes=0-,{ranges}"),))
                return head_of(sign_v1_header(many, credentials), host(self.server), close=False)
        raise AssertionError(self.kind)

    def _live(self) -> None:
        number = 0
        while not self._done.wait(1):
            number += 1
            piece = f"X-{number}: x\r\n".encode() if self.kind == "head" else b"x" if self.kind == "body" else b""
            self.open = [connection for connection in self.open if self._step(connection, piece)]

    @staticmethod
    def _step(connection: socket.socket, piece: bytes) -> bool:
        """One second of a connection; whether it is still there."""
        try:
            if piece:
                connection.send(piece)
            connection.recv(8)
        except BlockingIOError:
            pass
        except OSError:
            connection.close()
            return False
        # What was received before a connection ended can still be read; its state tells more.
        is_there = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_ESTABLISHED
        if not is_there:
            connection.close()
        return is_there

    def end(self) -> None:
        """Closes what is left."""
        self._done.set()
        self._thread.join()
        for connection in self.open:
            connection.close()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", ["head", "body", "read", "range"])
def test_slow_clients_are_let_go_and_nobody_waits_for_them(new_gateway, rounds, request, kind, say):
    is_full = request.config.option.full
    server = new_gateway("--connections-per-address", "2000").start()
    store = Client(server.oss, server.credentials)
    store.send(Request("PUT", server.bucket, "large", body=bytes(8 * MIB)))
    store.send(Request("PUT", server.bucket, "small", body=b"small"))
    crowd = SlowCrowd(server, kind)
    # An answer that is not read keeps about 2.5 MiB of the server's memory until its connection is closed.
    crowd.begin(rounds(100, 250 if kind == "read" else 1_000))
    began, times = time.monotonic(), []
    gone_after: float | None = None
    try:
        while time.monotonic() - began < (60 if is_full else 5):
            times.append(honest_seconds(server))
            if gone_after is None and not crowd.open:
                gone_after = time.monotonic() - began
            time.sleep(0.02)
    finally:
        left = len(crowd.open)
        crowd.end()
    slowest = sorted(times)[int(len(times) * 0.99)]
    say(f"slow {kind}: {len(times)} honest requests, p99 {slowest * 1_000:.0f} ms; all gone after {gone_after} s")
    assert slowest < 1
    if is_full:
        # Whoever takes an answer slowly has its stalls counted from the last byte that it took.
        assert left == 0 and gone_after is not None and gone_after < 50
    assert server.stop() == 0


def honest_seconds(server: Gateway) -> float:
    """How long a read by a client of another address takes; it must succeed."""
    began = time.monotonic()
    signed = sign_v4_header(Request("GET", server.bucket, "small"), server.credentials)
    with Connection(server.oss, timeout=10, source="127.0.0.2") as connection:
        connection.send(head_of(signed, host(server)))
        answer = connection.read_answer()
    assert (answer.status, answer.body) == (200, b"small"), answer
    return time.monotonic() - began


# D6

REFUSED = "PUT /{bucket}/k HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("framing", ["Content-Length: 1073741824", "Transfer-Encoding: chunked"])
def test_of_what_a_stranger_sends_little_is_taken(new_gateway, framing, say):
    server = new_gateway().start()
    piece = bytes(65_536) if "Length" in framing else b"10000\r\n" + bytes(65_536) + b"\r\n"
    base = settle(server.memory_kib)
    with MemorySampler(server) as sampler, Connection(server.oss, timeout=5) as connection:
        connection.send(REFUSED.format(bucket=server.bucket, framing=framing).encode())
        sent = 0
        while sent < 64 * MIB and connection.offer(piece):
            sent += len(piece)
    say(f"{framing}: {sent / MIB:.1f} MiB taken, memory + {(sampler.peak_kib - base) >> 10} MiB")
    assert sent <= 8 * MIB
    assert sampler.peak_kib - base <= 64 << 10


FLOODS = {
    "1,001 fields": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: x\r\n" % n for n in range(1_001)) + b"\r\n",
    "3 MB of fields": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(
        b"X-%d: %s\r\n" % (n, b"x" * 31_000) for n in range(100)) + b"\r\n",
    "a long target": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "empty lines": b"\r\n" * 500_000,
    "a chunk extension": b"PUT /b/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;x=" + b"y" * 2_000_000,
    "trailers": b"PUT /b/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"".join(
        b"X-%d: x\r\n" % n for n in range(2_000)) + b"\r\n",
    "chunks of a byte": b"PUT /b/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 200_000,
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_its_connection_and_costs_little(new_gateway, name):
    server = new_gateway().start()
    base = settle(server.memory_kib, 5)
    with MemorySampler(server) as sampler:
        for _ in range(5):
            with Connection(server.oss, timeout=10) as connection:
                connection.offer(FLOODS[name])
                answer = connection.read_to_end()
                assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer[:100]
                assert answer.count(b"HTTP/1.1 ") <= 1
    assert sampler.peak_kib - base <= 64 << 10
    assert server.stop() == 0


@pytest.mark.timeout(120)
def test_signed_bodies_that_are_mostly_framing_are_refused_and_not_stored(new_gateway):
    server = new_gateway().start()
    for body in (b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n", b"1;x=" + b"y" * 200_000 + b"\r\nx\r\n0\r\n\r\n"):
        request = sign_v1_header(
            Request("PUT", server.bucket, "framing", headers=(("Transfer-Encoding", "chunked"),)), server.credentials)
        with Connection(server.oss, timeout=10) as connection:
            connection.offer(head_of(request, host(server), close=False) + body)
            answer = connection.read_to_end()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400"), answer[:100]
    assert Client(server.oss, server.credentials).send(
        Request("HEAD", server.bucket, "framing")).status == 404


@pytest.mark.timeout(240)
def test_answers_that_nobody_reads_are_not_made(new_gateway, say):
    server = new_gateway().start()
    Client(server.oss, server.credentials).send(Request("PUT", server.bucket, "large", body=bytes(MIB)))
    one = head_of(
        sign_v1_header(Request("GET", server.bucket, "large"), server.credentials), host(server), close=False)
    base = settle(server.memory_kib)
    held = [socket.create_connection(address(server.oss)) for _ in range(20)]
    with MemorySampler(server) as sampler:
        for connection in held:
            connection.setblocking(False)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for connection in select.select([], held, [], 0.1)[1]:
                try:
                    connection.send(one * 200)
                except OSError:
                    pass
    for connection in held:
        connection.close()
    say(f"20 connections of endless requests, unread: memory + {(sampler.peak_kib - base) >> 10} MiB")
    assert sampler.peak_kib - base <= 64 << 10
    assert server.stop() == 0


# D8

SLOTS = 8
PAUSE_SECONDS = 0.05


class Load:
    """Clients that upload again and again, and come back when they are told to."""

    def __init__(self, server: Gateway):
        self.server = server
        self.answered = 0
        self.refused: list[float] = []
        self.problems: list[str] = []
        self._lock = threading.Lock()

    def goodput(self, clients: int, seconds: float) -> float:
        """How many uploads a second so many clients get done."""
        self.answered, self.refused = 0, []
        end = time.monotonic() + seconds
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(lambda number: self._work(number, end), range(clients)))
        return self.answered / seconds

    def _work(self, number: int, end: float) -> None:
        while time.monotonic() < end:
            try:
                pause = self._upload(number)
            except OSError as error:
                self.problems.append(repr(error))
                return
            time.sleep(min(pause, max(0.0, end - time.monotonic())))

    def _upload(self, number: int) -> float:
        """One upload, which takes a while; how long to wait before the next."""
        body = bytes(1_000)
        request = Request(
            "PUT", self.server.bucket, f"load/{number}", headers=(("Content-Length", str(len(body))),))
        signed = sign_v1_header(request, self.server.credentials)
        with Connection(self.server.oss, timeout=10) as connection:
            began = time.monotonic()
            connection.send(head_of(signed, host(self.server), close=False) + body[:1])
            is_early = bool(select.select([connection.socket], [], [], PAUSE_SECONDS)[0])
            if not is_early:
                connection.offer(body[1:])
            answer = connection.read_answer("PUT")
            took = time.monotonic() - began
        with self._lock:
            if answer.status == 200:
                self.answered += 1
                return 0
            if (answer.status, answer.header("Retry-After")) != (503, "1"):
                self.problems.append(str(answer))
            self.refused.append(took)
        return 1


@pytest.mark.timeout(120)
def test_four_times_the_limit_gets_as_much_done(new_gateway, rounds, say):
    server = new_gateway("--requests-at-once", str(SLOTS)).start()
    load, seconds = Load(server), rounds(3, 15)
    load.goodput(SLOTS, 1)
    peak = load.goodput(SLOTS, seconds)
    crowded = load.goodput(4 * SLOTS, seconds)
    refused = sorted(load.refused)
    recovered = load.goodput(SLOTS, seconds)
    assert refused and load.problems == []
    median, late = statistics.median(refused) * 1_000, refused[int(len(refused) * 0.95)] * 1_000
    say(
        f"goodput {peak:.0f}/s with {SLOTS} clients, {crowded:.0f}/s with {4 * SLOTS}, {recovered:.0f}/s afterwards;"
        f" {len(refused)} refused in {median:.1f} ms (p95 {late:.1f} ms)")
    assert crowded >= 0.8 * peak
    assert recovered >= 0.8 * peak
    assert median < 50
    assert server.stop() == 0
