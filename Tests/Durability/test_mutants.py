"""G3: valid requests with bytes changed on their way, over the wire: the server stays, and no answer is a failure of it."""

from __future__ import annotations

import random
import re
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from kit.session import SessionClient
from kit.signing import Request, sign_v1_header, sign_v4_header, sign_v4_url
from kit.wire import address, head_of

# A status of the server's own failure, or of being overloaded, which one client at a time never is.
FAILURE = re.compile(rb"HTTP/1\.1 5\d\d")
ANSWER = re.compile(rb"HTTP/1\.1 (\d{3}) ")
ANSWER_SECONDS = 20

# What parsers have stumbled over, put where nobody expects it.
TOKENS = [
    b"\r\n", b"\n", b"\r", b"\0", b"%", b"%00", b"%2", b"%ff", b"%25", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x90\x8d",
    b"..", b"/", b"//", b"?", b"&", b"=", b";", b"#", b"+", b",", b"\"", b"<", b">", b"<!DOCTYPE x>", b"<![CDATA[", b"&#0;",
    b"&lt;", b"]]>", b"{", b"}", b"[", b"[" * 200, b"]", b":", b"\\u0000", b"\\ud800", b"1e999", b"-1", b"0", b"-0",
    b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"99999999999999999999999999", b"0x10",
    b"2147483648", b"NaN", b"bytes=0-", b"bytes=-1", b"bytes=9223372036854775807-9223372036854775807", b"chunked",
    b"Transfer-Encoding: chunked\r\n", b"Content-Length: 0\r\n", b"Content-Length: 18446744073709551615\r\n",
    b"Expect: 100-continue\r\n", b"Content-Encoding: gzip\r\n", b"Connection: Upgrade\r\n", b"Host: x\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/2.0", b"HTTP/1.0", b"aws-chunked", b"null", b"true",
]

LISTS = ["max-keys", "prefix", "marker", "delimiter", "encoding-type"]
TAGS = b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
DELETE = b"<Delete><Quiet>false</Quiet><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key></Object></Delete>"
LIFECYCLE = (
    b"<LifecycleConfiguration><Rule><ID>r</ID><Prefix>p</Prefix><Status>Enabled</Status><Expiration><Days>30</Days>"
    b"</Expiration></Rule></LifecycleConfiguration>")
CORS = (
    b"<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>"
    b"<MaxAgeSeconds>10</MaxAgeSeconds></CORSRule></CORSConfiguration>")
TURN = (
    b'{"chapter_id":"c1","turn_index":1,"user_message":"hello","companion_response":"\\u00e4","turn_outcome":{"n":1.0},'
    b'"occurred_at":"2026-02-22T12:00:00.123456Z"}')
BATCH = (
    b'{"session":{"chapter_id":"c1"},"base":null,"turns":[{"turn_index":2,"user_message":"a","companion_response":"b",'
    b'"turn_outcome":{}}],"memory":{"memory_json":{"k":1e3},"as_of_turn":2},"client_time":"2026-02-22T12:00:00Z"}')


