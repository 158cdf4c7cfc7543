"""boto3, which speaks S3: its daily work with all of AWS's signatures, and what must be refused."""

from __future__ import annotations

import base64
import hashlib
import io
import socket
import urllib.error
import urllib.request
import zlib

import boto3
import botocore.exceptions
import pytest
import requests
from boto3.s3.transfer import TransferConfig
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as AWSCredentials

from kit.wire import Connection

MIB = 1024 * 1024


def make_client(gateway, credentials, signature: str = "s3v4"):
    return boto3.client(
        "s3", endpoint_url=gateway.oss, region_name=credentials.region,
        aws_access_key_id=credentials.access_key_id, aws_secret_access_key=credentials.secret,
        config=Config(
            signature_version=signature, s3={"addressing_style": "path"}, retries={"max_attempts": 1},
            connect_timeout=10, read_timeout=60))


@pytest.fixture(params=["s3v4", "s3"], ids=["AWS V4", "AWS V2"])
def s3(request: pytest.FixtureRequest, gateway, credentials):
    """An S3 client with a key that the store knows."""
    return make_client(gateway, credentials, request.param)


@pytest.fixture
def s3v4(gateway, credentials):
    return make_client(gateway, credentials)


def refused(call) -> tuple[int, str]:
    """The status and the code of a refusal."""
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        call()
    answer = refusal.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


