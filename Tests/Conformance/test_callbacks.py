"""Callbacks of uploads: what an application on the loopback is told, how it can check that, and what becomes of its
answer."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import oss2
import pytest

BUCKET = "callbacks"


class Application:
    """An HTTP server that keeps what it is told and answers as it is asked to."""

    def __init__(self):
        application = self
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.answer = 200, b'{"Status":"OK"}'
        self.waits = threading.Event()
        self.waits.set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                application.calls.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                application.waits.wait(20)
                self.send_response(application.status)
                self.send_header("Content-Length", str(len(application.answer)))
                if application.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(application.answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def application():
    running = Application()
    yield running
    running.waits.set()
    running.server.shutdown()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that may call this machine."""
    from kit.gateway import Gateway
    running = Gateway(tmp_path_factory.mktemp("callbacks"), "--callback-hosts", "127.0.0.1,localhost").start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def uploads(server) -> oss2.Bucket:
    auth = oss2.Auth(server.credentials.access_key_id, server.credentials.secret)
    bucket = oss2.Bucket(auth, server.oss, BUCKET)
    bucket.create_bucket()
    return bucket


def headers(url: str, body: str, variables: dict[str, str] | None = None, **members: str) -> dict[str, str]:
    """The headers that ask for a callback."""
    def encoded(value: dict) -> str:
        return base64.b64encode(json.dumps(value).encode()).decode()
    found = {"x-oss-callback": encoded({"callbackUrl": url, "callbackBody": body} | members)}
    return found | ({"x-oss-callback-var": encoded(variables)} if variables else {})


def is_signed(call: tuple[str, dict[str, str], bytes], key_file) -> bool:
    """Whether a callback is signed as the documentation tells applications to check it, by OpenSSL."""
    path, found, body = call
    with urllib.request.urlopen(base64.b64decode(found["x-oss-pub-key-url"]).decode(), timeout=10) as answer:
        key_file.write_bytes(answer.read())
    signature = key_file.with_suffix(".sig")
    signature.write_bytes(base64.b64decode(found["authorization"]))
    step, mark, query = path.partition("?")
    told = subprocess.run(
        ["openssl", "dgst", "-md5", "-verify", str(key_file), "-signature", str(signature)],
        input=(urllib.parse.unquote(step) + mark + query + "\n").encode() + body, capture_output=True, check=False)
    return told.returncode == 0


def test_the_application_is_told_and_its_answer_is_handed_on(uploads, application, tmp_path):
    body = "bucket=${bucket}&object=${object}&size=${size}&etag=${etag}&who=${x:who}"
    result = uploads.put_object(
        "dir/ä b", b"content", headers=headers(application.url + "/cb%20x?a=%20b", body, {"x:who": "a&b"}))
    assert json.loads(result.resp.read()) == {"Status": "OK"}
    assert result.etag == "9A0364B9E99BB480DD25E1F0284C8555"
    (call,) = application.calls
    assert call[0] == "/cb%20x?a=%20b"
    assert call[1]["content-type"] == "application/x-www-form-urlencoded"
    assert dict(urllib.parse.parse_qsl(call[2].decode())) == {
        "bucket": BUCKET, "object": "dir/ä b", "size": "7", "etag": "9A0364B9E99BB480DD25E1F0284C8555", "who": "a&b"}
    assert is_signed(call, tmp_path / "key.pem")
    changed = (call[0], call[1], call[2] + b"&")
    assert not is_signed(changed, tmp_path / "key.pem")


def test_json_is_quoted_by_the_server(uploads, application):
    template = '{"object":${object},"size":${size},"type":${mimeType}}'
    uploads.put_object('a"b', b"1", headers=headers(
        application.url, template, callbackBodyType="application/json") | {"Content-Type": "text/plain"})
    assert json.loads(application.calls[0][2]) == {"object": 'a"b', "size": 1, "type": "text/plain"}
    assert application.calls[0][1]["content-type"] == "application/json"


def test_the_last_step_of_an_upload_in_parts_calls_back(uploads, application):
    upload = uploads.init_multipart_upload("parts").upload_id
    part = uploads.upload_part("parts", upload, 1, b"part")
    result = uploads.complete_multipart_upload(
        "parts", upload, [oss2.models.PartInfo(1, part.etag)], headers=headers(application.url, "${operation}"))
    assert json.loads(result.resp.read()) == {"Status": "OK"}
    assert application.calls[0][2] == b"CompleteMultipartUpload"


@pytest.mark.parametrize("status, answer, message", [
    (500, b"{}", "Error status : 500."), (404, b"{}", "Error status : 404."), (302, b"{}", "Error status : 302."),
    (200, b"<p>fine</p>", "Response body is not valid json format."),
    (200, b'{"a":"' + b"a" * 2_000_000 + b'"}', "The length of the response body exceeds the limit."),
])
def test_a_bad_answer_is_203_and_the_object_stays(uploads, application, status, answer, message):
    application.status, application.answer = status, answer
    result = uploads.put_object("bad", b"stays", headers=headers(application.url, "x"))
    assert result.status == 203
    told = result.resp.read().decode()
    assert "<Code>CallbackFailed</Code>" in told and message in told
    assert result.headers["x-oss-ec"] == "0007-00000203"
    assert uploads.get_object("bad").read() == b"stays"
    assert len(application.calls) == 1, "a redirection is not followed"


def test_nobody_at_the_address_is_203(uploads, application):
    application.server.shutdown()
    application.server.server_close()
    result = uploads.put_object("nobody", b"stays", headers=headers(application.url, "x"))
    assert result.status == 203
    assert uploads.get_object("nobody").read() == b"stays"


def test_an_application_that_hangs_is_left_after_five_seconds(uploads, application):
    application.waits.clear()
    result = uploads.put_object("hangs", b"stays", headers=headers(application.url, "x"))
    assert result.status == 203


@pytest.mark.parametrize("url", [
    "http://127.0.0.1:1/", "http://localhost:1/", "http://10.0.0.1/", "http://[::1]:1/", "http://169.254.169.254/",
])
def test_private_addresses_are_refused_unless_named(url, gateway, store, bucket, key):
    from kit.signing import Request
    told = store.send(Request("PUT", bucket, key, body=b"x", headers=tuple(headers(url, "x").items())))
    assert told.refusal == (400, "InvalidArgument")
    assert not store.exists(bucket, key)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1"])
def test_a_private_address_in_another_form_is_not_called(host, gateway, store, bucket, key, application):
    from kit.signing import Request
    port = application.url.rpartition(":")[2]
    told = store.send(Request(
        "PUT", bucket, key, body=b"x", headers=tuple(headers(f"http://{host}:{port}/", "x").items())))
    assert told.status in (203, 400)
    assert application.calls == []


def test_the_key_outlives_the_server(uploads, server, application, tmp_path):
    uploads.put_object("k", b"", headers=headers(application.url, "x"))
    kept = server.data / "secrets" / "callback-key"
    assert kept.stat().st_mode & 0o777 == 0o600
    server.stop()
    server.start()
    after = oss2.Bucket(uploads.auth, server.oss, BUCKET)
    before = application.calls[0]
    after.put_object("k", b"", headers=headers(application.url, "x"))
    call = application.calls[1]
    assert call[1]["authorization"] == before[1]["authorization"]
    assert is_signed(call, tmp_path / "key.pem")
