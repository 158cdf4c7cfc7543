"""G2: what a proxy in front takes for one request, the server takes for one request, however it is framed."""

from __future__ import annotations

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit.fronts import Front
from kit.gateway import Gateway
from kit.signing import Request, sign_v4_header
from kit.wire import Answer, Connection, address, exchange

HIDDEN = b"GET /{bucket}/{case}-hidden HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = b"PUT /{bucket}/{case} HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /{bucket}/{case} HTTP/1.1\r\nHost: x\r\n"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def sized(count: int | str) -> bytes:
    """A header that announces so many bytes."""
    return f"Content-Length: {count}\r\n".encode()


def put(headers: bytes, body: bytes = b"hello") -> bytes:
    """An upload, and behind it a request that only a wrong reading of it can find, or that is meant to be there."""
    return PUT + headers + b"\r\n" + body + HIDDEN


LENGTHS = {
    "a length": put(sized(5)),
    "length nought": put(sized(0), b""),
    "no length": put(b"", b""),
    "two equal lengths": put(sized(5) + sized(5)),
    "two lengths": put(sized(5) + sized(0)),
    "two lengths, turned": put(sized(0) + sized(5)),
    "a list of lengths": put(sized("5, 5")),
    "a list of other lengths": put(sized("5, 0")),
    "a plus": put(sized("+5")),
    "a minus": put(sized("-5")),
    "leading noughts": put(sized("0005")),
    "hexadecimal": put(sized("0x5")),
    "a fraction": put(sized("5.0")),
    "an exponent": put(sized("5e0")),
    "an empty length": put(sized("")),
    "a length of 2^64 + 5": put(sized(2**64 + 5)),
    "a length in quotes": put(sized('"5"')),
    "blanks around the length": put(b"Content-Length:   5 \t\r\n"),
    "a blank before the colon": put(b"Content-Length : 5\r\n"),
    "a tab before the colon": put(b"Content-Length\t: 5\r\n"),
    "a blank before the name": put(b"X: y\r\n Content-Length: 5\r\n"),
    "a folded value": put(b"Content-Length:\r\n 5\r\n"),
    "a length in capitals": put(b"CONTENT-LENGTH: 5\r\n"),
    "a length with an underscore": put(b"Content_Length: 5\r\n", b""),
    "a NUL in the length": put(b"Content-Length: 5\0\r\n"),
    "a bare CR in a value": put(b"X: y\rContent-Length: 5\r\n", b""),
    "a bare LF between fields": put(b"X: y\nContent-Length: 5\r\n"),
    "bare LFs only": (PUT + sized(5) + b"\r\nhello").replace(b"\r\n", b"\n") + HIDDEN,
    "a GET with a body": GET + sized(5) + b"\r\nhello" + HIDDEN,
    "a short body": put(sized(4_000)),
}