class TestDailyWork:
    def test_an_object_comes_back(self, s3, store, bucket, key):
        put = s3.put_object(
            Bucket=bucket, Key=key, Body=b"hello", ContentType="text/plain", Metadata={"color": "blue"},
            CacheControl="no-cache", ContentEncoding="identity")
        assert put["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
        got = s3.get_object(Bucket=bucket, Key=key)
        assert got["Body"].read() == b"hello"
        assert (got["ContentType"], got["Metadata"], got["CacheControl"]) == ("text/plain", {"color": "blue"}, "no-cache")
        assert got["ContentEncoding"] == "identity"
        assert got["ETag"] == put["ETag"]
        head = s3.head_object(Bucket=bucket, Key=key)
        assert (head["ContentLength"], head["ETag"]) == (5, put["ETag"])
        # The same object by OSS's own words.
        native = store.get(bucket, key)
        assert native.header("etag") == '"5D41402ABC4B2A76B9719D911017C592"'
        assert native.header("x-oss-meta-color") == "blue"
        s3.delete_object(Bucket=bucket, Key=key)
        assert refused(lambda: s3.get_object(Bucket=bucket, Key=key)) == (404, "NoSuchKey")
        assert refused(lambda: s3.head_object(Bucket=bucket, Key=key)) == (404, "404")

    def test_ranges_and_conditions_are_those_of_s3(self, s3, bucket, key):
        etag = s3.put_object(Bucket=bucket, Key=key, Body=b"0123456789")["ETag"]
        got = s3.get_object(Bucket=bucket, Key=key, Range="bytes=5-100")
        assert (got["Body"].read(), got["ContentRange"]) == (b"56789", "bytes 5-9/10")
        assert refused(lambda: s3.get_object(Bucket=bucket, Key=key, Range="bytes=10-")) == (416, "InvalidRange")
        assert refused(lambda: s3.get_object(Bucket=bucket, Key=key, IfNoneMatch=etag)) == (304, "304")
        assert refused(lambda: s3.get_object(Bucket=bucket, Key=key, IfMatch='"0"')) == (412, "PreconditionFailed")
        assert refused(lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"x", IfNoneMatch="*")) == (
            412, "PreconditionFailed")

    def test_buckets(self, s3, key):
        name = f"s3-{key[4:24]}"
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "cn-hangzhou"})
        assert name in [each["Name"] for each in s3.list_buckets()["Buckets"]]
        s3.head_bucket(Bucket=name)
        assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "cn-hangzhou"
        assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 0
        s3.put_bucket_acl(Bucket=name, ACL="public-read")
        grants = s3.get_bucket_acl(Bucket=name)["Grants"]
        assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL", "READ"]
        s3.delete_bucket(Bucket=name)
        assert refused(lambda: s3.head_bucket(Bucket=name)) == (404, "404")
        assert refused(lambda: s3.list_objects_v2(Bucket=name)) == (404, "NoSuchBucket")

    def test_lists(self, s3, bucket, key):
        keys = [f"{key}/a b", f"{key}/ä+", f"{key}/sub/x", f"{key}/z&<>"]
        for each in keys:
            s3.put_object(Bucket=bucket, Key=each, Body=b"x")
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{key}/")
        assert [each["Key"] for each in listed["Contents"]] == sorted(keys, key=lambda text: text.encode())
        assert listed["Contents"][0]["ETag"] == '"9dd4e461268c8034f5c8564e155c67a6"'
        assert listed["Contents"][0]["StorageClass"] == "STANDARD"
        assert listed["MaxKeys"] == 1000
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=f"{key}/", Delimiter="/", PaginationConfig={"PageSize": 1})
        found = [[e["Key"] for e in p.get("Contents", [])] + [e["Prefix"] for e in p.get("CommonPrefixes", [])]
                 for p in pages]
        assert sorted(sum(found, [])) == sorted([keys[0], keys[1], f"{key}/sub/", keys[3]])
        old = s3.list_objects(Bucket=bucket, Prefix=f"{key}/", MaxKeys=2)
        assert len(old["Contents"]) == 2 and old["IsTruncated"]
        many = s3.list_objects_v2(Bucket=bucket, Prefix=f"{key}/", MaxKeys=5000)
        assert len(many["Contents"]) == 4

    def test_delete_many(self, s3, bucket, key):
        keys = [f"{key}/{number}" for number in range(3)]
        for each in keys:
            s3.put_object(Bucket=bucket, Key=each, Body=b"x")
        told = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": each} for each in keys[:2]]})
        assert [each["Key"] for each in told["Deleted"]] == keys[:2]
        quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": keys[2]}], "Quiet": True})
        assert "Deleted" not in quiet
        assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix=f"{key}/")

    def test_copies_tags_and_acl(self, s3, bucket, key):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x", Tagging="a=b", Metadata={"m": "1"})
        copied = s3.copy_object(Bucket=bucket, Key=key + "ü", CopySource={"Bucket": bucket, "Key": key})
        assert copied["CopyObjectResult"]["ETag"] == '"9dd4e461268c8034f5c8564e155c67a6"'
        assert s3.get_object_tagging(Bucket=bucket, Key=key + "ü")["TagSet"] == [{"Key": "a", "Value": "b"}]
        s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": [{"Key": "c", "Value": "d"}]})
        assert s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == [{"Key": "c", "Value": "d"}]
        s3.delete_object_tagging(Bucket=bucket, Key=key)
        assert s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == []
        s3.copy_object(
            Bucket=bucket, Key=key, CopySource=f"{bucket}/{key}", Metadata={"n": "2"}, MetadataDirective="REPLACE")
        assert s3.head_object(Bucket=bucket, Key=key)["Metadata"] == {"n": "2"}
        s3.put_object_acl(Bucket=bucket, Key=key, ACL="public-read")
        assert len(s3.get_object_acl(Bucket=bucket, Key=key)["Grants"]) == 2

    def test_parts(self, s3, store, bucket, key, random_numbers):
        body = random_numbers.randbytes(12 * MIB)
        s3.upload_fileobj(
            io.BytesIO(body), bucket, key, Config=TransferConfig(multipart_threshold=5 * MIB, max_concurrency=3))
        found = io.BytesIO()
        s3.download_fileobj(bucket, key, found)
        assert found.getvalue() == body
        head = s3.head_object(Bucket=bucket, Key=key)
        assert head["ETag"].endswith('-2"') and head["ETag"] == head["ETag"].lower()
        upload = s3.create_multipart_upload(Bucket=bucket, Key=key + "2")["UploadId"]
        assert s3.list_multipart_uploads(Bucket=bucket)["Uploads"][0]["UploadId"] == upload
        part = s3.upload_part_copy(
            Bucket=bucket, Key=key + "2", UploadId=upload, PartNumber=1, CopySource=f"{bucket}/{key}",
            CopySourceRange="bytes=0-1048575")["CopyPartResult"]["ETag"]
        assert s3.list_parts(Bucket=bucket, Key=key + "2", UploadId=upload)["Parts"][0]["ETag"] == part
        s3.complete_multipart_upload(
            Bucket=bucket, Key=key + "2", UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]})
        assert store.get(bucket, key + "2").body == body[:MIB]
        gone = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=gone)
        assert refused(lambda: s3.list_parts(Bucket=bucket, Key=key, UploadId=gone)) == (404, "NoSuchUpload")

    def test_links(self, s3, bucket, key):
        link = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=60)
        assert requests.put(link, data=b"linked", timeout=30).status_code == 200
        link = s3.generate_presigned_url("get_object", Params={
            "Bucket": bucket, "Key": key, "ResponseContentType": "text/x"}, ExpiresIn=60)
        with urllib.request.urlopen(link, timeout=30) as answer:
            assert (answer.read(), answer.headers["Content-Type"]) == (b"linked", "text/x")

    def test_virtual_hosts(self, gateway, credentials, bucket, key, monkeypatch):
        look_up = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **options: look_up(
            "127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **options))
        port = gateway.oss.rpartition(":")[2]
        s3 = boto3.client(
            "s3", endpoint_url=f"http://localhost:{port}", region_name=credentials.region,
            aws_access_key_id=credentials.access_key_id, aws_secret_access_key=credentials.secret,
            config=Config(s3={"addressing_style": "virtual"}, retries={"max_attempts": 1}))
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"x"

    @pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
    def test_checksums_are_checked(self, s3v4, bucket, key, algorithm):
        put = s3v4.put_object(Bucket=bucket, Key=key, Body=b"hello", ChecksumAlgorithm=algorithm)
        assert put[f"Checksum{algorithm}"]
        wrong = base64.b64encode(bytes({"CRC32": 4, "SHA1": 20, "SHA256": 32}[algorithm])).decode()
        assert refused(lambda: s3v4.put_object(
            Bucket=bucket, Key=key, Body=b"other", **{f"Checksum{algorithm}": wrong})) == (400, "InvalidDigest")
        assert s3v4.get_object(Bucket=bucket, Key=key)["Body"].read() == b"hello"


class TestRefusals:
    def test_a_wrong_secret(self, gateway, credentials, bucket, key):
        for signature in ("s3v4", "s3"):
            s3 = boto3.client(
                "s3", endpoint_url=gateway.oss, region_name="cn-hangzhou",
                aws_access_key_id=credentials.access_key_id, aws_secret_access_key="wrong",
                config=Config(signature_version=signature, s3={"addressing_style": "path"}))
            assert refused(lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"")) == (403, "SignatureDoesNotMatch")

    @pytest.mark.parametrize("appended", [
        "callback=e30%3D", "callback-var=e30%3D", "append&position=0", "symlink", "x-oss-process=a"])
    def test_a_v2_link_takes_no_parameter_that_it_does_not_cover(
            self, gateway, store, credentials, bucket, key, appended):
        s3 = boto3.client(
            "s3", endpoint_url=gateway.oss, region_name="cn-hangzhou",
            aws_access_key_id=credentials.access_key_id, aws_secret_access_key=credentials.secret,
            config=Config(signature_version="s3", s3={"addressing_style": "path"}))
        link = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": key})
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(urllib.request.Request(
                f"{link}&{appended}", data=b"x", method="PUT", headers={"Content-Type": ""}), timeout=20)
        assert (refusal.value.code, b"HeadersNotSigned" in refusal.value.read()) == (403, True)
        assert not store.exists(bucket, key)
        # The link as it is still stores: what was refused is the parameter.
        plain = urllib.request.Request(link, data=b"x", method="PUT", headers={"Content-Type": ""})
        assert urllib.request.urlopen(plain, timeout=20).status == 200

    def test_an_unknown_key(self, gateway, bucket, key):
        s3 = boto3.client(
            "s3", endpoint_url=gateway.oss, region_name="cn-hangzhou", aws_access_key_id="nobody",
            aws_secret_access_key="wrong", config=Config(s3={"addressing_style": "path"}))
        assert refused(lambda: s3.get_object(Bucket=bucket, Key=key)) == (403, "InvalidAccessKeyId")

    @pytest.mark.parametrize("operation, options", [
        ("get_object_attributes", {"ObjectAttributes": ["ETag"]}), ("get_object_torrent", {}),
        ("get_object_legal_hold", {}), ("select_object_content", {
            "Expression": "x", "ExpressionType": "SQL", "InputSerialization": {"CSV": {}},
            "OutputSerialization": {"CSV": {}}}),
    ])
    def test_what_only_s3_has_on_objects(self, s3v4, bucket, key, operation, options):
        s3v4.put_object(Bucket=bucket, Key=key, Body=b"x")
        call = getattr(s3v4, operation)
        assert refused(lambda: call(Bucket=bucket, Key=key, **options)) == (501, "NotImplemented")

    @pytest.mark.parametrize("operation", [
        "get_bucket_accelerate_configuration", "get_bucket_notification_configuration", "get_object_lock_configuration",
        "get_bucket_ownership_controls", "get_bucket_replication", "get_bucket_website", "get_bucket_lifecycle",
        "get_bucket_logging", "get_bucket_policy", "list_bucket_analytics_configurations",
    ])
    def test_what_s3_means_otherwise_on_buckets(self, s3v4, bucket, operation):
        status, code = refused(lambda: getattr(s3v4, operation)(Bucket=bucket))
        assert (status, code) == (501, "NotImplemented")

    @pytest.mark.parametrize("options", [
        {"ACL": "authenticated-read"}, {"GrantRead": "id=a"}, {"WebsiteRedirectLocation": "/x"},
        {"ObjectLockMode": "GOVERNANCE"}, {"StorageClass": "OUTPOSTS"}, {"ExpectedBucketOwner": "111122223333"},
        {"IfMatch": '"0"'},
    ], ids=lambda options: next(iter(options)))
    def test_headers_that_would_mean_more(self, s3v4, bucket, key, options):
        if "ObjectLockMode" in options:
            options = options | {"ObjectLockRetainUntilDate": "2099-01-01T00:00:00Z"}
        status, _ = refused(lambda: s3v4.put_object(Bucket=bucket, Key=key, Body=b"x", **options))
        assert status in (400, 403, 501)
        assert refused(lambda: s3v4.head_object(Bucket=bucket, Key=key)) == (404, "404")


