"""A small client of the session API, which shows every answer as it is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from pathlib import Path

import requests

TIMEOUT_SECONDS = 30


def plan_token(secret: str, user_id: str) -> str:
    """An access token as the plan's backend signs it; the user's row is made when it is first seen."""
    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    claims = {"sub": user_id, "type": "access", "exp": int(time.time()) + 3_600}
    signed = part(b'{"alg":"HS256","typ":"JWT"}') + "." + part(json.dumps(claims).encode())
    return signed + "." + part(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))


class SessionClient:
    """One caller of the session API, with or without a token."""

    def __init__(self, endpoint: str, token: str | None = None, authority: Path | None = None):
        """Describes a caller; `authority` is the certificate that it trusts, where the API speaks TLS."""
        self.endpoint = endpoint
        self.token = token
        self.user_id: str | None = None
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = str(authority) if authority else True

    def call(self, method: str, path: str, json=None, **options) -> requests.Response:
        """Sends one request."""
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self._http.request(
            method, self.endpoint + path, json=json, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False,
            **options)

    def get(self, path: str, **options) -> requests.Response:
        """Sends a GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, json=None, **options) -> requests.Response:
        """Sends a POST with a JSON body."""
        return self.call("POST", path, json=json, **options)

    def put(self, path: str, json=None, **options) -> requests.Response:
        """Sends a PUT with a JSON body."""
        return self.call("PUT", path, json=json, **options)

    def log_in(self, email: str, password: str) -> SessionClient:
        """Takes a token for an account that exists."""
        answer = self.post("/v1/auth/login", {"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return self._adopt(answer.json())

    def register(self, email: str | None = None, password: str = "a-long-Passw0rd") -> SessionClient:
        """Makes a new account, under a name of its own unless one is given, and takes its token."""
        email = email or f"user-{uuid.uuid4().hex[:12]}@example.com"
        answer = self.post("/v1/auth/register", {"email": email, "password": password, "display_name": "Test"})
        assert answer.status_code == 201, answer.text
        return self._adopt(answer.json())

    def _adopt(self, account: dict) -> SessionClient:
        self.token = account["access_token"]
        self.user_id = account["user"]["id"]
        return self


def upload(
    url: str, body, headers: dict[str, str] | None = None, method: str = "PUT", authority: Path | None = None,
) -> requests.Response:
    """Sends bytes to a presigned URL, with no other credentials."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(authority) if authority else True
        return session.request(method, url, data=body, headers=headers, timeout=120, allow_redirects=False)


def download(url: str, headers: dict[str, str] | None = None) -> requests.Response:
    """Reads a presigned URL."""
    return upload(url, None, headers, method="GET")
