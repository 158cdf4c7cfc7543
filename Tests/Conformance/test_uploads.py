"""The submit flow: an upload link from the session API, the bytes to the store, a confirmation, a download link."""

from __future__ import annotations

import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.session import SessionClient, download, upload
from kit.signing import Request, sign_v4_url
from kit.wire import exchange

QUOTA = 100 * 1024 * 1024
MIB = 1024 * 1024
TEXT = {"Content-Type": "text/plain"}


def ask(user: SessionClient, filename: str, size, chapter: str = "ch0"):
    """Asks for an upload link."""
    return user.post("/v1/storage/workspace/upload-url", {
        "chapter_id": chapter, "filename": filename, "file_size_bytes": size})


def confirm(user: SessionClient, granted: dict, filename: str, size: int, chapter: str = "ch0"):
    """Confirms an upload."""
    return user.post("/v1/storage/workspace/confirm", {
        "oss_key": granted["oss_key"], "filename": filename, "chapter_id": chapter, "file_size_bytes": size})


def submit(user: SessionClient, filename: str, body: bytes, chapter: str = "ch0") -> dict:
    """The whole flow; returns what the grant said."""
    granted = ask(user, filename, len(body), chapter)
    assert granted.status_code == 200, granted.text
    put = upload(granted.json()["presigned_url"], body, granted.json()["required_headers"])
    assert put.status_code == 200, put.text
    confirmed = confirm(user, granted.json(), filename, len(body), chapter)
    assert confirmed.status_code == 201, confirmed.text
    return granted.json()


@pytest.fixture
def user(new_user) -> SessionClient:
    """An account with nothing in it."""
    return new_user()


class TestSubmitting:
    def test_a_file_is_uploaded_confirmed_listed_and_read(self, user, gateway):
        body = b"import pandas as pd\n"
        granted = ask(user, "main.py", len(body))
        assert granted.status_code == 200, granted.text
        assert set(granted.json()) == {"presigned_url", "oss_key", "required_headers"}
        assert granted.json()["oss_key"] == f"user/{user.user_id}/workspace/ch0/main.py"
        assert granted.json()["required_headers"] == TEXT
        assert granted.json()["presigned_url"].startswith(gateway.oss)
        put = upload(granted.json()["presigned_url"], body, TEXT)
        assert put.status_code == 200, put.text
        confirmed = confirm(user, granted.json(), "main.py", len(body))
        assert (confirmed.status_code, confirmed.json()) == (
            201, {"quota_used_bytes": len(body), "quota_limit_bytes": QUOTA})
        files = user.get("/v1/storage/workspace/files").json()
        assert (files["quota_used_bytes"], files["quota_limit_bytes"]) == (len(body), QUOTA)
        [entry] = files["files"]
        assert set(entry) == {
            "id", "filename", "chapter_id", "oss_key", "file_size_bytes", "submitted_at", "download_url"}
        assert (entry["filename"], entry["chapter_id"], entry["file_size_bytes"]) == ("main.py", "ch0", len(body))
        got = download(entry["download_url"])
        assert (got.status_code, got.content) == (200, body)

    def test_the_newest_file_comes_first(self, user):
        for name in ("one.py", "two.py", "three.ipynb"):
            submit(user, name, name.encode())
        files = user.get("/v1/storage/workspace/files").json()
        assert [entry["filename"] for entry in files["files"]] == ["three.ipynb", "two.py", "one.py"]
        assert files["quota_used_bytes"] == sum(len(name) for name in ("one.py", "two.py", "three.ipynb"))

    def test_confirming_again_changes_nothing(self, user):
        granted = submit(user, "main.py", b"12345")
        for _ in range(3):
            again = confirm(user, granted, "main.py", 5)
            assert (again.status_code, again.json()["quota_used_bytes"]) == (201, 5)
        assert len(user.get("/v1/storage/workspace/files").json()["files"]) == 1

    def test_submitting_again_replaces_the_file(self, user):
        submit(user, "main.py", b"the first version")
        submit(user, "main.py", b"second")
        files = user.get("/v1/storage/workspace/files").json()
        assert [entry["file_size_bytes"] for entry in files["files"]] == [6]
        assert files["quota_used_bytes"] == 6
        assert download(files["files"][0]["download_url"]).content == b"second"

    @pytest.mark.parametrize("filename, chapter", [
        ("笔记 1.ipynb", "第一章"), ("a+b & c%20.py", "ch 0"), ("e\u0301.py", "x"), ("~'quoted'.py", "ch0/part-2"),
    ])
    def test_a_file_may_have_any_name(self, user, filename, chapter):
        submit(user, filename, b"x", chapter)
        [entry] = user.get("/v1/storage/workspace/files").json()["files"]
        assert (entry["filename"], entry["chapter_id"]) == (filename, chapter)
        assert download(entry["download_url"]).content == b"x"

    def test_an_empty_file_is_a_file(self, user):
        submit(user, "empty.py", b"")
        assert user.get("/v1/storage/workspace/files").json()["files"][0]["file_size_bytes"] == 0

    def test_nobody_sees_another_s_files(self, user, new_user):
        submit(user, "main.py", b"private")
        assert new_user().get("/v1/storage/workspace/files").json()["files"] == []


