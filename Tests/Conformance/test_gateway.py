"""The gateway in front of a store: doctor, reconcile, browsers of other origins, store profiles, and bad states."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from kit.fault_proxy import FaultProxy
from kit.gateway import Gateway, run_command
from kit.session import SessionClient, download, upload
from kit.signing import Request
from kit.wire import exchange
from test_access import assume_role
from test_uploads import TEXT, ask, confirm, submit

FILES, QUOTA = "/v1/storage/workspace/files", "/v1/storage/workspace/quota"
UNSOUND = 76


@pytest.fixture
def own(new_gateway) -> Gateway:
    """A server that a test has for itself."""
    return new_gateway(demo=True).start()


def place(server: Gateway) -> dict[str, str]:
    """What tells a command where the built-in store of a server is."""
    return {"GATEWAY_DATA": str(server.data), "GATEWAY_OSS_LISTEN": server.oss.split("://")[1]}


def elsewhere(store: Gateway, **more: str) -> dict[str, str]:
    """What tells a server or a command that another server has its store."""
    return {
        "OSS_ENDPOINT": store.oss, "OSS_ACCESS_KEY_ID": store.credentials.access_key_id,
        "OSS_ACCESS_KEY_SECRET": store.credentials.secret, **more}


class TestDoctor:
    def checks(self, environment: dict[str, str], *arguments: str) -> tuple[int, dict[str, str]]:
        run = run_command("doctor", "--json", *arguments, environment=environment)
        rows = [json.loads(line) for line in run.stdout.splitlines()]
        return run.returncode, {row["check"]: row["verdict"] for row in rows}

    def test_all_is_well_with_the_built_in_store(self, own):
        status, checks = self.checks(place(own), "--origin", "https://app.example.com")
        assert status == 0, checks
        assert list(checks) == [
            "clock", "credentials", "bucket", "region", "refusal of a length", "refusal of a type",
            "presigned upload", "HEAD", "presigned download", "CORS", "delete"]
        assert set(checks.values()) == {"ok"}

    def test_an_origin_that_may_not_upload_is_found(self, new_gateway):
        server = new_gateway("--allowed-origins", "https://app.example.com").start()
        for origin, wanted in (("https://app.example.com", "ok"), ("https://evil.example", "failed")):
            status, checks = self.checks(place(server), "--origin", origin)
            assert (status, checks["CORS"]) == (0 if wanted == "ok" else 1, wanted)

    def test_what_is_wrong_is_named(self, own, tmp_path):
        good = elsewhere(own, GATEWAY_DATA=str(tmp_path / "none"), OSS_ADDRESSING="path")
        for change, check in (
            ({"OSS_ACCESS_KEY_SECRET": "wrong"}, "credentials"),
            ({"OSS_ACCESS_KEY_ID": "nobody"}, "credentials"),
            ({"OSS_BUCKET_NAME": "not-there"}, "bucket"),
            ({"OSS_ENDPOINT": "http://127.0.0.1:9"}, "endpoint"),
        ):
            run = run_command("doctor", "--json", environment=good | change)
            assert run.returncode == 1, run.stdout
            failed = [json.loads(line) for line in run.stdout.splitlines()]
            assert [row["check"] for row in failed if row["verdict"] == "failed"] == [check], run.stdout
            assert own.credentials.secret not in run.stdout + run.stderr

    def test_v1_cannot_bind_a_length_and_says_so(self, own):
        status, checks = self.checks(place(own) | {"OSS_SIGNATURE_VERSION": "v1"})
        assert (status, checks["refusal of a length"], checks["refusal of a type"]) == (0, "warning", "ok")


class TestReconcile:
    def run(self, server: Gateway, *arguments: str) -> tuple[int, list[dict]]:
        run = run_command("reconcile", "--json", *arguments, environment=place(server))
        return run.returncode, [json.loads(line) for line in run.stdout.splitlines()]

    def test_both_directions_are_found_and_put_right(self, own, open_store):
        store, user = open_store(own), SessionClient(own.api).register()
        granted = {name: submit(user, name, name.encode()) for name in ("a.py", "b.py", "c.py")}
        assert self.run(own)[1][-1]["driftBytes"] == 0
        # Uploads whose URLs are not settled are left alone; these have none.
        unknown = f"user/{user.user_id}/workspace/ch9/unknown.py"
        store.put(own.bucket, unknown, b"nobody confirmed it")
        store.put(own.bucket, "user/00000000-0000-4000-8000-000000000000/workspace/c/x.py", b"of nobody here")
        store.put(own.bucket, "user/other/x.py", b"of another program")
        status, lines = self.run(own)
        assert status == UNSOUND
        assert [(line["finding"], line["key"], line["storedBytes"]) for line in lines[:-1]] == [
            ("unknown-object", unknown, 19)]
        assert lines[-1] | {"operation": 0} == lines[-1] | {
            "operation": 0, "objects": 4, "files": 3, "open": 3, "foreign": 2, "findings": 1, "repaired": 0,
            "driftBytes": 19}
        status, lines = self.run(own, "--repair")
        assert (status, lines[-1]["repaired"]) == (0, 1)
        assert not store.exists(own.bucket, unknown)
        assert store.exists(own.bucket, "user/other/x.py")
        assert self.run(own)[0] == 0
        assert all(store.exists(own.bucket, grant["oss_key"]) for grant in granted.values())

    def test_a_stopped_server_of_another_store_is_compared_as_well(self, own, new_gateway):
        gateway = new_gateway(name="gateway", demo=True, environment=elsewhere(own)).start()
        user = SessionClient(gateway.api).register()
        submit(user, "a.py", b"there")
        environment = elsewhere(own, GATEWAY_DATA=str(gateway.data))
        for stop in (False, True):
            if stop:
                assert gateway.stop() == 0
            run = run_command("reconcile", "--json", environment=environment)
            assert (run.returncode, json.loads(run.stdout)["findings"]) == (0, 0), run.stderr


class TestBrowser:
    """What `fetch(url, {method: 'PUT', body: blob})` sends from a page of another origin, byte for byte."""

    def preflight(self, url: str, origin: str) -> dict[str, str]:
        answer = upload(url, None, {
            "Origin": origin, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type",
            "Sec-Fetch-Mode": "cors", "Accept": "*/*"}, method="OPTIONS")
        return {name.lower(): value for name, value in answer.headers.items()} | {"status": str(answer.status_code)}

    def test_a_page_of_another_origin_uploads(self, new_gateway):
        origin = "https://app.example.com"
        server = new_gateway(
            "--allowed-origins", f"{origin},http://localhost:5173", environment={"GATEWAY_DEMO": "false"}).start()
        user = SessionClient(server.api).register()
        granted = ask(user, "main.py", 5).json()
        for _ in range(50):
            allowed = self.preflight(granted["presigned_url"], origin)
            if allowed["status"] == "200":
                break
            time.sleep(0.1)
        assert allowed["access-control-allow-origin"] in (origin, "*")
        assert "PUT" in allowed["access-control-allow-methods"]
        assert "content-type" in allowed["access-control-allow-headers"].lower()
        # A Blob without a type sends none; the API says what is needed.
        put = upload(granted["presigned_url"], b"hello", granted["required_headers"] | {
            "Origin": origin, "Sec-Fetch-Mode": "cors", "Accept": "*/*"})
        assert put.status_code == 200, put.text
        assert put.headers["Access-Control-Allow-Origin"] in (origin, "*")
        assert "etag" in put.headers["Access-Control-Expose-Headers"].lower()
        assert confirm(user, granted, "main.py", 5).status_code == 201
        refused = self.preflight(granted["presigned_url"], "https://evil.example")
        assert refused["status"] == "403"

    def test_rules_of_others_stay_and_ours_is_not_added_twice(self, own, new_gateway, open_store):
        store = open_store(own)
        document = (
            b"<CORSConfiguration><CORSRule><AllowedOrigin>https://other.example</AllowedOrigin>"
            b"<AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>")
        assert store.send(Request("PUT", own.bucket, query=(("cors", ""),), body=document)).status == 200
        rules = b""
        for name in ("one", "two"):
            gateway = new_gateway(
                "--allowed-origins", "https://app.example.com", name=name, environment=elsewhere(own)).start()
            for _ in range(100):
                rules = store.send(Request("GET", own.bucket, query=(("cors", ""),))).body
                if b"app.example.com" in rules:
                    break
                time.sleep(0.1)
            gateway.stop()
        assert rules.count(b"<CORSRule>") == 2 and b"other.example" in rules, rules


class TestProfiles:
    def test_credentials_come_from_a_file_that_changes(self, own, new_gateway, tmp_path):
        file = tmp_path / "key.json"
        key = own.credentials
        file.write_text(json.dumps({"AccessKeyId": "nobody", "AccessKeySecret": "x"}))
        gateway = new_gateway(
            name="gateway", environment={"OSS_ENDPOINT": own.oss, "OSS_CREDENTIALS_FILE": str(file)}).start()
        user = SessionClient(gateway.api).register()
        granted = ask(user, "a.py", 5).json()
        answer = confirm(user, granted, "a.py", 5)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert "access key" in answer.json()["error"]["message"]
        file.write_text(json.dumps({"AccessKeyId": key.access_key_id, "AccessKeySecret": key.secret}))
        submit(user, "b.py", b"after the change")

    def test_temporary_keys_come_from_a_url(self, own, new_gateway):
        key = assume_role(own.oss, own.credentials, DurationSeconds="900")["Credentials"]

        class Metadata(BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({"Code": "Success", **key}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        metadata = HTTPServer(("127.0.0.1", 0), Metadata)
        threading.Thread(target=metadata.serve_forever, daemon=True).start()
        try:
            gateway = new_gateway(name="gateway", environment={
                "OSS_ENDPOINT": own.oss,
                "OSS_CREDENTIALS_URL": f"http://127.0.0.1:{metadata.server_port}/role"}).start()
            submit(SessionClient(gateway.api).register(), "a.py", b"with a role")
        finally:
            metadata.shutdown()

    def test_v1_is_checked_at_the_confirm(self, own, new_gateway):
        gateway = new_gateway(name="gateway", environment=elsewhere(own, OSS_SIGNATURE_VERSION="v1")).start()
        user = SessionClient(gateway.api).register()
        submit(user, "a.py", b"right")
        granted = ask(user, "b.py", 5).json()
        assert upload(granted["presigned_url"], b"longer than five", TEXT).status_code == 200
        answer = confirm(user, granted, "b.py", 5)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "UPLOAD_SIZE_MISMATCH")
        assert user.get(QUOTA).json()["used_bytes"] == 5

    @pytest.mark.parametrize("environment, option", [
        ({"OSS_ADDRESSING": "sideways"}, "OSS_ADDRESSING"), ({"OSS_SIGNATURE_VERSION": "v2"}, "OSS_SIGNATURE_VERSION"),
        ({"OSS_CREDENTIALS_URL": "ftp://x"}, "OSS_CREDENTIALS_URL"),
        ({"OSS_CREDENTIALS_FILE": "x", "OSS_CREDENTIALS_URL": "http://x"}, "OSS_CREDENTIALS_FILE"),
        ({"GATEWAY_ALLOWED_ORIGINS": "https://a.example/"}, "GATEWAY_ALLOWED_ORIGINS"),
        ({"OSS_ADDRESSING": "cname"}, "OSS_ENDPOINT"), ({"OSS_ENDPOINT": "http://127.0.0.1:1"}, "OSS_ENDPOINT"),
    ], ids=str)
    def test_what_cannot_be_is_refused_at_start(self, tmp_path, environment, option):
        run = run_command(
            "serve", "--data", str(tmp_path / "data"), "--api-listen", "127.0.0.1:0", "--oss-listen", "127.0.0.1:0",
            environment=environment, timeout=20)
        assert run.returncode == 78
        assert option in run.stderr


class TestBadStates:
    def test_a_bucket_that_is_not_there_is_named(self, own, new_gateway):
        gateway = new_gateway(name="gateway", environment=elsewhere(own, OSS_BUCKET_NAME="not-there")).start()
        user = SessionClient(gateway.api).register()
        granted = ask(user, "a.py", 5).json()
        answer = confirm(user, granted, "a.py", 5)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "UNAVAILABLE")
        assert "bucket" in answer.json()["error"]["message"] and answer.headers["Retry-After"] == "30"
        assert "409" not in answer.text and "quota" not in answer.text.lower()
        assert "bucketMissing" in gateway.log

    def test_nothing_is_reserved_for_what_cannot_be_signed(self, own, new_gateway, tmp_path):
        gateway = new_gateway(name="gateway", environment={
            "OSS_ENDPOINT": own.oss, "OSS_CREDENTIALS_FILE": str(tmp_path / "missing.json")}).start()
        user = SessionClient(gateway.api).register()
        answer = ask(user, "a.py", 100)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert user.get(QUOTA).json() == {
            "used_bytes": 0, "reserved_bytes": 0, "pending_delete_bytes": 0, "limit_bytes": 104857600, "entries": []}


class TestManyAtOnce:
    """Rows E5 and E6 of the proofs: nobody is charged twice, nothing answers 5xx."""

    def at_once(self, count: int, call) -> list:
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(call, range(count)))

    def copy(self, user: SessionClient, gateway: Gateway) -> SessionClient:
        return SessionClient(gateway.api, user.token)

    def test_ten_confirms_charge_once(self, new_user, gateway):
        user = new_user()
        granted = ask(user, "a.py", 10).json()
        assert upload(granted["presigned_url"], b"x" * 10, TEXT).status_code == 200
        answers = self.at_once(10, lambda _: confirm(self.copy(user, gateway), granted, "a.py", 10))
        assert [(answer.status_code, answer.json()["quota_used_bytes"]) for answer in answers] == [(201, 10)] * 10

    def test_confirms_and_deletes_leave_one_truth(self, new_user, gateway):
        user = new_user()
        granted = submit(user, "a.py", b"ten bytes!")

        def either(number: int):
            client = self.copy(user, gateway)
            if number % 2:
                return client.call("DELETE", "/v1/storage/workspace/chapter-files/ch0/a.py").status_code
            return confirm(client, granted, "a.py", 10).status_code

        assert set(self.at_once(10, either)) <= {200, 201, 422}
        quota, files = user.get(QUOTA).json(), user.get(FILES).json()
        assert quota["used_bytes"] == 10 * len(files["files"])
        assert quota["used_bytes"] + quota["reserved_bytes"] + quota["pending_delete_bytes"] == 10

    def test_puts_at_once_leave_one_of_them(self, new_user, gateway):
        user = new_user()
        granted = ask(user, "a.py", 10).json()
        bodies = [str(number).encode() * 10 for number in range(8)]
        puts = self.at_once(8, lambda number: upload(granted["presigned_url"], bodies[number], TEXT).status_code)
        assert set(puts) == {200}
        assert confirm(user, granted, "a.py", 10).status_code == 201
        [entry] = user.get(FILES).json()["files"]
        assert download(entry["download_url"]).content in bodies

    def test_asking_again_for_a_key_charges_its_largest(self, new_user, gateway):
        user = new_user()
        sizes = [10, 30, 20, 40, 5]
        answers = self.at_once(5, lambda n: ask(self.copy(user, gateway), "a.py", sizes[n]).status_code)
        assert answers == [200] * 5
        assert user.get(QUOTA).json()["reserved_bytes"] == 40

    def test_parts_do_not_go_through_a_link(self, new_user, gateway):
        user = new_user()
        link = ask(user, "a.py", 10).json()["presigned_url"]
        for method, extra in (("POST", "&uploads"), ("PUT", "&partNumber=1&uploadId=X"), ("POST", "&append&position=0")):
            assert upload(link + extra, b"ten bytes!", TEXT, method=method).status_code in (400, 403)
        assert user.get(QUOTA).json()["used_bytes"] == 0


class TestQuotaSequences:
    """The sequences of the group `quota` of the attacks, with their exact ends."""

    def used(self, user: SessionClient) -> tuple[int, int]:
        quota = user.get(QUOTA).json()
        return quota["used_bytes"], quota["reserved_bytes"]

    @pytest.mark.parametrize("body", [b"x" * 11, b"x" * 9, b""], ids=len)
    def test_another_length_stores_nothing(self, new_user, body):
        user = new_user()
        granted = ask(user, "a.py", 10).json()
        assert upload(granted["presigned_url"], body, TEXT).status_code == 403
        assert confirm(user, granted, "a.py", len(body)).status_code == 422
        assert self.used(user) == (0, 10)

    def test_an_endless_body_is_refused_before_its_end(self, new_user):
        user = new_user()
        granted = ask(user, "a.py", 10).json()
        sent = []

        def pieces():
            for _ in range(10_000):
                sent.append(1)
                yield b"x" * 1024

        try:
            assert upload(granted["presigned_url"], pieces(), TEXT).status_code in (400, 403, 411)
        except OSError:
            pass  # The connection was closed on what did not stop.
        assert len(sent) < 10_000
        assert confirm(user, granted, "a.py", 10).status_code == 422
        assert self.used(user) == (0, 10)

    def test_the_same_link_again_changes_no_use(self, new_user):
        user = new_user()
        granted = submit(user, "a.py", b"A" * 10)
        put = upload(granted["presigned_url"], b"B" * 10, TEXT)
        assert put.status_code == 200
        assert self.used(user) == (10, 0)
        assert confirm(user, granted, "a.py", 10).json()["quota_used_bytes"] == 10


@pytest.mark.timeout(300)
def test_the_quota_is_exact_behind_a_bad_network(own, new_gateway, open_store, seed):
    """Every request between gateway and store is cut, delayed, doubled or answered 503, a tenth each."""
    store = open_store(own)
    with FaultProxy(own.oss, seed=seed, share=0.1, delay_seconds=0.5) as proxy:
        gateway = new_gateway(name="gateway", demo=True, environment=elsewhere(
            own, OSS_ENDPOINT=proxy.url, OSS_PUBLIC_ENDPOINT=own.oss)).start()
        user = SessionClient(gateway.api).register()

        def one(number: int) -> None:
            client, name = SessionClient(gateway.api, user.token), f"f{number % 12}.py"
            body = b"x" * (1 + number * 37 % 900)
            granted = ask(client, name, len(body))
            assert granted.status_code in (200, 429, 503), granted.text
            if granted.status_code != 200:
                return
            assert upload(granted.json()["presigned_url"], body, TEXT).status_code == 200
            answer = confirm(client, granted.json(), name, len(body))
            assert answer.status_code in (201, 422, 503), answer.text
            if number % 5 == 0:
                client.call("DELETE", f"/v1/storage/workspace/chapter-files/ch0/{name}")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(one, range(60)))
        assert proxy.faults > 5
        proxy.share = 0
        # Whatever was in doubt is confirmed once more, as a client's outbox would.
        for number in range(12):
            name = f"f{number}.py"
            key = f"user/{user.user_id}/workspace/ch0/{name}"
            answer = confirm(user, {"oss_key": key}, name, 1)
            assert answer.status_code in (201, 422), answer.text
        quota = user.get(QUOTA).json()
        live = {entry["oss_key"]: entry["used_bytes"] for entry in quota["entries"] if entry["state"] == "confirmed"}
        for key, size in live.items():
            head = store.send(Request("HEAD", own.bucket, key))
            assert int(dict((n.lower(), v) for n, v in head.headers)["content-length"]) == size, key
        assert quota["used_bytes"] == sum(live.values())
        environment = elsewhere(own, GATEWAY_DATA=str(gateway.data))
        run = run_command("reconcile", "--json", environment=environment)
        assert json.loads(run.stdout.splitlines()[-1])["driftBytes"] == 0, run.stdout
