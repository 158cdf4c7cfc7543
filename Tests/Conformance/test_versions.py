"""Versions and delete markers, with both official clients."""

from __future__ import annotations

import uuid

import alibabacloud_oss_v2 as oss
import oss2
import pytest
from oss2.models import BatchDeleteObjectVersion, BatchDeleteObjectVersionList, BucketVersioningConfig

from kit.signing import Request


class TestOSS2:
    """oss2, with its CRC checks on."""

    @pytest.fixture(params=["v1", "v4"])
    def opened(self, request, gateway, credentials) -> oss2.Bucket:
        """A bucket of its own that keeps versions."""
        pair = (credentials.access_key_id, credentials.secret)
        held = oss2.Auth(*pair) if request.param == "v1" else oss2.AuthV4(*pair)
        made = oss2.Bucket(
            held, gateway.oss, f"versions-{uuid.uuid4().hex[:12]}", enable_crc=True, region=credentials.region)
        made.create_bucket()
        made.put_bucket_versioning(BucketVersioningConfig("Enabled"))
        return made

    def test_a_bucket_tells_whether_it_keeps_versions(self, opened):
        assert opened.get_bucket_versioning().status == "Enabled"
        assert opened.get_bucket_info().versioning_status == "Enabled"
        opened.put_bucket_versioning(BucketVersioningConfig("Suspended"))
        assert opened.get_bucket_versioning().status == "Suspended"
        with pytest.raises(oss2.exceptions.MalformedXml):
            opened.put_bucket_versioning(BucketVersioningConfig("Disabled"))

    def test_every_write_stays_readable(self, opened, key):
        bodies = {opened.put_object(key, body).versionid: body for body in (b"one", b"two", b"three")}
        assert len(bodies) == 3
        for version, body in bodies.items():
            got = opened.get_object(key, params={"versionId": version})
            assert (got.read(), got.versionid) == (body, version)
            assert opened.head_object(key, params={"versionId": version}).content_length == len(body)
        assert opened.get_object(key).read() == b"three"
        found = opened.list_object_versions()
        assert [entry.versionid for entry in found.versions] == list(bodies)[::-1]
        assert [entry.is_latest for entry in found.versions] == [True, False, False]

    def test_a_deletion_is_taken_back(self, opened, key):
        opened.put_object(key, b"x")
        deleted = opened.delete_object(key)
        assert (deleted.status, deleted.delete_marker) == (204, True)
        with pytest.raises(oss2.exceptions.NoSuchKey) as refusal:
            opened.get_object(key)
        assert refusal.value.headers["x-oss-delete-marker"] == "true"
        with pytest.raises(oss2.exceptions.ServerError) as refusal:
            opened.get_object(key, params={"versionId": deleted.versionid})
        assert (refusal.value.status, refusal.value.code) == (405, "MethodNotAllowed")
        assert list(oss2.ObjectIterator(opened)) == []
        taken = opened.delete_object(key, params={"versionId": deleted.versionid})
        assert (taken.delete_marker, taken.versionid) == (True, deleted.versionid)
        assert opened.get_object(key).read() == b"x"

    def test_an_old_version_is_restored_by_a_copy(self, opened, key):
        old = opened.put_object(key, b"old").versionid
        opened.put_object(key, b"new")
        copied = opened.copy_object(opened.bucket_name, key, key, params={"versionId": old})
        assert copied.versionid not in (None, old)
        assert opened.get_object(key).read() == b"old"

    def test_a_bucket_is_emptied_page_by_page(self, opened, key):
        for number in range(7):
            opened.put_object(f"{key}-{number % 3}", b"x")
        for number in range(3):
            opened.delete_object(f"{key}-{number}")
        with pytest.raises(oss2.exceptions.BucketNotEmpty):
            opened.delete_bucket()
        count, markers = 0, ("", "")
        while True:
            page = opened.list_object_versions(key_marker=markers[0], versionid_marker=markers[1], max_keys=4)
            entries = page.versions + page.delete_marker
            count += len(entries)
            doomed = BatchDeleteObjectVersionList()
            for entry in entries:
                doomed.append(BatchDeleteObjectVersion(entry.key, entry.versionid))
            assert len(opened.delete_object_versions(doomed).delete_versions) == len(entries)
            if not page.is_truncated:
                break
            markers = (page.next_key_marker, page.next_versionid_marker)
        assert count == 10
        opened.delete_bucket()

    @pytest.mark.parametrize("version, code", [
        ("", "InvalidArgument"), ("234", "InvalidArgument"), ("null", "NoSuchVersion"),
        ("CAEQJhiBgIDVmYrr1RYiIGE5ZmUxMjViZDIwYjQwY2I5ODA1YWIxNmIyNDNjYjk4", "NoSuchVersion"),
    ])
    def test_a_version_that_is_not_there_is_refused(self, opened, key, version, code):
        opened.put_object(key, b"x")
        for call in (opened.get_object, opened.get_object_acl, opened.get_object_tagging):
            with pytest.raises(oss2.exceptions.ServerError) as refusal:
                call(key, params={"versionId": version})
            assert refusal.value.code == code


