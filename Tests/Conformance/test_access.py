"""Who is let in: habits of clients when they sign, temporary keys, accounts, policies of keys, public objects."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import time
import uuid
import xml.etree.ElementTree as ElementTree
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote, urlsplit

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

from kit.gateway import run_command
from kit.signing import V4_ALGORITHM, Credentials, Request, sign_v4_header, v4_scope, v4_timestamp
from kit.wire import exchange

REGION = "cn-hangzhou"


def send(
    endpoint: str, method: str, target: str, headers: dict[str, str | bytes] | None = None, body: bytes | None = None,
) -> tuple[int, bytes]:
    """Sends a request whose target and headers nothing changes."""
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=30)
    try:
        connection.request(method, target, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def v1(credentials: Credentials, method: str, resource: str, date: str, headers: str = "", content_type: str = "") -> str:
    """An `Authorization` of V1 over a resource as a client wrote it."""
    text = f"{method}\n\n{content_type}\n{date}\n{headers}{resource}".encode()
    signature = base64.b64encode(hmac.new(credentials.secret.encode(), text, hashlib.sha1).digest()).decode()
    return f"OSS {credentials.access_key_id}:{signature}"


def code_of(body: bytes) -> str | None:
    return ElementTree.fromstring(body).findtext("Code") if body else None


def wait_until(is_so, seconds: float = 6) -> None:
    """Waits for what a running server takes over within two seconds."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.1)


