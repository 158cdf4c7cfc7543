"""Signs requests for OSS, V1 and V4, in the header and in the URL.

Written from the protocol's rules alone and shared with nothing: neither with the server nor with an SDK.
That makes it a second opinion, and lets a test change any one part of a request after it was signed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Iterable
from urllib.parse import quote

Pairs = tuple[tuple[str, str], ...]

V4_ALGORITHM = "OSS4-HMAC-SHA256"
V4_TERMINATOR = "aliyun_v4_request"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

# Query parameters that V1 signs by name; every parameter that begins with `x-oss-` counts as well.
# Only those that the tests use are listed.
V1_SUBRESOURCES = frozenset(
    "acl append bucketInfo callback callback-var comp continuation-token cors delete encryption img inventory lifecycle"
    " live location logging objectMeta partNumber policy position qos referer replication requestPayment"
    " response-cache-control response-content-disposition response-content-encoding response-content-language"
    " response-content-type response-expires restore security-token seal stat status style symlink tagging"
    " uploadId uploads versionId versioning versions vod website worm".split()
)


@dataclass(frozen=True)
class Credentials:
    """An access key and the region it signs for."""

    access_key_id: str
    secret: str
    region: str = "cn-hangzhou"


@dataclass(frozen=True)
class Request:
    """A request as it will go over the wire, in path style."""

    method: str
    bucket: str = ""
    key: str = ""
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes = b""

    @property
    def target(self) -> str:
        """The request target: path and query, encoded."""
        path = "/" + (f"{encode(self.bucket)}/{encode(self.key, safe='/')}" if self.bucket else "")
        return path + (f"?{self.raw_query}" if self.query else "")

    @property
    def raw_query(self) -> str:
        """The query as it is sent, in the order in which it was given."""
        return "&".join(encode(name) + (f"={encode(value)}" if value else "") for name, value in self.query)

    def header(self, name: str) -> str | None:
        """The value of a header; values of one name are joined with commas, as HTTP reads them."""
        found = [value for other, value in self.headers if other.lower() == name.lower()]
        return ",".join(found) if found else None

    def adding(self, *headers: tuple[str, str]) -> Request:
        """The request with more headers behind those that it has."""
        return replace(self, headers=self.headers + headers)

    def without(self, *names: str) -> Request:
        """The request without the headers of these names."""
        lowered = {name.lower() for name in names}
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0].lower() not in lowered))

    def setting(self, name: str, value: str) -> Request:
        """The request with one header replaced."""
        return self.without(name).adding((name, value))

    def asking(self, *parameters: tuple[str, str]) -> Request:
        """The request with more query parameters behind those that it has."""
        return replace(self, query=self.query + parameters)

    def parameter(self, name: str) -> str | None:
        """The value of the first query parameter of this name."""
        return next((value for other, value in self.query if other == name), None)

    def setting_parameter(self, name: str, value: str) -> Request:
        """The request with one query parameter replaced where it stands."""
        return replace(
            self, query=tuple((other, value if other == name else old) for other, old in self.query))


def encode(text: str, safe: str = "") -> str:
    """Percent-encodes everything but RFC 3986's unreserved bytes."""
    return quote(text.encode("utf-8", "surrogateescape"), safe=safe + "-_.~")


def _hmac(key: bytes | str, text: bytes | str, digest=hashlib.sha256) -> bytes:
    key = key.encode() if isinstance(key, str) else key
    text = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return hmac.new(key, text, digest).digest()


def _resource(request: Request) -> str:
    return f"/{request.bucket}/{request.key}" if request.bucket else "/"


def _lowered(request: Request) -> dict[str, str]:
    return {name.lower(): (request.header(name) or "").strip(" \t") for name, _ in request.headers}


# V1


def v1_string_to_sign(request: Request, date: str) -> str:
    """What V1 signs; `date` is the Date header's text, or the URL's Expires."""
    headers = _lowered(request)
    lines = [request.method, headers.get("content-md5", ""), headers.get("content-type", ""), date]
    oss_headers = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-oss-"))
    signed = sorted(pair for pair in request.query if pair[0] in V1_SUBRESOURCES or pair[0].startswith("x-oss-"))
    resource = _resource(request)
    if signed:
        resource += "?" + "&".join(f"{name}={value}" if value else name for name, value in signed)
    return "\n".join(lines) + "\n" + oss_headers + resource


def v1_signature(request: Request, secret: str, date: str) -> str:
    """The V1 signature in Base64."""
    return base64.b64encode(_hmac(secret, v1_string_to_sign(request, date), hashlib.sha1)).decode()


