"""Every public method of alibabacloud-oss-v2's client: what it sets is read back, or it is refused as the table says."""

from __future__ import annotations

import datetime
import inspect
import json
import uuid
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import alibabacloud_oss_v2 as oss
import pytest
import requests
from alibabacloud_oss_v2 import models

from kit.oss_v2_table import OPERATIONS

PASSES = "passes"


class World:
    """A client that notes which of its methods came to an end, and a bucket of a case's own."""

    def __init__(self, client: oss.Client, folder: Path):
        self._client = client
        self.folder = folder
        self.called: set[str] = set()
        self.bucket = self.new_bucket()

    def __getattr__(self, name: str) -> Callable:
        method = getattr(self._client, name)

        def call(*arguments, **options):
            result = method(*arguments, **options)
            self.called.add(name)
            return result

        return call

    def new_bucket(self) -> str:
        """A bucket that no other case knows."""
        name = f"row-{uuid.uuid4().hex[:16]}"
        self.put_bucket(models.PutBucketRequest(bucket=name))
        return name

    def put(self, key: str = "key", body: bytes = b"hello", **options):
        """An object of the case's bucket."""
        return self.put_object(models.PutObjectRequest(bucket=self.bucket, key=key, body=body, **options))

    def read(self, key: str = "key") -> bytes:
        """What stands in an object."""
        return self.get_object(models.GetObjectRequest(bucket=self.bucket, key=key)).body.content


@pytest.fixture
def world(gateway, credentials, tmp_path) -> World:
    """A client as its manual sets one up, in a bucket of its own."""
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(
        credentials.access_key_id, credentials.secret)
    config.region, config.endpoint, config.retry_max_attempts = credentials.region, gateway.oss, 2
    return World(oss.Client(config), tmp_path)


def agrees(wanted: object, found: object) -> bool:
    """Whether all that one document says stands in another one."""
    if isinstance(wanted, list):
        return isinstance(found, list) and len(wanted) == len(found) and all(map(agrees, wanted, found))
    if hasattr(wanted, "_attribute_map"):
        told = {name: value for name, value in vars(wanted).items() if not name.startswith("_") and value is not None}
        return found is not None and all(agrees(value, getattr(found, name)) for name, value in told.items())
    return wanted == found


def refusal_of(operation: Callable) -> tuple[int, str]:
    """Status and code with which an operation is refused."""
    with pytest.raises(oss.exceptions.OperationError) as refusal:
        operation()
    cause = refusal.value.unwrap()
    assert isinstance(cause, oss.exceptions.ServiceError), cause
    assert cause.request_id
    return cause.status_code, cause.code


def request_class(method: str) -> type:
    return getattr(models, "".join(word.capitalize() for word in method.split("_")) + "Request")


# Configurations: set, told, and removed where they can be.

