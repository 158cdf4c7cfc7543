"""What is said about buckets, set and told by both official clients, and what the server acts upon."""

from __future__ import annotations

import datetime
import subprocess
import uuid

import alibabacloud_oss_v2 as oss
import oss2
import pytest

from kit.signing import Request


class TestOSS2:
    """oss2, which reads documents most strictly."""

    @pytest.fixture(scope="class", params=["v1", "v4"])
    def opened(self, request, gateway, credentials) -> oss2.Bucket:
        pair = (credentials.access_key_id, credentials.secret)
        held = oss2.Auth(*pair) if request.param == "v1" else oss2.AuthV4(*pair)
        made = oss2.Bucket(held, gateway.oss, f"config-{uuid.uuid4().hex[:12]}", region=credentials.region)
        made.create_bucket()
        return made

    def test_lifecycle(self, opened):
        rule = oss2.models.LifecycleRule(
            "r", "logs/", status="Enabled", expiration=oss2.models.LifecycleExpiration(days=30),
            storage_transitions=[oss2.models.StorageTransition(days=10, storage_class="IA")],
            abort_multipart_upload=oss2.models.AbortMultipartUpload(
                created_before_date=datetime.date(2020, 1, 1)))
        opened.put_bucket_lifecycle(oss2.models.BucketLifecycle([rule]))
        told = opened.get_bucket_lifecycle().rules[0]
        assert (told.id, told.prefix, told.expiration.days) == ("r", "logs/", 30)
        assert told.storage_transitions[0].storage_class == "IA"
        assert told.abort_multipart_upload.created_before_date == datetime.date(2020, 1, 1)
        opened.delete_bucket_lifecycle()
        opened.delete_bucket_lifecycle()
        with pytest.raises(oss2.exceptions.NoSuchLifecycle):
            opened.get_bucket_lifecycle()

    def test_cors(self, opened):
        rule = oss2.models.CorsRule(["*"], ["GET", "PUT"], ["*"], ["ETag"], 100)
        opened.put_bucket_cors(oss2.models.BucketCors([rule]))
        told = opened.get_bucket_cors().rules[0]
        assert (told.allowed_origins, told.allowed_methods, told.max_age_seconds) == (["*"], ["GET", "PUT"], 100)
        opened.delete_bucket_cors()
        with pytest.raises(oss2.exceptions.NoSuchCors):
            opened.get_bucket_cors()

    def test_website_and_referer(self, opened):
        opened.put_bucket_website(oss2.models.BucketWebsite("index.html", "error.html"))
        told = opened.get_bucket_website()
        assert (told.index_file, told.error_file) == ("index.html", "error.html")
        opened.delete_bucket_website()
        with pytest.raises(oss2.exceptions.NoSuchWebsite):
            opened.get_bucket_website()
        opened.put_bucket_referer(oss2.models.BucketReferer(False, ["http://a", "http://*.b"]))
        told = opened.get_bucket_referer()
        assert (told.allow_empty_referer, sorted(told.referers)) == (False, ["http://*.b", "http://a"])
        opened.put_bucket_referer(oss2.models.BucketReferer(True, []))
        assert opened.get_bucket_referer().referers == []

    def test_logging_encryption_and_payment(self, opened):
        opened.put_bucket_logging(oss2.models.BucketLogging(opened.bucket_name, "logs/"))
        assert opened.get_bucket_logging().target_prefix == "logs/"
        opened.delete_bucket_logging()
        assert not opened.get_bucket_logging().target_bucket
        opened.put_bucket_encryption(oss2.models.ServerSideEncryptionRule("AES256"))
        assert opened.get_bucket_encryption().sse_algorithm == "AES256"
        assert opened.put_object("k", b"x").headers["x-oss-server-side-encryption"] == "AES256"
        assert opened.head_object("k").headers["x-oss-server-side-encryption"] == "AES256"
        opened.delete_bucket_encryption()
        with pytest.raises(oss2.exceptions.NoSuchServerSideEncryptionRule):
            opened.get_bucket_encryption()
        opened.put_bucket_request_payment("Requester")
        assert opened.get_bucket_request_payment().payer == "Requester"

    def test_tags_and_policy(self, opened):
        rule = oss2.models.TaggingRule()
        rule.add("a", "1")
        opened.put_bucket_tagging(oss2.models.Tagging(rule))
        assert opened.get_bucket_tagging().tag_set.tagging_rule == {"a": "1"}
        opened.delete_bucket_tagging()
        assert opened.get_bucket_tagging().tag_set.tagging_rule == {}
        policy = '{"Version":"1","Statement":[{"Effect":"Deny","Action":["oss:PutObject"],"Principal":["1"],' \
            f'"Resource":["acs:oss:*:*:{opened.bucket_name}/*"]}}]}}'
        opened.put_bucket_policy(policy)
        assert opened.get_bucket_policy().policy == policy
        opened.delete_bucket_policy()
        with pytest.raises(oss2.exceptions.NoSuchBucketPolicy):
            opened.get_bucket_policy()

    def test_switches(self, opened):
        opened.put_bucket_access_monitor("Enabled")
        assert opened.get_bucket_access_monitor().access_monitor.status == "Enabled"
        opened.put_bucket_transfer_acceleration("true")
        assert opened.get_bucket_transfer_acceleration().enabled == "true"
        opened.put_bucket_archive_direct_read(True)
        assert opened.get_bucket_archive_direct_read().enabled is True
        opened.put_bucket_https_config(oss2.models.BucketTlsVersion(True, ["TLSv1.2"]))
        assert opened.get_bucket_https_config().tls_version == ["TLSv1.2"]
        opened.put_bucket_resource_group("rg-1")
        assert opened.get_bucket_resource_group().resource_group_id == "rg-1"
        opened.put_bucket_public_access_block(True)
        assert opened.get_bucket_public_access_block().block_public_access is True
        opened.delete_bucket_public_access_block()
        assert opened.get_bucket_public_access_block().block_public_access is False

    def test_statistics_live_channels_and_styles(self, opened):
        opened.put_object("s", b"12345")
        assert opened.get_bucket_stat().object_count >= 1
        assert opened.list_live_channel().channels == []
        target = oss2.models.LiveChannelInfoTarget(playlist_name="list.m3u8")
        opened.create_live_channel("live", oss2.models.LiveChannelInfo(target=target))
        assert opened.get_live_channel("live").target.playlist_name == "list.m3u8"
        assert opened.get_live_channel_stat("live").status == "Idle"
        opened.delete_live_channel("live")
        opened.put_bucket_style("small", "image/resize,w_10")
        assert opened.get_bucket_style("small").content == "image/resize,w_10"
        opened.delete_bucket_style("small")

    def test_retention(self, opened, gateway, credentials):
        held = oss2.Bucket(opened.auth, gateway.oss, f"worm-{uuid.uuid4().hex[:12]}", region=credentials.region)
        held.create_bucket()
        held.put_object("k", b"x")
        made = held.init_bucket_worm(1)
        with pytest.raises(oss2.exceptions.ServerError) as refusal:
            held.delete_object("k")
        assert (refusal.value.status, refusal.value.code) == (409, "FileImmutable")
        held.complete_bucket_worm(made.worm_id)
        held.extend_bucket_worm(made.worm_id, 2)
        assert held.get_bucket_worm().retention_period_days == 2
        with pytest.raises(oss2.exceptions.WORMConfigurationLocked):
            held.abort_bucket_worm()


