"""Options: where they come from, what refuses to start, and what must never be seen."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kit.gateway import DEMO_EMAIL, DEMO_PASSWORD, GatewayDidNotStart, clean_environment, run_command
from kit.session import SessionClient, upload
from kit.signing import Credentials, Request, sign_v4_header, sign_v4_url
from kit.wire import exchange

USAGE, BAD_CONFIGURATION = 64, 78
LOOPBACK = ("--api-listen", "127.0.0.1:0", "--oss-listen", "127.0.0.1:0")
LONG_SECRET = "an-hs256-secret-of-more-than-32-bytes-for-tests"


REFUSAL_SECONDS = 20


def serve_in_vain(*arguments: str, folder: Path, environment: dict[str, str] | None = None):
    """Starts a server that must refuse to start; one that starts all the same is ended, and fails the test."""
    try:
        return run_command(
            "serve", *arguments, environment=environment, timeout=REFUSAL_SECONDS, folder=folder)
    except subprocess.TimeoutExpired:
        pytest.fail("the server started")


def refused(tmp_path: Path, *arguments: str, environment: dict[str, str] | None = None):
    """Starts a server on loopback ports and a folder of the test, which must refuse to start."""
    return serve_in_vain(
        "--data", str(tmp_path / "data"), *LOOPBACK, *arguments, folder=tmp_path, environment=environment)


class TestPrecedence:
    def test_the_announcement_is_one_line_of_json(self, new_gateway):
        server = new_gateway().start()
        announcement = dict(server.announcement)
        assert server.stop() == 0
        assert len(server.output_lines) == 1
        assert set(announcement) >= {
            "api_endpoint", "oss_endpoint", "bucket", "region", "access_key_id", "access_key_secret_file", "pid",
            "version"}
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", announcement["api_endpoint"])
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", announcement["oss_endpoint"])
        assert (announcement["bucket"], announcement["region"]) == ("workspace", "cn-hangzhou")
        assert Path(announcement["access_key_secret_file"]).is_absolute()
        assert announcement["version"] in run_command("version").stdout

    def test_flag_beats_environment_beats_file_beats_default(self, new_gateway, tmp_path):
        file = tmp_path / "gateway.json"
        file.write_text(json.dumps({"oss": {"bucketName": "from-file", "regionId": "cn-file"}}))
        environment = {"OSS_BUCKET_NAME": "from-environment", "OSS_REGION_ID": "cn-environment"}
        config = ("--config", str(file))
        for name, arguments, variables, wanted in (
            ("default", (), {}, ("workspace", "cn-hangzhou")),
            ("file", config, {}, ("from-file", "cn-file")),
            ("environment", config, environment, ("from-environment", "cn-environment")),
            ("flag", (*config, "--oss-bucket", "from-flag"), environment, ("from-flag", "cn-environment")),
        ):
            server = new_gateway(*arguments, name=name, environment=variables).start()
            assert (server.announcement["bucket"], server.announcement["region"]) == wanted, name
            assert server.stop() == 0

    def test_the_folder_can_come_from_the_environment_and_from_the_file(self, tmp_path, new_gateway):
        file = tmp_path / "gateway.json"
        file.write_text(json.dumps({"gateway": {"data": str(tmp_path / "from-file")}}))
        for name, arguments, variables in (
            ("from-environment", (), {"GATEWAY_DATA": str(tmp_path / "from-environment")}),
            ("from-file", ("--config", str(file)), {}),
        ):
            server = new_gateway(name=name, environment=variables)
            server.arguments = ["serve", *LOOPBACK, *arguments]
            server.start()
            secret_file = Path(server.announcement["access_key_secret_file"])
            assert secret_file.is_relative_to(tmp_path / name)
            assert server.stop() == 0

    def test_an_access_key_from_the_environment_is_the_one_that_counts(self, new_gateway):
        environment = {"OSS_ACCESS_KEY_ID": "GIVEN-KEY", "OSS_ACCESS_KEY_SECRET": "given-secret-of-a-decent-length"}
        server = new_gateway(environment=environment).start()
        assert server.announcement["access_key_id"] == "GIVEN-KEY"
        assert server.announcement["access_key_secret_file"] is None
        given = Credentials("GIVEN-KEY", "given-secret-of-a-decent-length")
        answer = exchange(server.oss, sign_v4_header(Request("GET", server.bucket), given))
        assert answer.status == 200
        assert server.stop() == 0
        assert environment["OSS_ACCESS_KEY_SECRET"] not in server.log
        assert not [path for path in server.data.rglob("*secret*") if "access" in path.name], "it was written down"

    def test_a_token_secret_from_the_environment_is_accepted(self, new_gateway):
        server = new_gateway(environment={"JWT_SECRET": LONG_SECRET}, demo=True).start()
        SessionClient(server.api).register()
        assert server.stop() == 0
        assert LONG_SECRET not in server.log

    def test_help_names_every_option(self):
        told = run_command("serve", "--help")
        assert told.returncode == 0
        for option in ("--data", "--api-listen", "--oss-listen", "--database-url", "--oss-endpoint",
                       "--oss-public-endpoint", "--oss-bucket", "--oss-region", "--demo", "--config", "--log-level",
                       "--oss-domain", "--shutdown-grace-seconds", "--store", "--store-memory-mib",
                       "--store-cache-mib", "--free-space-floor-mib", "--oss-bound-hosts", "--oss-extranet-endpoint",
                       "--oss-intranet-endpoint", "--oss-path-style", "--oss-public-acl-lists", "--sts-max-seconds",
                       "--callback-hosts", "--oss-cname-verification", "--oss-log-seconds"):
            assert option in told.stdout, option


class TestRefusals:
    @pytest.mark.parametrize("option, value", [
        ("--api-listen", "nonsense"), ("--api-listen", "127.0.0.1"), ("--api-listen", "127.0.0.1:65536"),
        ("--api-listen", "127.0.0.1:-1"), ("--api-listen", ":"), ("--oss-listen", "127.0.0.1:+80"),
        ("--oss-listen", "127.0.0.1:99999999999999999999"),
        ("--oss-bucket", "Not_A_Bucket"), ("--oss-bucket", "ab"), ("--oss-region", "../x"), ("--oss-region", ""),
        ("--oss-endpoint", "ftp://example.com"), ("--oss-endpoint", "not a url"),
        ("--oss-public-endpoint", "javascript:1"), ("--database-url", "mysql://localhost/x"),
        ("--log-level", "loud"), ("--shutdown-grace-seconds", "-1"), ("--shutdown-grace-seconds", "soon"),
        ("--shutdown-grace-seconds", "99999999999999999999"), ("--config", "/nonexistent/gateway.json"),
        ("--store", "tape"), ("--store-memory-mib", "15"), ("--store-memory-mib", "1048577"),
        ("--store-memory-mib", "+64"), ("--store-memory-mib", "9223372036854775807"),
        ("--store-cache-mib", "-1"), ("--store-cache-mib", "1.5"),
        ("--free-space-floor-mib", "-1"), ("--free-space-floor-mib", "1048577"), ("--free-space-floor-mib", "1GiB"),
        ("--oss-bound-hosts", "static.example.com"), ("--oss-bound-hosts", "a.b=Bucket"),
        ("--oss-bound-hosts", "a.b=bucket,A.B=other"), ("--oss-path-style", "never"),
        ("--oss-cname-verification", "maybe"), ("--oss-cname-verification", "True"),
        ("--oss-log-seconds", "0"), ("--oss-log-seconds", "3601"), ("--oss-log-seconds", "1m"),
        ("--oss-public-acl-lists", "perhaps"), ("--sts-max-seconds", "899"), ("--sts-max-seconds", "43201"),
    ])
    def test_a_value_that_cannot_be_stops_the_start_and_is_named(self, tmp_path, option, value):
        # With an equals sign, so that a value that begins with a dash is a value.
        ended = refused(tmp_path, f"{option}={value}")
        assert ended.returncode in (USAGE, BAD_CONFIGURATION), (ended.returncode, ended.stderr)
        assert option.lstrip("-") in ended.stderr.replace("_", "-").lower() or option in ended.stderr
        assert ended.stdout == ""

    @pytest.mark.parametrize("name, value", [
        ("GATEWAY_API_LISTEN", "nonsense"), ("GATEWAY_OSS_LISTEN", "1:2:3"), ("OSS_BUCKET_NAME", "Not_A_Bucket"),
        ("OSS_REGION_ID", "a b"), ("OSS_ENDPOINT", "nonsense"), ("DATABASE_URL", "nonsense"),
        ("GATEWAY_DEMO", "perhaps"), ("JWT_SECRET", "short"), ("JWT_SECRET", "change-me"),
    ])
    def test_an_environment_that_cannot_be_stops_the_start_and_is_named(self, tmp_path, name, value):
        environment = {name: value}
        arguments = ["--data", str(tmp_path / "data")]
        arguments += [] if name == "GATEWAY_API_LISTEN" else ["--api-listen", "127.0.0.1:0"]
        arguments += [] if name == "GATEWAY_OSS_LISTEN" else ["--oss-listen", "127.0.0.1:0"]
        ended = serve_in_vain(*arguments, folder=tmp_path, environment=environment)
        assert ended.returncode in (USAGE, BAD_CONFIGURATION), (ended.returncode, ended.stderr)
        assert name in ended.stderr
        if name == "JWT_SECRET":
            assert value not in ended.stderr.replace("JWT_SECRET", "")

    def test_half_an_access_key_stops_the_start(self, tmp_path):
        for name in ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"):
            ended = refused(tmp_path, environment={name: "only-this-half-of-the-pair"})
            assert ended.returncode in (USAGE, BAD_CONFIGURATION)
            assert "OSS_ACCESS_KEY" in ended.stderr

    @pytest.mark.parametrize("option", ["--no-such-option", "--oss-access-key-secret", "--jwt-secret"])
    def test_an_unknown_option_stops_the_start(self, tmp_path, option):
        ended = refused(tmp_path, option, "x")
        assert ended.returncode == USAGE
        assert option in ended.stderr

    def test_an_unknown_key_of_the_file_stops_the_start(self, tmp_path):
        file = tmp_path / "gateway.json"
        for text in ('{"oss":{"buketName":"x"}}', "{", "[]", '{"oss":{"bucketName":5}}'):
            file.write_text(text)
            ended = refused(tmp_path, "--config", str(file))
            assert ended.returncode in (USAGE, BAD_CONFIGURATION), (text, ended.returncode, ended.stderr)

    def test_a_second_server_on_one_folder_refuses(self, new_gateway, tmp_path):
        first = new_gateway().start()
        ended = serve_in_vain("--data", str(first.data), *LOOPBACK, folder=tmp_path)
        assert ended.returncode not in (0, -6, -11), ended.stderr
        assert ended.stdout == ""
        assert str(first.data) in ended.stderr or "in use" in ended.stderr.lower()
        assert first.is_running
        assert SessionClient(first.api).get("/healthz").status_code == 200

    def test_a_port_that_is_taken_stops_the_start(self, new_gateway, tmp_path):
        first = new_gateway().start()
        taken = first.oss.removeprefix("http://")
        with pytest.raises(GatewayDidNotStart) as failure:
            new_gateway("--oss-listen", taken, name="second").start()
        assert "Fatal error" not in str(failure.value)
        assert first.is_running


class TestSecrets:
    def test_everything_in_the_folder_is_for_the_owner_only(self, new_gateway):
        server = new_gateway(demo=True).start()
        user = SessionClient(server.api).register()
        user.post("/v1/chapters/ch0/sessions", {})
        large = Request("PUT", server.bucket, "large", body=os.urandom(200_000))
        assert exchange(server.oss, sign_v4_header(large, server.credentials)).status == 200
        for path in [server.data, *server.data.rglob("*")]:
            mode = stat.S_IMODE(path.lstat().st_mode)
            assert mode & 0o077 == 0, (str(path.relative_to(server.data)), oct(mode))
        secret_file = Path(server.announcement["access_key_secret_file"])
        assert stat.S_IMODE(secret_file.stat().st_mode) == 0o600
        text = secret_file.read_text()
        assert text.endswith("\n") and text.count("\n") == 1
        assert len(text.strip()) >= 30

    def test_a_secret_is_made_once(self, new_gateway):
        server = new_gateway().start()
        first = server.credentials
        assert server.stop() == 0
        server.start()
        assert server.credentials == first

    def test_two_folders_have_two_secrets(self, new_gateway):
        one, two = new_gateway(name="one").start(), new_gateway(name="two").start()
        assert one.credentials.secret != two.credentials.secret
        assert one.credentials.access_key_id != two.credentials.access_key_id

    def test_secrets_reach_no_output(self, new_gateway):
        server = new_gateway("--log-level", "trace", demo=True).start()
        credentials = server.credentials
        user = SessionClient(server.api).register(password="a-very-Secret-passw0rd")
        wrong = SessionClient(server.api, "not-a-real-token-but-a-secret-one")
        wrong.get("/v1/me")
        granted = user.post("/v1/storage/workspace/upload-url", {
            "chapter_id": "ch0", "filename": "main.py", "file_size_bytes": 5}).json()
        link = sign_v4_url(Request("GET", server.bucket, "missing"), credentials)
        exchange(server.oss, link)
        signature = link.parameter("x-oss-signature") or ""
        assert server.stop() == 0
        said = "\n".join(server.output_lines) + server.log
        assert "missing" not in said or signature not in said
        for secret in (credentials.secret, user.token, "a-very-Secret-passw0rd", signature,
                       "not-a-real-token-but-a-secret-one", granted["presigned_url"].rpartition("=")[2]):
            assert secret and secret not in said

    def test_a_secret_file_that_others_can_read_does_not_stay_so(self, new_gateway):
        server = new_gateway().start()
        secret_file = Path(server.announcement["access_key_secret_file"])
        assert server.stop() == 0
        secret_file.chmod(0o644)
        # The start is refused, or the mode is mended: a secret that others can read does not stay in use.
        try:
            server.start()
        except GatewayDidNotStart:
            return
        assert stat.S_IMODE(secret_file.stat().st_mode) == 0o600


class TestCommands:
    def test_version_tells_the_version(self):
        told = run_command("version")
        assert told.returncode == 0
        assert re.search(r"\d+\.\d+\.\d+", told.stdout)

    def test_keys_are_made_disabled_enabled_and_deleted_while_the_server_runs(self, new_gateway):
        server = new_gateway().start()
        data = ("--data", str(server.data))
        made = run_command("keys", "create", *data)
        assert made.returncode == 0, made.stderr
        key_id, secret_file = made.stdout.strip().split("\t")
        assert stat.S_IMODE(Path(secret_file).stat().st_mode) == 0o600
        held = Credentials(key_id, Path(secret_file).read_text().strip())
        assert held.secret not in made.stdout + made.stderr

        def answer() -> tuple[int, str | None]:
            return exchange(server.oss, sign_v4_header(Request("GET", server.bucket), held)).refusal

        refused_key = (403, "InvalidAccessKeyId")
        steps = (((), (200, None)), (("disable", key_id), refused_key), (("enable", key_id), (200, None)),
                 (("delete", key_id), refused_key))
        for command, wanted in steps:
            if command:
                ended = run_command("keys", *command, *data)
                assert ended.returncode == 0, ended.stderr
            wait_until(lambda: answer() == wanted)
        assert key_id not in run_command("keys", "list", *data).stdout
        assert server.announcement["access_key_id"] in run_command("keys", "list", *data).stdout
        first = exchange(server.oss, sign_v4_header(Request("GET", server.bucket), server.credentials))
        assert first.status == 200

    @pytest.mark.parametrize("key_id", ["no-such-key", "../../etc/passwd", "a/b", "", "."])
    def test_a_key_that_is_not_there_is_refused(self, new_gateway, key_id):
        server = new_gateway().start()
        for command in ("disable", "enable", "delete"):
            assert run_command("keys", command, key_id, "--data", str(server.data)).returncode not in (0, -5, -6, -11)

    @pytest.mark.parametrize("scheme", ["v4", "v1"])
    def test_a_presigned_upload_works(self, new_gateway, scheme):
        server = new_gateway().start()
        options = ("--data", str(server.data), "--endpoint", server.oss, "--scheme", scheme)
        made = run_command("presign", "put", "folder/ü file.txt", *options, "--content-type", "text/plain")
        assert made.returncode == 0, made.stderr
        link = made.stdout.strip()
        assert upload(link, b"by hand", {"Content-Type": "text/html"}).status_code == 403
        assert upload(link, b"by hand", {"Content-Type": "text/plain"}).status_code == 200
        read = run_command("presign", "get", "folder/ü file.txt", *options)
        assert upload(read.stdout.strip(), None, method="GET").content == b"by hand"
        assert server.credentials.secret not in made.stdout + made.stderr + read.stdout + read.stderr

    def test_a_presigned_length_is_bound(self, new_gateway):
        server = new_gateway().start()
        made = run_command(
            "presign", "put", "five", "--data", str(server.data), "--endpoint", server.oss, "--content-length", "5")
        link = made.stdout.strip()
        assert upload(link, b"sixsix").status_code == 403
        assert upload(link, b"five!").status_code == 200

    @pytest.mark.parametrize("arguments", [
        ("put",), ("patch", "k"), ("put", ""), ("put", "/k"), ("put", "k", "--expires", "0"),
        ("put", "k", "--expires", "604801"), ("put", "k", "--expires", "soon"), ("put", "k", "--bucket", "No"),
        ("put", "k", "--endpoint", "ftp://x"), ("put", "k", "--content-length", "-1"),
    ], ids=" ".join)
    def test_a_link_that_cannot_be_is_refused(self, new_gateway, arguments):
        server = new_gateway().start()
        ended = run_command("presign", *arguments, "--data", str(server.data))
        assert ended.returncode in (USAGE, 65, BAD_CONFIGURATION), (ended.returncode, ended.stderr)
        assert ended.stdout == ""

    def test_accounts_are_kept_by_hand_while_the_server_is_stopped(self, new_gateway):
        server = new_gateway(demo=True).start()
        busy = run_command("users", "list", "--data", str(server.data))
        assert (busy.returncode, busy.stdout) == (75, "")
        assert server.stop() == 0
        data = ("--data", str(server.data))
        assert DEMO_EMAIL in run_command("users", "list", *data).stdout
        for email in ("new@example.com", "gone@example.com"):
            made = run_command("users", "create", email, *data, typed="a-long-Passw0rd\n")
            assert made.returncode == 0, made.stderr
        assert run_command("users", "disable", "gone@example.com", *data).returncode == 0
        assert run_command("users", "disable", "nobody@example.com", *data).returncode == 65
        server.start()
        SessionClient(server.api).log_in("new@example.com", "a-long-Passw0rd")
        refused_account = SessionClient(server.api).post(
            "/v1/auth/login", {"email": "gone@example.com", "password": "a-long-Passw0rd"})
        assert refused_account.status_code == 401

    def test_the_demo_account_lives_only_while_demo_is_on(self, new_gateway):
        login = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD}
        for demo, status in ((True, 200), (False, 401), (True, 200)):
            server = new_gateway(demo=demo).start()
            assert SessionClient(server.api).post("/v1/auth/login", login).status_code == status
            assert server.stop() == 0


def wait_until(is_so, seconds: float = 6) -> None:
    """Waits for something that a server does by itself within seconds."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)


class TestBanner:
    """What a newcomer sees and pastes."""

    def test_the_banner_tells_what_is_needed(self, new_gateway):
        server = new_gateway(demo=True).start()
        announcement = server.announcement
        wait_until(lambda: "Ctrl-C" in server.log)
        for told in (announcement["api_endpoint"], announcement["oss_endpoint"], announcement["bucket"],
                     announcement["access_key_id"], announcement["access_key_secret_file"], DEMO_EMAIL, DEMO_PASSWORD):
            assert told in server.log

    def test_the_three_lines_to_paste_work(self, new_gateway, tmp_path):
        server = new_gateway(demo=True).start()
        wait_until(lambda: "Ctrl-C" in server.log)
        lines = [line.strip() for line in server.log.partition("lines to paste")[2].splitlines()[1:]]
        commands = [line for line in lines if line.startswith(("curl ", "python3 "))]
        assert len(commands) == 3, server.log
        environment = clean_environment({"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"})
        said = []
        for command in commands:
            ended = subprocess.run(
                ["bash", "-c", command], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
            assert ended.returncode == 0, (command, ended.stderr)
            said.append(ended.stdout)
        assert "access_token" in said[0]
        assert "b'hello'" in said[1]
        assert "stored" in said[2]