class TestTheLink:
    """A link stores one file of one size and type, for a while, and does nothing else."""

    @pytest.fixture
    def granted(self, user) -> dict:
        answer = ask(user, "main.py", 10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @pytest.mark.parametrize("body", [b"", b"ten bytes", b"eleven bytes", b"x" * 200_000])
    def test_another_length_is_refused(self, user, granted, body):
        put = upload(granted["presigned_url"], body, TEXT)
        assert put.status_code == 403, put.text
        assert "SignatureDoesNotMatch" in put.text
        assert confirm(user, granted, "main.py", len(body)).json()["error"]["code"] == "UPLOAD_NOT_FOUND"

    def test_chunks_are_refused(self, user, granted):
        assert upload(granted["presigned_url"], iter([b"ten ", b"bytes!"]), TEXT).status_code in (400, 403)
        assert confirm(user, granted, "main.py", 10).status_code == 422

    @pytest.mark.parametrize("headers", [
        {"Content-Type": "text/html"}, {}, {"Content-Type": "text/plain; charset=utf-8"},
        TEXT | {"x-oss-meta-a": "1"}, TEXT | {"x-oss-object-acl": "public-read"},
        TEXT | {"x-oss-copy-source": "/workspace/other"},
    ], ids=str)
    def test_other_headers_are_refused(self, user, granted, headers):
        put = upload(granted["presigned_url"], b"ten bytes!", headers)
        assert (put.status_code, "SignatureDoesNotMatch" in put.text) == (403, True)
        assert confirm(user, granted, "main.py", 10).status_code == 422

    @pytest.mark.parametrize("method", ["GET", "DELETE", "POST", "HEAD"])
    def test_another_method_is_refused(self, granted, method):
        # Without a body there is no Content-Length to look at: A-017.
        assert upload(granted["presigned_url"], None, TEXT, method=method).status_code in (400, 403)

    def test_another_key_is_refused(self, granted):
        other = granted["presigned_url"].replace("main.py", "mail.py")
        assert other != granted["presigned_url"]
        assert upload(other, b"ten bytes!", TEXT).status_code == 403

    def test_a_longer_life_is_refused(self, granted):
        assert "x-oss-expires=300" in granted["presigned_url"]
        longer = granted["presigned_url"].replace("x-oss-expires=300", "x-oss-expires=3000")
        assert upload(longer, b"ten bytes!", TEXT).status_code == 403

    def test_an_expired_link_is_refused(self, user, gateway, credentials, granted):
        request = Request("PUT", gateway.bucket, granted["oss_key"], body=b"ten bytes!", headers=(
            ("Content-Type", "text/plain"), ("Content-Length", "10")))
        for age, wanted in ((301, 403), (250, 200)):
            link = sign_v4_url(request, credentials, time.time() - age, 300, additional=["content-length"])
            assert exchange(gateway.oss, link).status == wanted
        assert confirm(user, granted, "main.py", 10).status_code == 201

    def test_a_download_link_does_not_write(self, user):
        submit(user, "main.py", b"ten bytes!")
        link = user.get("/v1/storage/workspace/files").json()["files"][0]["download_url"]
        for method in ("PUT", "DELETE", "POST"):
            assert upload(link, b"ten bytes?" if method != "DELETE" else None, TEXT, method=method).status_code == 403
        assert download(link).content == b"ten bytes!"


class TestConfirming:
    def test_what_was_not_uploaded_is_not_confirmed(self, user):
        granted = ask(user, "main.py", 10).json()
        answer = confirm(user, granted, "main.py", 10)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "UPLOAD_NOT_FOUND")
        assert user.get("/v1/storage/workspace/files").json()["files"] == []

    def test_an_earlier_file_is_not_taken_for_a_new_upload(self, user):
        submit(user, "main.py", b"the first version")
        granted = ask(user, "main.py", 10).json()
        answer = confirm(user, granted, "main.py", 10)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "UPLOAD_NOT_FOUND")
        [entry] = user.get("/v1/storage/workspace/files").json()["files"]
        assert entry["file_size_bytes"] == 17
        assert download(entry["download_url"]).content == b"the first version"

    def test_an_object_of_another_size_is_removed(self, user, store, gateway):
        granted = ask(user, "main.py", 10).json()
        store.put(gateway.bucket, granted["oss_key"], b"put there by another way")
        answer = confirm(user, granted, "main.py", 10)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "UPLOAD_SIZE_MISMATCH")
        assert not store.exists(gateway.bucket, granted["oss_key"])
        assert user.get("/v1/storage/workspace/files").json()["files"] == []

    def test_the_size_that_the_client_claims_is_not_believed(self, user):
        granted = ask(user, "main.py", 10).json()
        assert upload(granted["presigned_url"], b"ten bytes!", TEXT).status_code == 200
        answer = confirm(user, granted, "main.py", 1)
        assert (answer.status_code, answer.json()["quota_used_bytes"]) == (201, 10)

    def test_a_key_of_another_is_refused(self, user, new_user):
        other = new_user()
        theirs = submit(other, "main.py", b"private")
        for filename, chapter in (("main.py", "ch0"), ("main.py", "ch1"), ("x.py", "ch0")):
            answer = confirm(user, theirs, filename, 7, chapter)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
        assert user.get("/v1/storage/workspace/files").json()["files"] == []

    @pytest.mark.parametrize("filename", [
        "", ".", "..", "a/b", "../x", "a\\b", "a?b", "a#b", "nul\u0000", "line\nfeed", "x" * 256, "é" * 128])
    def test_a_name_that_cannot_be_is_refused(self, user, filename):
        answer = ask(user, filename, 10)
        assert answer.status_code == 422, answer.text
        assert "quota" not in answer.text.lower() and "409" not in answer.text

    @pytest.mark.parametrize("chapter", ["..", "a/../b", "./a", "a//b", "/a", "a\\b", "x" * 129])
    def test_a_chapter_that_cannot_be_is_refused(self, user, chapter):
        assert ask(user, "main.py", 10, chapter).status_code == 422

    @pytest.mark.parametrize("size", [-1, 1.5, "x", None, -(2**63), 10**30])
    def test_a_size_that_cannot_be_is_refused(self, user, size):
        assert ask(user, "main.py", size).status_code in (409, 422)


