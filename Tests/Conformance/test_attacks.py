"""The corpus of hostile requests, where its folder is given by STORAGE_GATEWAY_ATTACKS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from kit.gateway import Gateway
from kit.session import SessionClient
from kit.signing import Request, sign_v4_header
from kit.wire import exchange

# Those that need no second owner.
GROUPS = ["http", "resource", "web", "swift-trap", "xml", "sigv1", "gateway"]
QUOTA = 100 * 1024 * 1024


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory, open_store):
    """A server of its own, with an object that lawful requests can read."""
    server = Gateway(tmp_path_factory.mktemp("attacked"), demo=True).start()
    store = open_store(server)
    store.put(server.bucket, "known", b"known")
    store.put(server.bucket, "page.html", b"<script>alert(1)</script>", ("Content-Type", "text/html"))
    yield server
    server.kill()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("group", GROUPS)
def test_every_attack_of_a_group_is_refused(attacked: Gateway, group: str, tmp_path: Path):
    folder = Path(os.environ["STORAGE_GATEWAY_ATTACKS"])
    before = attacked.pid
    credentials = attacked.credentials
    settings, outcome = tmp_path / "settings.json", tmp_path / "outcome.json"
    host = attacked.oss.split("://")[1]
    user, other = SessionClient(attacked.api).register(), SessionClient(attacked.api).register()
    settings.write_text(json.dumps({
        "base": host, "api": attacked.api.split("://")[1], "gateway": attacked.api.split("://")[1],
        "pid": attacked.pid,
        "vars": {
            "BUCKET": attacked.bucket, "OTHER_BUCKET": f"other-{uuid.uuid4().hex[:8]}", "KEY": "known",
            "SECRET_KEY": "secret", "HTML_KEY": "page.html", "AK": credentials.access_key_id,
            "SK": credentials.secret, "REGION": credentials.region, "TOKEN": user.token, "USER": user.user_id,
            "OTHER_USER": other.user_id, "EP_UPLOAD_URL": "/v1/storage/workspace/upload-url",
            "EP_CONFIRM": "/v1/storage/workspace/confirm", "QUOTA_LEFT+1": str(QUOTA + 1),
        }}))
    run = subprocess.run(
        [sys.executable, str(folder / "attack_runner.py"), str(folder / "attacks.json"), str(settings),
         "--group", group, "--out", str(outcome)], capture_output=True, text=True, timeout=600, check=False)
    assert attacked.is_running and attacked.pid == before
    assert "Fatal error" not in attacked.log
    failed = [row for row in json.loads(outcome.read_text()) if row["verdict"] in ("fail", "error")]
    assert failed == [], run.stdout
    assert open_answer(attacked) == 200
    if group == "gateway":
        # One attack is a lawful request with a wish of its own; it alone may have reserved anything.
        quota = user.get("/v1/storage/workspace/quota").json()
        assert (quota["used_bytes"], quota["reserved_bytes"]) in ((0, 0), (0, 10)), quota


def open_answer(server: Gateway) -> int:
    """The status of a lawful request after the group."""
    return exchange(server.oss, sign_v4_header(Request("GET", server.bucket, "known"), server.credentials)).status
