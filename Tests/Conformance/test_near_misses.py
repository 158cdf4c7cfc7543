"""Requests that are almost right: each differs in one thing from one that is accepted.

The requests are signed by `kit.signing`, not by an SDK, so that one part can be changed after signing.
"""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import replace
from email.utils import formatdate

import pytest

from kit.signing import (
    Request, sign_v1_header, sign_v1_url, sign_v4_header, sign_v4_url, v4_scope, v4_timestamp,
)
from kit.wire import exchange

BODY = b"what was signed"
MD5 = base64.b64encode(hashlib.md5(BODY).digest()).decode()
OTHER_MD5 = base64.b64encode(hashlib.md5(b"other").digest()).decode()
LIFETIME = 300

SCHEMES = {
    "v1-header": lambda request, credentials, now: sign_v1_header(request, credentials, now),
    "v1-url": lambda request, credentials, now: sign_v1_url(request, credentials, now + LIFETIME),
    "v4-header": lambda request, credentials, now: sign_v4_header(
        request, credentials, now, additional=["content-length"]),
    "v4-url": lambda request, credentials, now: sign_v4_url(
        request, credentials, now, LIFETIME, additional=["content-length"]),
}

MISMATCH = (403, "SignatureDoesNotMatch")
INVALID = (400, "InvalidArgument")
UNKNOWN_KEY = (403, "InvalidAccessKeyId")
EXPIRED = (403, "AccessDenied")
SKEWED = (403, "RequestTimeTooSkewed")


def changed(text: str, at: int = 0) -> str:
    """The text with one character replaced by another of its kind."""
    old = text[at]
    new = {"0": "1", "a": "b", "A": "B"}.get(old, "0" if old.isdigit() else "a" if old.islower() else "A")
    return text[:at] + new + text[at + 1:] if at != -1 else text[:-1] + new


def put_request(bucket: str, key: str) -> Request:
    """An upload with everything that a signature can cover."""
    return Request("PUT", bucket, key, headers=(
        ("Content-Type", "text/plain"), ("Content-MD5", MD5), ("Content-Length", str(len(BODY))),
        ("x-oss-meta-author", "someone"), ("x-oss-meta-other", "something"),
    ), body=BODY)


def in_authorization(old: str, new: str):
    """Replaces a text within the `Authorization` header."""
    def change(request: Request) -> Request:
        header = request.header("Authorization")
        assert header is not None and old in header, header
        return request.setting("Authorization", header.replace(old, new, 1))
    return change


def signature_in_header(request: Request) -> Request:
    header = request.header("Authorization") or ""
    at = max(header.rfind(":"), header.rfind("=", 0, len(header) - 2)) + 1
    return request.setting("Authorization", changed(header, at))


def parameter(name: str, at: int = 0):
    """Changes one character of a query parameter."""
    return lambda request: request.setting_parameter(name, changed(request.parameter(name) or "", at))


def date_one_second_on(request: Request) -> Request:
    now = time.time()
    return request.setting("Date", next(
        text for text in (formatdate(now + step, usegmt=True) for step in (1, 2, 3)) if text != request.header("Date")))


def timestamp_one_second_on(name: str, where: str):
    def change(request: Request) -> Request:
        old = request.header(name) if where == "header" else request.parameter(name)
        new = (old or "")[:-2] + ("1" if (old or "")[-2] != "1" else "2") + "Z"
        return request.setting(name, new) if where == "header" else request.setting_parameter(name, new)
    return change


# Changes of what every scheme signs.
COMMON = {
    "method": lambda request: replace(request, method="GET", body=b"").setting("Content-Length", "0"),
    "bucket": lambda request: replace(request, bucket=changed(request.bucket, -1)),
    "key": lambda request: replace(request, key=changed(request.key, -1)),
    "key with a slash more": lambda request: replace(request, key=request.key + "/"),
    "Content-Type": lambda request: request.setting("Content-Type", "text/plaim"),
    "Content-Type left out": lambda request: request.without("Content-Type"),
    "Content-MD5": lambda request: request.setting("Content-MD5", OTHER_MD5),
    "Content-MD5 left out": lambda request: request.without("Content-MD5"),
    "x-oss header's value": lambda request: request.setting("x-oss-meta-author", "somebody"),
    "x-oss header's name": lambda request: request.without("x-oss-meta-author").adding(
        ("x-oss-meta-authos", "someone")),
    "x-oss header left out": lambda request: request.without("x-oss-meta-other"),
    "x-oss header added": lambda request: request.adding(("x-oss-meta-third", "x")),
    "x-oss header doubled": lambda request: request.adding(("x-oss-meta-author", "someone")),
    "copy source added": lambda request: request.adding(("x-oss-copy-source", f"/{request.bucket}/{request.key}")),
    "sub-resource added": lambda request: request.asking(("acl", "")),
}