CONFIGURATIONS: dict[str, tuple[str, Callable[[World], object]]] = {
    "bucket_access_monitor": ("access_monitor_configuration", lambda w: models.AccessMonitorConfiguration(status="Enabled")),
    "bucket_archive_direct_read": (
        "archive_direct_read_configuration", lambda w: models.ArchiveDirectReadConfiguration(enabled=True)),
    "bucket_cors": ("cors_configuration", lambda w: models.CORSConfiguration(response_vary=True, cors_rules=[models.CORSRule(
        allowed_origins=["https://example.com"], allowed_methods=["GET", "PUT"], allowed_headers=["*"],
        expose_headers=["ETag"], max_age_seconds=60)])),
    "bucket_encryption": ("server_side_encryption_rule", lambda w: models.ServerSideEncryptionRule(
        apply_server_side_encryption_by_default=models.ApplyServerSideEncryptionByDefault(sse_algorithm="AES256"))),
    "bucket_https_config": ("https_configuration", lambda w: models.HttpsConfiguration(
        tls=models.TLS(enable=True, tls_versions=["TLSv1.2", "TLSv1.3"]))),
    "bucket_lifecycle": ("lifecycle_configuration", lambda w: models.LifecycleConfiguration(rules=[models.LifecycleRule(
        id="old", prefix="logs/", status="Enabled", expiration=models.LifecycleRuleExpiration(days=30))])),
    "bucket_logging": ("bucket_logging_status", lambda w: models.BucketLoggingStatus(
        logging_enabled=models.LoggingEnabled(target_bucket=w.new_bucket(), target_prefix="log/"))),
    "bucket_object_worm_configuration": ("object_worm_configuration", lambda w: models.ObjectWormConfiguration(
        object_worm_enabled="Enabled", rule=models.ObjectWormConfigurationRule(
            default_retention=models.ObjectWormConfigurationRuleDefaultRetention(mode="GOVERNANCE", days=1)))),
    "bucket_overwrite_config": ("overwrite_configuration", lambda w: models.OverwriteConfiguration(rules=[
        models.OverwriteRule(id="kept", action="forbid", prefix="kept/")])),
    "bucket_public_access_block": (
        "public_access_block_configuration", lambda w: models.PublicAccessBlockConfiguration(block_public_access=True)),
    "bucket_referer": ("referer_configuration", lambda w: models.RefererConfiguration(
        allow_empty_referer=False, referer_list=models.RefererList(referers=["https://*.example.com"]))),
    "bucket_request_payment": (
        "request_payment_configuration", lambda w: models.RequestPaymentConfiguration(payer="Requester")),
    "bucket_resource_group": (
        "bucket_resource_group_configuration",
        lambda w: models.BucketResourceGroupConfiguration(resource_group_id="rg-acfmy7mo47b3adq")),
    "bucket_storage_quota": ("quota_configuration", lambda w: models.QuotaConfiguration(storage_quota=10_240)),
    "bucket_tags": ("tagging", lambda w: models.Tagging(
        tag_set=models.TagSet(tags=[models.Tag(key="a", value="1"), models.Tag(key="b", value="2")]))),
    "bucket_transfer_acceleration": (
        "transfer_acceleration_configuration", lambda w: models.TransferAccelerationConfiguration(enabled=True)),
    "bucket_website": ("website_configuration", lambda w: models.WebsiteConfiguration(
        index_document=models.IndexDocument(suffix="index.html"), error_document=models.ErrorDocument(key="error.html"))),
    "user_defined_log_fields_config": (
        "user_defined_log_fields_configuration",
        lambda w: models.UserDefinedLogFieldsConfiguration(
            header_set=models.LoggingHeaderSet(headers=["x-trace"]),
            param_set=models.LoggingParamSet(parameters=["trace"]))),
}


def configuration(world: World, name: str) -> None:
    """What is set is told; what is removed is not there any more."""
    argument, make = CONFIGURATIONS[name]
    document = make(world)
    put, get, delete = f"put_{name}", f"get_{name}", f"delete_{name}"
    before = told(world, get, argument)
    assert not agrees(document, before)
    getattr(world, put)(request_class(put)(bucket=world.bucket, **{argument: document}))
    found = told(world, get, argument)
    assert agrees(document, found), vars(found)
    if hasattr(oss.Client, delete):
        getattr(world, delete)(request_class(delete)(bucket=world.bucket))
        assert not agrees(document, told(world, get, argument))


def told(world: World, get: str, argument: str) -> object:
    """A configuration of the case's bucket; nothing if it has none."""
    try:
        return getattr(getattr(world, get)(request_class(get)(bucket=world.bucket)), argument)
    except oss.exceptions.OperationError as refusal:
        assert refusal.unwrap().status_code == 404, refusal
        return None


# Cases: each is a round trip, and its name says of which methods, apart from those above.


def bucket_life(world: World) -> None:
    name = world.new_bucket()
    assert world.is_bucket_exist(name)
    assert world.get_bucket_info(models.GetBucketInfoRequest(bucket=name)).bucket_info.name == name
    assert world.get_bucket_location(models.GetBucketLocationRequest(bucket=name)).location.startswith("oss-")
    assert world.get_bucket_stat(models.GetBucketStatRequest(bucket=name)).object_count == 0
    found = world.list_buckets(models.ListBucketsRequest(prefix=name)).buckets
    assert [bucket.name for bucket in found] == [name]
    pages = list(world.list_buckets_paginator(limit=1).iter_page(models.ListBucketsRequest(prefix="row-")))
    assert name in [bucket.name for page in pages for bucket in page.buckets] and len(pages) > 1
    world.delete_bucket(models.DeleteBucketRequest(bucket=name))
    assert not world.is_bucket_exist(name)