class TestOSSV2:
    """alibabacloud-oss-v2."""

    @pytest.fixture(scope="class")
    def client(self, gateway, credentials) -> oss.Client:
        config = oss.config.load_default()
        config.credentials_provider = oss.credentials.StaticCredentialsProvider(
            credentials.access_key_id, credentials.secret)
        config.region, config.endpoint = credentials.region, gateway.oss
        return oss.Client(config)

    def test_cors_and_lifecycle(self, client, bucket):
        client.put_bucket_cors(oss.PutBucketCorsRequest(
            bucket=bucket, cors_configuration=oss.CORSConfiguration(
                cors_rules=[oss.CORSRule(allowed_origins=["*"], allowed_methods=["GET"])], response_vary=True)))
        told = client.get_bucket_cors(oss.GetBucketCorsRequest(bucket=bucket)).cors_configuration
        assert (told.cors_rules[0].allowed_origins, told.response_vary) == (["*"], True)
        client.delete_bucket_cors(oss.DeleteBucketCorsRequest(bucket=bucket))
        client.put_bucket_lifecycle(oss.PutBucketLifecycleRequest(
            bucket=bucket, lifecycle_configuration=oss.LifecycleConfiguration(rules=[oss.LifecycleRule(
                id="r", prefix="a", status="Enabled", expiration=oss.LifecycleRuleExpiration(days=3))])))
        told = client.get_bucket_lifecycle(oss.GetBucketLifecycleRequest(bucket=bucket))
        assert told.lifecycle_configuration.rules[0].expiration.days == 3
        client.delete_bucket_lifecycle(oss.DeleteBucketLifecycleRequest(bucket=bucket))
        with pytest.raises(oss.exceptions.OperationError) as refusal:
            client.get_bucket_lifecycle(oss.GetBucketLifecycleRequest(bucket=bucket))
        error = refusal.value.unwrap()
        assert (error.status_code, error.code) == (404, "NoSuchLifecycle")

    def test_encryption_tags_and_facts(self, client, bucket):
        client.put_bucket_tags(oss.PutBucketTagsRequest(
            bucket=bucket, tagging=oss.Tagging(tag_set=oss.TagSet(tags=[oss.Tag(key="k", value="v")]))))
        told = client.get_bucket_tags(oss.GetBucketTagsRequest(bucket=bucket))
        assert [(tag.key, tag.value) for tag in told.tagging.tag_set.tags] == [("k", "v")]
        client.put_bucket_encryption(oss.PutBucketEncryptionRequest(
            bucket=bucket, server_side_encryption_rule=oss.ServerSideEncryptionRule(
                apply_server_side_encryption_by_default=oss.ApplyServerSideEncryptionByDefault(
                    sse_algorithm="AES256"))))
        info = client.get_bucket_info(oss.GetBucketInfoRequest(bucket=bucket)).bucket_info
        assert info.sse_rule.sse_algorithm == "AES256"
        client.delete_bucket_encryption(oss.DeleteBucketEncryptionRequest(bucket=bucket))
        assert client.get_bucket_stat(oss.GetBucketStatRequest(bucket=bucket)).object_count == 0
        assert client.describe_regions(oss.DescribeRegionsRequest()).region_info[0].region \
            .startswith("oss-")