class TestHabitsOfClients:
    def test_a_bucket_without_its_slash_is_signed_by_the_c_sdk_and_opendal(self, gateway, credentials, bucket):
        date = formatdate(usegmt=True)
        for target in (f"/{bucket}", f"/{bucket}?prefix=a"):
            header = v1(credentials, "GET", f"/{bucket}", date)
            status, body = send(gateway.oss, "GET", target, {"Date": date, "Authorization": header})
            assert status == 200, body
        header = v1(credentials, "GET", f"/{bucket}?acl", date)
        status, _ = send(gateway.oss, "GET", f"/{bucket}?acl", {"Date": date, "Authorization": header})
        assert status == 200
        # With the slash in the URL it has to be in the signature.
        status, body = send(gateway.oss, "GET", f"/{bucket}/?acl", {"Date": date, "Authorization": header})
        assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")

    def test_a_plus_in_a_path_that_was_signed_as_a_blank_is_one(self, store, gateway, credentials, bucket):
        store.put(bucket, "with blank", b"blank")
        store.put(bucket, "with+blank", b"plus")
        date = formatdate(usegmt=True)
        for resource, wanted in (("with blank", b"blank"), ("with+blank", b"plus")):
            header = v1(credentials, "GET", f"/{bucket}/{resource}", date)
            status, body = send(
                gateway.oss, "GET", f"/{bucket}/with+blank", {"Date": date, "Authorization": header})
            assert (status, body) == (200, wanted)

    @pytest.mark.parametrize("value", ["dünn", "日本語", "a\u00a0b"])
    def test_raw_bytes_of_headers_are_signed_as_they_are(self, store, gateway, credentials, bucket, key, value):
        date = formatdate(usegmt=True)
        line = f"x-oss-meta-name:{value}\n"
        header = v1(credentials, "PUT", f"/{bucket}/{key}", date, line)
        status, body = send(
            gateway.oss, "PUT", f"/{bucket}/{key}",
            {"Date": date, "Authorization": header, "x-oss-meta-name": value.encode()}, b"x")
        assert status == 200, body
        assert store.get(bucket, key).header("x-oss-meta-name").encode("latin-1").decode() == value

    def test_v4_without_a_date_of_its_own_signs_the_text_of_date(self, gateway, credentials, bucket):
        timestamp, date = v4_timestamp(time.time()), formatdate(usegmt=True)
        scope = v4_scope(credentials, timestamp)
        canonical = "\n".join(
            ["GET", f"/{bucket}/", "", "x-oss-content-sha256:UNSIGNED-PAYLOAD\n", "", "UNSIGNED-PAYLOAD"])
        text = "\n".join([V4_ALGORITHM, date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("aliyun_v4" + credentials.secret).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        authorization = f"{V4_ALGORITHM} Credential={credentials.access_key_id}/{scope},Signature={signature}"
        headers = {"Date": date, "x-oss-content-sha256": "UNSIGNED-PAYLOAD", "Authorization": authorization}
        status, body = send(gateway.oss, "GET", f"/{bucket}/", headers)
        assert status == 200, body
        # Another text of the same moment was not signed.
        for changed in (date.replace(" GMT", " +0000"), formatdate(time.time() - 60, usegmt=True)):
            status, body = send(gateway.oss, "GET", f"/{bucket}/", headers | {"Date": changed})
            assert status == 403, body

    @pytest.mark.parametrize("version", ["v1", "v2", "v4"])
    def test_oss2_works_with_every_version_of_its_signature(self, gateway, credentials, bucket, key, version):
        auth = oss2.make_auth(credentials.access_key_id, credentials.secret, version)
        client = oss2.Bucket(auth, gateway.oss, bucket, region=REGION)
        client.put_object(key, b"hello", headers={"x-oss-meta-a": "b", "Content-Type": "text/plain"})
        assert client.get_object(key).read() == b"hello"
        assert key in [found.key for found in oss2.ObjectIterator(client, prefix="key-")]
        url = client.sign_url("GET", key, 60, slash_safe=True)
        assert oss2.Session().do_request(oss2.http.Request("GET", url), 30).read() == b"hello"
        wrong = oss2.make_auth(credentials.access_key_id, "wrong", version)
        with pytest.raises(oss2.exceptions.SignatureDoesNotMatch):
            oss2.Bucket(wrong, gateway.oss, bucket, region=REGION).get_object(key)


def assume_role(endpoint: str, credentials: Credentials, method: str = "POST", **parameters: str) -> dict:
    """Calls AssumeRole by RPC, and returns what it answers in JSON."""
    asked = {
        "Action": "AssumeRole", "Version": "2015-04-01", "Format": "JSON", "AccessKeyId": credentials.access_key_id,
        "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "RoleArn": "acs:ram::1000000000000001:role/test", "RoleSessionName": "session",
    } | parameters
    encoded = "&".join(f"{quote(name, safe='-_.~')}={quote(asked[name], safe='-_.~')}" for name in sorted(asked))
    text = f"{method}&%2F&{quote(encoded, safe='-_.~')}".encode()
    signature = base64.b64encode(hmac.new(f"{credentials.secret}&".encode(), text, hashlib.sha1).digest()).decode()
    encoded += f"&Signature={quote(signature, safe='')}"
    if method == "POST":
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        _, body = send(endpoint, "POST", "/", headers, encoded.encode())
    else:
        _, body = send(endpoint, "GET", f"/?{encoded}")
    return json.loads(body)


@pytest.fixture(scope="module")
def session(gateway, credentials):
    """A temporary key of the shared server."""
    return assume_role(gateway.oss, credentials)["Credentials"]


class TestTemporaryKeys:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_role_is_taken_on_by_both_methods(self, gateway, credentials, method):
        answer = assume_role(gateway.oss, credentials, method, DurationSeconds="900")
        assert answer["Credentials"]["AccessKeyId"].startswith("STS.")
        assert answer["AssumedRoleUser"]["Arn"].endswith(":role/test/session")

    @pytest.mark.parametrize("version", ["v1", "v2", "v4"])
    def test_oss2_works_with_a_temporary_key(self, gateway, session, bucket, key, version):
        auth = oss2.StsAuth(
            session["AccessKeyId"], session["AccessKeySecret"], session["SecurityToken"], auth_version=version)
        client = oss2.Bucket(auth, gateway.oss, bucket, region=REGION)
        client.put_object(key, b"hello")
        assert client.get_object(key).read() == b"hello"
        url = client.sign_url("GET", key, 60, slash_safe=True)
        assert oss2.Session().do_request(oss2.http.Request("GET", url), 30).read() == b"hello"

    @pytest.mark.parametrize("version", ["v1", "v4"])
    def test_alibabacloud_oss_v2_works_with_a_temporary_key(self, gateway, session, bucket, key, version):
        configuration = oss_v2.config.load_default()
        configuration.credentials_provider = oss_v2.credentials.StaticCredentialsProvider(
            session["AccessKeyId"], session["AccessKeySecret"], session["SecurityToken"])
        configuration.region, configuration.endpoint = REGION, gateway.oss
        configuration.signature_version = version
        client = oss_v2.Client(configuration)
        client.put_object(oss_v2.PutObjectRequest(bucket=bucket, key=key, body=b"hello"))
        assert client.get_object(oss_v2.GetObjectRequest(bucket=bucket, key=key)).body.read() == b"hello"
        url = client.presign(oss_v2.GetObjectRequest(bucket=bucket, key=key)).url
        parts = urlsplit(url)
        status, body = send(gateway.oss, "GET", f"{parts.path}?{parts.query}")
        assert (status, body) == (200, b"hello")

    def test_a_session_is_bound_by_its_policy(self, gateway, credentials, bucket, key):
        policy = {"Version": "1", "Statement": [
            {"Effect": "Allow", "Action": ["oss:PutObject"], "Resource": [f"acs:oss:*:*:{bucket}/{key}"]}]}
        session = assume_role(gateway.oss, credentials, Policy=json.dumps(policy))["Credentials"]
        auth = oss2.StsAuth(session["AccessKeyId"], session["AccessKeySecret"], session["SecurityToken"])
        client = oss2.Bucket(auth, gateway.oss, bucket)
        client.put_object(key, b"hello")
        for refused in (lambda: client.get_object(key), lambda: client.put_object(key + "x", b""),
                        client.get_bucket_acl, lambda: client.list_objects()):
            with pytest.raises(oss2.exceptions.AccessDenied) as told:
                refused()
            assert told.value.details["EC"] == "0003-00000201"

    def test_a_session_outlives_a_restart_and_ends_with_its_parent(self, new_gateway):
        server = new_gateway().start()
        made = run_command("keys", "create", "--data", str(server.data))
        key_id, secret_file = made.stdout.strip().split("\t")
        parent = Credentials(key_id, Path(secret_file).read_text().splitlines()[0])
        wait_until(lambda: "Credentials" in assume_role(server.oss, parent))
        session = assume_role(server.oss, parent)["Credentials"]
        held = Credentials(session["AccessKeyId"], session["AccessKeySecret"])

        def answer() -> tuple[int, str | None]:
            request = Request("GET", server.bucket, headers=(("x-oss-security-token", session["SecurityToken"]),))
            return exchange(server.oss, sign_v4_header(request, held)).refusal

        assert answer()[0] == 200
        server.stop()
        server.start()
        assert answer()[0] == 200
        run_command("keys", "disable", key_id, "--data", str(server.data))
        wait_until(lambda: answer() == (403, "InvalidAccessKeyId"))
        assert session["AccessKeySecret"] not in server.log and session["SecurityToken"] not in server.log


class TestAccounts:
    def made(self, server, *arguments: str) -> Credentials:
        """A key that was just made, once the server knows it."""
        told = run_command("keys", "create", "--data", str(server.data), *arguments)
        assert told.returncode == 0, told.stderr
        key_id, secret_file = told.stdout.strip().split("\t")
        credentials = Credentials(key_id, Path(secret_file).read_text().splitlines()[0])
        assert credentials.secret not in told.stdout + told.stderr
        wait_until(lambda: self.answer(server, credentials, Request("GET")) != (403, "InvalidAccessKeyId"))
        return credentials

    @staticmethod
    def answer(server, credentials: Credentials, request: Request) -> tuple[int, str | None]:
        return exchange(server.oss, sign_v4_header(request, credentials)).refusal

    def test_accounts_have_buckets_of_their_own(self, new_gateway):
        server = new_gateway().start()
        other = self.made(server, "--account", "1000000000000002")
        assert self.answer(server, other, Request("PUT", "bucket-of-another"))[0] == 200
        assert self.answer(server, other, Request("PUT", server.bucket)) == (409, "BucketAlreadyExists")
        for request in (Request("GET", server.bucket), Request("PUT", server.bucket, "k"),
                        Request("DELETE", server.bucket), Request("GET", server.bucket, query=(("acl", ""),))):
            assert self.answer(server, other, request) == (403, "AccessDenied")
        first = server.credentials
        assert self.answer(server, first, Request("GET", "bucket-of-another")) == (403, "AccessDenied")
        listed = exchange(server.oss, sign_v4_header(Request("GET"), other)).body
        assert b"bucket-of-another" in listed and server.bucket.encode() not in listed
        told = run_command("keys", "list", "--data", str(server.data)).stdout
        assert f"{other.access_key_id}\tenabled\t1000000000000002\tall" in told

    def test_a_key_is_bound_freed_and_rotated_while_the_server_runs(self, new_gateway, tmp_path):
        server = new_gateway().start()
        policy = tmp_path / "policy.json"
        policy.write_text(json.dumps({"Version": "1", "Statement": [
            {"Effect": "Allow", "Action": ["oss:GetObject"], "Resource": [f"acs:oss:*:*:{server.bucket}/*"]}]}, indent=1))
        bound = self.made(server, "--policy", str(policy))
        assert exchange(server.oss, sign_v4_header(Request("PUT", server.bucket, "k"), server.credentials)).status == 200
        read, write = Request("GET", server.bucket, "k"), Request("PUT", server.bucket, "k")
        assert self.answer(server, bound, read)[0] == 200
        assert self.answer(server, bound, write) == (403, "AccessDenied")
        data = ("--data", str(server.data))
        told = run_command("keys", "rotate", bound.access_key_id, *data)
        key_id, secret_file = told.stdout.strip().split("\t")
        successor = Credentials(key_id, Path(secret_file).read_text().splitlines()[0])
        wait_until(lambda: self.answer(server, bound, read) == (403, "InvalidAccessKeyId"))
        wait_until(lambda: self.answer(server, successor, read)[0] == 200)
        assert self.answer(server, successor, write) == (403, "AccessDenied")
        assert run_command("keys", "policy", key_id, "--none", *data).returncode == 0
        wait_until(lambda: self.answer(server, successor, write)[0] == 200)

    @pytest.mark.parametrize("text", ["", "{}", "nonsense", '{"Version": "1", "Statement": [{"Effect": "Allow"}]}'])
    def test_what_is_no_policy_binds_nothing(self, new_gateway, tmp_path, text):
        server = new_gateway().start()
        policy = tmp_path / "policy.json"
        policy.write_text(text)
        told = run_command("keys", "create", "--data", str(server.data), "--policy", str(policy))
        assert told.returncode == 65 and "policy" in told.stderr

    @pytest.mark.parametrize("lines", ["account x", "policy\n{}", "polciy\n{}", "account 1\nmore"])
    def test_a_key_whose_file_cannot_be_read_opens_nothing(self, new_gateway, lines):
        server = new_gateway().start()
        made = self.made(server)
        file = server.data / "secrets" / "access-keys" / made.access_key_id
        file.write_text(f"{made.secret}\n{lines}\n")
        wait_until(lambda: self.answer(server, made, Request("GET")) == (403, "InvalidAccessKeyId"))
        assert run_command("keys", "list", "--data", str(server.data)).returncode == 65


class TestStrangers:
    def test_a_public_object_is_read_without_a_signature(self, store, gateway, bucket, key):
        store.put(bucket, key, b"for all", ("x-oss-object-acl", "public-read"))
        assert send(gateway.oss, "GET", f"/{bucket}/{key}") == (200, b"for all")
        status, body = send(gateway.oss, "GET", f"/{bucket}/{key}", {"Authorization": "OSS nobody:nothing"})
        assert status == 403
        status, body = send(gateway.oss, "PUT", f"/{bucket}/{key}", {}, b"x")
        assert (status, code_of(body)) == (403, "AccessDenied")
        assert store.get(bucket, key).body == b"for all"

    def test_a_refused_body_is_not_waited_for(self, gateway, bucket):
        headers = {"Expect": "100-continue", "Content-Length": "1000000000"}
        status, body = send(gateway.oss, "PUT", f"/{bucket}/large", headers, b"")
        assert (status, code_of(body)) == (403, "AccessDenied")

    def test_oss2_reads_anonymously(self, store, gateway, bucket, key):
        store.put(bucket, key, b"for all", ("x-oss-object-acl", "public-read"))
        client = oss2.Bucket(oss2.AnonymousAuth(), gateway.oss, bucket)
        assert client.get_object(key).read() == b"for all"
        with pytest.raises(oss2.exceptions.AccessDenied):
            client.list_objects()


class TestAddresses:
    def test_hosts_that_are_bound_stand_for_their_bucket(self, new_gateway):
        server = new_gateway(
            "--oss-bound-hosts", "static.example.com=workspace", "--oss-extranet-endpoint", "https://oss.example.com",
            "--oss-intranet-endpoint", "oss-internal.example.com", "--oss-path-style", "own-hosts").start()
        put = sign_v4_header(
            Request("PUT", "workspace", "k", headers=(("x-oss-object-acl", "public-read"),), body=b"bound"),
            server.credentials)
        assert exchange(server.oss, put).status == 200
        assert send(server.oss, "GET", "/k", {"Host": "static.example.com"}) == (200, b"bound")
        told = exchange(server.oss, sign_v4_header(
            Request("GET", "workspace", query=(("bucketInfo", ""),)), server.credentials)).body.decode()
        assert "<ExtranetEndpoint>https://oss.example.com</ExtranetEndpoint>" in told
        assert "<IntranetEndpoint>oss-internal.example.com</IntranetEndpoint>" in told
        status, body = send(server.oss, "GET", "/workspace/k", {"Host": f"oss-{REGION}.aliyuncs.com"})
        assert (status, code_of(body)) == (403, "SecondLevelDomainForbidden")
        assert send(server.oss, "GET", "/k", {"Host": f"workspace.oss-{REGION}.aliyuncs.com"}) == (200, b"bound")

    def test_hundreds_of_buckets_are_listed(self, new_gateway):
        server = new_gateway("--store", "memory").start()
        names = [f"many-{number:03d}" for number in range(300)]
        for name in names:
            assert exchange(server.oss, sign_v4_header(Request("PUT", name), server.credentials)).status == 200
        auth = oss2.Auth(server.credentials.access_key_id, server.credentials.secret)
        found = [bucket.name for bucket in oss2.BucketIterator(oss2.Service(auth, server.oss), prefix="many-")]
        assert found == names
