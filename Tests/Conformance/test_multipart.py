"""Uploads in parts, with both official clients and with requests of our own."""

from __future__ import annotations

import hashlib
import os
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import alibabacloud_oss_v2 as oss
import oss2
import pytest

from kit.keys import UNUSUAL_KEYS, shown
from kit.signing import Request, sign_v1_header, sign_v4_header, sign_v4_url
from kit.wire import Connection, exchange, head_of

PART = 100 * 1024


def multipart_etag(*parts: bytes) -> str:
    """The ETag that OSS gives to an object of these parts: MD5 of the text of their ETags."""
    text = "".join(hashlib.md5(part).hexdigest().upper() for part in parts)
    return f"{hashlib.md5(text.encode()).hexdigest().upper()}-{len(parts)}"


def begin(store, bucket: str, key: str, *headers: tuple[str, str]) -> str:
    """Begins an upload, and insists on its ID."""
    answer = store.send(Request("POST", bucket, key, query=(("uploads", ""),), headers=headers))
    assert answer.status == 200, answer
    return answer.field("UploadId")


def upload(store, bucket: str, key: str, upload_id: str, number: int, body: bytes):
    """Sends a part."""
    query = (("partNumber", str(number)), ("uploadId", upload_id))
    return store.send(Request("PUT", bucket, key, query=query, body=body))


def document(*parts: tuple[int, bytes]) -> bytes:
    """The body of a completion."""
    inner = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>\"{hashlib.md5(body).hexdigest().upper()}\"</ETag></Part>"
        for number, body in parts)
    return f"<CompleteMultipartUpload>{inner}</CompleteMultipartUpload>".encode()


def complete(store, bucket: str, key: str, upload_id: str, *parts: tuple[int, bytes]):
    """Completes an upload."""
    return store.send(Request("POST", bucket, key, query=(("uploadId", upload_id),), body=document(*parts)))


class TestOSS2:
    """oss2, with its CRC checks on."""

    @pytest.fixture(scope="class", params=["v1", "v4"])
    def opened(self, request, gateway, credentials) -> oss2.Bucket:
        pair = (credentials.access_key_id, credentials.secret)
        held = oss2.Auth(*pair) if request.param == "v1" else oss2.AuthV4(*pair)
        made = oss2.Bucket(
            held, gateway.oss, f"parts-{uuid.uuid4().hex[:12]}", enable_crc=True, region=credentials.region)
        made.create_bucket()
        return made

    @pytest.mark.parametrize("name", UNUSUAL_KEYS, ids=shown)
    def test_parts_become_an_object_under_any_key(self, opened, name):
        begun = opened.init_multipart_upload(name, headers={"Content-Type": "text/plain", "x-oss-meta-who": "me"})
        bodies = [os.urandom(PART), os.urandom(PART + 1), b"end"]
        parts = []
        for number, body in enumerate(bodies, 1):
            sent = opened.upload_part(name, begun.upload_id, number, body)
            assert sent.etag == hashlib.md5(body).hexdigest().upper()
            parts.append(oss2.models.PartInfo(number, sent.etag, size=len(body), part_crc=sent.crc))
        assert [part.size for part in opened.list_parts(name, begun.upload_id).parts] == [PART, PART + 1, 3]
        done = opened.complete_multipart_upload(name, begun.upload_id, parts)
        assert done.etag == multipart_etag(*bodies)
        got = opened.get_object(name)
        assert got.read() == b"".join(bodies)
        assert got.client_crc == got.server_crc
        assert (got.object_type, got.content_type) == ("Multipart", "text/plain")
        assert got.headers["x-oss-meta-who"] == "me"
        ranged = opened.get_object(name, byte_range=(PART - 2, 2 * PART))
        assert ranged.read() == b"".join(bodies)[PART - 2:2 * PART + 1]

    def test_resumable_upload_and_download_agree(self, opened, key, tmp_path):
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(os.urandom(7 * PART + 11))
        done = oss2.resumable_upload(
            opened, key, str(source), multipart_threshold=PART, part_size=PART, num_threads=4,
            store=oss2.ResumableStore(root=str(tmp_path)))
        assert done.status == 200
        assert opened.head_object(key).content_length == 7 * PART + 11
        oss2.resumable_download(
            opened, key, str(target), multiget_threshold=PART, part_size=PART, num_threads=4,
            store=oss2.ResumableDownloadStore(root=str(tmp_path)))
        assert target.read_bytes() == source.read_bytes()

    def test_parts_are_copied_and_listed_and_aborted(self, opened, key):
        body = os.urandom(2 * PART)
        opened.put_object(key, body)
        name = key + "-copy"
        upload_id = opened.init_multipart_upload(name).upload_id
        first = opened.upload_part_copy(opened.bucket_name, key, (0, PART - 1), name, upload_id, 1)
        second = opened.upload_part_copy(opened.bucket_name, key, (PART, 2 * PART - 1), name, upload_id, 2)
        assert [upload.upload_id for upload in oss2.MultipartUploadIterator(opened, prefix=name)] == [upload_id]
        assert [part.etag for part in oss2.PartIterator(opened, name, upload_id, max_parts=1)] == [
            first.etag, second.etag]
        opened.complete_multipart_upload(name, upload_id, [
            oss2.models.PartInfo(1, first.etag), oss2.models.PartInfo(2, second.etag)])
        assert opened.get_object(name).read() == body
        aborted = opened.init_multipart_upload(name).upload_id
        assert opened.abort_multipart_upload(name, aborted).status == 204
        with pytest.raises(oss2.exceptions.NoSuchUpload) as refusal:
            opened.list_parts(name, aborted)
        assert (refusal.value.status, refusal.value.details["UploadId"]) == (404, aborted)
        assert opened.get_object(name).read() == body

    def test_all_parts_are_taken_by_a_header(self, opened, key):
        upload_id = opened.init_multipart_upload(key).upload_id
        opened.upload_part(key, upload_id, 9, b"end")
        opened.upload_part(key, upload_id, 2, b"1" * PART)
        done = opened.complete_multipart_upload(key, upload_id, None, headers={"x-oss-complete-all": "yes"})
        assert done.etag == multipart_etag(b"1" * PART, b"end")
        assert opened.get_object(key).read() == b"1" * PART + b"end"


