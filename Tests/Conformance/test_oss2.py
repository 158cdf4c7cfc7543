"""oss2, the official Python client of the first generation, with V1 and V4 signatures and its CRC checks on."""

from __future__ import annotations

import hashlib
import os
import uuid

import oss2
import pytest
import requests
from oss2.credentials import StaticCredentialsProvider

from kit.gateway import Gateway
from kit.keys import REFUSED_KEYS, UNUSUAL_KEYS, shown
from kit.signing import Credentials

VERSIONS = ["v1", "v4", "v1-provider", "v4-provider"]


def authentication(version: str, credentials: Credentials):
    """oss2's ways to hold the same access key."""
    pair = (credentials.access_key_id, credentials.secret)
    match version:
        case "v1":
            return oss2.Auth(*pair)
        case "v4":
            return oss2.AuthV4(*pair)
        case "v1-provider":
            return oss2.ProviderAuth(StaticCredentialsProvider(*pair))
        case "v4-provider":
            return oss2.ProviderAuthV4(StaticCredentialsProvider(*pair))
    raise AssertionError(version)


@pytest.fixture(scope="module", params=VERSIONS)
def connect(request: pytest.FixtureRequest, gateway: Gateway, credentials: Credentials):
    """Opens a bucket by name with one of the ways to sign."""
    held = authentication(request.param, credentials)
    return lambda name: oss2.Bucket(
        held, gateway.oss, name, enable_crc=True, region=credentials.region, connect_timeout=30)


@pytest.fixture(scope="module")
def opened(connect) -> oss2.Bucket:
    """A new bucket."""
    made = connect(f"oss2-{uuid.uuid4().hex[:12]}")
    made.create_bucket()
    return made


class TestBuckets:
    def test_a_new_bucket_is_empty_and_listed(self, connect, gateway, credentials):
        name = f"oss2-{uuid.uuid4().hex[:12]}"
        made = connect(name)
        assert made.create_bucket().status == 200
        assert made.list_objects().object_list == []
        service = oss2.Service(made.auth, gateway.oss, region=credentials.region)
        listed = {entry.name: entry for entry in oss2.BucketIterator(service, prefix="oss2-")}
        assert name in listed
        assert listed[name].location == f"oss-{credentials.region}"
        made.delete_bucket()

    def test_creating_a_bucket_again_changes_nothing(self, opened):
        opened.put_object("kept", b"kept")
        assert opened.create_bucket().status == 200
        assert opened.get_object("kept").read() == b"kept"

    def test_info_and_location_are_given(self, opened, credentials):
        info = opened.get_bucket_info()
        assert info.name == opened.bucket_name
        assert info.location == f"oss-{credentials.region}"
        assert info.storage_class == "Standard"
        assert info.acl.grant == "private"
        assert opened.get_bucket_location().location == f"oss-{credentials.region}"

    def test_a_bucket_with_objects_is_not_deleted(self, connect):
        made = connect(f"oss2-{uuid.uuid4().hex[:12]}")
        made.create_bucket()
        made.put_object("one", b"1")
        with pytest.raises(oss2.exceptions.BucketNotEmpty) as refusal:
            made.delete_bucket()
        assert refusal.value.status == 409
        made.delete_object("one")
        assert made.delete_bucket().status == 204
        with pytest.raises(oss2.exceptions.NoSuchBucket):
            made.get_bucket_info()

    def test_a_bucket_that_is_not_there_is_missed(self, connect):
        missing = connect(f"oss2-missing-{uuid.uuid4().hex[:12]}")
        for ask in (missing.list_objects, missing.get_bucket_location, missing.delete_bucket,
                    lambda: missing.get_object("k"), lambda: missing.put_object("k", b"v")):
            with pytest.raises(oss2.exceptions.NoSuchBucket) as refusal:
                ask()
            assert refusal.value.status == 404