def send(gateway, credentials, target: str, body: bytes, headers: dict[str, str], sent: bytes | None = None):
    """Signs a PUT with botocore's own signer, and sends another body if one is given."""
    request = AWSRequest("PUT", gateway.oss + target, data=body, headers=headers)
    request.context["payload_signing_enabled"] = True
    if "x-amz-content-sha256" in {name.lower() for name in headers}:
        digest = headers["X-Amz-Content-SHA256"]

        class Signer(S3SigV4Auth):
            def payload(self, _):
                return digest

            def _should_sha256_sign_payload(self, _):
                return True
    else:
        Signer = S3SigV4Auth
    signer = Signer(
        AWSCredentials(credentials.access_key_id, credentials.secret), "s3", credentials.region)
    signer.add_auth(request)
    lines = [f"PUT {target} HTTP/1.1", f"Host: {gateway.oss.removeprefix('http://')}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items() if name.lower() != "host"]
    payload = body if sent is None else sent
    lines.append(f"Content-Length: {len(payload)}")
    with Connection(gateway.oss) as connection:
        connection.send("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)
        return connection.read_answer()


CRC = base64.b64encode(zlib.crc32(b"hello world").to_bytes(4, "big")).decode()
GOOD = f"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:{CRC}\r\n\r\n".encode()
TRAILING = {
    "X-Amz-Content-SHA256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Trailer": "x-amz-checksum-crc32",
    "X-Amz-Decoded-Content-Length": "11", "Content-Encoding": "aws-chunked",
}


class TestBodies:
    def test_another_body_than_the_signed_one_is_refused(self, gateway, store, credentials, bucket, key):
        answer = send(gateway, credentials, f"/{bucket}/{key}", b"signed", {}, sent=b"forged")
        assert answer.refusal == (400, "InvalidDigest")
        assert not store.exists(bucket, key)

    def test_chunks_with_a_trailing_checksum(self, gateway, store, credentials, bucket, key):
        answer = send(gateway, credentials, f"/{bucket}/{key}", GOOD, TRAILING)
        assert answer.status == 200, answer
        found = store.get(bucket, key)
        assert found.body == b"hello world"
        assert found.header("content-encoding") is None

    @pytest.mark.parametrize("body", [
        GOOD.replace(b"hello", b"jello"), GOOD.replace(CRC.encode(), b"AAAAAA=="), GOOD[:-4], GOOD[:20], b"",
        GOOD.replace(b"x-amz-checksum-crc32", b"x-amz-checksum-sha256"), GOOD.replace(b"\r\n0\r\n", b"\r\n"),
        GOOD.replace(b"5\r\n", b"-5\r\n"), GOOD.replace(b"5\r\n", b"+5\r\n"), GOOD.replace(b"5\r\n", b"g\r\n"),
        GOOD.replace(b"5\r\n", b"ffffffffffffffff\r\n"), GOOD.replace(b"5\r\n", b"5\n"), GOOD.replace(b"5\r\n", b"6\r\n"),
        GOOD + b"more", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"a" * 100_000,
        b"5;chunk-signature=00\r\nhello\r\n" + GOOD[10:],
    ], ids=range(18))
    def test_broken_chunks_store_nothing(self, gateway, store, credentials, bucket, key, body):
        answer = send(gateway, credentials, f"/{bucket}/{key}", body, TRAILING)
        assert answer.status == 400, answer
        assert not store.exists(bucket, key)

    @pytest.mark.parametrize("change", [
        {"X-Amz-Decoded-Content-Length": "12"}, {"X-Amz-Decoded-Content-Length": "10"},
        {"X-Amz-Decoded-Content-Length": "x"}, {"X-Amz-Trailer": "x-amz-checksum-crc32c"},
        {"X-Amz-Content-SHA256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
        {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}, {"X-Amz-Content-SHA256": "nonsense"},
    ], ids=str)
    def test_a_head_that_says_otherwise_stores_nothing(self, gateway, store, credentials, bucket, key, change):
        answer = send(gateway, credentials, f"/{bucket}/{key}", GOOD, TRAILING | change)
        assert answer.status == 400, answer
        assert not store.exists(bucket, key)

    def test_a_trailer_that_is_no_checksum_is_not_implemented(self, gateway, store, credentials, bucket, key):
        answer = send(gateway, credentials, f"/{bucket}/{key}", GOOD, TRAILING | {"X-Amz-Trailer": "x-amz-meta-a"})
        assert (answer.status, answer.field("Code")) == (501, "NotImplemented"), answer
        assert not store.exists(bucket, key)

    def test_chunks_without_a_length_are_refused(self, gateway, store, credentials, bucket, key):
        headers = {name: value for name, value in TRAILING.items() if "Length" not in name}
        answer = send(gateway, credentials, f"/{bucket}/{key}", GOOD, headers)
        assert answer.status == 411


class TestSignedChunks:
    """Chunks that are signed one by one, with a signer of our own: no client of today sends them over HTTP."""

    @staticmethod
    def upload(gateway, credentials, target: str, chunks: list[bytes], spoil=lambda body: body):
        import hmac
        import time
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = f"{date[:8]}/{credentials.region}/s3/aws4_request"
        step = f"AWS4{credentials.secret}".encode()
        for part in scope.split("/"):
            step = hmac.new(step, part.encode(), hashlib.sha256).digest()
        host = gateway.oss.removeprefix("http://")
        headers = {
            "content-encoding": "aws-chunked", "host": host,
            "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x-amz-date": date,
            "x-amz-decoded-content-length": str(sum(map(len, chunks)))}
        names = ";".join(sorted(headers))
        canonical = "\n".join(
            ["PUT", target, ""] + [f"{name}:{headers[name]}" for name in sorted(headers)]
            + ["", names, headers["x-amz-content-sha256"]])

        def sign(text: str) -> str:
            return hmac.new(step, text.encode(), hashlib.sha256).hexdigest()

        previous = sign("\n".join(
            ["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()]))
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope}, SignedHeaders={names},"
            f" Signature={previous}")
        body = b""
        nothing = hashlib.sha256(b"").hexdigest()
        for chunk in [*chunks, b""]:
            previous = sign("\n".join(
                ["AWS4-HMAC-SHA256-PAYLOAD", date, scope, previous, nothing, hashlib.sha256(chunk).hexdigest()]))
            body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + chunk + b"\r\n"
        body = spoil(body)
        lines = [f"PUT {target} HTTP/1.1"] + [f"{name}: {value}" for name, value in headers.items()]
        with Connection(gateway.oss) as connection:
            connection.send(
                "\r\n".join([*lines, f"Content-Length: {len(body)}"]).encode() + b"\r\n\r\n" + body)
            return connection.read_answer()

    def test_right_chunks_are_stored(self, gateway, store, credentials, bucket, key, random_numbers):
        chunks = [random_numbers.randbytes(65_536), random_numbers.randbytes(65_536), b"end"]
        answer = self.upload(gateway, credentials, f"/{bucket}/{key}", chunks)
        assert answer.status == 200, answer
        assert store.get(bucket, key).body == b"".join(chunks)

    @pytest.mark.parametrize("spoil", [
        lambda body: body.replace(b"one", b"two"), lambda body: body.replace(b"chunk-signature=", b"chunk-signature=0"),
        lambda body: body.replace(b";chunk-signature", b";chunk-signaturex"), lambda body: body[:-4],
        lambda body: body[body.index(b"one") + 5:],
    ], ids=range(5))
    def test_spoilt_chunks_store_nothing(self, gateway, store, credentials, bucket, key, spoil):
        answer = self.upload(gateway, credentials, f"/{bucket}/{key}", [b"one", b"three"], spoil)
        assert answer.status in (400, 403), answer
        assert not store.exists(bucket, key)