class Grammar:
    """Valid requests to both endpoints of a server, each signed anew."""

    # How many requests an account sends before another takes its place: fewer than its rate allows at once.
    REQUESTS_PER_ACCOUNT = 200

    def __init__(self, server):
        self.server = server
        self._token, self._count = "", 0

    def token(self) -> str:
        """An access token of an account that may send more."""
        if self._count % self.REQUESTS_PER_ACCOUNT == 0:
            self._token = SessionClient(self.server.api).register().token
        self._count += 1
        return self._token

    def store_request(self, numbers: random.Random) -> bytes:
        """A request that the store would carry out, as bytes."""
        bucket = self.server.bucket
        key = numbers.choice(["key", "folder/key", "käse 100%+?", "a" * 200])
        request = numbers.choice([
            Request("PUT", bucket, key, headers=(("Content-Type", "text/plain"), ("x-oss-meta-a", "b")), body=b"body"),
            Request("GET", bucket, key, headers=(("Range", "bytes=1-2"), ("If-None-Match", '"x"'))),
            Request("HEAD", bucket, key), Request("DELETE", bucket, key),
            Request("GET", bucket, "", query=tuple((name, numbers.choice(["1", "a/", "url"])) for name in LISTS)),
            Request("GET", bucket, "", query=(("list-type", "2"), ("start-after", "a"), ("fetch-owner", "true"))),
            Request("GET", bucket, "", query=(("versions", ""), ("key-marker", "a"))),
            Request("GET", bucket, "", query=(("uploads", ""), ("max-uploads", "5"))),
            Request("POST", bucket, key, query=(("uploads", ""),)),
            Request("PUT", bucket, key, query=(("partNumber", "1"), ("uploadId", "0" * 32)), body=b"part"),
            Request("POST", bucket, key, query=(("append", ""), ("position", "0")), body=b"grown"),
            Request("PUT", bucket, key, query=(("tagging", ""),), body=TAGS),
            Request("PUT", bucket, key, headers=(("x-oss-copy-source", f"/{bucket}/key"),)),
            Request("PUT", bucket, "link", query=(("symlink", ""),), headers=(("x-oss-symlink-target", "key"),)),
            Request("POST", bucket, "", query=(("delete", ""),), body=DELETE),
            Request("PUT", bucket, "", query=(("lifecycle", ""),), body=LIFECYCLE),
            Request("PUT", bucket, "", query=(("cors", ""),), body=CORS),
            Request("GET", bucket, "", query=(("bucketInfo", ""),)), Request("GET", "", ""),
            Request("OPTIONS", bucket, key, headers=(
                ("Origin", "http://a.example"), ("Access-Control-Request-Method", "PUT"))),
        ])
        sign = numbers.choice([sign_v1_header, sign_v4_header, sign_v4_url, lambda request, _: request])
        if numbers.random() < 0.5:
            request = self._within(request, numbers)
        signed = sign(request, self.server.credentials)
        return head_of(signed, self.server.oss.removeprefix("http://")) + signed.body

    @staticmethod
    def _within(request: Request, numbers: random.Random) -> Request:
        """The request with one of its parts changed before it is signed, so that the signature lets it pass."""
        def text(value: str) -> str:
            found = mutant(value.encode("utf-8", "surrogateescape"), numbers, changes=1)
            return found.replace(b"\r", b"").replace(b"\n", b"").decode("utf-8", "surrogateescape")

        match numbers.choice(["key", "query", "headers", "body"]):
            case "query" if request.query:
                place = numbers.randrange(len(request.query))
                query = [(name, text(value) if at == place else value)
                         for at, (name, value) in enumerate(request.query)]
                return replace(request, query=tuple(query))
            case "headers" if request.headers:
                place = numbers.randrange(len(request.headers))
                headers = [(name, text(value).strip() if at == place else value)
                           for at, (name, value) in enumerate(request.headers)]
                return replace(request, headers=tuple(headers))
            case "body" if request.body:
                return replace(request, body=mutant(request.body, numbers))
            case _ if request.key:
                return replace(request, key=text(request.key) or "k")
        return request

    def session_request(self, numbers: random.Random) -> bytes:
        """A request that the session API would carry out, as bytes."""
        method, path, body = numbers.choice([
            ("POST", "/v1/chapters/c1/sessions", b'{"course_id":null,"title":"t"}'),
            ("PUT", "/v1/sessions/s1", b'{"chapter_id":"c1"}'), ("POST", "/v1/sessions/s1/turns", TURN),
            ("POST", "/v1/sessions/s1/sync", BATCH), ("GET", "/v1/sessions/s1/state?since=0&limit=5", b""),
            ("PUT", "/v1/sessions/s1/memory", b'{"chapter_id":"c1","memory_json":{"a":[1.0,"x"]},"as_of_turn":3}'),
            ("PUT", "/v1/sessions/s1/report", b'{"chapter_id":"c1","report_md":"# r"}'),
            ("GET", "/v1/chapters/c1/session-state?select=nonempty", b""), ("GET", "/v1/sessions?limit=5", b""),
            ("GET", "/v1/sessions/s1/export?format=tar", b""), ("GET", "/v1/sessions/s1/digest?hashes=1", b""),
            ("GET", "/v1/sessions/s1/turns?after=0&order=desc&limit=3", b""), ("GET", "/v1/me", b""),
            ("POST", "/v1/storage/workspace/upload-url",
             b'{"chapter_id":"c1","filename":"a.py","file_size_bytes":5}'),
            ("GET", "/v1/storage/workspace/files?limit=3", b""),
            ("POST", "/v1/auth/refresh", b'{"refresh_token":"x","device_id":"d"}'),
        ])
        if body and numbers.random() < 0.7:
            body = mutant(body, numbers)
        token = self.token()
        # Each account has a session of its own; that of another would be refused before it is looked at.
        path = path.replace("/s1", f"/s{self._count // self.REQUESTS_PER_ACCOUNT}")
        lines = [
            f"{method} {path} HTTP/1.1", f"Host: {self.server.api.removeprefix('http://')}",
            f"Authorization: Bearer {token}", "X-Sync-Protocol: 2", "X-Device-Id: mac-1", "If-None-Match: \"x\"",
            "Connection: close"]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def mutant(request: bytes, numbers: random.Random, changes: int | None = None) -> bytes:
    """The bytes with one to four changes, or with as many as are asked for."""
    data = bytearray(request)
    for _ in range(changes or numbers.choice([1, 1, 1, 2, 3, 4])):
        if not data:
            break
        place = numbers.randrange(len(data))
        end = min(len(data), place + numbers.randint(1, 24))
        match numbers.randrange(8):
            case 0:
                data[place] ^= 1 << numbers.randrange(8)
            case 1:
                del data[place:end]
            case 2:
                data[place:place] = data[place:end] * numbers.choice([1, 1, 2, 50])
            case 3:
                data[place:place] = numbers.choice(TOKENS)
            case 4:
                data[place:end] = numbers.choice(TOKENS)
            case 5:
                lines = bytes(data).split(b"\r\n")
                one, other = numbers.randrange(len(lines)), numbers.randrange(len(lines))
                lines[one], lines[other] = lines[other], lines[one]
                data = bytearray(b"\r\n".join(lines))
            case 6:
                found = list(re.finditer(rb"\d+", bytes(data)))
                if found:
                    number = numbers.choice(found)
                    data[number.start():number.end()] = numbers.choice(
                        [b"", b"0", b"-1", b"00000000000000000001", b"9223372036854775808", b"4294967296", b"1.5"])
            case 7:
                del data[place:]
    return bytes(data)


