"""Options: where they come from, what refuses to start, and what must never be seen."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from kit.gateway import GatewayDidNotStart, run_command
from kit.session import SessionClient
from kit.signing import Request, sign_v4_url
from kit.wire import exchange

USAGE, BAD_CONFIGURATION = 64, 78
LOOPBACK = ("--api-listen", "127.0.0.1:0", "--oss-listen", "127.0.0.1:0")
LONG_SECRET = "an-hs256-secret-of-more-than-32-bytes-for-tests"


def refused(tmp_path: Path, *arguments: str, environment: dict[str, str] | None = None):
    """Starts a server that must refuse to start."""
    return run_command(
        "serve", "--data", str(tmp_path / "data"), *LOOPBACK, *arguments, environment=environment, timeout=60,
        folder=tmp_path)


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
        file.write_text(json.dumps({"oss": {"bucket": {"name": "from-file"}, "region": {"id": "cn-file"}}}))
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
        from kit.signing import Credentials, sign_v4_header

        given = Credentials("GIVEN-KEY", "given-secret-of-a-decent-length")
        answer = exchange(server.oss, sign_v4_header(Request("GET", server.bucket), given))
        assert answer.status == 200
        assert server.stop() == 0
        assert environment["OSS_ACCESS_KEY_SECRET"] not in server.log
        for path in server.data.rglob("*"):
            if path.is_file():
                assert environment["OSS_ACCESS_KEY_SECRET"].encode() not in path.read_bytes() or \
                    path.suffix in (".sqlite", ".sqlite-wal"), path

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
                       "--oss-domain", "--shutdown-grace-seconds"):
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
        arguments = ["serve", "--data", str(tmp_path / "data")]
        arguments += [] if name == "GATEWAY_API_LISTEN" else ["--api-listen", "127.0.0.1:0"]
        arguments += [] if name == "GATEWAY_OSS_LISTEN" else ["--oss-listen", "127.0.0.1:0"]
        ended = run_command(*arguments, environment=environment, folder=tmp_path)
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
        for text in ('{"oss":{"bukket":{"name":"x"}}}', "{", "[]", '{"oss":{"bucket":{"name":5}}}'):
            file.write_text(text)
            ended = refused(tmp_path, "--config", str(file))
            assert ended.returncode in (USAGE, BAD_CONFIGURATION), (text, ended.returncode, ended.stderr)

    def test_a_second_server_on_one_folder_refuses(self, new_gateway, tmp_path):
        first = new_gateway().start()
        ended = run_command("serve", "--data", str(first.data), *LOOPBACK)
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
        from kit.signing import sign_v4_header

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

    def test_a_secret_file_that_others_can_read_stops_the_start(self, new_gateway):
        server = new_gateway().start()
        secret_file = Path(server.announcement["access_key_secret_file"])
        assert server.stop() == 0
        secret_file.chmod(0o644)
        ended = run_command("serve", "--data", str(server.data), *LOOPBACK) if False else None
        # Either the mode is mended at start or the start is refused; a readable secret must not stay.
        try:
            server.start()
        except GatewayDidNotStart:
            return
        assert ended is None
        assert stat.S_IMODE(secret_file.stat().st_mode) == 0o600


class TestCommands:
    def test_version_tells_the_version(self):
        told = run_command("version")
        assert told.returncode == 0
        assert re.search(r"\d+\.\d+\.\d+", told.stdout)

    def test_keys_are_made_disabled_and_deleted(self, new_gateway):
        server = new_gateway().start()
        first = server.announcement["access_key_id"]
        assert server.stop() == 0
        data = ("--data", str(server.data))
        listed = run_command("keys", "list", *data)
        assert listed.returncode == 0, listed.stderr
        assert first in listed.stdout
        made = run_command("keys", "create", *data)
        assert made.returncode == 0, made.stderr
        after = run_command("keys", "list", *data).stdout
        assert len(after.strip().splitlines()) > len(listed.stdout.strip().splitlines())

    def test_a_presigned_upload_works(self, new_gateway):
        from kit.session import upload

        server = new_gateway().start()
        made = run_command(
            "presign", "put", "folder/ü file.txt", "--data", str(server.data), "--oss-endpoint", server.oss)
        assert made.returncode == 0, made.stderr
        [link] = [line for line in made.stdout.splitlines() if line.startswith("http")]
        assert upload(link, b"by hand").status_code == 200
        read = run_command(
            "presign", "get", "folder/ü file.txt", "--data", str(server.data), "--oss-endpoint", server.oss)
        [link] = [line for line in read.stdout.splitlines() if line.startswith("http")]
        assert upload(link, None, method="GET").content == b"by hand"
