"""How many connections there may be: too many are closed unread, and nobody else notices."""

from __future__ import annotations

import socket
import struct
import time

import pytest

from kit.gateway import Gateway, run_command
from kit.signing import Request, sign_v1_header, sign_v4_header
from kit.wire import Connection, address, exchange, head_of

BODY = b"served all the same"


class Crowd:
    """Connections that are held open."""

    def __init__(self, endpoint: str, source: str = "127.0.0.1"):
        self.endpoint, self.source = endpoint, source
        self.held: list[socket.socket] = []

    def add(self, count: int) -> None:
        """Opens connections that say nothing."""
        for _ in range(count):
            self.held.append(socket.create_connection(
                address(self.endpoint), timeout=10, source_address=(self.source, 0)))

    def open_count(self) -> int:
        """How many of them the server did not close."""
        time.sleep(0.3)
        return sum(1 for connection in self.held if self._is_open(connection))

    @staticmethod
    def _is_open(connection: socket.socket) -> bool:
        connection.setblocking(False)
        try:
            return connection.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """Closes them all."""
        for connection in self.held:
            connection.close()
        self.held = []


@pytest.fixture
def crowd():
    """Makes crowds, which go at the test's end."""
    made: list[Crowd] = []

    def make(*arguments) -> Crowd:
        made.append(Crowd(*arguments))
        return made[-1]

    yield make
    for one in made:
        one.close()


def answer_from(server, source: str):
    """A read by a client of another address."""
    request = sign_v4_header(Request("GET", server.bucket, "known"), server.credentials)
    with Connection(server.oss, source=source, timeout=10) as connection:
        connection.send(head_of(request, f"{connection.host}:{connection.port}"))
        return connection.read_answer()


def test_one_address_takes_its_share_and_no_more(new_gateway, open_store, crowd):
    server = new_gateway("--connections-per-address", "20").start()
    open_store(server).put(server.bucket, "known", BODY)
    greedy = crowd(server.oss)
    greedy.add(100)
    assert greedy.open_count() == 20
    assert answer_from(server, "127.0.0.2").body == BODY
    with pytest.raises(OSError):
        answer_from(server, "127.0.0.1")
    greedy.close()
    deadline = time.monotonic() + 5
    while True:
        try:
            assert answer_from(server, "127.0.0.1").body == BODY
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_both_listeners_count_together(new_gateway, crowd):
    server = new_gateway("--connections-per-address", "20").start()
    one, other = crowd(server.oss), crowd(server.api)
    one.add(15)
    other.add(15)
    assert one.open_count() + other.open_count() == 20


def test_all_addresses_together_have_a_limit(new_gateway, crowd):
    server = new_gateway("--connections", "30", "--connections-per-address", "20").start()
    crowds = [crowd(server.oss, f"127.0.0.{number}") for number in (1, 2, 3)]
    for one in crowds:
        one.add(15)
    assert sum(one.open_count() for one in crowds) == 30


def test_no_header_says_who_a_client_is(new_gateway, crowd):
    server = new_gateway("--connections-per-address", "4").start()
    greedy = crowd(server.oss)
    greedy.add(4)
    request = sign_v1_header(
        Request("GET", server.bucket, "known", headers=(
            ("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1"), ("X-Real-IP", "192.0.2.1"))),
        server.credentials)
    with pytest.raises(OSError):
        exchange(server.oss, request)


def test_a_connection_too_many_is_closed_before_it_is_read(new_gateway, open_store, crowd):
    server = new_gateway("--connections-per-address", "4").start()
    store = open_store(server)
    request = sign_v1_header(Request("PUT", server.bucket, "late", body=BODY), server.credentials)
    greedy = crowd(server.oss)
    greedy.add(4)
    with pytest.raises(OSError):
        exchange(server.oss, request)
    greedy.close()
    time.sleep(0.3)
    assert not store.exists(server.bucket, "late")