def sign_v1_header(request: Request, credentials: Credentials, now: float | None = None) -> Request:
    """The request with `Date` and a V1 `Authorization`."""
    date = formatdate(time.time() if now is None else now, usegmt=True)
    dated = request.setting("Date", date)
    signature = v1_signature(dated, credentials.secret, date)
    return dated.adding(("Authorization", f"OSS {credentials.access_key_id}:{signature}"))


def sign_v1_url(request: Request, credentials: Credentials, expires_at: float) -> Request:
    """The request with a V1 signature in its query; `expires_at` is in seconds since 1970."""
    expires = str(int(expires_at))
    signature = v1_signature(request, credentials.secret, expires)
    return request.asking(
        ("OSSAccessKeyId", credentials.access_key_id), ("Expires", expires), ("Signature", signature))


# V4


def v4_timestamp(now: float) -> str:
    """A time as V4 writes it: `20250411T064124Z`."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))


def v4_canonical_request(request: Request, additional: Iterable[str] = ()) -> str:
    """What V4 hashes: everything of the request that its signature covers."""
    headers = _lowered(request)
    additional = sorted({name.lower() for name in additional})
    query = sorted((encode(name), encode(value)) for name, value in request.query if name != "x-oss-signature")
    covered = sorted(
        name for name in headers
        if name.startswith("x-oss-") or name in ("content-type", "content-md5") or name in additional)
    return "\n".join([
        request.method,
        encode(_resource(request), safe="/"),
        "&".join(f"{name}={value}" if value else name for name, value in query),
        "".join(f"{name}:{headers[name]}\n" for name in covered),
        ";".join(additional),
        headers.get("x-oss-content-sha256", UNSIGNED_PAYLOAD),
    ])


def v4_signature(request: Request, secret: str, timestamp: str, scope: str, additional: Iterable[str] = ()) -> str:
    """The V4 signature in lower-case hexadecimal; `scope` is `date/region/product/aliyun_v4_request`."""
    canonical = v4_canonical_request(request, additional).encode("utf-8", "surrogateescape")
    string_to_sign = "\n".join([V4_ALGORITHM, timestamp, scope, hashlib.sha256(canonical).hexdigest()])
    day, region, product, terminator = scope.split("/")
    key = _hmac(_hmac(_hmac(_hmac("aliyun_v4" + secret, day), region), product), terminator)
    return _hmac(key, string_to_sign).hex()


def v4_scope(credentials: Credentials, timestamp: str) -> str:
    """The scope in which a key of ours signs."""
    return f"{timestamp[:8]}/{credentials.region}/oss/{V4_TERMINATOR}"


def sign_v4_header(
    request: Request, credentials: Credentials, now: float | None = None, additional: Iterable[str] = (),
    scope: str | None = None,
) -> Request:
    """The request with `x-oss-date`, `x-oss-content-sha256` and a V4 `Authorization`."""
    timestamp = v4_timestamp(time.time() if now is None else now)
    scope = scope or v4_scope(credentials, timestamp)
    dated = request.setting("x-oss-date", timestamp).setting("x-oss-content-sha256", UNSIGNED_PAYLOAD)
    names = ";".join(sorted(name.lower() for name in additional))
    signature = v4_signature(dated, credentials.secret, timestamp, scope, additional)
    parts = [f"Credential={credentials.access_key_id}/{scope}"]
    parts += [f"AdditionalHeaders={names}"] if names else []
    parts += [f"Signature={signature}"]
    return dated.adding(("Authorization", f"{V4_ALGORITHM} {','.join(parts)}"))


def sign_v4_url(
    request: Request, credentials: Credentials, now: float | None = None, lifetime: int | str = 300,
    additional: Iterable[str] = (), scope: str | None = None,
) -> Request:
    """The request with a V4 signature in its query, valid for `lifetime` seconds from `now`."""
    timestamp = v4_timestamp(time.time() if now is None else now)
    scope = scope or v4_scope(credentials, timestamp)
    parameters = [
        ("x-oss-signature-version", V4_ALGORITHM),
        ("x-oss-credential", f"{credentials.access_key_id}/{scope}"),
        ("x-oss-date", timestamp),
        ("x-oss-expires", str(lifetime)),
    ]
    names = ";".join(sorted(name.lower() for name in additional))
    parameters += [("x-oss-additional-headers", names)] if names else []
    asked = request.asking(*parameters)
    return asked.asking(("x-oss-signature", v4_signature(asked, credentials.secret, timestamp, scope, additional)))