LENGTH_PLUS_ONE = (
    "Content-Length", lambda request: replace(request, body=BODY + b"!").without("Content-MD5").adding(
        ("Content-MD5", MD5)).setting("Content-Length", str(len(BODY) + 1)), MISMATCH)

NEAR_MISSES = [
    *((scheme, name, change, MISMATCH) for scheme in SCHEMES for name, change in COMMON.items()),
    # V1 in the header
    ("v1-header", "signature", signature_in_header, MISMATCH),
    ("v1-header", "Date", date_one_second_on, MISMATCH),
    ("v1-header", "access key", lambda r: in_authorization("OSS ", "OSS x")(r), UNKNOWN_KEY),
    ("v1-header", "no signature", lambda r: r.setting(
        "Authorization", (r.header("Authorization") or "").partition(":")[0] + ":"), INVALID),
    ("v1-header", "no colon", lambda r: r.setting(
        "Authorization", (r.header("Authorization") or "").partition(":")[0]), INVALID),
    ("v1-header", "scheme", in_authorization("OSS ", "OSX "), INVALID),
    # V1 in the URL
    ("v1-url", "signature", parameter("Signature"), MISMATCH),
    ("v1-url", "Expires", parameter("Expires", -1), MISMATCH),
    ("v1-url", "access key", parameter("OSSAccessKeyId"), UNKNOWN_KEY),
    ("v1-url", "response override added", lambda r: r.asking(("response-content-type", "text/html")), MISMATCH),
    ("v1-url", "Expires not a number", lambda r: r.setting_parameter("Expires", "soon"), EXPIRED),
    ("v1-url", "Expires with a sign", lambda r: r.setting_parameter(
        "Expires", "+" + (r.parameter("Expires") or "")), EXPIRED),
    ("v1-url", "Signature left out", lambda r: replace(
        r, query=tuple(pair for pair in r.query if pair[0] != "Signature")), EXPIRED),
    ("v1-url", "OSSAccessKeyId left out", lambda r: replace(
        r, query=tuple(pair for pair in r.query if pair[0] != "OSSAccessKeyId")), EXPIRED),
    ("v1-url", "Expires left out", lambda r: replace(
        r, query=tuple(pair for pair in r.query if pair[0] != "Expires")), EXPIRED),
    # V4 in the header
    ("v4-header", "signature", signature_in_header, MISMATCH),
    ("v4-header", "x-oss-date", timestamp_one_second_on("x-oss-date", "header"), MISMATCH),
    ("v4-header", "access key", in_authorization("Credential=", "Credential=x"), UNKNOWN_KEY),
    ("v4-header", "region", in_authorization("/cn-hangzhou/", "/cn-hangzhov/"), INVALID),
    ("v4-header", "product", in_authorization("/oss/", "/osr/"), INVALID),
    ("v4-header", "terminator", in_authorization("aliyun_v4_request", "aliyun_v4_requess"), INVALID),
    ("v4-header", "date of the scope", lambda r: in_authorization(
        "/" + (r.header("x-oss-date") or "")[:8] + "/", "/20200101/")(r), INVALID),
    ("v4-header", "payload type", lambda r: r.setting("x-oss-content-sha256", "UNSIGNED-PAYLOAB"), INVALID),
    ("v4-header", "additional headers left out", in_authorization("AdditionalHeaders=content-length,", ""), MISMATCH),
    ("v4-header", "additional header added", in_authorization(
        "AdditionalHeaders=content-length", "AdditionalHeaders=content-length;host"), MISMATCH),
    ("v4-header", "query parameter added", lambda r: r.asking(("prefix", "a")), MISMATCH),
    ("v4-header", *LENGTH_PLUS_ONE),
    # V4 in the URL
    ("v4-url", "signature", parameter("x-oss-signature"), MISMATCH),
    ("v4-url", "x-oss-date", timestamp_one_second_on("x-oss-date", "query"), MISMATCH),
    ("v4-url", "x-oss-expires", lambda r: r.setting_parameter("x-oss-expires", str(LIFETIME + 1)), MISMATCH),
    ("v4-url", "access key", lambda r: r.setting_parameter(
        "x-oss-credential", "x" + (r.parameter("x-oss-credential") or "")), UNKNOWN_KEY),
    ("v4-url", "region", lambda r: r.setting_parameter(
        "x-oss-credential", (r.parameter("x-oss-credential") or "").replace("cn-hangzhou", "cn-hangzhov")), INVALID),
    ("v4-url", "product", lambda r: r.setting_parameter(
        "x-oss-credential", (r.parameter("x-oss-credential") or "").replace("/oss/", "/osr/")), INVALID),
    ("v4-url", "additional headers", lambda r: r.setting_parameter("x-oss-additional-headers", ""), MISMATCH),
    ("v4-url", "query parameter added", lambda r: r.asking(("prefix", "a")), MISMATCH),
    ("v4-url", *LENGTH_PLUS_ONE),
]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_unchanged_request_is_accepted(store, bucket, key, scheme):
    signed = SCHEMES[scheme](put_request(bucket, key), store.credentials, time.time())
    answer = exchange(store.endpoint, signed)
    assert (answer.status, answer.header("ETag")) == (200, f'"{hashlib.md5(BODY).hexdigest().upper()}"'), answer
    assert store.get(bucket, key).body == BODY