def test_a_browser_is_told_what_it_may_do(gateway, store, bucket):
    document = b"<CORSConfiguration><CORSRule><AllowedOrigin>https://*.example.com</AllowedOrigin>" \
        b"<AllowedMethod>PUT</AllowedMethod><AllowedHeader>*</AllowedHeader><MaxAgeSeconds>9</MaxAgeSeconds>" \
        b"</CORSRule></CORSConfiguration>"
    assert store.send(Request("PUT", bucket, query=(("cors", ""),), body=document)).status == 200

    def preflight(origin: str) -> str:
        return subprocess.run(
            ["curl", "-sS", "-i", "-X", "OPTIONS", f"{gateway.oss}/{bucket}/any%20key", "-H", f"Origin: {origin}",
             "-H", "Access-Control-Request-Method: PUT", "-H", "Access-Control-Request-Headers: content-type"],
            capture_output=True, text=True, timeout=30, check=True).stdout

    allowed = preflight("https://app.example.com")
    assert allowed.startswith("HTTP/1.1 200")
    assert "Access-Control-Allow-Origin: https://app.example.com\n" in allowed
    assert "Access-Control-Max-Age: 9\n" in allowed
    refused = preflight("https://example.org")
    assert refused.startswith("HTTP/1.1 403")
    assert "<Code>AccessForbidden</Code>" in refused