CODINGS = {
    "chunks": put(CHUNKED, CHUNKS),
    "chunks and a length": put(CHUNKED + sized(5), CHUNKS),
    "a length and chunks": put(sized(len(CHUNKS)) + CHUNKED, CHUNKS),
    "chunked twice": put(CHUNKED + CHUNKED, CHUNKS),
    "chunked, chunked": put(b"Transfer-Encoding: chunked, chunked\r\n", CHUNKS),
    "identity": put(b"Transfer-Encoding: identity\r\n" + sized(5)),
    "gzip, chunked": put(b"Transfer-Encoding: gzip, chunked\r\n", CHUNKS),
    "chunked, identity": put(b"Transfer-Encoding: chunked, identity\r\n" + sized(5)),
    "xchunked": put(b"Transfer-Encoding: xchunked\r\n" + sized(5)),
    "Chunked": put(b"Transfer-Encoding: Chunked\r\n", CHUNKS),
    "chunked in quotes": put(b'Transfer-Encoding: "chunked"\r\n' + sized(5)),
    "chunked with a parameter": put(b"Transfer-Encoding: chunked;q=1\r\n" + sized(5)),
    "a blank before chunked's colon": put(b"Transfer-Encoding : chunked\r\n" + sized(5)),
    "chunked behind a vertical tab": put(b"Transfer-Encoding: \x0bchunked\r\n" + sized(5)),
    "chunked in a folded line": put(b"Transfer-Encoding:\r\n chunked\r\n" + sized(5)),
    "chunked with an underscore": put(b"Transfer_Encoding: chunked\r\n" + sized(5)),
    "chunks over HTTP/1.0": (PUT + CHUNKED + sized(5) + b"\r\n" + CHUNKS).replace(b"/1.1", b"/1.0") + HIDDEN,
    "a chunk extension": put(CHUNKED, b"5;a=b\r\nhello\r\n0\r\n\r\n"),
    "an extension with a CR": put(CHUNKED, b"5;a=\rb\r\nhello\r\n0\r\n\r\n"),
    "an extension with an LF": put(CHUNKED, b"5;a\nhello\r\n0\r\n\r\n"),
    "a quoted extension": put(CHUNKED, b'5;a="\r\n0\r\n\r\n"\r\nhello\r\n0\r\n\r\n'),
    "a chunk of 0x5": put(CHUNKED, b"0x5\r\nhello\r\n0\r\n\r\n"),
    "a chunk of +5": put(CHUNKED, b"+5\r\nhello\r\n0\r\n\r\n"),
    "a chunk of 00005": put(CHUNKED, b"00005\r\nhello\r\n0\r\n\r\n"),
    "a chunk of 2^64 + 5": put(CHUNKED, b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "a blank before the size": put(CHUNKED, b" 5\r\nhello\r\n0\r\n\r\n"),
    "a blank behind the size": put(CHUNKED, b"5 \r\nhello\r\n0\r\n\r\n"),
    "bare LFs in chunks": put(CHUNKED, b"5\nhello\n0\n\n"),
    "no line end behind a chunk": put(CHUNKED, b"5\r\nhello0\r\n\r\n"),
    "trailers": put(CHUNKED, b"5\r\nhello\r\n0\r\nContent-Length: 40\r\nX: y\r\n\r\n"),
    "no end": put(CHUNKED, b"5\r\nhello\r\n"),
}

TARGETS = {
    "pipelined": GET + b"\r\n" + HIDDEN + HIDDEN + GET + b"\r\n",
    "absolute form": b"GET http://x/{bucket}/{case} HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "absolute form, other host": b"GET http://y/{bucket}/{case} HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "two hosts": GET + b"Host: y\r\n\r\n" + HIDDEN,
    "no host": b"GET /{bucket}/{case} HTTP/1.1\r\n\r\n" + HIDDEN,
    "HTTP/1.0": b"GET /{bucket}/{case} HTTP/1.0\r\n\r\n" + HIDDEN,
    "HTTP/1.10": b"GET /{bucket}/{case} HTTP/1.10\r\nHost: x\r\n\r\n" + HIDDEN,
    "HTTP/0.9": b"GET /{bucket}/{case}\r\n" + HIDDEN,
    "blanks in the request line": b"GET  /{bucket}/{case}  HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "a blank in the target": b"GET /{bucket}/{case} x HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "a line end in the target": b"GET /{bucket}/{case}%0d%0aX:%20y HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "a fragment": b"GET /{bucket}/{case}#x HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "empty lines first": b"\r\n\r\n" + GET + b"\r\n" + HIDDEN,
    "garbage behind": GET + b"\r\n" + b"\0\1\2 x y z\r\n\r\n" + HIDDEN,
    "expectation": PUT + sized(5) + b"Expect: 100-continue\r\n\r\nhello" + HIDDEN,
    "an unknown expectation": PUT + sized(5) + b"Expect: x\r\n\r\nhello" + HIDDEN,
    "an upgrade": GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n" + HIDDEN,
    "a length named by Connection": put(sized(5) + b"Connection: Content-Length\r\n"),
}

FRAMINGS = LENGTHS | CODINGS | TARGETS

QUIET_SECONDS = 0.4
KINDS = ["nginx", "nginx buffering", "haproxy", "haproxy buffering"]


@pytest.fixture(scope="module")
def open_bucket(gateway: Gateway, bucket: str) -> str:
    """A bucket into which anybody may write, so that bodies are taken and connections live on."""
    request = Request("PUT", bucket, query=(("acl", ""),), headers=(("x-oss-acl", "public-read-write"),))
    assert exchange(gateway.oss, sign_v4_header(request, gateway.credentials)).status == 200
    return bucket


@pytest.fixture(params=KINDS)
def front(request: pytest.FixtureRequest, tmp_path: Path, gateway: Gateway):
    """A proxy in front of the shared server."""
    made = Front(request.param, tmp_path / "front", gateway.oss)
    yield made
    made.stop()


def play(front: Front, data: bytes) -> None:
    """Sends bytes on a connection of their own and waits until nothing more comes."""
    with socket.create_connection(address(front.endpoint), timeout=QUIET_SECONDS) as connection:
        connection.sendall(data)
        try:
            while connection.recv(65_536):
                pass
        except OSError:
            pass


def ask(front: Front, bucket: str, key: str) -> Answer:
    """An honest request, over whichever connection to the server the proxy takes."""
    with Connection(front.endpoint) as connection:
        connection.send(f"GET /{bucket}/{key} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return connection.read_answer()


@pytest.mark.timeout(120)
def test_the_server_sees_as_many_requests_as_the_proxy_sent(front, gateway, open_bucket):
    assert len(FRAMINGS) >= 60
    start = len(gateway.log)
    cases = {name: f"{front.kind.replace(' ', '-')}-{number:03d}" for number, name in enumerate(FRAMINGS)}

    def run(name: str) -> list[str]:
        def filled(text: bytes) -> bytes:
            return text.replace(b"{bucket}", open_bucket.encode()).replace(b"{case}", cases[name].encode())

        play(front, filled(FRAMINGS[name]))
        # What was left on a connection would be answered to whoever comes next.
        victims = [(key, ask(front, open_bucket, key)) for key in (f"{cases[name]}-victim-{n}" for n in range(3))]
        return [
            f"{name}: {key} got {answer}" for key, answer in victims
            if (answer.status, answer.field("Key")) != (404, key)]

    with ThreadPoolExecutor(8) as pool:
        problems = [problem for found in pool.map(run, FRAMINGS) for problem in found]
    assert problems == []
    # Bodies that never come end after two seconds.
    time.sleep(2.5)

    sent = [request for request in front.sent() if open_bucket in request.line]
    seen = [
        (match[1], match[2]) for match in re.finditer(
            r"http\.path=(\S+) .*request\.id=(\S+) \[HTTPFront\] request", gateway.log[start:])
        if open_bucket in match[1]]
    ids = [request.request_id for request in sent if request.request_id is not None]
    assert len(ids) == len(set(ids)), "two requests of the proxy had one answer"
    logged = {request_id for _, request_id in seen}
    # What the guard refuses is not in the log; its answer has an ID of its own.
    refused = [request for request in sent if request.request_id is not None and request.request_id not in logged]
    for name, case in cases.items():
        mine = [request for request in sent if case in request.line]
        theirs = [path for path, _ in seen if case in path]
        count = len(theirs) + sum(case in request.line for request in refused)
        assert count == len(mine), (name, mine, theirs)
    assert gateway.is_running
