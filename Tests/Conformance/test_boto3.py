"""boto3 speaks S3, which this version does not: it must be told so clearly, and nothing may happen.

Wrong but known behaviour is asserted: the real service takes AWS signatures. See docs/OPERATIONS.md.
"""

from __future__ import annotations

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config


@pytest.fixture(params=["s3v4", "s3"], ids=["AWS V4", "AWS V2"])
def s3(request: pytest.FixtureRequest, gateway, credentials):
    """An S3 client with a key that the store knows."""
    return boto3.client(
        "s3", endpoint_url=gateway.oss, region_name=credentials.region,
        aws_access_key_id=credentials.access_key_id, aws_secret_access_key=credentials.secret,
        config=Config(
            signature_version=request.param, s3={"addressing_style": "path"}, retries={"max_attempts": 1},
            connect_timeout=10, read_timeout=30))


def test_aws_signatures_are_refused_for_now(s3, store, bucket, key):
    store.put(bucket, key, b"unchanged")
    for operation in (
        lambda: s3.list_objects_v2(Bucket=bucket),
        lambda: s3.get_object(Bucket=bucket, Key=key),
        lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"changed"),
        lambda: s3.delete_object(Bucket=bucket, Key=key),
    ):
        with pytest.raises(botocore.exceptions.ClientError) as refusal:
            operation()
        answer = refusal.value.response
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert answer["Error"]["Code"] == "InvalidArgument"
        assert answer["Error"]["Message"] == "Unsupported Authorization Type"
    assert store.get(bucket, key).body == b"unchanged"


def test_an_aws_link_is_refused_for_now(s3, store, bucket, key):
    from urllib.parse import urlsplit

    from kit.wire import Connection

    store.put(bucket, key, b"private")
    url = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=60))
    with Connection(store.endpoint) as connection:
        connection.send(f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
        answer = connection.read_answer()
    assert answer.status in (400, 403)
    assert b"private" not in answer.body
    assert answer.field("Code") in ("InvalidArgument", "AccessDenied", "InvalidRequest")