class TestOSSV2:
    """alibabacloud-oss-v2."""

    @pytest.fixture(params=["v4", "v1"])
    def client(self, request, gateway, credentials) -> oss.Client:
        config = oss.config.load_default()
        config.credentials_provider = oss.credentials.StaticCredentialsProvider(
            credentials.access_key_id, credentials.secret)
        config.region, config.endpoint = credentials.region, gateway.oss
        config.signature_version = request.param
        return oss.Client(config)

    @pytest.fixture
    def kept(self, client) -> str:
        """A bucket of its own that keeps versions."""
        name = f"versions-{uuid.uuid4().hex[:12]}"
        client.put_bucket(oss.PutBucketRequest(bucket=name))
        self.set_status(client, name, "Enabled")
        return name

    @staticmethod
    def set_status(client: oss.Client, bucket: str, status: str) -> None:
        client.put_bucket_versioning(oss.PutBucketVersioningRequest(
            bucket=bucket, versioning_configuration=oss.VersioningConfiguration(status=status)))
        assert client.get_bucket_versioning(oss.GetBucketVersioningRequest(bucket=bucket)).version_status == status

    def test_versions_and_markers_are_listed_and_deleted(self, client, kept, key):
        made = [
            client.put_object(oss.PutObjectRequest(bucket=kept, key=key, body=body)).version_id
            for body in (b"one", b"two")]
        marker = client.delete_object(oss.DeleteObjectRequest(bucket=kept, key=key))
        assert marker.delete_marker
        pages = client.list_object_versions_paginator(limit=1).iter_page(oss.ListObjectVersionsRequest(bucket=kept))
        entries = [entry for page in pages for entry in [*(page.delete_marker or []), *(page.version or [])]]
        assert [entry.version_id for entry in entries] == [marker.version_id, *made[::-1]]
        assert [entry.is_latest for entry in entries] == [True, False, False]
        result = client.delete_multiple_objects(oss.DeleteMultipleObjectsRequest(
            bucket=kept, encoding_type="url",
            objects=[oss.DeleteObject(key=key, version_id=version) for version in (marker.version_id, made[1])]))
        assert [entry.version_id for entry in result.deleted_objects] == [marker.version_id, made[1]]
        assert result.deleted_objects[0].delete_marker_version_id == marker.version_id
        assert client.get_object(oss.GetObjectRequest(bucket=kept, key=key)).body.content == b"one"

    def test_an_old_version_is_restored_by_a_copy(self, client, kept, key):
        old = client.put_object(oss.PutObjectRequest(bucket=kept, key=key, body=b"old")).version_id
        client.put_object(oss.PutObjectRequest(bucket=kept, key=key, body=b"new"))
        copied = client.copy_object(oss.CopyObjectRequest(
            bucket=kept, key=key, source_bucket=kept, source_key=key, source_version_id=old))
        assert copied.source_version_id == old
        assert copied.version_id != old
        got = client.get_object(oss.GetObjectRequest(bucket=kept, key=key))
        assert (got.body.content, got.version_id) == (b"old", copied.version_id)

    def test_a_suspended_bucket_writes_the_version_null(self, client, kept, key):
        numbered = client.put_object(oss.PutObjectRequest(bucket=kept, key=key, body=b"kept")).version_id
        self.set_status(client, kept, "Suspended")
        for body in (b"first", b"second"):
            assert client.put_object(oss.PutObjectRequest(bucket=kept, key=key, body=body)).version_id == "null"
        assert client.get_object(oss.GetObjectRequest(bucket=kept, key=key, version_id="null")).body.content == b"second"
        assert client.get_object(oss.GetObjectRequest(bucket=kept, key=key, version_id=numbered)).body.content == b"kept"
        listed = client.list_object_versions(oss.ListObjectVersionsRequest(bucket=kept))
        assert [entry.version_id for entry in listed.version] == ["null", numbered]


def test_a_bucket_without_versions_lists_the_version_null(store, bucket, key):
    store.put(bucket, key, b"x")
    answer = store.send(Request("GET", bucket, query=(("versions", ""), ("prefix", key))))
    assert [entry.findtext("VersionId") for entry in answer.xml.findall("Version")] == ["null"]
    assert [entry.findtext("IsLatest") for entry in answer.xml.findall("Version")] == ["true"]
