"""What a refusal looks like, and that an operation that is not there is never taken for a simpler one."""

from __future__ import annotations

import base64
import re
import time
import xml.etree.ElementTree as ElementTree

import pytest

from kit.signing import Request, sign_v1_header, sign_v4_header, v1_string_to_sign
from kit.wire import Answer, exchange

REQUEST_ID = re.compile(r"[0-9A-F]{24}")


def fields(answer: Answer) -> list[str]:
    return [child.tag for child in answer.xml]


def assert_well_formed(answer: Answer, has_ec: bool = True) -> None:
    """What every refusal has, in OSS's order.

    EC and RecommendDoc are there when OSS's own number is known to us; an invented one would mislead.
    """
    assert answer.header("Content-Type") == "application/xml"
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert answer.xml.tag == "Error", "a namespace would hide the document from SDKs"
    order = fields(answer)
    assert order[:4] == ["Code", "Message", "RequestId", "HostId"]
    request_id = answer.field("RequestId") or ""
    assert REQUEST_ID.fullmatch(request_id)
    assert abs(int(request_id[:8], 16) - time.time()) < 60, "the first eight digits are the time"
    assert answer.header("x-oss-request-id") == request_id
    assert answer.header("Date")
    assert answer.header("x-oss-server-time") is not None
    assert answer.header("Server") == "AliyunOSS"
    if has_ec:
        ec = answer.field("EC") or ""
        assert order[-2:] == ["EC", "RecommendDoc"]
        assert re.fullmatch(r"\d{4}-\d{8}", ec)
        assert answer.header("x-oss-ec") == ec
        assert (answer.field("RecommendDoc") or "").endswith(f"/troubleshoot?q={ec}")


def test_a_missing_key_is_named(store, bucket, key):
    answer = store.send(Request("GET", bucket, key + " <&> ü"))
    assert answer.refusal == (404, "NoSuchKey")
    assert_well_formed(answer)
    assert answer.field("Message") == "The specified key does not exist."
    assert answer.field("Key") == key + " <&> ü"
    assert answer.field("EC") == "0026-00000001"


def test_a_missing_bucket_is_named(store, key):
    answer = store.send(Request("GET", "conformance-missing-bucket", key))
    assert answer.refusal == (404, "NoSuchBucket")
    assert_well_formed(answer)
    assert answer.field("BucketName") == "conformance-missing-bucket"


@pytest.mark.parametrize("name", ["ab", "a" * 64, "UPPER", "under_score", "dot.dot", "-front", "back-", "ü-bucket"])
def test_an_impossible_bucket_is_refused(store, name):
    answer = store.send(Request("PUT", name))
    assert answer.refusal == (400, "InvalidBucketName")
    assert_well_formed(answer)