def bucket_acl(world: World) -> None:
    world.put_bucket_acl(models.PutBucketAclRequest(bucket=world.bucket, acl="public-read"))
    assert world.get_bucket_acl(models.GetBucketAclRequest(bucket=world.bucket)).acl == "public-read"


def bucket_policy(world: World) -> None:
    policy = json.dumps({"Version": "1", "Statement": [{
        "Action": ["oss:GetObject"], "Effect": "Allow", "Principal": ["*"],
        "Resource": [f"acs:oss:*:*:{world.bucket}/*"]}]})
    world.put_bucket_policy(models.PutBucketPolicyRequest(bucket=world.bucket, body=policy))
    request = models.GetBucketPolicyRequest(bucket=world.bucket)
    assert json.loads(world.get_bucket_policy(request).body) == json.loads(policy)
    status = world.get_bucket_policy_status(models.GetBucketPolicyStatusRequest(bucket=world.bucket))
    assert status.policy_status.is_public
    world.delete_bucket_policy(models.DeleteBucketPolicyRequest(bucket=world.bucket))
    assert refusal_of(lambda: world.get_bucket_policy(request)) == (404, "NoSuchBucketPolicy")


def bucket_versioning(world: World) -> None:
    world.put_bucket_versioning(models.PutBucketVersioningRequest(
        bucket=world.bucket, versioning_configuration=models.VersioningConfiguration(status="Enabled")))
    told = world.get_bucket_versioning(models.GetBucketVersioningRequest(bucket=world.bucket))
    assert told.version_status == "Enabled"
    versions = [world.put(body=body).version_id for body in (b"1", b"2")]
    listed = world.list_object_versions(models.ListObjectVersionsRequest(bucket=world.bucket)).version
    assert [entry.version_id for entry in listed] == versions[::-1]
    pages = list(world.list_object_versions_paginator(limit=1).iter_page(
        models.ListObjectVersionsRequest(bucket=world.bucket)))
    assert [entry.version_id for page in pages for entry in page.version] == versions[::-1]


def bucket_worm(world: World) -> None:
    bucket = world.bucket
    days = models.InitiateWormConfiguration(retention_period_in_days=1)
    first = world.initiate_bucket_worm(
        models.InitiateBucketWormRequest(bucket=bucket, initiate_worm_configuration=days)).worm_id
    assert first
    world.abort_bucket_worm(models.AbortBucketWormRequest(bucket=bucket))
    held = world.initiate_bucket_worm(
        models.InitiateBucketWormRequest(bucket=bucket, initiate_worm_configuration=days)).worm_id
    world.complete_bucket_worm(models.CompleteBucketWormRequest(bucket=bucket, worm_id=held))
    world.extend_bucket_worm(models.ExtendBucketWormRequest(
        bucket=bucket, worm_id=held, extend_worm_configuration=models.ExtendWormConfiguration(retention_period_in_days=2)))
    told = world.get_bucket_worm(models.GetBucketWormRequest(bucket=bucket)).worm_configuration
    assert (told.worm_id, told.state, told.retention_period_in_days) == (held, "Locked", 2)


def bucket_inventory(world: World) -> None:
    wanted = models.InventoryConfiguration(
        id="weekly", is_enabled=True, included_object_versions="All", schedule=models.InventorySchedule(frequency="Weekly"),
        destination=models.InventoryDestination(oss_bucket_destination=models.InventoryOSSBucketDestination(
            format="CSV", account_id="1000000000000001", role_arn="acs:ram::1000000000000001:role/inventory",
            bucket=f"acs:oss:::{world.bucket}", prefix="inventory")))
    world.put_bucket_inventory(models.PutBucketInventoryRequest(
        bucket=world.bucket, inventory_id="weekly", inventory_configuration=wanted))
    request = models.GetBucketInventoryRequest(bucket=world.bucket, inventory_id="weekly")
    assert agrees(wanted, world.get_bucket_inventory(request).inventory_configuration)
    listed = world.list_bucket_inventory(models.ListBucketInventoryRequest(bucket=world.bucket))
    assert [entry.id for entry in listed.list_inventory_configurations_result.inventory_configurations] == ["weekly"]
    world.delete_bucket_inventory(models.DeleteBucketInventoryRequest(bucket=world.bucket, inventory_id="weekly"))
    assert refusal_of(lambda: world.get_bucket_inventory(request))[0] == 404


