"""alibabacloud-oss-v2, the official Python client of the second generation, with V4 and V1 signatures."""

from __future__ import annotations

import datetime
import hashlib
import os
import uuid

import alibabacloud_oss_v2 as oss
import pytest
import requests

from kit.keys import DOT_SEGMENT_KEYS, UNUSUAL_KEYS, shown


@pytest.fixture(scope="module", params=["v4", "v1"])
def client(request: pytest.FixtureRequest, gateway, credentials) -> oss.Client:
    """A client as its manual sets one up; its CRC checks are on by default."""
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(
        credentials.access_key_id, credentials.secret)
    config.region = credentials.region
    config.endpoint = gateway.oss
    config.signature_version = request.param
    config.retry_max_attempts = 2  # with 1, this SDK's get_object_to_file does nothing at all
    return oss.Client(config)


@pytest.fixture(scope="module")
def own_bucket(client) -> str:
    """A new bucket."""
    name = f"oss-v2-{uuid.uuid4().hex[:12]}"
    assert client.put_bucket(oss.PutBucketRequest(bucket=name)).status_code == 200
    return name


def refusal_of(operation) -> tuple[int, str]:
    """Status and code with which the server refuses an operation."""
    with pytest.raises(oss.exceptions.OperationError) as refusal:
        operation()
    cause = refusal.value.unwrap()
    assert isinstance(cause, oss.exceptions.ServiceError), cause
    assert cause.request_id
    return cause.status_code, cause.code


class TestBuckets:
    def test_a_bucket_is_made_described_and_deleted(self, client, credentials):
        name = f"oss-v2-{uuid.uuid4().hex[:12]}"
        client.put_bucket(oss.PutBucketRequest(
            bucket=name, create_bucket_configuration=oss.CreateBucketConfiguration(storage_class="Standard")))
        info = client.get_bucket_info(oss.GetBucketInfoRequest(bucket=name)).bucket_info
        assert (info.name, info.location, info.acl) == (name, f"oss-{credentials.region}", "private")
        location = client.get_bucket_location(oss.GetBucketLocationRequest(bucket=name)).location
        assert location == f"oss-{credentials.region}"
        pages = client.list_buckets_paginator().iter_page(oss.ListBucketsRequest(prefix="oss-v2-"))
        assert name in [entry.name for page in pages for entry in page.buckets]
        assert client.delete_bucket(oss.DeleteBucketRequest(bucket=name)).status_code == 204
        found = refusal_of(lambda: client.get_bucket_info(oss.GetBucketInfoRequest(bucket=name)))
        assert found == (404, "NoSuchBucket")

    def test_a_bucket_with_objects_is_not_deleted(self, client, own_bucket, key):
        client.put_object(oss.PutObjectRequest(bucket=own_bucket, key=key, body=b"1"))
        found = refusal_of(lambda: client.delete_bucket(oss.DeleteBucketRequest(bucket=own_bucket)))
        assert found == (409, "BucketNotEmpty")

    def test_a_bucket_that_is_not_there_is_missed(self, client):
        name = f"oss-v2-missing-{uuid.uuid4().hex[:12]}"
        found = refusal_of(lambda: client.list_objects_v2(oss.ListObjectsV2Request(bucket=name)))
        assert found == (404, "NoSuchBucket")


