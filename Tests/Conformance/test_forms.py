"""Form uploads as browsers send them: `curl -F` with forms that Alibaba's own SDK and our `presign` have signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import time
from pathlib import Path

import pytest

from kit.signing import Request
from kit.wire import Connection


def policy(conditions: list, seconds: int = 600) -> str:
    """The `policy` field of a form."""
    expiration = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))
    return base64.b64encode(json.dumps({"expiration": expiration, "conditions": conditions}).encode()).decode()


def form_v1(credentials, conditions: list, **fields: str) -> dict[str, str]:
    """A form of V1, signed here by the documentation's words."""
    text = policy(conditions)
    signature = hmac.new(credentials.secret.encode(), text.encode(), hashlib.sha1).digest()
    return {**fields, "OSSAccessKeyId": credentials.access_key_id, "policy": text,
            "Signature": base64.b64encode(signature).decode()}


def form_v4(credentials, conditions: list, **fields: str) -> dict[str, str]:
    """A form of V4, signed here by the documentation's words."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{date[:8]}/{credentials.region}/oss/aliyun_v4_request"
    own = {"x-oss-signature-version": "OSS4-HMAC-SHA256", "x-oss-date": date,
           "x-oss-credential": f"{credentials.access_key_id}/{scope}"}
    text = policy([{name: value} for name, value in own.items()] + conditions)
    signing_key = f"aliyun_v4{credentials.secret}".encode()
    for step in scope.split("/"):
        signing_key = hmac.new(signing_key, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(signing_key, text.encode(), hashlib.sha256).hexdigest()
    return {**fields, **own, "policy": text, "x-oss-signature": signature}


def curl(url: str, fields: dict[str, str], file: Path, *options: str) -> tuple[int, str, str]:
    """Sends a form with curl; the status, the headers and the body."""
    command = ["curl", "-sS", "-i", "--max-time", "60", *options]
    for name, value in fields.items():
        command += ["--form-string", f"{name}={value}"]
    told = subprocess.run(
        [*command, "-F", f"file=@{file};type=image/png", url], capture_output=True, check=True, timeout=90)
    text = told.stdout.decode("utf-8", "replace")
    while text.startswith("HTTP/1.1 100"):
        text = text.partition("\r\n\r\n")[2]
    head, _, body = text.partition("\r\n\r\n")
    return int(head.split()[1]), head, body


@pytest.fixture
def picture(tmp_path: Path, random_numbers) -> Path:
    """A file to upload, which holds every byte."""
    file = tmp_path / "photo ü.png"
    file.write_bytes(bytes(range(256)) + random_numbers.randbytes(300_000) + b"\r\n--")
    return file


@pytest.mark.parametrize("make", [form_v1, form_v4], ids=["V1", "V4"])
def test_curl_uploads_a_file(make, gateway, store, credentials, bucket, key, picture):
    form = make(
        credentials, [{"bucket": bucket}, ["starts-with", "$key", key], ["content-length-range", 1, 1_000_000]],
        key=f"{key}/${{filename}}", success_action_status="201", **{"x-oss-meta-by": "curl"})
    status, head, body = curl(f"{gateway.oss}/{bucket}/", form, picture)
    assert status == 201, body
    assert f"<Key>{key}/{picture.name}</Key>" in body
    found = store.get(bucket, f"{key}/{picture.name}")
    assert found.body == picture.read_bytes()
    assert found.header("content-type") == "image/png"
    assert found.header("x-oss-meta-by") == "curl"
    assert f'etag: {found.header("etag")}'.lower() in head.lower()


def test_a_big_file_waits_for_its_leave(gateway, store, credentials, bucket, key, tmp_path, random_numbers):
    file = tmp_path / "big"
    file.write_bytes(random_numbers.randbytes(24 * 1024 * 1024))
    form = form_v4(credentials, [["eq", "$key", key]], key=key)
    status, _, body = curl(f"{gateway.oss}/{bucket}", form, file, "-H", "Expect: 100-continue")
    assert status == 204, body
    assert store.get(bucket, key).body == file.read_bytes()


def test_a_redirection_is_303(gateway, credentials, bucket, key, picture):
    form = form_v4(
        credentials, [["eq", "$key", key]], key=key, success_action_redirect="https://example.com/done")
    status, head, _ = curl(f"{gateway.oss}/{bucket}", form, picture)
    assert status == 303
    assert "location: https://example.com/done" in head.lower()


@pytest.mark.parametrize("change, status, code", [
    ({"key": "another"}, 403, "AccessDenied"),
    ({"x-oss-signature": "0" * 64}, 403, "SignatureDoesNotMatch"),
    ({"policy": policy([["starts-with", "$key", ""]])}, 403, "SignatureDoesNotMatch"),
    ({"x-oss-credential": "nobody/20200101/cn-hangzhou/oss/aliyun_v4_request"}, 400, "InvalidArgument"),
    ({"x-oss-object-acl": "nonsense"}, 400, "InvalidArgument"),
    ({"x-oss-meta-a_b": "c"}, 400, "InvalidArgument"),
])
def test_a_changed_form_is_refused(change, status, code, gateway, store, credentials, bucket, key, picture):
    form = form_v4(credentials, [["eq", "$key", key]], key=key) | change
    found, _, body = curl(f"{gateway.oss}/{bucket}", form, picture)
    assert (found, f"<Code>{code}</Code>" in body) == (status, True), body
    assert not store.exists(bucket, key)
    assert not store.exists(bucket, "another")


def test_a_form_without_signature_needs_an_open_bucket(gateway, store, key, picture):
    import uuid
    name = f"open-{uuid.uuid4().hex[:12]}"
    assert store.send(Request("PUT", name)).status == 200
    status, _, body = curl(f"{gateway.oss}/{name}/", {"key": key}, picture)
    assert status == 403 and "0003-00000001" in body
    acl = store.send(Request("PUT", name, query=(("acl", ""),), headers=(("x-oss-acl", "public-read-write"),)))
    assert acl.status == 200
    status, _, body = curl(f"{gateway.oss}/{name}/", {"key": key}, picture)
    assert status == 204, body
    assert store.get(name, key).body == picture.read_bytes()


def test_a_form_that_is_cut_short_stores_nothing(gateway, store, credentials, bucket, key):
    form = form_v4(credentials, [["eq", "$key", key]], key=key)
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.items())
    body = (parts + '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\ncontent').encode()
    for ending, length in ((b"", len(body)), (b"\r\n--b--\r\n", len(body) + 6)):
        with Connection(gateway.oss) as connection:
            connection.send(
                f"POST /{bucket}/ HTTP/1.1\r\nHost: {gateway.oss.removeprefix('http://')}\r\n"
                f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n".encode()
                + (body + ending)[:length])
            answer = connection.read_answer()
        assert answer.status == 400, answer
        assert not store.exists(bucket, key)