def bucket_replication(world: World) -> None:
    rule = models.ReplicationRule(
        action="ALL", historical_object_replication="disabled", prefix_set=models.ReplicationPrefixSet(prefixs=["a/"]),
        destination=models.ReplicationDestination(bucket=world.new_bucket(), location="oss-cn-beijing"))
    world.put_bucket_replication(models.PutBucketReplicationRequest(
        bucket=world.bucket, replication_configuration=models.ReplicationConfiguration(rules=[rule])))
    found = world.get_bucket_replication(
        models.GetBucketReplicationRequest(bucket=world.bucket)).replication_configuration.rules
    assert len(found) == 1 and found[0].id and agrees(rule.destination, found[0].destination)
    world.get_bucket_replication_location(models.GetBucketReplicationLocationRequest(bucket=world.bucket))
    progress = world.get_bucket_replication_progress(
        models.GetBucketReplicationProgressRequest(bucket=world.bucket, rule_id=found[0].id)).replication_progress
    assert [entry.id for entry in progress.rules] == [found[0].id]
    world.put_bucket_rtc(models.PutBucketRtcRequest(bucket=world.bucket, rtc_configuration=models.RtcConfiguration(
        id=found[0].id, rtc=models.ReplicationTimeControl(status="enabled"))))
    world.delete_bucket_replication(models.DeleteBucketReplicationRequest(
        bucket=world.bucket, replication_rules=models.ReplicationRules(ids=[found[0].id])))


def redundancy_transition(world: World) -> None:
    made = world.create_bucket_data_redundancy_transition(models.CreateBucketDataRedundancyTransitionRequest(
        bucket=world.bucket, target_redundancy_type="ZRS")).bucket_data_redundancy_transition
    task = dict(bucket=world.bucket, redundancy_transition_taskid=made.task_id)
    told = world.get_bucket_data_redundancy_transition(models.GetBucketDataRedundancyTransitionRequest(**task))
    assert told.bucket_data_redundancy_transition.task_id == made.task_id
    listed = world.list_bucket_data_redundancy_transition(
        models.ListBucketDataRedundancyTransitionRequest(bucket=world.bucket))
    assert made.task_id in json.dumps(listed, default=vars)
    listed = world.list_user_data_redundancy_transition(models.ListUserDataRedundancyTransitionRequest(max_keys=100))
    assert made.task_id in json.dumps(listed, default=vars)
    world.delete_bucket_data_redundancy_transition(models.DeleteBucketDataRedundancyTransitionRequest(**task))


def cname(world: World) -> None:
    domain = f"{world.bucket}.example.com"
    asked = models.BucketCnameConfiguration(cname=models.Cname(domain=domain))
    made = world.create_cname_token(models.CreateCnameTokenRequest(
        bucket=world.bucket, bucket_cname_configuration=asked)).cname_token
    told = world.get_cname_token(models.GetCnameTokenRequest(bucket=world.bucket, cname=domain)).cname_token
    assert made.token and told.token == made.token
    assert world.list_cname(models.ListCnameRequest(bucket=world.bucket)).bucket == world.bucket
    world.delete_cname(models.DeleteCnameRequest(bucket=world.bucket, bucket_cname_configuration=asked))


def style(world: World) -> None:
    named = dict(bucket=world.bucket, style_name="small")
    content = "image/resize,p_50"
    world.put_style(models.PutStyleRequest(**named, style=models.StyleContent(content=content)))
    assert world.get_style(models.GetStyleRequest(**named)).style.content == content
    assert [entry.name for entry in world.list_style(
        models.ListStyleRequest(bucket=world.bucket)).style_list.styles] == ["small"]
    world.delete_style(models.DeleteStyleRequest(**named))
    assert refusal_of(lambda: world.get_style(models.GetStyleRequest(**named)))[0] == 404