class TestObjects:
    @pytest.mark.parametrize("size", [0, 1, 32 * 1024 + 1, 1024 * 1024 + 7])
    def test_what_was_put_is_got(self, client, own_bucket, key, size):
        body = os.urandom(size)
        put = client.put_object(oss.PutObjectRequest(
            bucket=own_bucket, key=key, body=body, content_type="text/x-test", metadata={"author": "someone"}))
        assert put.etag == f'"{hashlib.md5(body).hexdigest().upper()}"'
        assert put.hash_crc64
        got = client.get_object(oss.GetObjectRequest(bucket=own_bucket, key=key))
        assert got.body.content == body
        assert (got.content_type, got.metadata["author"], got.hash_crc64) == (
            "text/x-test", "someone", put.hash_crc64)

    def test_files_go_both_ways_with_their_crc_checked(self, client, own_bucket, key, tmp_path):
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(os.urandom(300_000))
        client.put_object_from_file(oss.PutObjectRequest(bucket=own_bucket, key=key), str(source))
        client.get_object_to_file(oss.GetObjectRequest(bucket=own_bucket, key=key), str(target))
        assert target.read_bytes() == source.read_bytes()

    def test_a_wrong_md5_is_refused(self, client, own_bucket, key):
        wrong = "AAAAAAAAAAAAAAAAAAAAAA=="
        found = refusal_of(lambda: client.put_object(oss.PutObjectRequest(
            bucket=own_bucket, key=key, body=b"x", content_md5=wrong)))
        assert found == (400, "InvalidDigest")
        assert not client.is_object_exist(own_bucket, key)

    @pytest.mark.parametrize("unusual", [key for key in UNUSUAL_KEYS if key not in DOT_SEGMENT_KEYS], ids=shown)
    def test_an_unusual_key_is_kept_byte_for_byte(self, client, own_bucket, unusual):
        body = unusual.encode()
        client.put_object(oss.PutObjectRequest(bucket=own_bucket, key=unusual, body=body))
        got = client.get_object(oss.GetObjectRequest(bucket=own_bucket, key=unusual))
        assert got.body.content == body
        client.delete_object(oss.DeleteObjectRequest(bucket=own_bucket, key=unusual))
        assert not client.is_object_exist(own_bucket, unusual)

    def test_head_and_meta_tell_the_same(self, client, own_bucket, key):
        put = client.put_object(oss.PutObjectRequest(bucket=own_bucket, key=key, body=b"12345"))
        head = client.head_object(oss.HeadObjectRequest(bucket=own_bucket, key=key))
        meta = client.get_object_meta(oss.GetObjectMetaRequest(bucket=own_bucket, key=key))
        assert head.content_length == meta.content_length == 5
        assert head.etag == meta.etag == put.etag
        assert head.object_type == "Normal"
        assert head.last_modified == meta.last_modified

    def test_a_range_is_cut(self, client, own_bucket, key):
        client.put_object(oss.PutObjectRequest(bucket=own_bucket, key=key, body=b"0123456789"))
        got = client.get_object(oss.GetObjectRequest(
            bucket=own_bucket, key=key, range_header="bytes=2-20", range_behavior="standard"))
        assert (got.status_code, got.content_range, got.body.content) == (206, "bytes 2-9/10", b"23456789")

    def test_conditions_refuse(self, client, own_bucket, key):
        put = client.put_object(oss.PutObjectRequest(bucket=own_bucket, key=key, body=b"x"))
        found = refusal_of(lambda: client.get_object(oss.GetObjectRequest(
            bucket=own_bucket, key=key, if_match='"0"')))
        assert found == (412, "PreconditionFailed")
        with pytest.raises(oss.exceptions.OperationError) as unchanged:
            client.get_object(oss.GetObjectRequest(bucket=own_bucket, key=key, if_none_match=put.etag))
        assert unchanged.value.unwrap().status_code == 304

    def test_head_of_nothing_still_tells_the_code(self, client, own_bucket, key):
        found = refusal_of(lambda: client.head_object(oss.HeadObjectRequest(bucket=own_bucket, key=key)))
        assert found == (404, "NoSuchKey")

    def test_a_copy_is_made(self, client, own_bucket, key):
        client.put_object(oss.PutObjectRequest(bucket=own_bucket, key=key, body=b"copied"))
        copied = client.copy_object(oss.CopyObjectRequest(
            bucket=own_bucket, key=key + "-ü copy", source_bucket=own_bucket, source_key=key))
        assert copied.etag == f'"{hashlib.md5(b"copied").hexdigest().upper()}"'
        got = client.get_object(oss.GetObjectRequest(bucket=own_bucket, key=key + "-ü copy"))
        assert got.body.content == b"copied"

    @pytest.mark.parametrize("quiet", [False, True])
    def test_many_are_deleted_at_once(self, client, own_bucket, key, quiet):
        keys = [f"{key}/{number} & ü" for number in range(20)]
        for each in keys:
            client.put_object(oss.PutObjectRequest(bucket=own_bucket, key=each, body=b""))
        result = client.delete_multiple_objects(oss.DeleteMultipleObjectsRequest(
            bucket=own_bucket, encoding_type="url", quiet=quiet,
            objects=[oss.DeleteObject(key=each) for each in keys]))
        assert sorted(entry.key for entry in result.deleted_objects or []) == ([] if quiet else sorted(keys))
        assert not client.is_object_exist(own_bucket, keys[0])
        assert not client.is_object_exist(own_bucket, keys[-1])

    def test_what_is_not_there_is_refused_as_such(self, client, own_bucket, key):
        client.put_object(oss.PutObjectRequest(bucket=own_bucket, key=key, body=b"unchanged"))
        request = oss.ListCloudBoxesRequest()
        assert refusal_of(lambda: client.list_cloud_boxes(request)) == (400, "NotImplemented")
        got = client.get_object(oss.GetObjectRequest(bucket=own_bucket, key=key))
        assert got.body.content == b"unchanged"


