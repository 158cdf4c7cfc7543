"""Random requests to presign, and what the official SDKs make of them.

A case holds the keys that `storage-gateway presign-lines` reads, which are those of `vectors/signatures.json`.
"""

from __future__ import annotations

import base64
import datetime
import os
import random
import time
import unicodedata
from types import SimpleNamespace
from unittest import mock
from urllib.parse import quote, unquote, unquote_to_bytes, urlencode, urlsplit

import alibabacloud_oss_v2.credentials as oss_v2_credentials
import oss2
from alibabacloud_oss_v2 import _client as oss_v2_client
from alibabacloud_oss_v2.signer import SignerV1, SignerV4
from alibabacloud_oss_v2.types import HttpRequest, OperationInput, SigningContext

# What a key is made of, a piece at a time: every byte that UTF-8 has is in one of them.
PIECES = [
    lambda r: chr(r.randrange(0x01, 0x20)), lambda r: "\x7f", lambda r: " ", lambda r: r.choice("+%/"),
    lambda r: r.choice("!\"#$&'()*,-.:;<=>?@[\\]^_`{|}~"), lambda r: chr(r.randrange(0x30, 0x7b)),
    lambda r: chr(r.randrange(0x80, 0x800)), lambda r: three_bytes(r), lambda r: chr(r.randrange(0x10000, 0x110000)),
    lambda r: r.choice(["//", "/./", "/../", "%2F", "%00", "%", "a+b", "..", "?", "a=b&c", "#", "\u200d", "\ufeff"]),
    lambda r: unicodedata.normalize(r.choice(["NFC", "NFD"]), r.choice("éÅñ가ﬁ")),
]

# Sub-resources and parameters that every SDK signs by V1; a value or none.
SUBRESOURCES = [
    ("acl", None), ("tagging", None), ("uploads", None), ("uploadId", "text"), ("partNumber", "number"),
    ("position", "number"), ("append", None), ("restore", None), ("versionId", "text"), ("symlink", None),
    ("objectMeta", None), ("callback", "text"), ("callback-var", "text"), ("continuation-token", "text"),
]
OVERRIDES = [f"response-{name}" for name in (
    "content-type", "content-disposition", "content-encoding", "content-language", "cache-control", "expires")]
# Parameters that no V1 signature covers, and every V4 signature does.
UNSIGNED_BY_V1 = ["prefix", "marker", "max-keys", "x-own", "名字", "a b", "plus+"]


def three_bytes(numbers: random.Random) -> str:
    """A character of three bytes."""
    while True:
        code = numbers.randrange(0x800, 0x10000)
        if not 0xD800 <= code < 0xE000:
            return chr(code)


def key(numbers: random.Random) -> str:
    """A legal key of every kind of character."""
    while True:
        text = "".join(numbers.choice(PIECES)(numbers) for _ in range(numbers.randrange(1, 24)))
        # oss2 refuses a key of blanks alone.
        if text.strip() and text[0] not in "/\\" and len(text.encode()) <= 1023:
            return text


def text_value(numbers: random.Random) -> str:
    """A parameter's value of every kind of character, and not empty."""
    return "".join(numbers.choice(PIECES)(numbers) for _ in range(numbers.randrange(1, 8)))


def header_value(numbers: random.Random) -> str:
    """A header's value: visible at both ends, with blanks inside."""
    inner = "".join(numbers.choice("abcXYZ019 ;,/=:%+中é") for _ in range(numbers.randrange(0, 12)))
    return f"v{inner}v"


def case(numbers: random.Random, number: int) -> dict:
    """A request to presign."""
    scheme = numbers.choice(["v4-url", "v4-url", "v1-url"])
    addressing = numbers.choice(["virtual-host", "path", "cname"])
    host = {"virtual-host": "oss-cn-hangzhou.aliyuncs.com", "path": "127.0.0.1:10724", "cname": "files.example.com"}
    query = {}
    for _ in range(numbers.choice([0, 0, 1, 2, 4])):
        name, kind = numbers.choice(SUBRESOURCES + [(name, "text") for name in OVERRIDES + UNSIGNED_BY_V1])
        query[name] = {None: "", "text": text_value(numbers), "number": str(numbers.randrange(10**9))}[kind]
    if numbers.random() < 0.2:
        query["x-oss-process"] = f"image/resize,w_{numbers.randrange(1, 4096)}"
    if numbers.random() < 0.2:
        query["x-oss-traffic-limit"] = str(numbers.randrange(819_200, 838_860_800))
    credentials = {
        "accessKeyId": f"LTAI{numbers.randrange(10**12)}", "accessKeySecret": os.fsdecode(base64.b64encode(
            numbers.randbytes(numbers.randrange(8, 60))))}
    if numbers.random() < 0.3:
        credentials["securityToken"] = os.fsdecode(base64.b64encode(numbers.randbytes(numbers.randrange(20, 400))))
    return {
        "id": number, "signature": scheme, "method": numbers.choice(["GET", "PUT", "HEAD", "POST", "DELETE"]),
        "endpoint": f"{numbers.choice(['http', 'https'])}://{host[addressing]}", "addressing": addressing,
        "bucket": f"bucket-{numbers.randrange(10**6)}", "key": key(numbers),
        "query": [list(pair) for pair in query.items()], "headers": headers(numbers, scheme),
        "credentials": credentials, "region": numbers.choice(["cn-hangzhou", "ap-southeast-1", "us-west-1"]),
        "expires": {"seconds": numbers.randrange(1, 604_801)},
        "time": {"unix": numbers.randrange(1_000_000_000, 4_000_000_000)},
    }


