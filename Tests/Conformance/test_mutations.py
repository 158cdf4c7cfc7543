"""Lawful requests with a few bytes changed: no answer is the server's fault, and it goes on."""

from __future__ import annotations

import os
import random
import re

import pytest

from kit.signing import Request, sign_v1_header, sign_v4_header, sign_v4_url
from kit.wire import Connection, head_of

MUTANTS = int(os.environ.get("CONFORMANCE_MUTANTS") or 300)
PIECES = [
    b"\r\n", b"\r", b"\n", b"\0", b" ", b"\t", b":", b"%", b"%00", b"%zz", b"%ff", b"&", b"=", b"?", b"#", b"/", b"//",
    b"/../", b"-1", b"+5", b"18446744073709551616", b"9" * 40, b"0x10", b"chunked", b"gzip, chunked",
    b"\r\nTransfer-Encoding: chunked\r\n", b"\r\nContent-Length: 5\r\n", b"\r\nHost: a\r\n", b"\xff\xfe", b"\xc0\xaf",
    b"HTTP/1.0", b"HTTP/9.9", b"\x0b", b"\x7f", b"x" * 5_000, b"\r\n\r\n", b"bytes=0-,-1", b"bytes=9223372036854775807-",
    b"19700101T000000Z", b"<!DOCTYPE x>", b"\xe2\x80\xae",
]


def lawful(store, bucket: str, key: str) -> list[bytes]:
    """The bytes of one request of each kind."""
    host = store.endpoint.removeprefix("http://")
    document = b"<Delete><Object><Key>k</Key></Object></Delete>"
    requests = [
        sign_v4_header(Request("PUT", bucket, key, body=b"body"), store.credentials),
        sign_v1_header(Request("PUT", bucket, key, headers=(("Transfer-Encoding", "chunked"),)), store.credentials),
        sign_v1_header(Request("GET", bucket, key, headers=(("Range", "bytes=1-2"),)), store.credentials),
        sign_v4_url(Request("GET", bucket, key), store.credentials),
        sign_v4_header(Request("GET", bucket, query=(("list-type", "2"), ("max-keys", "5"))), store.credentials),
        sign_v4_header(Request("POST", bucket, query=(("delete", ""),), body=document), store.credentials),
        sign_v4_header(Request(
            "PUT", bucket, key, headers=(("x-oss-copy-source", f"/{bucket}/{key}"),)), store.credentials),
    ]
    return [
        head_of(request, host, close=False)
        + (b"4\r\nbody\r\n0\r\n\r\n" if request.header("Transfer-Encoding") else request.body)
        for request in requests]


def mutated(data: bytes, numbers: random.Random) -> bytes:
    """The bytes with one to four changes."""
    for _ in range(numbers.choice([1, 1, 1, 2, 4])):
        start = numbers.randrange(len(data) + 1)
        end = min(len(data), start + numbers.choice([0, 1, 1, 8, 100]))
        match numbers.randrange(5):
            case 0:
                data = data[:start] + data[end:]
            case 1:
                data = data[:start] + numbers.choice(PIECES) + data[end:]
            case 2:
                data = data[:end] + data[start:]
            case 3:
                data = data[:start] + numbers.randbytes(end - start) + data[end:]
            case _:
                data = data[:start] + numbers.choice(PIECES) + data[start:]
    return data


@pytest.mark.timeout(600)
def test_no_mutant_is_answered_with_a_failure_of_the_server(gateway, store, bucket, key, random_numbers):
    store.put(bucket, key, b"0123456789")
    originals = lawful(store, bucket, key)
    before, answers = gateway.pid, 0
    for _ in range(MUTANTS):
        data = mutated(random_numbers.choice(originals), random_numbers)
        with Connection(store.endpoint, timeout=20) as connection:
            connection.offer(data)
            try:
                connection.socket.shutdown(1)
            except OSError:
                pass
            found = connection.read_to_end()
        statuses = re.findall(rb"(?:^|\n)HTTP/1\.1 (\d{3}) ", found)
        answers += len(statuses)
        # NotImplemented is a 400 here; nothing that a client sends is the server's fault.
        assert not any(status.startswith(b"5") for status in statuses), (data, found[:500])
    assert answers > MUTANTS // 2
    assert gateway.is_running and gateway.pid == before
    assert "Fatal error" not in gateway.log and "request failed" not in gateway.log
    assert store.send(Request("GET", bucket)).status == 200