@pytest.mark.parametrize(
    "scheme, change, wanted", [(scheme, change, wanted) for scheme, _, change, wanted in NEAR_MISSES],
    ids=[f"{scheme}: {name}" for scheme, name, _, _ in NEAR_MISSES])
def test_a_request_with_one_thing_changed_is_refused(store, bucket, key, scheme, change, wanted):
    sent = change(SCHEMES[scheme](put_request(bucket, key), store.credentials, time.time()))
    answer = exchange(store.endpoint, sent)
    assert answer.refusal == wanted, answer
    for left in (key, sent.key, key + "/"):
        assert not store.exists(bucket, left)


class TestTime:
    """Validity begins and ends to the second."""

    def test_a_v1_link_ends(self, store, bucket, key):
        store.put(bucket, key, b"here")
        now = time.time()
        for expires_at, wanted in ((now + 20, 200), (now - 1, 403), (now - 100_000, 403)):
            answer = exchange(store.endpoint, sign_v1_url(Request("GET", bucket, key), store.credentials, expires_at))
            assert answer.status == wanted, answer
        assert answer.refusal == EXPIRED
        assert answer.field("Message") == "Request has expired."
        assert answer.field("EC") == "0002-00000069"
        assert (answer.field("Expires") or "").endswith(".000Z")
        assert (answer.field("ServerTime") or "").endswith(".000Z")

    def test_a_v4_link_ends(self, store, bucket, key):
        store.put(bucket, key, b"here")
        for age, wanted in ((LIFETIME - 20, 200), (LIFETIME + 1, 403), (LIFETIME + 86400, 403)):
            answer = exchange(store.endpoint, sign_v4_url(
                Request("GET", bucket, key), store.credentials, time.time() - age, LIFETIME))
            assert answer.status == wanted, (age, answer)
        assert answer.refusal == EXPIRED
        assert (answer.field("Message"), answer.field("EC")) == ("Request has expired.", "0002-00000236")

    def test_an_expired_upload_stores_nothing(self, store, bucket, key):
        for signed in (
            sign_v4_url(put_request(bucket, key), store.credentials, time.time() - LIFETIME - 1, LIFETIME),
            sign_v1_url(put_request(bucket, key), store.credentials, time.time() - 1),
        ):
            assert exchange(store.endpoint, signed).refusal == EXPIRED
            assert not store.exists(bucket, key)

    def test_a_v4_link_may_begin_15_minutes_ahead(self, store, bucket, key):
        store.put(bucket, key, b"here")
        for ahead, wanted in ((880, 200), (902, 403)):
            answer = exchange(store.endpoint, sign_v4_url(
                Request("GET", bucket, key), store.credentials, time.time() + ahead, LIFETIME))
            assert answer.status == wanted, (ahead, answer)
        assert (answer.field("Code"), answer.field("EC")) == ("AccessDenied", "0002-00000235")

    @pytest.mark.parametrize("lifetime", [0, 604801, -1, "", "+5", "5.0", " 5", "0x10", "1" * 30])
    def test_a_v4_link_has_a_lifetime_of_1_to_604800_seconds(self, store, bucket, key, lifetime):
        store.put(bucket, key, b"here")
        answer = exchange(store.endpoint, sign_v4_url(
            Request("GET", bucket, key), store.credentials, time.time(), lifetime))
        assert answer.status in (400, 403), answer
        assert answer.field("Code") in ("InvalidArgument", "AccessDenied")

    def test_the_longest_lifetime_is_a_week(self, store, bucket, key):
        store.put(bucket, key, b"here")
        week = sign_v4_url(Request("GET", bucket, key), store.credentials, time.time() - 604_700, 604_800)
        assert exchange(store.endpoint, week).status == 200

    @pytest.mark.parametrize("scheme", ["v1-header", "v4-header"])
    def test_a_clock_may_be_15_minutes_off(self, store, bucket, key, scheme):
        for off, wanted in ((-880, 200), (880, 200), (-902, 403), (902, 403)):
            signed = SCHEMES[scheme](put_request(bucket, key), store.credentials, time.time() + off)
            answer = exchange(store.endpoint, signed)
            assert answer.status == wanted, (off, answer)
            if wanted == 403:
                assert answer.refusal == SKEWED
                assert answer.field("MaxAllowedSkewMilliseconds") == "900000"
                assert (answer.field("ServerTime") or "").endswith(".000Z")
                assert answer.header("Date")

    def test_a_date_is_needed(self, store, bucket, key):
        dated = sign_v1_header(put_request(bucket, key), store.credentials)
        answer = exchange(store.endpoint, dated.without("Date"))
        assert (answer.refusal, answer.field("EC")) == ((403, "AccessDenied"), "0002-00000503")
        answer = exchange(store.endpoint, dated.setting("Date", "yesterday"))
        assert answer.refusal == (403, "AccessDenied")