class TestOSSV2:
    """alibabacloud-oss-v2 and its managers."""

    @pytest.fixture(scope="class", params=["v4", "v1"])
    def client(self, request, gateway, credentials) -> oss.Client:
        config = oss.config.load_default()
        config.credentials_provider = oss.credentials.StaticCredentialsProvider(
            credentials.access_key_id, credentials.secret)
        config.region, config.endpoint = credentials.region, gateway.oss
        config.signature_version = request.param
        config.retry_max_attempts = 2
        return oss.Client(config)

    def test_uploader_and_downloader_agree(self, client, bucket, key, tmp_path):
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(os.urandom(5 * PART + 3))
        done = client.uploader(part_size=PART, parallel_num=3).upload_file(
            oss.PutObjectRequest(bucket=bucket, key=key), str(source))
        assert done.status_code == 200
        client.downloader(part_size=PART, parallel_num=3).download_file(
            oss.GetObjectRequest(bucket=bucket, key=key), str(target))
        assert target.read_bytes() == source.read_bytes()

    def test_the_copier_copies_in_parts(self, client, bucket, key):
        body = os.urandom(3 * PART)
        client.put_object(oss.PutObjectRequest(bucket=bucket, key=key, body=body))
        copier = client.copier(part_size=PART, multipart_copy_threshold=PART, disable_shallow_copy=True)
        copier.copy(oss.CopyObjectRequest(
            bucket=bucket, key=key + "-copy", source_bucket=bucket, source_key=key))
        got = client.get_object(oss.GetObjectRequest(bucket=bucket, key=key + "-copy"))
        assert got.body.content == body
        assert got.object_type == "Multipart"

    def test_lists_go_on_page_by_page(self, client, bucket, key):
        ids = [client.initiate_multipart_upload(
            oss.InitiateMultipartUploadRequest(bucket=bucket, key=f"{key}/{number % 2}")).upload_id
            for number in range(5)]
        pages = client.list_multipart_uploads_paginator(limit=2).iter_page(
            oss.ListMultipartUploadsRequest(bucket=bucket, prefix=key))
        found = [(upload.key, upload.upload_id) for page in pages for upload in page.uploads or []]
        assert found == sorted(found) and sorted(upload_id for _, upload_id in found) == sorted(ids)
        for name, upload_id in found:
            client.abort_multipart_upload(
                oss.AbortMultipartUploadRequest(bucket=bucket, key=name, upload_id=upload_id))
        rest = client.list_multipart_uploads(oss.ListMultipartUploadsRequest(bucket=bucket, prefix=key))
        assert not rest.uploads