class TestQuota:
    @pytest.mark.timeout(300)
    def test_100_mib_fit_to_the_byte(self, user):
        over = ask(user, "over.ipynb", QUOTA + 1)
        assert (over.status_code, over.json()) == (409, {"error": {
            "code": "QUOTA_EXCEEDED", "message": "存储空间不足 (已用 0MB / 100MB)"}})
        body = os.urandom(MIB) * 100
        granted = ask(user, "exact.ipynb", QUOTA)
        assert granted.status_code == 200, granted.text
        put = upload(granted.json()["presigned_url"], body, TEXT)
        assert put.status_code == 200, put.text
        confirmed = confirm(user, granted.json(), "exact.ipynb", QUOTA)
        assert (confirmed.status_code, confirmed.json()["quota_used_bytes"]) == (201, QUOTA)
        more = ask(user, "more.py", 1)
        assert (more.status_code, more.json()) == (409, {"error": {
            "code": "QUOTA_EXCEEDED", "message": "存储空间不足 (已用 100MB / 100MB)"}})
        assert ask(user, "nothing.py", 0).status_code == 200

    def test_what_is_promised_counts(self, user):
        assert ask(user, "one.py", 60 * MIB).status_code == 200
        assert ask(user, "two.py", 40 * MIB + 1).status_code == 409
        assert ask(user, "two.py", 40 * MIB).status_code == 200
        assert ask(user, "three.py", 1).status_code == 409

    def test_a_smaller_link_for_the_same_key_frees_nothing(self, user):
        assert ask(user, "main.py", 60 * MIB).status_code == 200
        assert ask(user, "main.py", 1).status_code == 200
        assert ask(user, "other.py", 41 * MIB).status_code == 409

    def test_of_100_at_once_as_many_are_granted_as_fit(self, user, gateway):
        def grant(number: int) -> int:
            return ask(SessionClient(gateway.api, user.token), f"{number}.py", 2 * MIB).status_code

        with ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(grant, range(100)))
        assert (statuses.count(200), statuses.count(409)) == (50, 50)


