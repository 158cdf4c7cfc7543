"""The server's memory does not grow with the size of an object."""

from __future__ import annotations

import hashlib
import http.client
import os
import time

import pytest

from kit.gateway import MemorySampler, settle
from kit.signing import Request, sign_v4_header
from kit.wire import address, exchange

SIZE_MIB = int(os.environ.get("CONFORMANCE_MEMORY_MIB") or 256)
WARM_UP_MIB = 48
ALLOWED_GROWTH_KIB = 32 * 1024
BLOCK = os.urandom(2**20)


def put(server, key: str, mebibytes: int, query: tuple[tuple[str, str], ...] = ()) -> str:
    """Streams an object, or a part, of so many MiB; returns its MD5."""
    host, port = address(server.oss)
    signed = sign_v4_header(Request("PUT", server.bucket, key, query=query), server.credentials)
    connection = http.client.HTTPConnection(host, port, timeout=300)
    connection.putrequest("PUT", signed.target)
    for name, value in signed.headers:
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(mebibytes * 2**20))
    connection.endheaders()
    digest = hashlib.md5()
    for number in range(mebibytes):
        block = number.to_bytes(8, "big") + BLOCK[8:]
        digest.update(block)
        connection.send(block)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    answer.read()
    connection.close()
    md5 = digest.hexdigest().upper()
    assert answer.headers["ETag"] == f'"{md5}"'
    return md5


def put_in_parts(server, key: str, mebibytes: int) -> None:
    """Streams an object as two parts, and completes it."""
    def ask(query: tuple[tuple[str, str], ...], *headers: tuple[str, str]):
        return exchange(server.oss, sign_v4_header(
            Request("POST", server.bucket, key, query=query, headers=headers), server.credentials))

    upload_id = ask((("uploads", ""),)).field("UploadId")
    for number in (1, 2):
        put(server, key, mebibytes // 2, (("partNumber", str(number)), ("uploadId", upload_id)))
    assert ask((("uploadId", upload_id),), ("x-oss-complete-all", "yes")).status == 200


def get(server, key: str) -> str:
    """Reads an object without keeping it; returns its MD5."""
    host, port = address(server.oss)
    signed = sign_v4_header(Request("GET", server.bucket, key), server.credentials)
    connection = http.client.HTTPConnection(host, port, timeout=300)
    connection.request("GET", signed.target, headers=dict(signed.headers))
    answer = connection.getresponse()
    assert answer.status == 200
    digest = hashlib.md5()
    while block := answer.read(2**18):
        digest.update(block)
    connection.close()
    return digest.hexdigest().upper()


def get_slowly(server, key: str, seconds: float) -> None:
    """Asks for an object and does not take it: the server must not read ahead without limit."""
    host, port = address(server.oss)
    signed = sign_v4_header(Request("GET", server.bucket, key), server.credentials)
    connection = http.client.HTTPConnection(host, port, timeout=30)
    connection.request("GET", signed.target, headers=dict(signed.headers))
    answer = connection.getresponse()
    answer.read(1000)
    time.sleep(seconds)
    connection.close()


@pytest.mark.timeout(1200)
def test_memory_stays_within_32_mib_of_idle(new_gateway, capsys):
    server = new_gateway().start()
    warm = put(server, "warm-up", WARM_UP_MIB)
    assert get(server, "warm-up") == warm
    idle = settle(server.memory_kib)

    peaks, seconds = {}, {}
    for name, run in (
        ("PUT", lambda: put(server, "large", SIZE_MIB)), ("GET", lambda: get(server, "large")),
        ("GET not taken", lambda: get_slowly(server, "large", 2)),
        ("parts", lambda: put_in_parts(server, "parts", SIZE_MIB)), ("GET of parts", lambda: get(server, "parts")),
    ):
        began = time.monotonic()
        with MemorySampler(server) as sampler:
            result = run()
        peaks[name], seconds[name] = sampler.peak_kib - idle, time.monotonic() - began
        if name == "PUT":
            written = result
        elif name == "GET":
            assert result == written
    after = settle(server.memory_kib) - idle
    with capsys.disabled():
        told = ", ".join(f"{name} {peaks[name] / 1024:+.1f} MiB in {seconds[name]:.1f} s" for name in peaks)
        print(f"\nmemory over idle ({idle / 1024:.1f} MiB) with {SIZE_MIB} MiB: {told};"
              f" afterwards {after / 1024:+.1f} MiB")
    assert max(peaks.values()) <= ALLOWED_GROWTH_KIB, peaks
    assert after <= ALLOWED_GROWTH_KIB