class TestBodies:
    """The signature is right; what arrives is not what it promised."""

    @pytest.mark.parametrize("scheme", SCHEMES)
    def test_a_body_of_another_md5_is_refused(self, store, bucket, key, scheme):
        signed = SCHEMES[scheme](put_request(bucket, key), store.credentials, time.time())
        answer = exchange(store.endpoint, replace(signed, body=BODY[:-1] + b"?"))
        assert answer.refusal == (400, "InvalidDigest")
        assert not store.exists(bucket, key)

    @pytest.mark.parametrize("malformed", ["abc", MD5[:-4], MD5 + "AAAA", hashlib.md5(BODY).hexdigest(), "*" * 24])
    def test_a_malformed_md5_is_refused(self, store, bucket, key, malformed):
        request = put_request(bucket, key).setting("Content-MD5", malformed)
        answer = exchange(store.endpoint, sign_v4_header(request, store.credentials))
        assert answer.refusal == (400, "InvalidDigest")
        assert not store.exists(bucket, key)

    def test_a_body_of_another_crc_is_refused(self, store, bucket, key):
        right = store.put(bucket, key + "-right", BODY).header("x-oss-hash-crc64ecma") or ""
        store.put(bucket, key + "-stated", BODY, ("x-oss-hash-crc64ecma", right))
        wrong = put_request(bucket, key).adding(("x-oss-hash-crc64ecma", str(int(right) ^ 1)))
        answer = exchange(store.endpoint, sign_v4_header(wrong, store.credentials))
        assert answer.refusal == (400, "InvalidCRC64")
        assert not store.exists(bucket, key)

    def test_the_signed_length_decides(self, store, bucket, key):
        link = sign_v4_url(
            Request("PUT", bucket, key, headers=(("Content-Length", "5"),)), store.credentials,
            additional=["content-length"])
        for body in (b"", b"four", b"sixsix", b"x" * 100_000):
            sent = replace(link.setting("Content-Length", str(len(body))), body=body)
            assert exchange(store.endpoint, sent).refusal == MISMATCH
        chunked = replace(link.without("Content-Length"), body=b"5\r\nfive!\r\n0\r\n\r\n").adding(
            ("Transfer-Encoding", "chunked"))
        assert exchange(store.endpoint, chunked).refusal in (MISMATCH, INVALID)
        assert not store.exists(bucket, key)
        assert exchange(store.endpoint, replace(link, body=b"five!")).status == 200