def account_block(world: World) -> None:
    def told() -> bool:
        found = world.get_public_access_block(models.GetPublicAccessBlockRequest())
        return found.public_access_block_configuration.block_public_access

    block = models.PublicAccessBlockConfiguration(block_public_access=True)
    world.put_public_access_block(models.PutPublicAccessBlockRequest(public_access_block_configuration=block))
    try:
        assert told() is True
        request = models.PutBucketAclRequest(bucket=world.bucket, acl="public-read")
        assert refusal_of(lambda: world.put_bucket_acl(request)) == (403, "AccessDenied")
    finally:
        world.delete_public_access_block(models.DeletePublicAccessBlockRequest())
    assert told() is False


def regions(world: World) -> None:
    found = world.describe_regions(models.DescribeRegionsRequest()).region_info
    assert "oss-cn-hangzhou" in [region.region for region in found]


def access_points(world: World) -> None:
    world.list_access_points(models.ListAccessPointsRequest(bucket=world.bucket))


def preflight(world: World) -> None:
    argument, make = CONFIGURATIONS["bucket_cors"]
    world.put_bucket_cors(models.PutBucketCorsRequest(bucket=world.bucket, **{argument: make(world)}))
    told = world.option_object(models.OptionObjectRequest(
        bucket=world.bucket, key="key", origin="https://example.com", access_control_request_method="PUT"))
    assert told.access_control_allow_origin == "https://example.com"


def objects(world: World) -> None:
    world.put(metadata={"colour": "blue"})
    assert world.read() == b"hello"
    place = dict(bucket=world.bucket, key="key")
    head = world.head_object(models.HeadObjectRequest(**place))
    assert (head.content_length, head.metadata["colour"]) == (5, "blue")
    assert world.get_object_meta(models.GetObjectMetaRequest(**place)).etag == head.etag
    assert world.is_object_exist(world.bucket, "key")
    world.copy_object(models.CopyObjectRequest(bucket=world.bucket, key="copy", source_key="key"))
    assert world.read("copy") == b"hello"
    world.delete_object(models.DeleteObjectRequest(**place))
    assert not world.is_object_exist(world.bucket, "key")
    world.delete_multiple_objects(models.DeleteMultipleObjectsRequest(
        bucket=world.bucket, objects=[models.DeleteObject(key="copy")]))
    assert not world.is_object_exist(world.bucket, "copy")


def files(world: World) -> None:
    source, target = world.folder / "source", world.folder / "target"
    source.write_bytes(b"of a file")
    request = models.PutObjectRequest(bucket=world.bucket, key="file")
    world.put_object_from_file(request, str(source))
    world.get_object_to_file(models.GetObjectRequest(bucket=world.bucket, key="file"), str(target))
    assert target.read_bytes() == b"of a file"
    with world.open_file(world.bucket, "file") as opened:
        opened.seek(3)
        assert opened.read() == b"a file"
    with world.append_file(world.bucket, "appended") as appended:
        appended.write(b"one")
        appended.write(b"two")
    assert world.read("appended") == b"onetwo"


def transfers(world: World) -> None:
    content = bytes(range(256)) * 2_048
    target = world.folder / "target"
    place = dict(bucket=world.bucket, key="large")
    world.uploader(part_size=102_400).upload_from(models.PutObjectRequest(**place), BytesIO(content))
    world.downloader(part_size=102_400).download_file(models.GetObjectRequest(**place), str(target))
    assert target.read_bytes() == content
    world.copier(part_size=102_400, multipart_copy_threshold=102_400, disable_shallow_copy=True).copy(
        models.CopyObjectRequest(bucket=world.bucket, key="copied", source_bucket=world.bucket, source_key="large"))
    assert world.read("copied") == content


def appending(world: World) -> None:
    place = dict(bucket=world.bucket, key="appended")
    first = world.append_object(models.AppendObjectRequest(**place, position=0, body=b"one"))
    world.append_object(models.AppendObjectRequest(**place, position=first.next_position, body=b"two"))
    assert world.read("appended") == b"onetwo"


