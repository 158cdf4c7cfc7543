"""A stop is clean: what is under way ends well, and nothing new begins."""

from __future__ import annotations

import signal
import socket
import threading
import time

import pytest

from kit.signing import Request, sign_v1_header
from kit.wire import Connection, address, head_of


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_an_idle_server_stops_at_once(new_gateway, number):
    server = new_gateway(demo=True).start()
    with Connection(server.oss), Connection(server.api):
        began = time.monotonic()
        assert server.stop(number) == 0
        assert time.monotonic() - began < 15
    assert "Fatal error" not in server.log


def test_an_upload_under_way_is_finished(new_gateway, open_store):
    server = new_gateway("--shutdown-grace-seconds", "20").start()
    store = open_store(server)
    body = b"x" * 1_000_000
    request = sign_v1_header(Request("PUT", server.bucket, "under-way", body=body), store.credentials)
    with Connection(server.oss) as connection:
        connection.send(head_of(request, server.oss.removeprefix("http://")) + body[:400_000])
        time.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        time.sleep(0.7)
        assert server.is_running, "the server did not wait for an upload that makes progress"
        connection.send(body[400_000:])
        answer = connection.read_answer("PUT")
    assert answer.status == 200, answer
    assert server.wait(30) == 0
    server.start()
    assert open_store(server).get(server.bucket, "under-way").body == body


def test_nothing_new_is_taken_while_stopping(new_gateway, open_store):
    server = new_gateway("--shutdown-grace-seconds", "10").start()
    store = open_store(server)
    request = sign_v1_header(
        Request("PUT", server.bucket, "slow", headers=(("Content-Length", "100"),)), store.credentials)
    with Connection(server.oss) as connection:
        connection.send(head_of(request, server.oss.removeprefix("http://")) + b"x" * 10)
        time.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        time.sleep(0.7)
        refused = False
        try:
            with socket.create_connection(address(server.oss), timeout=3) as late:
                late.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                refused = late.recv(10) == b""
        except OSError:
            refused = True
        assert refused
        connection.send(b"x" * 90)
        assert connection.read_answer("PUT").status == 200
    assert server.wait(30) == 0


def test_an_upload_that_never_ends_does_not_hold_the_stop(new_gateway, open_store):
    server = new_gateway("--shutdown-grace-seconds", "2").start()
    store = open_store(server)
    request = sign_v1_header(
        Request("PUT", server.bucket, "stuck", headers=(("Content-Length", "100"),)), store.credentials)
    with Connection(server.oss) as connection:
        connection.send(head_of(request, server.oss.removeprefix("http://")) + b"x" * 10)
        time.sleep(0.2)
        began = time.monotonic()
        server.stop(timeout=30)
        assert time.monotonic() - began < 15
    server.start()
    assert not open_store(server).exists(server.bucket, "stuck")


def test_writes_that_were_answered_outlive_the_stop(new_gateway, open_store):
    server = new_gateway().start()
    store = open_store(server)
    written: list[str] = []

    def write() -> None:
        for number in range(10_000):
            try:
                store.put(server.bucket, f"steady/{number}", b"x" * 500)
            except (OSError, AssertionError):
                return
            written.append(f"steady/{number}")

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.7)
    assert server.stop() == 0
    writer.join(30)
    server.start()
    again = open_store(server)
    assert written
    assert [key for key in written if not again.exists(server.bucket, key)] == []
