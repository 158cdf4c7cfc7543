"""Requests that no well-behaved client sends: ambiguous framing, cut bodies, and waiting for `100 Continue`."""

from __future__ import annotations

import hashlib
import os
import time

import pytest

from kit.signing import Request, sign_v1_header, sign_v4_header, sign_v4_url
from kit.wire import Answer, Connection, exchange, head_of

BODY = b"exactly these bytes"


def signed_put(store, bucket: str, key: str, *headers: tuple[str, str], body: bytes = BODY) -> Request:
    """An upload whose signature does not depend on its framing."""
    return sign_v1_header(Request("PUT", bucket, key, headers=headers, body=body), store.credentials)


def send_raw(store, head: bytes, body: bytes = b"") -> Answer | None:
    """Sends bytes; None where the server closed the connection without an answer."""
    with Connection(store.endpoint) as connection:
        connection.offer(head + body)
        try:
            return connection.read_answer("PUT")
        except (ConnectionError, OSError):
            return None


def host_of(store) -> str:
    return store.endpoint.removeprefix("http://")


def assert_refused(store, answer: Answer | None, bucket: str, key: str) -> None:
    """The request was refused or cut off, was not the server's fault, and left nothing."""
    assert answer is None or 400 <= answer.status < 500, answer
    assert not store.exists(bucket, key)


class TestTargetsAndHosts:
    def test_two_hosts_are_refused(self, store, bucket, key):
        head = head_of(signed_put(store, bucket, key), host_of(store))
        for second in (host_of(store), "other.example"):
            doubled = head.replace(b"\r\n\r\n", f"\r\nHost: {second}\r\n\r\n".encode())
            answer = send_raw(store, doubled, BODY)
            assert answer is not None and answer.status == 400
            assert_refused(store, answer, bucket, key)

    def test_no_host_is_refused(self, store, bucket, key):
        head = head_of(signed_put(store, bucket, key), host_of(store))
        without = head.replace(f"Host: {host_of(store)}\r\n".encode(), b"")
        answer = send_raw(store, without, BODY)
        assert answer is not None and answer.status == 400
        assert_refused(store, answer, bucket, key)

    @pytest.mark.parametrize("host", ["", "a b", "a/b", "a,b", "a@b", "[::1", "127.0.0.1:x"])
    def test_a_malformed_host_is_refused(self, store, bucket, key, host):
        answer = send_raw(store, head_of(signed_put(store, bucket, key), host), BODY)
        assert_refused(store, answer, bucket, key)

    def test_a_target_in_absolute_form_is_refused(self, store, bucket, key):
        request = signed_put(store, bucket, key)
        for target in (f"http://{host_of(store)}{request.target}", f"http://other.example{request.target}", "*",
                       request.target[1:]):
            answer = send_raw(store, head_of(request, host_of(store), target=target), BODY)
            assert_refused(store, answer, bucket, key)

    def test_a_fragment_is_refused(self, store, bucket, key):
        request = signed_put(store, bucket, key)
        for target in (request.target + "#x", request.target + "?#x", request.target.replace("-", "#-", 1)):
            answer = send_raw(store, head_of(request, host_of(store), target=target), BODY)
            assert_refused(store, answer, bucket, key)

    def test_a_header_name_with_a_space_is_refused(self, store, bucket, key):
        head = head_of(signed_put(store, bucket, key), host_of(store))
        for spoiled in (head.replace(b"Content-Length:", b"Content-Length :"), head.replace(b"Date:", b" Date:"),
                        head.replace(b"Date:", b"Da te:"), head.replace(b"Date:", b"Date\0:")):
            assert spoiled != head
            assert_refused(store, send_raw(store, spoiled, BODY), bucket, key)

    def test_too_many_headers_are_refused(self, store, bucket, key):
        many = tuple((f"X-Filler-{number}", "x") for number in range(300))
        answer = send_raw(store, head_of(signed_put(store, bucket, key, *many), host_of(store)), BODY)
        assert_refused(store, answer, bucket, key)
        large = signed_put(store, bucket, key, ("X-Filler", "x" * 200_000))
        assert_refused(store, send_raw(store, head_of(large, host_of(store)), BODY), bucket, key)

    def test_bucket_dot_localhost_is_the_bucket(self, store, bucket, key):
        store.put(bucket, key, BODY)
        port = host_of(store).rpartition(":")[2]
        for sign in (sign_v1_header, sign_v4_header):
            signed = sign(Request("GET", bucket, key), store.credentials)
            answer = exchange(store.endpoint, signed, host=f"{bucket}.localhost:{port}", target=f"/{key}")
            assert (answer.status, answer.body) == (200, BODY), answer
        signed = sign_v4_url(Request("GET", bucket, key), store.credentials)
        target = "/" + signed.target.removeprefix(f"/{bucket}/")
        answer = exchange(store.endpoint, signed, host=f"{bucket}.localhost:{port}", target=target)
        assert (answer.status, answer.body) == (200, BODY)

    def test_a_configured_domain_tells_the_bucket(self, new_gateway, open_store, key):
        server = new_gateway("--oss-domain", "localhost,oss.example.test").start()
        store = open_store(server)
        store.put(server.bucket, key, BODY)
        signed = sign_v4_header(Request("GET", server.bucket, key), store.credentials)
        for host in (f"{server.bucket}.oss.example.test", f"{server.bucket}.OSS.example.test:80"):
            answer = exchange(server.oss, signed, host=host, target=f"/{key}")
            assert (answer.status, answer.body) == (200, BODY), answer
        for host in ("oss.example.test", "localhost", "127.0.0.1"):
            answer = exchange(server.oss, signed, host=host)
            assert (answer.status, answer.body) == (200, BODY), answer
        elsewhere = exchange(server.oss, signed, host=f"other-bucket.oss.example.test", target=f"/{key}")
        assert elsewhere.refusal == (403, "SignatureDoesNotMatch")