class TestObjects:
    @pytest.mark.parametrize("size", [0, 1, 4096, 32 * 1024, 32 * 1024 + 1, 1024 * 1024 + 7])
    def test_what_was_put_is_got(self, opened, key, size):
        body = os.urandom(size)
        put = opened.put_object(key, body)
        assert put.etag == hashlib.md5(body).hexdigest().upper()
        got = opened.get_object(key)
        assert got.read() == body
        assert got.client_crc == got.server_crc == put.crc

    def test_a_stream_without_a_length_is_stored_whole(self, opened, key):
        pieces = [os.urandom(3000) for _ in range(40)]
        opened.put_object(key, iter(pieces))
        assert opened.get_object(key).read() == b"".join(pieces)

    def test_the_last_put_wins(self, opened, key):
        opened.put_object(key, b"first, and longer")
        opened.put_object(key, b"second")
        assert opened.get_object(key).read() == b"second"

    def test_head_says_what_get_would(self, opened, key):
        headers = {
            "Content-Type": "text/x-python", "Cache-Control": "no-cache", "Content-Disposition": "attachment",
            "Content-Encoding": "identity", "Expires": "Wed, 08 Jul 2122 16:57:01 GMT",
            "x-oss-meta-Author": "someone", "x-oss-meta-two-words": "a  b",
        }
        put = opened.put_object(key, b"print()\n", headers=headers)
        for answer in (opened.head_object(key), opened.get_object(key)):
            assert answer.content_length == 8
            assert answer.content_type == "text/x-python"
            assert answer.etag == put.etag
            assert answer.object_type == "Normal"
            assert answer.last_modified > 0
            assert answer.headers["Cache-Control"] == "no-cache"
            assert answer.headers["Content-Disposition"] == "attachment"
            assert answer.headers["Expires"] == "Wed, 08 Jul 2122 16:57:01 GMT"
            assert answer.headers["x-oss-meta-author"] == "someone"
            assert answer.headers["x-oss-meta-two-words"] == "a  b"
            assert answer.server_crc == put.crc

    def test_meta_is_short(self, opened, key):
        put = opened.put_object(key, b"12345")
        meta = opened.get_object_meta(key)
        assert (meta.content_length, meta.etag) == (5, put.etag)
        assert meta.last_modified > 0

    def test_existence_is_told(self, opened, key):
        assert not opened.object_exists(key)
        opened.put_object(key, b"")
        assert opened.object_exists(key)

    @pytest.mark.parametrize("unusual", UNUSUAL_KEYS, ids=shown)
    def test_an_unusual_key_is_kept_byte_for_byte(self, opened, unusual):
        body = unusual.encode()
        opened.put_object(unusual, body)
        assert opened.get_object(unusual).read() == body
        assert opened.head_object(unusual).content_length == len(body)
        listed = [entry.key for entry in oss2.ObjectIterator(opened, prefix=unusual)]
        assert unusual in listed
        opened.delete_object(unusual)
        assert not opened.object_exists(unusual)

    def test_two_spellings_of_one_character_are_two_keys(self, opened):
        one, two = "spelling-\u00e9", "spelling-e\u0301"
        opened.put_object(one, b"one")
        opened.put_object(two, b"two")
        assert opened.get_object(one).read() == b"one"
        assert opened.get_object(two).read() == b"two"

    @pytest.mark.parametrize("refused, ec", REFUSED_KEYS, ids=[shown(key) for key, _ in REFUSED_KEYS])
    def test_an_impossible_key_is_refused(self, opened, refused, ec):
        with pytest.raises(oss2.exceptions.ServerError) as refusal:
            opened.put_object(refused, b"x")
        assert (refusal.value.status, refusal.value.code) == (400, "InvalidObjectName")
        assert refusal.value.details.get("EC") == ec

    def test_existing_objects_can_be_protected(self, opened, key):
        protect = {"x-oss-forbid-overwrite": "true"}
        opened.put_object(key, b"first", headers=protect)
        with pytest.raises(oss2.exceptions.ServerError) as refusal:
            opened.put_object(key, b"second", headers=protect)
        assert (refusal.value.status, refusal.value.code) == (409, "FileAlreadyExists")
        assert opened.get_object(key).read() == b"first"

    def test_metadata_has_a_limit(self, opened, key):
        opened.put_object(key, b"", headers={"x-oss-meta-a": "x" * 8000})
        with pytest.raises(oss2.exceptions.ServerError) as refusal:
            opened.put_object(key + "-more", b"", headers={"x-oss-meta-a": "x" * 8200})
        assert refusal.value.status == 400
        assert not opened.object_exists(key + "-more")