class TestRefusals:
    """Requests of our own that are almost right."""

    def test_a_small_part_is_refused_at_the_end_only(self, store, bucket, key):
        upload_id = begin(store, bucket, key)
        for number in (1, 2):
            assert upload(store, bucket, key, upload_id, number, b"small").status == 200
        answer = complete(store, bucket, key, upload_id, (1, b"small"), (2, b"small"))
        assert answer.refusal == (400, "EntityTooSmall")
        assert (answer.field("PartNumber"), answer.field("MinSizeAllowed")) == ("1", "102400")
        assert not store.exists(bucket, key)
        assert complete(store, bucket, key, upload_id, (2, b"small")).status == 200

    def test_a_completed_upload_is_gone(self, store, bucket, key):
        upload_id = begin(store, bucket, key)
        upload(store, bucket, key, upload_id, 1, b"one")
        assert complete(store, bucket, key, upload_id, (1, b"one")).status == 200
        assert complete(store, bucket, key, upload_id, (1, b"one")).refusal == (404, "NoSuchUpload")
        assert upload(store, bucket, key, upload_id, 1, b"one").refusal == (404, "NoSuchUpload")
        assert store.get(bucket, key).body == b"one"

    def test_a_body_that_ends_early_makes_no_part(self, gateway, store, bucket, key):
        upload_id = begin(store, bucket, key)
        query = (("partNumber", "1"), ("uploadId", upload_id))
        request = Request("PUT", bucket, key, query=query, headers=(("Content-Length", "10"),), body=b"12345")
        with Connection(gateway.oss) as connection:
            signed = sign_v4_header(request, store.credentials)
            connection.offer(head_of(signed, f"{connection.host}:{connection.port}") + signed.body)
            connection.socket.shutdown(socket.SHUT_WR)
            connection.read_to_end()
        listed = store.send(Request("GET", bucket, key, query=(("uploadId", upload_id),)))
        assert listed.xml.findall("Part") == []

    @pytest.mark.parametrize("changed", ["partNumber", "uploadId"])
    @pytest.mark.parametrize("scheme", ["v1", "v4-url"])
    def test_a_signature_holds_for_its_part_only(self, gateway, credentials, store, bucket, key, changed, scheme):
        ids = {"uploadId": begin(store, bucket, key), "partNumber": "1"}
        other = {"uploadId": begin(store, bucket, key), "partNumber": "2"}
        request = Request("PUT", bucket, key, query=tuple(ids.items()), body=b"part")
        signed = (sign_v1_header(request, credentials) if scheme == "v1"
                  else sign_v4_url(request, credentials, lifetime=60))
        assert exchange(gateway.oss, signed).status == 200
        moved = tuple((name, other[name] if name == changed else value) for name, value in signed.query)
        answer = exchange(gateway.oss, replace(signed, query=moved))
        assert answer.refusal == (403, "SignatureDoesNotMatch"), answer

    def test_another_bucket_does_not_know_the_upload(self, store, bucket, key):
        other = f"parts-{uuid.uuid4().hex[:12]}"
        assert store.send(Request("PUT", other)).status == 200
        upload_id = begin(store, bucket, key)
        assert upload(store, other, key, upload_id, 1, b"x").refusal == (404, "NoSuchUpload")
        assert upload(store, bucket, key + "x", upload_id, 1, b"x").refusal == (404, "NoSuchUpload")

    def test_of_many_completions_at_once_one_wins(self, store, bucket, key):
        for _ in range(5):
            upload_id = begin(store, bucket, key)
            upload(store, bucket, key, upload_id, 1, b"one")
            with ThreadPoolExecutor(6) as pool:
                answers = list(pool.map(
                    lambda _: complete(store, bucket, key, upload_id, (1, b"one")).status, range(6)))
            assert sorted(answers) == [200] + [404] * 5
