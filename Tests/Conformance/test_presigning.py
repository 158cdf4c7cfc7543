"""Presigned URLs of ours beside those of the official SDKs, and what a server makes of them."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import presigning
from kit.lines import answers
from kit.wire import Connection, address

COUNT = int(os.environ.get("PRESIGN_CASES") or 2000)
SENT = 300


@pytest.fixture(scope="module")
def compared(seed) -> list[tuple[dict, dict]]:
    """Random cases, each with our answer."""
    numbers = random.Random(f"{seed}/presigning")
    cases = [presigning.case(numbers, number) for number in range(COUNT)]
    return list(zip(cases, answers("presign-lines", cases), strict=True))


def test_the_keys_hold_every_byte_that_utf8_has(compared):
    found = set(b"".join(case["key"].encode() for case, _ in compared))
    wanted = set(range(0x01, 0xC0)) | set(range(0xC2, 0xF5))
    assert wanted - found == set()
    composed = [case for case, _ in compared if unicodedata.normalize("NFC", case["key"]) != case["key"]]
    assert composed


@pytest.mark.parametrize("made_by", [presigning.by_oss2, presigning.by_oss_v2], ids=["oss2", "oss-v2"])
def test_an_sdk_makes_the_same_url(compared, made_by):
    for case, ours in compared:
        assert ours["ok"], (case, ours)
        theirs = made_by(case)
        assert presigning.signature(ours["url"]) == presigning.signature(theirs), case
        assert presigning.meaning(ours["url"]) == presigning.meaning(theirs), case


def test_every_url_is_verified(compared):
    lines = [presigning.arrived(case, ours["url"], ours["headers"]) for case, ours in compared]
    for (case, ours), answer in zip(compared, answers("verify", lines), strict=True):
        assert answer["ok"], (case, answer)
        assert answer["scheme"] == case["signature"]
        assert answer["expiresUnix"] == ours["expiresUnix"] == case["time"]["unix"] + case["expires"]["seconds"]


def test_a_longer_key_is_refused(compared):
    lines = []
    for case, ours in compared:
        path, _, query = ours["url"].partition("?")
        lines.append(presigning.arrived(case, f"{path}x?{query}", ours["headers"]))
    assert [answer["id"] for answer in answers("verify", lines) if answer["ok"]] == []


def differing(**changes) -> dict:
    """A plain case with something in it by which an SDK differs."""
    plain = {
        "id": 1, "signature": "v4-url", "method": "PUT", "endpoint": "https://oss-cn-hangzhou.aliyuncs.com",
        "addressing": "virtual-host", "bucket": "bucket", "key": "key", "query": [], "headers": [],
        "credentials": {"accessKeyId": "id", "accessKeySecret": "secret"}, "region": "cn-hangzhou",
        "expires": {"seconds": 60}, "time": {"unix": 1_700_000_000},
    }
    return plain | changes


DIFFERENCES = {
    # OSS signs every parameter that begins with x-oss-; these SDKs know some of them by name.
    "a V1 parameter of x-oss- that oss2 does not know": (
        differing(signature="v1-url", query=[["x-oss-own", "1"]]), {presigning.by_oss2}),
    # The sub-resources of V1 are a list, and each SDK has another part of it.
    "a V1 sub-resource that oss2 does not know": (
        differing(signature="v1-url", query=[["img", ""]]), {presigning.by_oss2}),
    # A server sees values without the blanks around them, so that the URL of who signs them is worth nothing.
    "blanks around a header": (
        differing(headers=[["x-oss-meta-a", " b "]]), {presigning.by_oss2, presigning.by_oss_v2}),
    # oss2 takes a bound x-oss-date for the date line, where a server takes Expires.
    "x-oss-date bound by a V1 URL": (
        differing(signature="v1-url", headers=[["x-oss-date", "Wed, 05 Sep 2012 23:00:00 GMT"]]),
        {presigning.by_oss2}),
    # Without a value alibabacloud-oss-v2 does not list the header.
    "an additional header without value": (differing(headers=[["Cache-Control", ""]]), {presigning.by_oss_v2}),
}


@pytest.mark.parametrize("what", DIFFERENCES)
def test_known_differences_are_those_of_the_sdks(what):
    case, differ = DIFFERENCES[what]
    ours = answers("presign-lines", [case])[0]
    assert ours["ok"], ours
    for made_by in (presigning.by_oss2, presigning.by_oss_v2):
        is_equal = presigning.signature(made_by(case)) == presigning.signature(ours["url"])
        assert is_equal is (made_by not in differ), (what, made_by.__name__)
    # Ours is the one that the verifier takes, as the vectors have it.
    sent = [[name, value.strip()] for name, value in ours["headers"]]
    assert answers("verify", [presigning.arrived(case, ours["url"], sent)])[0]["ok"]


def test_the_store_takes_what_was_presigned(gateway, credentials, bucket, random_numbers):
    def sendable(number: int, method: str, key: str, body: bytes) -> dict:
        case = presigning.case(random_numbers, number)
        keys = {"accessKeyId": credentials.access_key_id, "accessKeySecret": credentials.secret}
        headers, query = [], []
        if method == "PUT":
            headers = [["Content-Type", "text/x-own"], ["x-oss-meta-n", str(number)],
                       ["Content-MD5", base64.b64encode(hashlib.md5(body).digest()).decode()]]
            if case["signature"] == "v4-url":
                headers.append(["Content-Length", str(len(body))])
        else:
            names = random_numbers.sample(presigning.OVERRIDES[:5], random_numbers.randrange(4))
            query = [[name, f"v{random_numbers.randrange(10**6)} +%/é"] for name in names]
        return case | {
            "method": method, "endpoint": gateway.oss, "addressing": "path", "bucket": bucket, "key": key,
            "headers": headers, "query": query, "credentials": keys, "region": credentials.region,
            "expires": {"seconds": 600}, "time": {"unix": presigning.now()}}

    keys = [presigning.key(random_numbers) + str(number) for number in range(SENT)]
    bodies = [f"body {number}".encode() for number in range(SENT)]
    for method in ("PUT", "GET"):
        cases = [sendable(number, method, key, bodies[number]) for number, key in enumerate(keys)]
        presigned = answers("presign-lines", cases)
        assert all(answer["ok"] for answer in presigned), presigned
        with ThreadPoolExecutor(8) as pool:
            sent = list(pool.map(lambda pair: send(gateway.oss, *pair), zip(presigned, bodies)))
        for case, body, answer in zip(cases, bodies, sent, strict=True):
            assert answer.status == 200, (case, answer)
            if method == "GET":
                assert answer.body == body, case
                for name, value in case["query"]:
                    told = (answer.header(name.removeprefix("response-")) or "").encode("latin-1").decode()
                    assert told == value, (name, case)


def send(endpoint: str, presigned: dict, body: bytes):
    """Makes the request that a URL allows, its target byte for byte as it stands there."""
    target = presigned["url"].removeprefix(endpoint)
    is_upload = presigned["method"] == "PUT"
    fields = dict(presigned["headers"])
    if is_upload:
        fields.setdefault("Content-Length", str(len(body)))
    host, port = address(endpoint)
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with Connection(endpoint) as connection:
        connection.send(
            f"{presigned['method']} {target} HTTP/1.1\r\nHost: {host}:{port}\r\n{head}\r\n".encode()
            + (body if is_upload else b""))
        return connection.read_answer(presigned["method"])


@pytest.mark.parametrize("change, code", [
    ({"bucket": "A"}, "InvalidBucketName"), ({"key": "/a"}, "InvalidObjectName"), ({"key": ""}, "InvalidObjectName"),
    ({"endpoint": "ftp://a"}, "SigningError"), ({"expires": {"seconds": 0}}, "SigningError"),
    ({"expires": {"seconds": 604_801}}, "SigningError"), ({"query": [["x-oss-signature", "a"]]}, "SigningError"),
    ({"signature": "v1-url", "headers": [["Range", "bytes=0-1"]]}, "SigningError"),
    ({"signature": "v2-url"}, "UnreadableLine"), ({"addressing": "service"}, "UnreadableLine"),
    ({"credentials": []}, "UnreadableLine"), ({"expires": None}, "UnreadableLine"),
    ({"method": None}, "UnreadableLine"), ({"headers": {}}, "UnreadableLine"), ({"region": 1}, "UnreadableLine"),
])
def test_what_cannot_be_presigned_spoils_no_other_line(change, code):
    good = differing()
    first, second, third = answers("presign-lines", [good, good | change | {"id": 2}, good])
    assert first["ok"] and third["ok"]
    assert (second["id"], second["ok"], second["code"]) == (2, False, code)


@pytest.mark.parametrize("line", ["", "{", "[]", "1", b"\xff", '{"id": 1}', "[" * 10_000])
def test_a_line_that_cannot_be_read_spoils_no_other(line):
    first, second, third = answers("presign-lines", [differing(), line, differing()])
    assert first["ok"] and third["ok"]
    assert (second["ok"], second["code"]) == (False, "UnreadableLine")


def test_no_secret_is_told():
    case = differing(credentials={"accessKeyId": "id", "accessKeySecret": "door-opener"})
    assert "door-opener" not in str(answers("presign-lines", [case, case | {"key": "/"}]))