def multipart(world: World) -> None:
    world.put("source", b"s" * 102_400)
    place = dict(bucket=world.bucket, key="parts")
    upload = dict(place, upload_id=world.initiate_multipart_upload(
        models.InitiateMultipartUploadRequest(**place)).upload_id)
    etags = [
        world.upload_part(models.UploadPartRequest(**upload, part_number=1, body=b"p" * 102_400)).etag,
        world.upload_part_copy(models.UploadPartCopyRequest(
            **upload, part_number=2, source_bucket=world.bucket, source_key="source")).etag]
    assert [part.etag for part in world.list_parts(models.ListPartsRequest(**upload)).parts] == etags
    pages = list(world.list_parts_paginator(limit=1).iter_page(models.ListPartsRequest(**upload)))
    assert [part.etag for page in pages for part in page.parts] == etags
    uploads = world.list_multipart_uploads(models.ListMultipartUploadsRequest(bucket=world.bucket)).uploads
    assert [entry.key for entry in uploads] == ["parts"]
    pages = list(world.list_multipart_uploads_paginator(limit=1).iter_page(
        models.ListMultipartUploadsRequest(bucket=world.bucket)))
    assert [entry.key for page in pages for entry in page.uploads or []] == ["parts"]
    parts = [models.UploadPart(part_number=number, etag=etag) for number, etag in enumerate(etags, 1)]
    world.complete_multipart_upload(models.CompleteMultipartUploadRequest(
        **upload, complete_multipart_upload=models.CompleteMultipartUpload(parts=parts)))
    assert world.read("parts") == b"p" * 102_400 + b"s" * 102_400
    other = world.initiate_multipart_upload(models.InitiateMultipartUploadRequest(**place)).upload_id
    world.abort_multipart_upload(models.AbortMultipartUploadRequest(**place, upload_id=other))
    assert not world.list_multipart_uploads(models.ListMultipartUploadsRequest(bucket=world.bucket)).uploads


def listing(world: World) -> None:
    keys = ["a", "b/1", "b/2"]
    for key in keys:
        world.put(key)
    bucket = world.bucket
    assert [entry.key for entry in world.list_objects(models.ListObjectsRequest(bucket=bucket)).contents] == keys
    second = world.list_objects_v2(models.ListObjectsV2Request(bucket=bucket, delimiter="/"))
    assert [entry.prefix for entry in second.common_prefixes] == ["b/"]
    for pages in (
            world.list_objects_paginator(limit=2).iter_page(models.ListObjectsRequest(bucket=bucket)),
            world.list_objects_v2_paginator(limit=2).iter_page(models.ListObjectsV2Request(bucket=bucket))):
        assert [entry.key for page in pages for entry in page.contents] == keys


def object_acl(world: World) -> None:
    world.put()
    place = dict(bucket=world.bucket, key="key")
    world.put_object_acl(models.PutObjectAclRequest(**place, acl="public-read"))
    assert world.get_object_acl(models.GetObjectAclRequest(**place)).acl == "public-read"


def object_tagging(world: World) -> None:
    world.put()
    place = dict(bucket=world.bucket, key="key")
    tags = models.Tagging(tag_set=models.TagSet(tags=[models.Tag(key="a", value="1")]))
    world.put_object_tagging(models.PutObjectTaggingRequest(**place, tagging=tags))
    assert agrees(tags.tag_set, world.get_object_tagging(models.GetObjectTaggingRequest(**place)).tag_set)
    world.delete_object_tagging(models.DeleteObjectTaggingRequest(**place))
    assert not world.get_object_tagging(models.GetObjectTaggingRequest(**place)).tag_set.tags


def symlink(world: World) -> None:
    world.put()
    world.put_symlink(models.PutSymlinkRequest(bucket=world.bucket, key="link", target="key"))
    assert world.get_symlink(models.GetSymlinkRequest(bucket=world.bucket, key="link")).target == "key"
    assert world.read("link") == b"hello"


