"""TLS on both listeners: who is taken, what is refused, and how a certificate is renewed."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

import oss2
import pytest

from kit.certificates import Authority, openssl
from kit.gateway import DEMO_EMAIL, DEMO_PASSWORD, Gateway, run_command
from kit.session import SessionClient, upload
from kit.signing import Request, sign_v1_header, sign_v4_url
from kit.wire import Connection, address, exchange, head_of

BAD_CONFIGURATION = 78
RELOAD_SECONDS = 15
HANDSHAKE_SECONDS = 10


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom the clients of these tests trust."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def files(authority: Authority) -> tuple[Path, Path]:
    """A chain and its key."""
    return authority.issue("server")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, files):
    """A server that speaks TLS, with the demo account."""
    server = Gateway(tmp_path_factory.mktemp("secure"), *options(files), demo=True).start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def store(secure: Gateway, authority: Authority, open_store):
    """Its object store."""
    return open_store(secure, authority.context())


def options(files: tuple[Path, Path]) -> tuple[str, ...]:
    return ("--tls-certificate", str(files[0]), "--tls-key", str(files[1]))


def name_of_certificate(endpoint: str, authority: Authority) -> str:
    """For which name the certificate is that a new connection is shown."""
    with Connection(endpoint, context=authority.context()) as connection:
        return dict(part[0] for part in connection.socket.getpeercert()["subject"])["commonName"]


def wait_for_certificate(endpoint: str, authority: Authority, name: str) -> None:
    """Waits until new connections are shown a certificate."""
    deadline = time.monotonic() + RELOAD_SECONDS
    while (found := name_of_certificate(endpoint, authority)) != name:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


class TestClients:
    def test_the_announcement_says_https(self, secure):
        assert secure.oss.startswith("https://") and secure.api.startswith("https://")

    def test_curl_trusts_the_authority_and_nobody_without_it(self, secure, authority):
        for endpoint, status in ((secure.oss, "403"), (secure.api + "/v1/me", "401")):
            command = ["curl", "-sS", "-o", os.devnull, "-w", "%{http_code} %{http_version}", endpoint]
            trusting = subprocess.run(
                [*command, "--cacert", authority.certificate], capture_output=True, text=True, timeout=30, check=False)
            assert trusting.stdout == f"{status} 1.1", trusting.stderr
            doubting = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
            assert doubting.returncode == 60, doubting.stderr

    def test_oss2_stores_and_reads(self, secure, authority, monkeypatch):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
        credentials = secure.credentials
        for held in (oss2.Auth, oss2.AuthV4):
            bucket = oss2.Bucket(
                held(credentials.access_key_id, credentials.secret), secure.oss, secure.bucket,
                region=credentials.region)
            body = os.urandom(3_000_000)
            bucket.put_object("secure/body", body)
            assert bucket.get_object("secure/body").read() == body

    def test_bytes_are_the_same_whatever_their_number(self, store, secure, key):
        for size in (0, 1, 16_383, 16_384, 16_385, 5_000_000):
            body = os.urandom(size)
            answer = store.put(secure.bucket, key, body)
            assert answer.header("ETag") == f'"{hashlib.md5(body).hexdigest().upper()}"'
            assert store.get(secure.bucket, key).body == body

    def test_a_presigned_url_is_an_https_url(self, store, secure, authority, key):
        store.put(secure.bucket, key, b"presigned")
        signed = sign_v4_url(Request("GET", secure.bucket, key), secure.credentials)
        assert exchange(secure.oss, signed, context=authority.context()).body == b"presigned"

    def test_the_whole_submit_flow(self, secure, authority):
        user = SessionClient(secure.api, authority=authority.certificate).log_in(DEMO_EMAIL, DEMO_PASSWORD)
        wanted = {"chapter_id": "ch0", "filename": "main.py", "file_size_bytes": 4}
        granted = user.post("/v1/storage/workspace/upload-url", wanted)
        assert granted.status_code == 200, granted.text
        grant = granted.json()
        assert grant["presigned_url"].startswith(secure.oss)
        put = upload(grant["presigned_url"], b"pass", grant["required_headers"], authority=authority.certificate)
        assert put.status_code == 200, put.text
        # The server looks at its own store here, by an address for which it needs no certificate.
        confirmed = user.post("/v1/storage/workspace/confirm", wanted | {"oss_key": grant["oss_key"]})
        assert confirmed.status_code == 201, confirmed.text

    def test_a_document_that_names_its_url_says_https(self, store, secure, key):
        begun = store.send(Request("POST", secure.bucket, key, query=(("uploads", ""),)))
        upload_id = begun.field("UploadId")
        assert store.send(Request(
            "PUT", secure.bucket, key, query=(("partNumber", "1"), ("uploadId", upload_id)), body=b"part",
        )).status == 200
        ended = store.send(Request(
            "POST", secure.bucket, key, query=(("uploadId", upload_id),), headers=(("x-oss-complete-all", "yes"),)))
        assert ended.status == 200, ended
        assert ended.field("Location").startswith("https://")


class TestProtocol:
    def test_http_1_1_is_chosen_and_nothing_newer(self, secure, authority):
        for offered, chosen in ((["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), (["h2"], None)):
            context = authority.context()
            context.set_alpn_protocols(offered)
            with Connection(secure.oss, context=context) as connection:
                assert connection.socket.selected_alpn_protocol() == chosen

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_a_version_of_today_is_spoken(self, secure, authority, version):
        context = authority.context()
        context.minimum_version = context.maximum_version = version
        with Connection(secure.oss, context=context) as connection:
            assert connection.socket.version() == {ssl.TLSVersion.TLSv1_2: "TLSv1.2"}.get(version, "TLSv1.3")

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
    def test_a_version_of_yesterday_is_refused(self, secure, authority, version):
        context = authority.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        with pytest.raises((ssl.SSLError, ConnectionError)):
            Connection(secure.oss, context=context)

    def test_an_rsa_key_serves_as_well(self, new_gateway, authority, open_store, key):
        server = new_gateway(*options(authority.issue("rsa", "rsa"))).start()
        store = open_store(server, authority.context())
        store.put(server.bucket, key, b"rsa")
        assert store.get(server.bucket, key).body == b"rsa"

    def test_plain_http_is_not_answered(self, secure, store):
        with Connection(secure.oss) as connection:
            connection.offer(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert not connection.read_to_end().startswith(b"HTTP/")
        assert store.send(Request("GET", secure.bucket)).status == 200

    @pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01", b"\x16\x03\x01\x02\x00\x01"])
    def test_a_handshake_that_stands_still_is_ended(self, secure, sent):
        with socket.create_connection(address(secure.oss), timeout=HANDSHAKE_SECONDS + 10) as stalled:
            began = time.monotonic()
            stalled.sendall(sent)
            assert stalled.recv(1) == b""
            assert HANDSHAKE_SECONDS - 1 < time.monotonic() - began < HANDSHAKE_SECONDS + 5

    def test_noise_ends_a_connection_and_not_the_server(self, secure, store, random_numbers):
        for _ in range(50):
            with Connection(secure.oss) as connection:
                connection.offer(random_numbers.choice([b"", b"\x16\x03\x03\x00\x20"]) + random_numbers.randbytes(200))
                connection.socket.shutdown(socket.SHUT_WR)
                connection.read_to_end()
        assert store.send(Request("GET", secure.bucket)).status == 200


class TestTheSameGuard:
    """What is refused over plain HTTP is refused here."""

    def test_permission_to_send_comes_after_authentication(self, secure, store, key):
        for headers, expected in (((), b"HTTP/1.1 403"), (None, b"HTTP/1.1 100 Continue")):
            request = Request(
                "PUT", secure.bucket, key, headers=(("Expect", "100-continue"), ("Content-Length", "4")))
            if headers is None:
                request = sign_v1_header(request, secure.credentials)
            with Connection(secure.oss, context=store.context) as connection:
                connection.send(head_of(request, secure.oss.removeprefix("https://")))
                assert connection.read_head().startswith(expected)

    def test_two_hosts_are_refused_and_the_connection_ends(self, secure, store):
        with Connection(secure.oss, context=store.context) as connection:
            connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            answer = connection.read_to_end()
        assert answer.startswith(b"HTTP/1.1 400") and answer.count(b"HTTP/1.1") == 1

    def test_a_stranger_s_body_is_not_read_to_its_end(self, secure, store, key):
        size = 64 * 2**20
        with Connection(secure.oss, timeout=20, context=store.context) as connection:
            request = Request("PUT", secure.bucket, key, headers=(("Content-Length", str(size)),))
            connection.send(head_of(request, secure.oss.removeprefix("https://"), close=False))
            sent = 0
            try:
                while sent < size and connection.offer(b"x" * 65536):
                    sent += 65536
            except ssl.SSLError:
                pass
            assert sent < size
        assert not store.exists(secure.bucket, key)

    def test_a_body_that_is_cut_off_is_not_stored_and_is_the_client_s_fault(self, secure, store, key):
        request = sign_v1_header(
            Request("PUT", secure.bucket, key, headers=(("Content-Length", "1000000"),)), secure.credentials)
        with Connection(secure.oss, context=store.context) as connection:
            connection.send(head_of(request, secure.oss.removeprefix("https://")) + b"x" * 500_000)
            # Closed below TLS, so that its end is not told.
            connection.socket.shutdown(socket.SHUT_RDWR)
        time.sleep(0.3)
        assert not store.exists(secure.bucket, key)
        assert "request failed" not in secure.log


class TestRenewal:
    def test_a_new_certificate_is_taken_over_while_old_connections_go_on(
        self, new_gateway, authority, files, tmp_path, open_store, key,
    ):
        chain, private = tmp_path / "chain.pem", tmp_path / "key.pem"
        copied((chain, private), files)
        server = new_gateway(*options((chain, private))).start()
        store = open_store(server, authority.context())
        store.put(server.bucket, key, b"renewed")
        with Connection(server.oss, context=authority.context()) as old:
            assert name_of_certificate(server.oss, authority) == "server"
            copied((chain, private), authority.issue("renewed"))
            wait_for_certificate(server.oss, authority, "renewed")
            assert name_of_certificate(server.api, authority) == "renewed"
            request = sign_v1_header(Request("GET", server.bucket, key), server.credentials)
            old.send(head_of(request, server.oss.removeprefix("https://")))
            assert old.read_answer().body == b"renewed"
        assert server.stop() == 0

    def test_a_signal_takes_over_what_is_there(self, new_gateway, authority, files, tmp_path):
        chain, private = tmp_path / "chain.pem", tmp_path / "key.pem"
        copied((chain, private), files)
        server = new_gateway(*options((chain, private))).start()
        before = server.log.count("the certificate was loaded")
        server.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + RELOAD_SECONDS
        while server.log.count("the certificate was loaded") == before:
            assert time.monotonic() < deadline, server.log
            time.sleep(0.05)
        assert server.is_running
        assert name_of_certificate(server.oss, authority) == "server"

    @pytest.mark.parametrize("spoil", ["no certificate", "another key", "readable key", "gone"])
    def test_a_broken_certificate_changes_nothing_and_is_told(
        self, new_gateway, authority, files, tmp_path, spoil,
    ):
        chain, private = tmp_path / "chain.pem", tmp_path / "key.pem"
        copied((chain, private), files)
        server = new_gateway(*options((chain, private))).start()
        match spoil:
            case "no certificate":
                chain.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            case "another key":
                shutil.copy(authority.issue("stranger")[1], private)
            case "readable key":
                private.chmod(0o644)
            case "gone":
                private.unlink()
        deadline = time.monotonic() + RELOAD_SECONDS
        while "the new certificate cannot be used" not in server.log:
            assert time.monotonic() < deadline, server.log
            time.sleep(0.05)
        assert name_of_certificate(server.oss, authority) == "server"
        copied((chain, private), authority.issue("mended"))
        wait_for_certificate(server.oss, authority, "mended")
        assert "PRIVATE" not in server.log


def copied(targets: tuple[Path, Path], files: tuple[Path, Path]) -> None:
    """Puts a certificate and its key in the place of others, each at once, as those who renew them do."""
    for target, file in zip(targets, files):
        draft = target.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_bytes(file.read_bytes())
        os.replace(draft, target)


class TestRefusals:
    def assert_refused(self, tmp_path: Path, option: str, reason: str, *arguments: str | Path) -> None:
        ended = run_command(
            "serve", "--data", str(tmp_path / "data"), "--api-listen", "127.0.0.1:0", "--oss-listen", "127.0.0.1:0",
            *map(str, arguments), timeout=30, folder=tmp_path)
        assert ended.returncode == BAD_CONFIGURATION, ended.stderr
        assert option in ended.stderr and reason in ended.stderr, ended.stderr
        assert "PRIVATE" not in ended.stderr and ended.stdout == ""

    def test_half_of_the_pair(self, tmp_path, files):
        self.assert_refused(tmp_path, "--tls-key", "go together", "--tls-certificate", files[0])
        self.assert_refused(tmp_path, "--tls-certificate", "go together", "--tls-key", files[1])

    def test_files_that_are_not_there(self, tmp_path, files):
        nowhere = tmp_path / "nowhere.pem"
        self.assert_refused(tmp_path, "--tls-certificate", "cannot be opened", *options((nowhere, files[1])))
        self.assert_refused(tmp_path, "--tls-key", "cannot be opened", *options((files[0], nowhere)))
        self.assert_refused(tmp_path, "--tls-certificate", "not a file", *options((tmp_path, files[1])))

    def test_files_that_are_something_else(self, tmp_path, files):
        noise = tmp_path / "noise.pem"
        noise.write_bytes(b"no PEM at all\n")
        noise.chmod(0o600)
        self.assert_refused(tmp_path, "--tls-certificate", "no certificates", *options((noise, files[1])))
        self.assert_refused(tmp_path, "--tls-key", "no private key", *options((files[0], noise)))

    def test_a_key_with_a_passphrase(self, tmp_path, files):
        locked = tmp_path / "locked.key"
        openssl("pkcs8", "-topk8", "-in", files[1], "-passout", "pass:word", "-out", locked)
        locked.chmod(0o600)
        self.assert_refused(tmp_path, "--tls-key", "passphrase", *options((files[0], locked)))

    def test_a_key_of_another_certificate(self, tmp_path, files, authority):
        other = authority.issue("other")[1]
        self.assert_refused(tmp_path, "--tls-key", "not the key of the first", *options((files[0], other)))

    @pytest.mark.parametrize("mode", [0o644, 0o604, 0o666, 0o620])
    def test_a_key_that_others_may_read_or_change(self, tmp_path, files, mode):
        key = tmp_path / "open.key"
        key.write_bytes(files[1].read_bytes())
        key.chmod(mode)
        self.assert_refused(tmp_path, "--tls-key", "0600 or 0640", *options((files[0], key)))