class TestListing:
    @pytest.mark.parametrize("limit", [1000, 333])
    def test_2500_keys_are_listed_in_order(self, client, crowded_bucket, crowd, limit):
        pages = client.list_objects_paginator(limit=limit).iter_page(oss.ListObjectsRequest(bucket=crowded_bucket))
        assert [entry.key for page in pages for entry in page.contents] == crowd
        pages = client.list_objects_v2_paginator(limit=limit).iter_page(
            oss.ListObjectsV2Request(bucket=crowded_bucket))
        assert [entry.key for page in pages for entry in page.contents] == crowd

    def test_a_delimiter_rolls_up(self, client, crowded_bucket):
        pages = client.list_objects_v2_paginator(limit=10).iter_page(
            oss.ListObjectsV2Request(bucket=crowded_bucket, delimiter="/"))
        found = [entry.prefix for page in pages for entry in page.common_prefixes or []]
        assert found == [f"group-{number:02d}/" for number in range(25)]

    def test_a_prefix_and_a_start_narrow(self, client, crowded_bucket, crowd):
        result = client.list_objects_v2(oss.ListObjectsV2Request(
            bucket=crowded_bucket, prefix="group-07/", start_after="group-07/object-089", max_keys=1000))
        assert [entry.key for entry in result.contents] == [f"group-07/object-{n:03d}" for n in range(90, 100)]
        assert (result.key_count, result.is_truncated) == (10, False)


class TestPresigned:
    def test_a_put_and_a_get_link_work(self, client, own_bucket, key):
        body = os.urandom(5000)
        expiry = datetime.timedelta(seconds=60)
        put = client.presign(oss.PutObjectRequest(
            bucket=own_bucket, key=f"{key}/ü +.txt", content_type="text/plain"), expires=expiry)
        get = client.presign(oss.GetObjectRequest(bucket=own_bucket, key=f"{key}/ü +.txt"), expires=expiry)
        with requests.Session() as plain:
            plain.trust_env = False
            refused = plain.put(put.url, data=body, headers={"Content-Type": "text/html"}, timeout=30)
            assert (refused.status_code, "SignatureDoesNotMatch" in refused.text) == (403, True)
            answer = plain.put(put.url, data=body, headers=dict(put.signed_headers), timeout=30)
            assert answer.status_code == 200, answer.text
            got = plain.get(get.url, timeout=30)
            assert (got.status_code, got.content) == (200, body)
            assert plain.delete(get.url, timeout=30).status_code == 403
