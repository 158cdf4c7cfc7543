"""What stands around the store while a published suite runs: names, the key service, and the way to both.

pytest loads this into the suites' own processes, which are not changed. It leads the names of Alibaba Cloud's hosts to this
machine, as a resolver of the test's own would: `kms.*` to a stand-in for the key management service, which is another
service than the one under test, everything else to the store. Since there are no certificates for those names here, the
control plane's requests go without TLS.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

CLOUD = ".aliyuncs.com"
SEAL = secrets.token_bytes(32)


class KeyService(BaseHTTPRequestHandler):
    """GenerateDataKey, Encrypt and Decrypt, as much of them as client-side encryption needs."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answers a call, whose parameters stand in the query or in the body."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        said = dict(parse_qsl(urlsplit(self.path).query)) | dict(parse_qsl(body))
        status, answer = self.answer(said)
        text = json.dumps(answer | {"RequestId": "0" * 36}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST

    @staticmethod
    def answer(said: dict[str, str]) -> tuple[int, dict[str, str]]:
        """The status and the document."""
        if said.get("AccessKeyId") not in (os.environ["OSS_TEST_ACCESS_KEY_ID"], os.environ["OSS_TEST_STS_ID"]):
            return 404, {"Code": "InvalidAccessKeyId.NotFound", "Message": "Specified access key is not found."}
        context = said.get("EncryptionContext", "")
        if said.get("Action") == "GenerateDataKey":
            plain = base64.b64encode(secrets.token_bytes(int(said.get("NumberOfBytes", "32")))).decode()
            return 200, {"KeyId": said.get("KeyId", ""), "Plaintext": plain, "CiphertextBlob": sealed(plain, context)}
        if said.get("Action") == "Encrypt":
            return 200, {"KeyId": said.get("KeyId", ""), "CiphertextBlob": sealed(said["Plaintext"], context)}
        plain = opened(said.get("CiphertextBlob", ""), context)
        if plain is None:
            return 400, {"Code": "Forbidden.InvalidCiphertext", "Message": "The ciphertext is not valid."}
        return 200, {"KeyId": "", "Plaintext": plain}

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


def mark(plain: str, context: str) -> str:
    return hmac.digest(SEAL, f"{context}\0{plain}".encode(), "sha256").hex()


def sealed(plain: str, context: str) -> str:
    """A text that stands for an encrypted one: the suites look only at whether it comes back."""
    return base64.b64encode(f"{mark(plain, context)}{plain}".encode()).decode()


def opened(blob: str, context: str) -> str | None:
    try:
        text = base64.b64decode(blob).decode()
    except ValueError:
        return None
    return text[64:] if hmac.compare_digest(mark(text[64:], context).encode(), text[:64].encode()) else None


def lead_names(store_port: int, key_service_port: int) -> None:
    """Makes the cloud's names those of this machine."""
    usual = socket.getaddrinfo

    def lookup(host, port, *arguments, **options):
        name = (host.decode() if isinstance(host, bytes) else host) or ""
        if name.endswith(CLOUD):
            return usual("127.0.0.1", key_service_port if name.startswith("kms.") else store_port, *arguments, **options)
        return usual(host, port, *arguments, **options)

    socket.getaddrinfo = lookup


def pytest_configure() -> None:
    """Puts all of it in place before the suite is read."""
    service = ThreadingHTTPServer(("127.0.0.1", 0), KeyService)
    service.daemon_threads = True
    threading.Thread(target=service.serve_forever, daemon=True).start()
    lead_names(urlsplit(os.environ["OSS_TEST_ENDPOINT"]).port or 80, service.server_address[1])
    try:
        from aliyunsdkcore.request import AcsRequest
    except ImportError:
        return
    AcsRequest.get_protocol_type = lambda self: "http"
    AcsRequest.set_protocol_type = lambda self, kind: setattr(self, "_protocol_type", "http")