def headers(numbers: random.Random, scheme: str) -> list[list[str]]:
    """Headers to bind: those that every signature covers, and with V4 some more."""
    names = ["Content-Type", "Content-MD5", "x-oss-object-acl", "x-oss-meta-Author", "X-Oss-Meta-b", "x-oss-tagging"]
    if scheme == "v4-url":
        names += ["Content-Length", "Range", "If-Match", "Cache-Control", "x-own"]
    chosen = numbers.sample(names, numbers.choice([0, 0, 1, 2, 5]))
    return [[name, header_value(numbers)] for name in chosen]


def additional(one: dict) -> list[str]:
    """The headers of a case that V4 binds because they are listed."""
    names = [name.lower() for name, _ in one["headers"]]
    return [name for name in names if not name.startswith("x-oss-") and name not in ("content-type", "content-md5")]


def signature(url: str) -> str:
    """The signature that a URL holds."""
    found = [pair.partition("=")[2] for pair in urlsplit(url).query.split("&")
             if pair.partition("=")[0] in ("Signature", "x-oss-signature")]
    assert len(found) == 1, url
    return unquote(found[0])


def meaning(url: str) -> tuple:
    """What a URL says, however it is encoded and whatever the order of its parameters."""
    scheme, _, rest = url.partition("://")
    target = rest.partition("#")[0]
    before, _, query = target.partition("?")
    host, _, path = before.partition("/")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return scheme, host, unquote_to_bytes(path), sorted((unquote(name), unquote(value)) for name, _, value in pairs)


def by_oss2(one: dict) -> str:
    """The URL that oss2 makes."""
    keys = one["credentials"]
    provider = oss2.credentials.StaticCredentialsProvider(
        keys["accessKeyId"], keys["accessKeySecret"], keys.get("securityToken"))
    auth = (oss2.ProviderAuthV4 if one["signature"] == "v4-url" else oss2.ProviderAuth)(provider)
    bucket = oss2.Bucket(
        auth, one["endpoint"], one["bucket"], is_cname=one["addressing"] == "cname", region=one["region"],
        is_path_style=one["addressing"] == "path", is_verify_object_strict=False)
    names = additional(one)
    moment = datetime.datetime.fromtimestamp(one["time"]["unix"], datetime.timezone.utc)
    with mock.patch("oss2.auth.time", SimpleNamespace(time=moment.timestamp)), \
            mock.patch("oss2.auth.datetime", SimpleNamespace(utcnow=lambda: moment)):
        return bucket.sign_url(
            one["method"], one["key"], one["expires"]["seconds"], headers=dict(one["headers"]),
            params=dict(one["query"]), slash_safe=True, **({"additional_headers": names} if names else {}))


_STYLES = {
    "virtual-host": oss_v2_client.AddressStyle.Virtual, "path": oss_v2_client.AddressStyle.Path,
    "cname": oss_v2_client.AddressStyle.CName,
}


def by_oss_v2(one: dict) -> str:
    """The URL that alibabacloud-oss-v2's signer makes of the URL that its client builds.

    Its `presign` knows seven operations and binds no header of the caller's choice; its signer does both.
    """
    options = SimpleNamespace(endpoint=urlsplit(one["endpoint"]), address_style=_STYLES[one["addressing"]])
    operation = OperationInput(
        op_name="Presign", method=one["method"], bucket=one["bucket"], key=one["key"], parameters=dict(one["query"]))
    url = oss_v2_client._build_url(operation, options)
    if operation.parameters:
        url += "?" + urlencode(operation.parameters, quote_via=quote)
    request = HttpRequest(method=one["method"], url=url)
    request.headers.update(dict(one["headers"]))
    keys = one["credentials"]
    moment = datetime.datetime.fromtimestamp(one["time"]["unix"], datetime.timezone.utc)
    context = SigningContext(
        product="oss", region=one["region"], bucket=one["bucket"], key=one["key"], request=request,
        credentials=oss_v2_credentials.Credentials(
            keys["accessKeyId"], keys["accessKeySecret"], keys.get("securityToken")),
        signing_time=moment, additional_headers=set(additional(one)))
    context.auth_method_query = True
    context.expiration_time = moment + datetime.timedelta(seconds=one["expires"]["seconds"])
    # By V1 it signs the sub-resources that it knows and those that an operation names.
    context.sub_resource = [name for name, _ in one["query"] if name not in UNSIGNED_BY_V1]
    (SignerV4 if one["signature"] == "v4-url" else SignerV1)().sign(context)
    return context.request.url


def arrived(one: dict, url: str, sent: list) -> dict:
    """The line for `storage-gateway verify` of a request that was made with a URL."""
    scheme, _, rest = url.partition("://")
    slash = rest.index("/")
    return {
        "id": one["id"], "credentials": one["credentials"], "region": one["region"], "bucket": one["bucket"],
        "addressing": one["addressing"], "time": {"unix": one["time"]["unix"]},
        "wire": {"method": one["method"], "scheme": scheme, "host": rest[:slash], "target": rest[slash:],
                 "headers": [["Host", rest[:slash]], *sent]},
    }


def now() -> int:
    """The time in whole seconds."""
    return int(time.time())