BODY = bytes(range(100))


@pytest.fixture(scope="module")
def ranged(opened) -> str:
    """The key of an object of 100 different bytes."""
    name = f"ranged-{uuid.uuid4().hex}"
    opened.put_object(name, BODY)
    return name


class TestRangesAndConditions:
    @pytest.mark.parametrize("wanted, found", [
        ((0, 9), BODY[0:10]),
        ((99, 99), BODY[99:]),
        ((90, None), BODY[90:]),
        ((None, 10), BODY[90:]),
        ((None, 100), BODY),
    ], ids=["first ten", "last", "from 90", "last ten", "last hundred"])
    def test_a_range_within_the_object_is_cut(self, opened, ranged, wanted, found):
        got = opened.get_object(ranged, byte_range=wanted)
        assert got.read() == found
        assert got.status == 206
        assert got.headers["Content-Range"].endswith("/100")

    @pytest.mark.parametrize("wanted", [(90, 100), (100, None), (None, 101), (200, 300)])
    def test_a_range_past_the_end_gives_the_whole_object(self, opened, ranged, wanted):
        got = opened.get_object(ranged, byte_range=wanted)
        assert (got.status, got.read()) == (200, BODY)

    def test_the_standard_behaviour_can_be_asked_for(self, opened, ranged):
        standard = {"x-oss-range-behavior": "standard"}
        got = opened.get_object(ranged, byte_range=(90, 200), headers=standard)
        assert (got.status, got.read()) == (206, BODY[90:])
        with pytest.raises(oss2.exceptions.ServerError) as refusal:
            opened.get_object(ranged, byte_range=(100, None), headers=standard)
        assert (refusal.value.status, refusal.value.code) == (416, "InvalidRange")

    def test_conditions_hold_or_refuse(self, opened, ranged):
        etag = opened.head_object(ranged).headers["ETag"]
        past, future = "Fri, 24 Feb 2012 06:07:48 GMT", "Fri, 24 Feb 2119 06:07:48 GMT"
        for holding in ({"If-Match": etag}, {"If-None-Match": '"0"'}, {"If-Modified-Since": past},
                        {"If-Unmodified-Since": future}):
            assert opened.get_object(ranged, headers=holding).read() == BODY
        for unchanged in ({"If-None-Match": etag}, {"If-Modified-Since": future}):
            with pytest.raises(oss2.exceptions.NotModified):
                opened.get_object(ranged, headers=unchanged)
        for failing in ({"If-Match": '"0"'}, {"If-Unmodified-Since": past}):
            with pytest.raises(oss2.exceptions.PreconditionFailed):
                opened.get_object(ranged, headers=failing)

    def test_response_headers_can_be_asked_for(self, opened, ranged):
        asked = {"response-content-type": "text/x-asked", "response-cache-control": "max-age=7"}
        got = opened.get_object(ranged, params=asked)
        assert got.headers["Content-Type"] == "text/x-asked"
        assert got.headers["Cache-Control"] == "max-age=7"