class TestWhoAsks:
    """Ways to carry credentials that must not be confused."""

    @pytest.mark.parametrize("scheme, doubled", [
        ("v1-url", "Signature"), ("v1-url", "Expires"), ("v1-url", "OSSAccessKeyId"),
        ("v4-url", "x-oss-signature"), ("v4-url", "x-oss-credential"), ("v4-url", "x-oss-date"),
        ("v4-url", "x-oss-expires"), ("v4-url", "x-oss-signature-version"),
    ])
    def test_a_doubled_parameter_is_refused(self, store, bucket, key, scheme, doubled):
        signed = SCHEMES[scheme](put_request(bucket, key), store.credentials, time.time())
        again = (doubled, signed.parameter(doubled) or "")
        for sent in (signed.asking(again), replace(signed, query=(again,) + signed.query)):
            answer = exchange(store.endpoint, sent)
            assert answer.refusal == INVALID, answer
        assert not store.exists(bucket, key)

    @pytest.mark.parametrize("header", ["v1-header", "v4-header"])
    @pytest.mark.parametrize("url", ["v1-url", "v4-url"])
    def test_header_and_url_at_once_are_refused(self, store, bucket, key, header, url):
        now = time.time()
        signed = SCHEMES[header](
            SCHEMES[url](put_request(bucket, key), store.credentials, now), store.credentials, now)
        assert exchange(store.endpoint, signed).refusal == INVALID
        assert not store.exists(bucket, key)

    def test_v1_and_v4_in_one_url_are_refused(self, store, bucket, key):
        now = time.time()
        signed = sign_v4_url(sign_v1_url(put_request(bucket, key), store.credentials, now + 60), store.credentials, now)
        assert exchange(store.endpoint, signed).refusal == INVALID
        assert not store.exists(bucket, key)

    def test_two_authorizations_are_refused(self, store, bucket, key):
        signed = sign_v4_header(put_request(bucket, key), store.credentials)
        answer = exchange(store.endpoint, signed.adding(("Authorization", signed.header("Authorization") or "")))
        assert answer.status == 400
        assert not store.exists(bucket, key)

    @pytest.mark.parametrize("authorization", [
        "", "OSS", "OSS :", "OSS4-HMAC-SHA256", "OSS4-HMAC-SHA256 Credential=", "Basic dTpw", "Bearer x",
        "OSS4-HMAC-SHA256 Credential=a/b/c,Signature=d", "OSS4-HMAC-SHA256 Signature=d",
        "OSS2 AccessKeyId:a,Signature:b",
        "AWS a:b", "AWS4-HMAC-SHA256 Credential=a/20200101/r/s3/aws4_request, SignedHeaders=host, Signature=b",
    ])
    def test_a_malformed_authorization_is_never_taken_for_none(self, store, bucket, key, authorization):
        sent = put_request(bucket, key).adding(
            ("Authorization", authorization), ("x-oss-date", v4_timestamp(time.time())),
            ("x-oss-content-sha256", "UNSIGNED-PAYLOAD"))
        answer = exchange(store.endpoint, sent)
        assert answer.status in (400, 403), answer
        assert answer.field("Code") in ("InvalidArgument", "AccessDenied", "InvalidAccessKeyId", "NotImplemented")
        assert not store.exists(bucket, key)

    @pytest.mark.parametrize("dropped", [
        "x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-expires", "x-oss-signature"])
    def test_half_a_v4_link_is_refused(self, store, bucket, key, dropped):
        signed = sign_v4_url(put_request(bucket, key), store.credentials)
        half = replace(signed, query=tuple(pair for pair in signed.query if pair[0] != dropped))
        assert exchange(store.endpoint, half).status in (400, 403)
        assert not store.exists(bucket, key)

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "POST"])
    @pytest.mark.parametrize("place", ["service", "bucket", "object"])
    def test_anonymous_callers_are_refused(self, store, bucket, key, method, place):
        store.put(bucket, key, b"private")
        request = {
            "service": Request(method), "bucket": Request(method, bucket), "object": Request(method, bucket, key),
        }[place]
        answer = exchange(store.endpoint, request)
        # A form says in its body who sends it, and this is none.
        is_form = method == "POST" and place == "bucket"
        refused = (400,) if is_form else (403,) if method == "GET" else (403, 405)
        assert answer.status in refused, answer
        if answer.status == 403 and method != "HEAD":
            assert answer.field("Code") == "AccessDenied"
        assert b"private" not in answer.body
        assert store.get(bucket, key).body == b"private"

    def test_an_unknown_key_and_a_wrong_secret_are_told_apart_by_code_only(self, store, bucket, key):
        credentials = store.credentials
        unknown = replace(credentials, access_key_id=changed(credentials.access_key_id))
        wrong = replace(credentials, secret=changed(credentials.secret))
        for held, wanted in ((unknown, UNKNOWN_KEY), (wrong, MISMATCH)):
            for sign in SCHEMES.values():
                answer = exchange(store.endpoint, sign(put_request(bucket, key), held, time.time()))
                assert answer.refusal == wanted
                assert answer.field("OSSAccessKeyId") == held.access_key_id
                assert credentials.secret.encode() not in answer.body

    def test_another_region_is_refused(self, store, bucket, key):
        now = time.time()
        elsewhere = replace(store.credentials, region="cn-beijing")
        scope = v4_scope(elsewhere, v4_timestamp(now))
        for sign in (sign_v4_header, sign_v4_url):
            answer = exchange(store.endpoint, sign(put_request(bucket, key), store.credentials, now, scope=scope))
            assert answer.refusal == INVALID
        assert not store.exists(bucket, key)