def test_a_wrong_signature_shows_what_was_to_be_signed(store, bucket, key):
    request = Request("GET", bucket, key + "&ü", query=(("response-content-type", "a&b"),))
    signed = sign_v1_header(request, store.credentials)
    wrong = signed.setting("Authorization", f"OSS {store.credentials.access_key_id}:AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    answer = exchange(store.endpoint, wrong)
    assert answer.refusal == (403, "SignatureDoesNotMatch")
    assert_well_formed(answer)
    wanted = v1_string_to_sign(signed, signed.header("Date") or "")
    assert answer.field("StringToSign") == wanted
    assert answer.field("StringToSignBytes") == "".join(f"{byte:02X} " for byte in wanted.encode())
    assert answer.field("SignatureProvided") == "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
    assert answer.field("OSSAccessKeyId") == store.credentials.access_key_id
    assert answer.field("EC") == "0002-00000040"


def test_a_wrong_v4_signature_shows_what_was_to_be_signed(store, bucket, key):
    signed = sign_v4_header(Request("GET", bucket, key), store.credentials)
    provided = "0" * 64
    header = (signed.header("Authorization") or "").rpartition("=")[0] + "=" + provided
    answer = exchange(store.endpoint, signed.setting("Authorization", header))
    assert answer.refusal == (403, "SignatureDoesNotMatch")
    assert_well_formed(answer)
    lines = (answer.field("StringToSign") or "").split("\n")
    assert lines[0] == "OSS4-HMAC-SHA256"
    assert lines[1] == signed.header("x-oss-date")
    assert lines[2].endswith("/cn-hangzhou/oss/aliyun_v4_request")
    assert answer.field("SignatureProvided") == provided
    assert answer.field("EC") == "0002-00000201"


def test_head_carries_the_document_in_a_header(store, bucket, key):
    answer = store.send(Request("HEAD", bucket, key))
    assert (answer.status, answer.body) == (404, b"")
    document = ElementTree.fromstring(base64.b64decode(answer.header("x-oss-err") or ""))
    assert document.findtext("Code") == "NoSuchKey"
    assert document.findtext("Key") == key
    assert document.findtext("RequestId") == answer.header("x-oss-request-id")
    assert answer.header("x-oss-ec") == document.findtext("EC") == "0026-00000001"


def test_a_refused_head_says_why(store, bucket, key):
    answer = exchange(store.endpoint, Request("HEAD", bucket, key))
    assert (answer.status, answer.body) == (403, b"")
    document = ElementTree.fromstring(base64.b64decode(answer.header("x-oss-err") or ""))
    assert document.findtext("Code") == "AccessDenied"


def test_a_refusal_tells_nothing_about_the_server(store, bucket, gateway):
    for request in (
        Request("GET", bucket, "missing"), Request("PUT", bucket, "k", headers=(("Content-MD5", "x"),), body=b"x"),
        Request("POST", bucket, query=(("delete", ""),), body=b"<Delete>"),
        Request("GET", bucket, query=(("acl", ""),)),
    ):
        text = store.send(request).body.decode().lower()
        for leak in (str(gateway.data).lower(), "sqlite", "swift", "nio", "grdb", ".swift:", "fatal"):
            assert leak not in text


# What this version does not have. Every one must be refused with NotImplemented, whatever else it carries.
OBJECT_SUBRESOURCES = [
    "acl", "tagging", "symlink", "append", "uploads", "restore", "cleanRestoredObject", "retention", "legalHold",
    "seal", "callback", "x-oss-process", "x-oss-async-process", "partNumber", "uploadId", "position", "live", "vod",
    "img", "style", "qos", "asyncFetch",
]
BUCKET_SUBRESOURCES = [
    "acl", "cors", "lifecycle", "logging", "policy", "policyStatus", "referer", "website", "versioning", "versions",
    "uploads", "encryption", "tagging", "stat", "inventory", "replication", "replicationLocation",
    "replicationProgress", "worm", "wormId", "requestPayment", "transferAcceleration", "cname", "live", "qos",
    "accessmonitor", "metaQuery", "resourceGroup", "style", "httpsConfig", "publicAccessBlock",
    "bucketArchiveDirectRead", "redundancyTransition", "objectWorm", "accessPoint", "userDefinedLogFieldsConfig",
]


# What is there, by method, and so is tested elsewhere.
SERVED_ON_OBJECTS = {
    ("POST", "uploads"), ("PUT", "uploadId"), ("POST", "uploadId"), ("DELETE", "uploadId"), ("GET", "uploadId"),
    ("POST", "append"), ("PUT", "acl"), ("GET", "acl"), ("PUT", "tagging"), ("GET", "tagging"), ("DELETE", "tagging"),
    ("PUT", "symlink"), ("GET", "symlink"), ("DELETE", "symlink"), ("POST", "restore"), ("POST", "cleanRestoredObject"),
    ("PUT", "callback"),
    ("PUT", "live"), ("GET", "live"), ("DELETE", "live"), ("POST", "vod"), ("GET", "vod"),
}
SET_AND_REMOVED = ["cors", "lifecycle", "logging", "policy", "website", "encryption", "tagging", "publicAccessBlock",
                   "userDefinedLogFieldsConfig"]
SET_AND_TOLD = ["referer", "requestPayment", "transferAcceleration", "qos", "accessmonitor", "resourceGroup",
                "httpsConfig", "bucketArchiveDirectRead", "objectWorm", "versioning"]
TOLD = ["uploads", "policyStatus", "stat", "inventory", "replication", "replicationLocation", "replicationProgress",
        "worm", "cname", "live", "style", "redundancyTransition", "accessPoint", "versions"]
SERVED_ON_BUCKETS = {
    ("PUT", "acl"), ("GET", "acl"), ("POST", "worm"), ("DELETE", "worm"), ("POST", "wormId"),
    ("POST", "redundancyTransition"), *(("GET", name) for name in SET_AND_REMOVED + SET_AND_TOLD + TOLD),
    *(("PUT", name) for name in SET_AND_REMOVED + SET_AND_TOLD), *(("DELETE", name) for name in SET_AND_REMOVED),
}


def not_served(names: list[str], served: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Every method with every name, but for those that are there."""
    pairs = [(method, name) for name in names for method in ("GET", "PUT", "POST", "DELETE")]
    return [pair for pair in pairs if pair not in served]


@pytest.mark.parametrize("method, name", not_served(OBJECT_SUBRESOURCES, SERVED_ON_OBJECTS))
def test_an_unknown_operation_on_an_object_is_refused(store, bucket, key, method, name):
    store.put(bucket, key, b"unchanged")
    value = {"partNumber": "1", "uploadId": "0" * 32, "position": "0"}.get(name, "")
    query = ((name, value),)
    body = b"changed" if method in ("PUT", "POST") else b""
    answer = store.send(Request(method, bucket, key, query=query, body=body))
    assert answer.refusal == (400, "NotImplemented"), answer
    assert_well_formed(answer, has_ec=False)
    assert store.get(bucket, key).body == b"unchanged"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("version", ["CAEQNhiBgMDJgZCA0BYiIDc4MGZj", "", "NULL"])
def test_a_version_that_is_not_there_is_never_the_object_itself(store, bucket, key, method, version):
    store.put(bucket, key, b"unchanged")
    body = b"changed" if method == "PUT" else b""
    answer = store.send(Request(method, bucket, key, query=(("versionId", version),), body=body))
    is_no_harm = method == "DELETE" and version.startswith("CAEQ") and answer.status == 204
    assert is_no_harm or 400 <= answer.status < 500, answer
    assert store.get(bucket, key).body == b"unchanged"


def test_the_version_null_is_the_object_of_a_bucket_without_versions(store, bucket, key):
    store.put(bucket, key, b"the only one")
    answer = store.send(Request("GET", bucket, key, query=(("versionId", "null"),)))
    assert (answer.status, answer.body) == (200, b"the only one")


@pytest.mark.parametrize("method, name", not_served(BUCKET_SUBRESOURCES, SERVED_ON_BUCKETS))
def test_an_unknown_operation_on_a_bucket_is_refused(store, bucket, method, name):
    body = b"<Any/>" if method in ("PUT", "POST") else b""
    answer = store.send(Request(method, bucket, query=((name, ""),), body=body))
    assert answer.refusal == (400, "NotImplemented"), answer
    assert store.send(Request("GET", bucket, query=(("bucketInfo", ""),))).status == 200


@pytest.mark.parametrize("name, value", [
    ("x-oss-persistent-headers", "a:b"), ("x-oss-object-worm-mode", "GOVERNANCE"), ("If-Modified-Since", "x"),
])
def test_a_header_that_asks_for_what_is_not_there_is_refused(store, bucket, key, name, value):
    answer = store.send(Request("PUT", bucket, key, headers=((name, value),), body=b"x"))
    assert answer.refusal == (400, "NotImplemented"), answer
    assert not store.exists(bucket, key)


def test_a_public_acl_is_told_and_opens_what_it_says(store):
    """Assumption A-058: what `public-read-write` of an object opens; whoever lists still needs a signature."""
    name = f"conformance-public-{time.time_ns() % 10**9}"
    assert store.send(Request("PUT", name, headers=(("x-oss-acl", "public-read-write"),))).status == 200
    assert store.send(Request("GET", name, query=(("acl", ""),))).xml.findtext(".//Grant") == "public-read-write"
    store.put(name, "k", b"kept", ("x-oss-object-acl", "public-read-write"))
    assert exchange(store.endpoint, Request("GET", name)).refusal == (403, "AccessDenied")
    assert exchange(store.endpoint, Request("GET", name, "k")).body == b"kept"
    assert exchange(store.endpoint, Request("PUT", name, "k", body=b"changed")).status == 200
    assert store.get(name, "k").body == b"changed"
    assert exchange(store.endpoint, Request("DELETE", name, "k")).status == 204
    assert not store.exists(name, "k")


@pytest.mark.parametrize("method", ["PATCH", "BREW", "TRACE", "OPTIONS"])
def test_an_unknown_method_is_not_allowed(store, bucket, key, method):
    store.put(bucket, key, b"unchanged")
    answer = store.send(Request(method, bucket, key))
    assert 400 <= answer.status < 500, answer
    assert store.get(bucket, key).body == b"unchanged"


class TestListArguments:
    @pytest.mark.parametrize("name, value", [
        ("max-keys", "0"), ("max-keys", "1001"), ("max-keys", "-1"), ("max-keys", "+5"), ("max-keys", "abc"),
        ("max-keys", "9" * 30), ("encoding-type", "base65"),
    ])
    def test_an_impossible_argument_is_refused(self, store, bucket, name, value):
        answer = store.send(Request("GET", bucket, query=((name, value),)))
        assert answer.refusal == (400, "InvalidArgument"), answer
        assert answer.field("ArgumentName") == name
        assert answer.field("ArgumentValue") == value

    def test_a_foreign_token_is_refused(self, store, bucket):
        for token in ("not a token", "x" * 5000, "AAAA"):
            query = (("list-type", "2"), ("continuation-token", token))
            answer = store.send(Request("GET", bucket, query=query))
            assert answer.status in (200, 400), answer

    def test_no_document_has_a_namespace(self, store, bucket):
        for query in ((), (("list-type", "2"),), (("bucketInfo", ""),), (("location", ""),)):
            answer = store.send(Request("GET", bucket, query=query))
            assert answer.status == 200
            assert b"xmlns" not in answer.body


class TestDeleteMultiple:
    @pytest.mark.parametrize("document", [
        b"", b"<Delete>", b"<Delete></Delete>", b"<Other><Object><Key>a</Key></Object></Other>",
        b"<Delete><Object><Key>a</Key></Object></Delete><more/>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><Delete><Object><Key>&x;</Key></Object></Delete>',
        b"<Delete>" + b"<Object><Key>a</Key></Object>" * 1001 + b"</Delete>",
        b"<Delete>" + b"<x>" * 50 + b"</x>" * 50 + b"</Delete>",
        '<?xml version="1.0" encoding="UTF-16"?><Delete/>'.encode("utf-16"),
    ], ids=["empty", "open", "no object", "other root", "after the root", "doctype", "1001 keys", "deep", "UTF-16"])
    def test_a_malformed_document_deletes_nothing(self, store, bucket, document):
        store.put(bucket, "a", b"kept")
        answer = store.send(Request("POST", bucket, query=(("delete", ""),), body=document))
        assert answer.refusal == (400, "MalformedXML"), answer
        assert store.exists(bucket, "a")

    def test_1000_keys_are_deleted(self, store, bucket):
        document = "".join(f"<Object><Key>many-{number}</Key></Object>" for number in range(1000))
        store.put(bucket, "many-999", b"")
        answer = store.send(Request(
            "POST", bucket, query=(("delete", ""),), body=f"<Delete>{document}</Delete>".encode()))
        assert answer.status == 200, answer
        assert len(answer.xml.findall("Deleted")) == 1000
        assert not store.exists(bucket, "many-999")

    def test_quiet_says_nothing(self, store, bucket, key):
        store.put(bucket, key, b"")
        document = f"<Delete><Object><Key>{key}</Key></Object><Quiet>true</Quiet></Delete>".encode()
        answer = store.send(Request("POST", bucket, query=(("delete", ""),), body=document))
        assert (answer.status, answer.body) == (200, b"")
        assert not store.exists(bucket, key)