class TestCopyAndDelete:
    def test_a_copy_takes_bytes_and_metadata_along(self, opened, key):
        opened.put_object(key, b"copied", headers={"Content-Type": "text/x-one", "x-oss-meta-a": "1"})
        copy = opened.copy_object(opened.bucket_name, key, key + " copy/ü")
        assert copy.etag == hashlib.md5(b"copied").hexdigest().upper()
        got = opened.get_object(key + " copy/ü")
        assert got.read() == b"copied"
        assert got.headers["Content-Type"] == "text/x-one"
        assert got.headers["x-oss-meta-a"] == "1"

    def test_a_copy_can_replace_the_metadata(self, opened, key):
        opened.put_object(key, b"same", headers={"x-oss-meta-a": "1"})
        replacing = {"x-oss-metadata-directive": "REPLACE", "x-oss-meta-b": "2", "Content-Type": "text/x-two"}
        opened.copy_object(opened.bucket_name, key, key, headers=replacing)
        got = opened.get_object(key)
        assert got.read() == b"same"
        assert got.headers.get("x-oss-meta-a") is None
        assert (got.headers["x-oss-meta-b"], got.headers["Content-Type"]) == ("2", "text/x-two")

    def test_a_copy_of_nothing_is_refused(self, opened, key):
        with pytest.raises(oss2.exceptions.NoSuchKey):
            opened.copy_object(opened.bucket_name, key, key + "-copy")
        with pytest.raises(oss2.exceptions.NoSuchBucket):
            opened.copy_object(f"oss2-missing-{uuid.uuid4().hex[:12]}", key, key + "-copy")
        assert not opened.object_exists(key + "-copy")

    def test_a_copy_obeys_its_conditions(self, opened, key):
        etag = opened.put_object(key, b"source").etag
        opened.copy_object(opened.bucket_name, key, key + "-yes", headers={"x-oss-copy-source-if-match": etag})
        with pytest.raises(oss2.exceptions.PreconditionFailed):
            opened.copy_object(opened.bucket_name, key, key + "-no", headers={"x-oss-copy-source-if-match": "0"})
        assert opened.object_exists(key + "-yes")
        assert not opened.object_exists(key + "-no")

    def test_deleting_twice_is_no_error(self, opened, key):
        opened.put_object(key, b"")
        assert opened.delete_object(key).status == 204
        assert opened.delete_object(key).status == 204
        with pytest.raises(oss2.exceptions.NoSuchKey) as refusal:
            opened.get_object(key)
        assert (refusal.value.status, refusal.value.code) == (404, "NoSuchKey")
        assert refusal.value.request_id

    def test_many_are_deleted_at_once(self, opened, key):
        keys = [f"{key}/{number} & <ü>" for number in range(50)]
        for each in keys:
            opened.put_object(each, b"")
        result = opened.batch_delete_objects(keys + [f"{key}/never there"])
        assert sorted(result.deleted_keys) == sorted(keys + [f"{key}/never there"])
        assert opened.list_objects(prefix=key).object_list == []