class TestFraming:
    def test_a_length_and_chunks_at_once_are_refused(self, store, bucket, key):
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
        for length in (len(BODY), len(chunks), 0):
            request = signed_put(
                store, bucket, key, ("Content-Length", str(length)), ("Transfer-Encoding", "chunked"))
            answer = send_raw(store, head_of(request, host_of(store), close=False), chunks)
            assert answer is None or answer.status == 400, answer
            assert_refused(store, answer, bucket, key)

    @pytest.mark.parametrize("coding", [
        "gzip, chunked", "xchunked", "chunked, chunked", "identity", "chunked;q=1", "\x0bchunked"])
    def test_another_transfer_coding_is_refused(self, store, bucket, key, coding):
        request = signed_put(store, bucket, key, ("Transfer-Encoding", coding))
        answer = send_raw(store, head_of(request, host_of(store)), b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))
        assert answer is None or 400 <= answer.status < 500 or answer.status == 501, answer
        assert not store.exists(bucket, key)

    def test_chunks_in_http_1_0_are_refused(self, store, bucket, key):
        request = signed_put(store, bucket, key, ("Transfer-Encoding", "chunked"))
        head = head_of(request, host_of(store), version="HTTP/1.0")
        assert_refused(store, send_raw(store, head, b"5\r\nhello\r\n0\r\n\r\n"), bucket, key)

    @pytest.mark.parametrize("length", [
        "", "+19", "-1", "19, 19", "19,20", "0x13", "1 9", "9" * 19, "9" * 40, "1e1", "nineteen"])
    def test_a_length_that_is_no_number_is_refused(self, store, bucket, key, length):
        request = signed_put(store, bucket, key, ("Content-Length", length))
        assert_refused(store, send_raw(store, head_of(request, host_of(store)), BODY), bucket, key)

    def test_two_different_lengths_are_refused(self, store, bucket, key):
        request = signed_put(store, bucket, key, ("Content-Length", "19"), ("Content-Length", "5"))
        assert_refused(store, send_raw(store, head_of(request, host_of(store)), BODY), bucket, key)

    def test_an_upload_needs_a_length_or_chunks(self, store, bucket, key):
        answer = send_raw(store, head_of(signed_put(store, bucket, key, body=b""), host_of(store), length=False))
        assert answer is not None and answer.refusal == (411, "MissingContentLength")
        assert not store.exists(bucket, key)

    def test_more_than_5_gib_is_refused_before_it_is_sent(self, store, bucket, key):
        request = signed_put(store, bucket, key, ("Content-Length", str(5 * 2**30 + 1)))
        with Connection(store.endpoint) as connection:
            connection.send(head_of(request, host_of(store)))
            answer = connection.read_answer("PUT")
        assert answer.status == 400
        assert answer.field("Code") in ("EntityTooLarge", "InvalidArgument")
        assert not store.exists(bucket, key)

    def test_what_follows_a_request_is_the_next_one(self, store, bucket, key):
        first, second = signed_put(store, bucket, key), signed_put(store, bucket, key + "-2", body=b"two")
        with Connection(store.endpoint) as connection:
            connection.send(
                head_of(first, host_of(store), close=False) + first.body
                + head_of(second, host_of(store), close=False) + second.body)
            assert connection.read_answer("PUT").status == 200
            assert connection.read_answer("PUT").status == 200
        assert store.get(bucket, key).body == BODY
        assert store.get(bucket, key + "-2").body == b"two"