class TestQuery:
    """What oss-wire calls the things that bite."""

    def test_a_plus_in_the_query_is_a_space(self, store, bucket):
        from kit.wire import Connection, head_of

        prefix = f"plus {time.time_ns()}+"
        store.put(bucket, prefix + "one", b"")
        signed = sign_v4_header(Request("GET", bucket, query=(("prefix", prefix),)), store.credentials)
        target = signed.target.replace("%20", "+")
        assert "plus+" in target and "%2B" in target
        with Connection(store.endpoint) as connection:
            connection.send(head_of(signed, f"{connection.host}:{connection.port}", target=target))
            answer = connection.read_answer()
        assert answer.status == 200, answer
        assert [entry.findtext("Key") for entry in answer.xml.findall("Contents")] == [prefix + "one"]

    @pytest.mark.parametrize("written", ["?bucketInfo", "?bucketInfo="])
    @pytest.mark.parametrize("scheme", ["v1-header", "v4-header"])
    def test_an_empty_value_may_have_its_equals_sign(self, store, bucket, written, scheme):
        from kit.wire import Connection, head_of

        signed = SCHEMES[scheme](
            Request("GET", bucket, query=(("bucketInfo", ""),), headers=(("Content-Length", "0"),)),
            store.credentials, time.time())
        for path in (f"/{bucket}/{written}", f"/{bucket}{written}"):
            with Connection(store.endpoint) as connection:
                connection.send(head_of(signed, f"{connection.host}:{connection.port}", target=path))
                answer = connection.read_answer()
            assert (answer.status, answer.xml.findtext("Bucket/Name")) == (200, bucket), answer

    def test_an_encoded_slash_in_a_key_is_a_slash(self, store, bucket, key):
        from kit.wire import Connection, head_of

        name = f"{key}/a/b c"
        signed = sign_v4_header(Request("PUT", bucket, name, body=b"x"), store.credentials)
        target = f"/{bucket}/{key}%2Fa%2Fb%20c"
        with Connection(store.endpoint) as connection:
            connection.send(head_of(signed, f"{connection.host}:{connection.port}", target=target) + b"x")
            assert connection.read_answer().status == 200
        assert store.get(bucket, name).body == b"x"

    @pytest.mark.parametrize("path", ["%", "%2", "%zz", "a%00b", "%ff%fe", "%c0%af"])
    def test_a_path_that_is_no_key_is_refused(self, store, bucket, path):
        from kit.wire import Connection, head_of

        signed = sign_v4_header(Request("PUT", bucket, "k", body=b"x"), store.credentials)
        with Connection(store.endpoint) as connection:
            connection.send(head_of(signed, f"{connection.host}:{connection.port}", target=f"/{bucket}/{path}") + b"x")
            answer = connection.read_answer()
        assert 400 <= answer.status < 500, answer
