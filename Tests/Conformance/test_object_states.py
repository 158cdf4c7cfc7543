"""Objects that grow, their tags and their ACLs, with both official clients."""

from __future__ import annotations

import os
import uuid

import alibabacloud_oss_v2 as oss
import oss2
import pytest

from kit.signing import Request

SIZES = [1, 100, 40_000, 7, 1_200_000, 3]


class TestOSS2:
    """oss2, with its CRC checks on."""

    @pytest.fixture(scope="class", params=["v1", "v4"])
    def opened(self, request, gateway, credentials) -> oss2.Bucket:
        pair = (credentials.access_key_id, credentials.secret)
        held = oss2.Auth(*pair) if request.param == "v1" else oss2.AuthV4(*pair)
        made = oss2.Bucket(
            held, gateway.oss, f"states-{uuid.uuid4().hex[:12]}", enable_crc=True, region=credentials.region)
        made.create_bucket()
        return made

    def test_an_object_grows(self, opened, key):
        body, crc = b"", 0
        for size in SIZES:
            more = os.urandom(size)
            answer = opened.append_object(key, len(body), more, init_crc=crc)
            body, crc = body + more, answer.crc
            assert answer.next_position == len(body)
        got = opened.get_object(key)
        assert got.read() == body
        assert (got.object_type, got.client_crc) == ("Appendable", got.server_crc)
        assert opened.head_object(key).headers["x-oss-next-append-position"] == str(len(body))
        with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as refusal:
            opened.append_object(key, 1, b"x", init_crc=crc)
        assert (refusal.value.status, refusal.value.next_position) == (409, len(body))
        opened.put_object(key, b"normal")
        with pytest.raises(oss2.exceptions.ObjectNotAppendable):
            opened.append_object(key, 6, b"x")
        assert opened.get_object(key).read() == b"normal"

    def test_tags_are_kept_replaced_and_removed(self, opened, key):
        opened.put_object(key, b"x", headers={"x-oss-tagging": "a=1&b=%2B+c"})
        assert opened.head_object(key).headers["x-oss-tagging-count"] == "2"
        assert opened.get_object_tagging(key).tag_set.tagging_rule == {"a": "1", "b": "+ c"}
        rule = oss2.models.TaggingRule()
        rule.add("only", "one")
        opened.put_object_tagging(key, oss2.models.Tagging(rule))
        assert opened.get_object_tagging(key).tag_set.tagging_rule == {"only": "one"}
        opened.copy_object(opened.bucket_name, key, key + "-copy")
        assert opened.get_object_tagging(key + "-copy").tag_set.tagging_rule == {"only": "one"}
        assert opened.delete_object_tagging(key).status == 204
        assert opened.get_object_tagging(key).tag_set.tagging_rule == {}

    def test_a_link_is_followed(self, opened, key):
        opened.put_object(key + "/target é", b"hello")
        opened.put_symlink(key + "/target é", key)
        assert opened.get_symlink(key).target_key == key + "/target é"
        got = opened.get_object(key)
        assert (got.read(), got.object_type) == (b"hello", "Symlink")
        opened.delete_object(key + "/target é")
        with pytest.raises(oss2.exceptions.ServerError) as refusal:
            opened.get_object(key)
        assert (refusal.value.status, refusal.value.code) == (404, "SymlinkTargetNotExist")

    def test_acls_are_kept(self, opened, key):
        opened.put_object(key, b"x")
        assert opened.get_object_acl(key).acl == "default"
        for acl in (oss2.OBJECT_ACL_PRIVATE, oss2.OBJECT_ACL_PUBLIC_READ, oss2.OBJECT_ACL_PUBLIC_READ_WRITE):
            opened.put_object_acl(key, acl)
            assert opened.get_object_acl(key).acl == acl
        opened.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ)
        assert opened.get_bucket_acl().acl == "public-read"
        opened.put_bucket_acl(oss2.BUCKET_ACL_PRIVATE)


class TestOSSV2:
    """alibabacloud-oss-v2."""

    @pytest.fixture(scope="class", params=["v4", "v1"])
    def client(self, request, gateway, credentials) -> oss.Client:
        config = oss.config.load_default()
        config.credentials_provider = oss.credentials.StaticCredentialsProvider(
            credentials.access_key_id, credentials.secret)
        config.region, config.endpoint = credentials.region, gateway.oss
        config.signature_version = request.param
        return oss.Client(config)

    def test_an_appended_file_grows(self, client, bucket, key):
        body = b""
        for size in SIZES:
            more = os.urandom(size)
            answer = client.append_object(oss.AppendObjectRequest(
                bucket=bucket, key=key, position=len(body), body=more))
            body += more
            assert answer.next_position == len(body)
        assert client.get_object(oss.GetObjectRequest(bucket=bucket, key=key)).body.content == body

    def test_tags_and_acls(self, client, bucket, key):
        client.put_object(oss.PutObjectRequest(bucket=bucket, key=key, body=b"x", tagging="a=1", acl="private"))
        found = client.get_object_tagging(oss.GetObjectTaggingRequest(bucket=bucket, key=key))
        assert [(tag.key, tag.value) for tag in found.tag_set.tags] == [("a", "1")]
        client.put_object_tagging(oss.PutObjectTaggingRequest(
            bucket=bucket, key=key, tagging=oss.Tagging(tag_set=oss.TagSet(tags=[oss.Tag(key="b", value="2")]))))
        client.delete_object_tagging(oss.DeleteObjectTaggingRequest(bucket=bucket, key=key))
        assert client.get_object_acl(oss.GetObjectAclRequest(bucket=bucket, key=key)).acl == "private"
        client.put_object_acl(oss.PutObjectAclRequest(bucket=bucket, key=key, acl="public-read"))
        assert client.get_object_acl(oss.GetObjectAclRequest(bucket=bucket, key=key)).acl == "public-read"
        assert client.get_bucket_acl(oss.GetBucketAclRequest(bucket=bucket)).acl == "private"


def test_an_append_that_ends_early_leaves_the_object_as_it_was(store, bucket, key):
    query = (("append", ""), ("position", "0"))
    assert store.send(Request("POST", bucket, key, query=query, body=b"first")).status == 200
    late = (("append", ""), ("position", "5"))
    answer = store.send(Request("POST", bucket, key, query=late, body=b"x", headers=(("Content-MD5", "A" * 22 + "=="),)))
    assert answer.refusal == (400, "InvalidDigest")
    assert store.get(bucket, key).body == b"first"