class TestBodies:
    @pytest.mark.parametrize("size", [0, 1, 4096, 300_000])
    def test_chunks_of_any_size_are_put_together(self, store, bucket, key, size, random_numbers):
        body = os.urandom(size)
        request = signed_put(store, bucket, key, ("Transfer-Encoding", "chunked"), body=body)
        with Connection(store.endpoint) as connection:
            connection.send(head_of(request, host_of(store)))
            at = 0
            while at < size:
                piece = body[at:at + random_numbers.choice([1, 7, 1000, 65536])]
                connection.send(b"%x;name=value\r\n%s\r\n" % (len(piece), piece))
                at += len(piece)
            connection.send(b"0\r\n\r\n")
            answer = connection.read_answer("PUT")
        assert (answer.status, answer.header("ETag")) == (200, f'"{hashlib.md5(body).hexdigest().upper()}"'), answer
        assert store.get(bucket, key).body == body

    @pytest.mark.parametrize("sent", [0, 1, 18])
    @pytest.mark.parametrize("size", [len(BODY), 3_000_000])
    def test_a_body_that_ends_early_is_not_stored(self, store, bucket, key, sent, size):
        request = signed_put(store, bucket, key, ("Content-Length", str(size)))
        with Connection(store.endpoint) as connection:
            connection.send(head_of(request, host_of(store)) + BODY[:sent])
        self.assert_never_appears(store, bucket, key)

    def test_a_body_that_ends_early_with_half_a_connection_is_not_stored(self, store, bucket, key):
        import socket

        request = signed_put(store, bucket, key, ("Content-Length", "100"))
        with Connection(store.endpoint) as connection:
            connection.send(head_of(request, host_of(store)) + BODY)
            connection.socket.shutdown(socket.SHUT_WR)
            answer = connection.read_to_end()
        assert not answer.startswith(b"HTTP/1.1 2")
        self.assert_never_appears(store, bucket, key)

    @pytest.mark.parametrize("chunks", [
        b"", b"5\r\nhel", b"5\r\nhello\r\n", b"5\r\nhello\r\n0\r\n", b"5\r\nhelloworld\r\n0\r\n\r\n",
        b"zz\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"5\nhello\n0\n\n",
        b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n", b"\r\nhello\r\n0\r\n\r\n",
    ], ids=["nothing", "cut chunk", "no end", "no last line", "too long", "no number", "negative", "bare line feeds",
            "overflow", "no size"])
    def test_broken_chunks_are_not_stored(self, store, bucket, key, chunks):
        request = signed_put(store, bucket, key, ("Transfer-Encoding", "chunked"))
        with Connection(store.endpoint) as connection:
            connection.offer(head_of(request, host_of(store)) + chunks)
            time.sleep(0.05)
        self.assert_never_appears(store, bucket, key)

    def test_a_body_that_never_ends_does_not_replace_what_is_there(self, store, bucket, key):
        store.put(bucket, key, b"the earlier version")
        request = signed_put(store, bucket, key, ("Content-Length", "1000000"))
        with Connection(store.endpoint) as connection:
            connection.send(head_of(request, host_of(store)) + b"x" * 500_000)
            assert store.get(bucket, key).body == b"the earlier version"
        assert store.get(bucket, key).body == b"the earlier version"

    @staticmethod
    def assert_never_appears(store, bucket: str, key: str) -> None:
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline:
            assert not store.exists(bucket, key)
            time.sleep(0.05)


class TestExpect:
    """Permission to send the body comes after authentication, or not at all."""

    def test_continue_is_said_after_authentication(self, store, bucket, key):
        request = signed_put(
            store, bucket, key, ("Expect", "100-continue"), ("Content-Length", str(len(BODY))))
        with Connection(store.endpoint) as connection:
            connection.send(head_of(request, host_of(store)))
            assert connection.read_head() == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.send(BODY)
            assert connection.read_answer("PUT").status == 200
        assert store.get(bucket, key).body == BODY

    def test_chunks_may_wait_as_well(self, store, bucket, key):
        request = signed_put(store, bucket, key, ("Expect", "100-continue"), ("Transfer-Encoding", "chunked"))
        with Connection(store.endpoint) as connection:
            connection.send(head_of(request, host_of(store)))
            assert connection.read_head() == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.send(b"5\r\nhello\r\n0\r\n\r\n")
            assert connection.read_answer("PUT").status == 200
        assert store.get(bucket, key).body == b"hello"

    def test_a_stranger_is_refused_before_the_body(self, store, bucket, key):
        expecting = (("Expect", "100-continue"), ("Content-Length", "1000000"))
        wrong = signed_put(store, bucket, key, *expecting).setting(
            "Authorization", f"OSS {store.credentials.access_key_id}:AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        for request, code in (
            (Request("PUT", bucket, key, headers=expecting), "AccessDenied"), (wrong, "SignatureDoesNotMatch"),
        ):
            with Connection(store.endpoint, timeout=10) as connection:
                connection.send(head_of(request, host_of(store)))
                head = connection.read_head()
                assert head.startswith(b"HTTP/1.1 403"), head
                rest = connection.read_to_end()
                assert code.encode() in rest
                assert b"100 Continue" not in head + rest

    def test_a_stranger_s_body_is_not_read_to_its_end(self, store, bucket, key):
        size = 64 * 2**20
        with Connection(store.endpoint, timeout=20) as connection:
            connection.send(head_of(
                Request("PUT", bucket, key, headers=(("Content-Length", str(size)),)), host_of(store), close=False))
            sent = 0
            while sent < size and connection.offer(b"x" * 65536):
                sent += 65536
            assert sent < size, "the server read a refused body of 64 MiB"
        assert not store.exists(bucket, key)


def test_the_server_has_outlived_all_of_this(gateway, store, bucket):
    """Runs last in this file: none of it ended or hung the process."""
    assert gateway.is_running
    assert store.send(Request("GET", bucket)).status == 200
    assert "Fatal error" not in gateway.log
