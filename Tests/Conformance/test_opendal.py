"""Apache OpenDAL: a day's work of a program that reaches OSS through it."""

from __future__ import annotations

import uuid

import opendal
import pytest

from kit.keys import shown
from kit.signing import Request


@pytest.fixture
def operator(gateway, credentials, store) -> opendal.Operator:
    """An operator as its documentation sets one up for an address, in a bucket of its own."""
    bucket = f"opendal-{uuid.uuid4().hex[:12]}"
    assert store.send(Request("PUT", bucket)).status == 200
    return opendal.Operator(
        "oss", bucket=bucket, endpoint=gateway.oss, addressing_style="path", root="/",
        access_key_id=credentials.access_key_id, access_key_secret=credentials.secret)


class TestObjects:
    @pytest.mark.parametrize("key", ["plain", "folder/file", "a b+c", "文件.txt", "per%cent"], ids=shown)
    def test_what_is_written_is_read(self, operator, key):
        operator.write(key, b"hello world")
        assert bytes(operator.read(key)) == b"hello world"
        assert operator.stat(key).content_length == 11
        operator.delete(key)
        with pytest.raises(opendal.exceptions.NotFound):
            operator.stat(key)

    def test_a_part_is_read(self, operator):
        operator.write("key", bytes(range(256)) * 1_024)
        with operator.open("key", "rb") as opened:
            opened.seek(1_000)
            assert bytes(opened.read(16)) == bytes((1_000 + offset) % 256 for offset in range(16))

    def test_a_large_file_goes_in_parts(self, operator):
        content = bytes(range(256)) * 65_536
        with operator.open("large", "wb") as opened:
            for start in range(0, len(content), 1 << 20):
                opened.write(content[start:start + (1 << 20)])
        assert bytes(operator.read("large")) == content

    def test_folders_are_listed_and_removed(self, operator):
        for key in ("a", "b/1", "b/2/3"):
            operator.write(key, b"x")
        assert sorted(entry.path for entry in operator.list("")) in (["a", "b/"], ["/", "a", "b/"])
        found = {entry.path for entry in operator.list("b/", recursive=True)}
        assert {"b/1", "b/2/3"} <= found
        operator.remove_all("b/")
        assert not operator.exists("b/1")
        operator.copy("a", "copy")
        assert bytes(operator.read("copy")) == b"x"

    def test_what_is_not_there_and_who_may_not(self, operator, gateway, credentials):
        with pytest.raises(opendal.exceptions.NotFound):
            operator.read("absent")
        stranger = opendal.Operator(
            "oss", bucket=gateway.bucket, endpoint=gateway.oss, addressing_style="path", root="/",
            access_key_id=credentials.access_key_id, access_key_secret="wrong")
        with pytest.raises(opendal.exceptions.PermissionDenied):
            stranger.read("absent")