class TestListing:
    @pytest.mark.parametrize("page", [1000, 333])
    def test_2500_keys_are_listed_in_order(self, connect, crowded_bucket, crowd, page):
        found = [entry.key for entry in oss2.ObjectIterator(connect(crowded_bucket), max_keys=page)]
        assert found == crowd

    @pytest.mark.parametrize("page", [1000, 333])
    def test_2500_keys_are_listed_in_order_by_v2(self, connect, crowded_bucket, crowd, page):
        found = [entry.key for entry in oss2.ObjectIteratorV2(connect(crowded_bucket), max_keys=page)]
        assert found == crowd

    def test_a_page_is_100_unless_asked(self, connect, crowded_bucket, crowd):
        crowded = connect(crowded_bucket)
        answer = crowded._Bucket__do_bucket("GET", params={"encoding-type": "url"})
        text = answer.read().decode()
        assert text.count("<Key>") == 100
        assert "<MaxKeys>100</MaxKeys>" in text
        assert "<IsTruncated>true</IsTruncated>" in text

    def test_entries_tell_size_etag_and_owner(self, connect, crowded_bucket, crowd):
        entry = connect(crowded_bucket).list_objects(max_keys=1).object_list[0]
        body = crowd[0].encode()
        assert entry.key == crowd[0]
        assert entry.size == len(body)
        assert entry.etag == hashlib.md5(body).hexdigest().upper()
        assert (entry.type, entry.storage_class) == ("Normal", "Standard")
        assert entry.owner.id
        crowded = connect(crowded_bucket)
        assert crowded.list_objects_v2(max_keys=1).object_list[0].owner is None
        assert crowded.list_objects_v2(max_keys=1, fetch_owner=True).object_list[0].owner.id

    def test_a_prefix_narrows(self, connect, crowded_bucket, crowd):
        wanted = [key for key in crowd if key.startswith("group-07/object-09")]
        crowded = connect(crowded_bucket)
        assert [entry.key for entry in oss2.ObjectIterator(crowded, prefix="group-07/object-09")] == wanted
        assert [entry.key for entry in oss2.ObjectIteratorV2(crowded, prefix="group-07/object-09")] == wanted
        assert list(oss2.ObjectIterator(crowded, prefix="group-99")) == []

    @pytest.mark.parametrize("page", [1000, 10, 1])
    def test_a_delimiter_rolls_up(self, connect, crowded_bucket, page):
        wanted = [f"group-{number:02d}/" for number in range(25)]
        crowded = connect(crowded_bucket)
        for entries in (oss2.ObjectIterator(crowded, delimiter="/", max_keys=page),
                        oss2.ObjectIteratorV2(crowded, delimiter="/", max_keys=page)):
            found = list(entries)
            assert [entry.key for entry in found] == wanted
            assert all(entry.is_prefix() for entry in found)

    def test_a_marker_is_where_to_go_on(self, connect, crowded_bucket, crowd):
        crowded = connect(crowded_bucket)
        after = crowd[1234]
        assert crowded.list_objects(marker=after, max_keys=1).object_list[0].key == crowd[1235]
        assert crowded.list_objects_v2(start_after=after, max_keys=1).object_list[0].key == crowd[1235]
        between = after + "x"
        assert crowded.list_objects(marker=between, max_keys=1).object_list[0].key == crowd[1235]
        assert crowded.list_objects(marker="zzz").object_list == []

    def test_a_marker_inside_a_rolled_up_prefix_skips_it(self, connect, crowded_bucket):
        answer = connect(crowded_bucket).list_objects(marker="group-03/object-050", delimiter="/")
        assert answer.prefix_list[0] == "group-04/"

    @pytest.mark.parametrize("asked", [0, 1001, -1])
    def test_an_impossible_page_is_refused(self, connect, crowded_bucket, asked):
        with pytest.raises(oss2.exceptions.InvalidArgument) as refusal:
            connect(crowded_bucket).list_objects(max_keys=asked)
        assert refusal.value.details["ArgumentName"] == "max-keys"

    def test_keys_of_all_kinds_come_in_the_order_of_their_bytes(self, connect):
        made = connect(f"oss2-{uuid.uuid4().hex[:12]}")
        made.create_bucket()
        for unusual in UNUSUAL_KEYS:
            made.put_object(unusual, b"")
        found = [entry.key for entry in oss2.ObjectIterator(made, max_keys=4)]
        assert found == sorted(UNUSUAL_KEYS, key=lambda key: key.encode())
        found = [entry.key for entry in oss2.ObjectIteratorV2(made, max_keys=4)]
        assert found == sorted(UNUSUAL_KEYS, key=lambda key: key.encode())