def archive(world: World) -> None:
    world.put(storage_class="Archive")
    place = dict(bucket=world.bucket, key="key")
    assert world.restore_object(models.RestoreObjectRequest(
        **place, restore_request=models.RestoreRequest(days=1))).status_code == 202
    again = refusal_of(lambda: world.restore_object(models.RestoreObjectRequest(**place)))
    assert again == (409, "RestoreAlreadyInProgress")


def presigning(world: World) -> None:
    world.put()
    signed = world.presign(
        models.GetObjectRequest(bucket=world.bucket, key="key"), expires=datetime.timedelta(minutes=1))
    assert requests.get(signed.url, timeout=20).content == b"hello"


def any_operation(world: World) -> None:
    answer = world.invoke_operation(oss.OperationInput(op_name="GetBucketAcl", method="GET", bucket=world.bucket,
                                                       parameters={"acl": ""}))
    assert answer.status_code == 200


CASES = (
    bucket_life, bucket_acl, bucket_policy, bucket_versioning, bucket_worm, bucket_inventory, bucket_replication,
    redundancy_transition, cname, style, account_block, regions, access_points, preflight, objects, files, transfers, appending,
    multipart, listing, object_acl, object_tagging, symlink, archive, presigning, any_operation,
)

# What a refused method is asked with, apart from the bucket; the usual is the least that its request needs.
ARGUMENTS: dict[str, dict] = {
    "do_data_pipeline_action": {"action": "listDataPipelines", "body": b""},
    "do_meta_query_action": {"action": "listDatasets", "body": b""},
    "put_access_point_policy": {"access_point_name": "ap", "body": "{}"},
    "create_select_object_meta": {"key": "key", "process": "csv/meta", "select_meta_request": models.CSVMetaRequest()},
    "select_object": {"key": "key", "process": "csv/select", "select_request": models.SelectRequest(
        expression="c2VsZWN0ICogZnJvbSBvc3NvYmplY3Q=")},
    "put_cname": {"bucket_cname_configuration": models.BucketCnameConfiguration(
        cname=models.Cname(domain="unproven.example.com"))},
    "process_object": {"key": "key", "process": "image/resize,w_100|sys/saveas,o_a"},
    "async_process_object": {"key": "key", "process": "video/convert,f_mp4"},
}
USUAL = {
    "key": "key", "access_point_name": "ap", "position": 0, "regions": None, "cname": "a.example.com",
    "redundancy_transition_taskid": "1", "upload_id": "1", "legal_hold": None, "retention": None, "domain": "a.example.com",
}


def least_request(method: str, world: World) -> object:
    """A request with what it cannot be without."""
    kind = request_class(method)
    needed = {
        name for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.default is None or parameter.default is parameter.empty}
    options = {name: value for name, value in USUAL.items() if name in needed and value is not None}
    if "bucket" in needed:
        options["bucket"] = world.bucket
    return kind(**options | ARGUMENTS.get(method, {}))


REFUSED = sorted(name for name, verdict in OPERATIONS.items() if verdict != PASSES)
reached: set[str] = set()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_round_trip_holds(world, case):
    case(world)
    reached.update(world.called)


@pytest.mark.parametrize("name", sorted(CONFIGURATIONS))
def test_a_configuration_is_told_as_it_was_set(world, name):
    configuration(world, name)
    reached.update(world.called)


@pytest.mark.parametrize("method", REFUSED)
def test_what_is_not_there_is_refused_with_its_code(world, method):
    world.put()
    status, code = refusal_of(lambda: getattr(world, method)(least_request(method, world)))
    assert f"{status} {code}" == OPERATIONS[method]
    assert world.read() == b"hello"


def test_every_public_method_has_a_row():
    public = {name for name in dir(oss.Client) if not name.startswith("_")}
    rows = set(OPERATIONS)
    assert rows == public


def test_every_row_that_passes_was_reached(request):
    if len(request.session.items) < len(CASES) + len(CONFIGURATIONS) + len(REFUSED):
        pytest.skip("only a part was chosen")
    wanted = {name for name, verdict in OPERATIONS.items() if verdict == PASSES}
    missing = wanted - reached
    assert not missing