class TestAnotherStore:
    """The gateway knows its store by endpoint and keys alone: one server's store serves another's uploads."""

    @staticmethod
    def gateway_of(store, new_gateway, **environment: str):
        credentials = store.credentials
        return new_gateway(name="gateway", demo=True, environment={
            "OSS_ENDPOINT": store.oss, "OSS_ACCESS_KEY_ID": credentials.access_key_id,
            "OSS_ACCESS_KEY_SECRET": credentials.secret, **environment}).start()

    def test_the_whole_flow_goes_through_another_server_s_store(self, new_gateway, open_store):
        store = new_gateway(name="store").start()
        gateway = self.gateway_of(store, new_gateway)
        assert gateway.oss == store.oss
        assert gateway.announcement["access_key_secret_file"] is None
        user = SessionClient(gateway.api).register()
        granted = submit(user, "main.py", b"over there")
        assert granted["presigned_url"].startswith(store.oss)
        assert open_store(store).get("workspace", granted["oss_key"]).body == b"over there"
        [entry] = user.get("/v1/storage/workspace/files").json()["files"]
        assert download(entry["download_url"]).content == b"over there"

    def test_links_carry_the_public_endpoint(self, new_gateway):
        store = new_gateway(name="store").start()
        public = store.oss.replace("127.0.0.1", "127.0.0.2")
        gateway = self.gateway_of(store, new_gateway, OSS_PUBLIC_ENDPOINT=public)
        user = SessionClient(gateway.api).register()
        granted = ask(user, "main.py", 5).json()
        assert granted["presigned_url"].startswith(public)
        # A link does not cover its host, so it can be used by the store's other name.
        rehosted = granted["presigned_url"].replace(public, store.oss)
        assert upload(rehosted, b"five!", TEXT).status_code == 200
        assert confirm(user, granted, "main.py", 5).status_code == 201

    def test_a_store_that_is_away_is_not_the_client_s_fault(self, new_gateway):
        store = new_gateway(name="store").start()
        gateway = self.gateway_of(store, new_gateway)
        user = SessionClient(gateway.api).register()
        granted = ask(user, "main.py", 5).json()
        store.kill()
        began = time.monotonic()
        answer = confirm(user, granted, "main.py", 5)
        assert time.monotonic() - began < 15, "a refused connection is known at once"
        assert answer.status_code in (502, 503, 504), answer.text
        assert answer.json()["error"]["code"]
        assert store.credentials.secret not in answer.text
        assert SessionClient(gateway.api).get("/healthz").status_code == 200