class TestPresigned:
    """URLs that oss2 signs and a plain HTTP client uses."""

    @staticmethod
    def plain(method: str, url: str, **options) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, url, timeout=30, **options)

    @pytest.mark.parametrize("keep_slashes", [True, False])
    def test_a_put_and_a_get_link_work(self, opened, key, keep_slashes):
        name = f"{key}/with folder/ü+.txt"
        body = os.urandom(5000)
        put = self.plain("PUT", opened.sign_url("PUT", name, 60, slash_safe=keep_slashes), data=body)
        assert put.status_code == 200, put.text
        assert put.headers["ETag"] == f'"{hashlib.md5(body).hexdigest().upper()}"'
        got = self.plain("GET", opened.sign_url("GET", name, 60, slash_safe=keep_slashes))
        assert (got.status_code, got.content) == (200, body)

    def test_oss2_itself_takes_a_link(self, opened, key):
        opened.put_object_with_url(opened.sign_url("PUT", key, 60), b"by link")
        assert opened.get_object_with_url(opened.sign_url("GET", key, 60)).read() == b"by link"

    def test_a_signed_content_type_must_be_sent(self, opened, key):
        signed = {"Content-Type": "text/plain"}
        url = opened.sign_url("PUT", key, 60, headers=signed)
        refused = self.plain("PUT", url, data=b"x", headers={"Content-Type": "text/html"})
        assert (refused.status_code, "SignatureDoesNotMatch" in refused.text) == (403, True)
        assert not opened.object_exists(key)
        assert self.plain("PUT", url, data=b"x", headers=signed).status_code == 200
        assert opened.head_object(key).content_type == "text/plain"

    def test_a_link_is_for_one_method_and_one_key(self, opened, key):
        opened.put_object(key, b"here")
        url = opened.sign_url("GET", key, 60)
        for method in ("PUT", "DELETE", "HEAD"):
            assert self.plain(method, url).status_code == 403
        assert self.plain("GET", url.replace(key, key[:-1] + "0" if key[-1] != "0" else key[:-1] + "1")
                          ).status_code == 403
        assert opened.get_object(key).read() == b"here"

    def test_overrides_are_part_of_the_link(self, opened, key):
        opened.put_object(key, b"here")
        url = opened.sign_url("GET", key, 60, params={"response-content-disposition": "attachment"})
        assert self.plain("GET", url).headers["Content-Disposition"] == "attachment"
        assert self.plain("GET", url.replace("attachment", "inlineness")).status_code == 403


class TestRefusals:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_wrong_secret_is_refused(self, gateway, credentials, opened, version):
        wrong = Credentials(credentials.access_key_id, credentials.secret[:-1] + "\u007e", credentials.region)
        stranger = oss2.Bucket(
            authentication(version, wrong), gateway.oss, opened.bucket_name, region=credentials.region)
        with pytest.raises(oss2.exceptions.SignatureDoesNotMatch) as refusal:
            stranger.list_objects()
        assert refusal.value.status == 403
        assert refusal.value.details["StringToSign"]
        assert credentials.secret not in str(refusal.value.details)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_an_unknown_key_is_refused(self, gateway, credentials, opened, version):
        wrong = Credentials(credentials.access_key_id[:-1] + "_", credentials.secret, credentials.region)
        stranger = oss2.Bucket(
            authentication(version, wrong), gateway.oss, opened.bucket_name, region=credentials.region)
        with pytest.raises(oss2.exceptions.ServerError) as refusal:
            stranger.get_object("any")
        assert (refusal.value.status, refusal.value.code) == (403, "InvalidAccessKeyId")

    def test_nobody_is_let_in_without_a_key(self, gateway, opened):
        opened.put_object("private", b"")
        nobody = oss2.Bucket(oss2.AnonymousAuth(), gateway.oss, opened.bucket_name)
        for ask in (nobody.list_objects, lambda: nobody.get_object("private"),
                    lambda: nobody.put_object("new", b""), lambda: nobody.delete_object("private")):
            with pytest.raises(oss2.exceptions.AccessDenied) as refusal:
                ask()
            assert refusal.value.status == 403
        assert opened.object_exists("private")

    def test_head_of_nothing_still_tells_the_code(self, opened, key):
        with pytest.raises(oss2.exceptions.NoSuchKey) as refusal:
            opened.head_object(key)
        assert refusal.value.status == 404
        assert refusal.value.details["Message"] == "The specified key does not exist."

    @pytest.mark.parametrize("operation", [
        lambda bucket, key: bucket.process_object(key, "image/info"),
    ], ids=["process"])
    def test_an_operation_that_is_not_there_is_refused_as_such(self, opened, key, operation):
        opened.put_object(key, b"unchanged")
        with pytest.raises(oss2.exceptions.ServerError) as refusal:
            operation(opened, key)
        assert (refusal.value.status, refusal.value.code) == (400, "NotImplemented")
        assert opened.get_object(key).read() == b"unchanged"