def answer_to(endpoint: str, data: bytes) -> bytes:
    """All that the server says to these bytes; nothing follows them."""
    with socket.create_connection(address(endpoint), timeout=ANSWER_SECONDS) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            # Refused before all of it was sent: the answer may still be there.
            pass
        found = bytearray()
        try:
            while piece := connection.recv(65_536):
                found += piece
        except ConnectionResetError:
            pass
        return bytes(found)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("side", ["store", "sessions"])
def test_no_changed_request_makes_the_server_fail(new_gateway, numbers, rounds, side):
    server = new_gateway(demo=True).start()
    grammar = Grammar(server)
    make: Callable[[random.Random], bytes] = grammar.store_request if side == "store" else grammar.session_request
    endpoint = server.oss if side == "store" else server.api
    pid, statuses, failures = server.pid, Counter(), []
    for _ in range(rounds(1_000, 50_000)):
        data = make(numbers)
        if numbers.random() < 0.5:
            data = mutant(data, numbers)
        answer = answer_to(endpoint, data)
        statuses.update(int(status) for status in ANSWER.findall(answer[:4_096]))
        if FAILURE.search(answer[:4_096]):
            failures.append((data, answer[:400]))
    print(f"\n{side}: {sum(statuses.values())} answers {dict(sorted(statuses.items()))}", end=" ")
    assert failures == []
    assert server.pid == pid and server.is_running
    # The mutator leaves some requests good: a run in which nothing reached an operation would show nothing.
    assert statuses[200] + statuses[201] > 100 and statuses[400] > 100