def test_connections_that_come_and_go_are_counted_out_again(new_gateway, open_store):
    server = new_gateway("--connections-per-address", "8").start()
    store = open_store(server)
    for number in range(200):
        with Connection(server.oss) as connection:
            if number % 3 == 0:
                connection.offer(b"GET / HT")
            if number % 2 == 0:
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if number % 8 == 0:
            time.sleep(0.05)
    time.sleep(0.3)
    store.put(server.bucket, "known", BODY)
    assert store.get(server.bucket, "known").body == BODY


def test_a_request_too_many_is_told_to_come_back(new_gateway, open_store):
    server = new_gateway("--requests-at-once", "2").start()
    store = open_store(server)
    store.put(server.bucket, "known", BODY)
    slow = sign_v1_header(
        Request("PUT", server.bucket, "slow", headers=(("Content-Length", "100"),)), server.credentials)
    with Connection(server.oss) as first, Connection(server.oss) as second:
        for connection in (first, second):
            connection.send(head_of(slow, server.oss.removeprefix("http://")) + b"x" * 10)
        time.sleep(0.3)
        began = time.monotonic()
        refused = store.get(server.bucket, "known")
        assert time.monotonic() - began < 1
        assert refused.refusal == (503, "ServiceUnavailable")
        assert refused.header("Retry-After") == "1" and refused.header("Connection") == "close"
        # The other listener has places of its own.
        assert exchange(server.api, Request("GET", "v1", "me")).status == 401
        first.send(b"x" * 90)
        assert first.read_answer("PUT").status == 200
        assert store.get(server.bucket, "known").body == BODY
        second.send(b"x" * 90)
        assert second.read_answer("PUT").status == 200


def test_the_session_api_tells_it_in_its_own_words(new_gateway):
    server = new_gateway("--requests-at-once", "1").start()
    with Connection(server.api) as slow:
        slow.send(b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                  b"Content-Length: 100\r\n\r\n{")
        time.sleep(0.3)
        refused = exchange(server.api, Request("GET", "v1", "me"))
        assert (refused.status, refused.header("Retry-After")) == (503, "1")
        assert b'"code":"UNAVAILABLE"' in refused.body
        assert exchange(server.oss, Request("GET")).status == 403


def test_a_request_behind_one_that_asks_for_another_protocol_does_not_wait_for_ever(gateway):
    """As clients send that would rather speak HTTP/2; what follows is told by the end of the connection."""
    upgrade = b"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
    for endpoint, target in ((gateway.oss, b"/"), (gateway.api, b"/healthz")):
        with Connection(endpoint, timeout=5) as connection:
            connection.send(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n" + upgrade + b"\r\n")
            answer = connection.read_answer()
            assert answer.status in (200, 403) and answer.header("Connection") == "close", answer
            connection.offer(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.read_to_end() == b""


def test_too_small_a_limit_of_open_files_is_told(tmp_path):
    server = Gateway(tmp_path / "limited", launcher=Limited()).start()
    try:
        assert "the limit of open files allows fewer connections" in server.log
    finally:
        server.kill()


class Limited:
    """Starts the server with few descriptors."""

    def command(self, command: list[str]) -> tuple[list[str], tuple[int, ...]]:
        return ["prlimit", "--nofile=300:300", "--", *command], ()

    def attach(self) -> None:
        """Nothing is to be done."""


@pytest.mark.parametrize(("option", "value"), [
    ("--connections", "15"), ("--connections", "many"), ("--connections-per-address", "0"),
    ("--connections-per-address", "-1"), ("--requests-at-once", "0"), ("--requests-at-once", "1e3")])
def test_a_limit_that_is_none_refuses_to_start(tmp_path, option, value):
    ended = run_command("serve", "--data", str(tmp_path / "data"), f"{option}={value}", timeout=30)
    assert ended.returncode == 78 and option in ended.stderr, ended.stderr
