"""`put`, `get`, `ls`, `cp`, `rm`, `stat`, `mb`, `rb` as a user meets them."""

from __future__ import annotations

import json
import os
import pty
import resource
import shutil
import signal
import socket
import subprocess
import threading
import unicodedata
import uuid
from pathlib import Path
from urllib.parse import unquote

import pytest

from kit.commands import CommandLine
from kit.keys import UNUSUAL_KEYS, shown
from kit.signing import Request

SOME_FAILED, USAGE, REFUSED, NOT_FOUND, UNREACHABLE = 1, 64, 65, 66, 68
CANNOT_CREATE, INPUT_OUTPUT, INTEGRITY, DENIED, CONFIGURATION = 73, 74, 76, 77, 78
INTERRUPTED, BROKEN_PIPE = 130, 141


@pytest.fixture
def user(tmp_path, gateway) -> CommandLine:
    """A user of the shared server."""
    home = tmp_path / "home"
    home.mkdir()
    return CommandLine(home, gateway)


@pytest.fixture
def stranger(tmp_path) -> CommandLine:
    """A user without any setting."""
    home = tmp_path / "stranger"
    home.mkdir()
    return CommandLine(home)


@pytest.fixture
def own_bucket(store) -> str:
    """A bucket that a test has for itself; it is gone afterwards, since an account may have a hundred."""
    name = f"commands-{uuid.uuid4().hex[:12]}"
    assert store.send(Request("PUT", name)).status == 200
    yield name
    listed = store.send(Request("GET", name, query=(("encoding-type", "url"),))).xml
    for key in listed.iterfind("Contents/Key"):
        assert store.send(Request("DELETE", name, unquote(key.text))).status == 204
    assert store.send(Request("DELETE", name)).status in (204, 404)


@pytest.fixture
def versioned(store, own_bucket) -> None:
    """The bucket keeps versions until the test is over, and has none left then."""
    document = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert store.send(Request("PUT", own_bucket, query=(("versioning", ""),), body=document)).status == 200
    yield
    listed = store.send(Request("GET", own_bucket, query=(("versions", ""), ("encoding-type", "url")))).xml
    for entry in [*listed.iterfind("Version"), *listed.iterfind("DeleteMarker")]:
        version = (("versionId", entry.findtext("VersionId")),)
        assert store.send(
            Request("DELETE", own_bucket, unquote(entry.findtext("Key")), query=version)).status == 204


@pytest.fixture
def written(user):
    """Writes a file into the user's home."""
    def write(name: str, content: bytes = b"content") -> Path:
        path = user.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path
    return write


class TestRoundTrips:
    """What is put is got."""

    def test_a_file_goes_and_comes_back(self, user, own_bucket, written):
        written("a.txt", b"hello")
        put = user.succeed("put", "a.txt", f"oss://{own_bucket}/folder/", "--meta", "Colour=red")
        assert put.output.decode() == f"a.txt -> oss://{own_bucket}/folder/a.txt  5 B\n"
        assert put.complaint == ""
        user.succeed("get", f"oss://{own_bucket}/folder/a.txt", "b.txt")
        assert (user.home / "b.txt").read_bytes() == b"hello"
        assert (user.home / "b.txt").stat().st_mode & 0o077 == 0o044
        assert user.succeed("get", f"oss://{own_bucket}/folder/a.txt", "-").output == b"hello"
        facts = json.loads(user.succeed("stat", "--json", f"oss://{own_bucket}/folder/a.txt").output)
        assert (facts["size"], facts["contentType"], facts["metadata"]) == (5, "text/plain", {"colour": "red"})
        listed = user.succeed("ls", "--json", "-r", f"oss://{own_bucket}").lines
        assert [entry["key"] for entry in listed] == ["folder/a.txt"]
        assert listed[0]["etag"] == facts["etag"]

    def test_standard_input_and_output_are_files_too(self, user, own_bucket):
        content = os.urandom(300_000)
        user.succeed("put", "-", f"oss://{own_bucket}/piped", typed=content)
        assert user.succeed("get", f"oss://{own_bucket}/piped", "-").output == content
        assert user.succeed("cp", f"oss://{own_bucket}/piped", "-").output == content

    @pytest.mark.parametrize("size", [0, 1, 65_536, 3_000_000])
    def test_every_length_comes_back(self, user, own_bucket, written, size):
        content = os.urandom(size)
        path = written("sized.bin", content)
        line = user.succeed("put", "--json", path, f"oss://{own_bucket}/sized.bin").lines[0]
        assert (line["bytes"], line["key"]) == (size, "sized.bin")
        user.succeed("get", "--json", f"oss://{own_bucket}/sized.bin", "back.bin")
        assert (user.home / "back.bin").read_bytes() == content

    @pytest.mark.parametrize("key", [key for key in UNUSUAL_KEYS if not key.endswith("/")], ids=shown)
    def test_every_key_is_named_and_listed(self, user, own_bucket, written, store, key):
        written("x", key.encode())
        user.succeed("put", "x", f"oss://{own_bucket}/{key}")
        assert store.get(own_bucket, key).body == key.encode()
        assert [entry["key"] for entry in user.succeed("ls", "-r", "--json", f"oss://{own_bucket}").lines] == [key]
        named = user.succeed("ls", "-r", "--encoding-type", "url", f"oss://{own_bucket}").output.decode()
        address = named.rstrip("\n").rpartition("  ")[2]
        assert user.succeed("get", "--encoding-type", "url", address, "-").output == key.encode()
        plain = user.succeed("ls", "-r", f"oss://{own_bucket}").output.decode()
        assert plain.count("\n") == 1
        assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in plain[:-1])

    @pytest.mark.parametrize(("given", "wanted"), [("2-4", b"234"), ("7-", b"789"), ("-2", b"89"), ("8-99", b"89")])
    def test_a_range_is_a_part(self, user, own_bucket, written, given, wanted):
        written("digits", b"0123456789")
        user.succeed("put", "digits", f"oss://{own_bucket}/digits")
        assert user.succeed("get", f"--range={given}", f"oss://{own_bucket}/digits", "-").output == wanted
        user.succeed("get", f"--range={given}", f"oss://{own_bucket}/digits", "part")
        assert (user.home / "part").read_bytes() == wanted

    def test_a_folder_goes_and_comes_back(self, user, own_bucket, written):
        files = {"a.txt": b"a", "deep/er/b.txt": b"b", "deep/ü 中.txt": b"c", "empty": b""}
        for name, content in files.items():
            written(f"site/{name}", content)
        (user.home / "site/loop").symlink_to(user.home / "site")
        partly = user.run("put", "--recursive", "site", f"oss://{own_bucket}/www")
        assert partly.status == SOME_FAILED
        assert "loop" in partly.complaint
        listed = user.succeed("ls", "-r", "--json", f"oss://{own_bucket}/www/").lines
        assert {entry["key"] for entry in listed} == {f"www/{name}" for name in files}
        user.succeed("get", "-r", f"oss://{own_bucket}/www", "copy")
        found = {str(path.relative_to(user.home / "copy")): path.read_bytes()
                 for path in (user.home / "copy").rglob("*") if path.is_file()}
        assert found == files

    def test_copies_stay_in_the_store(self, user, own_bucket, written):
        written("a.txt", b"hello")
        user.succeed("put", "a.txt", f"oss://{own_bucket}/a/1.txt", "--meta", "kept=yes")
        user.succeed("cp", f"oss://{own_bucket}/a/1.txt", f"oss://{own_bucket}/b/")
        facts = json.loads(user.succeed("stat", "--json", f"oss://{own_bucket}/b/1.txt").output)
        assert (facts["size"], facts["metadata"]) == (5, {"kept": "yes"})
        user.succeed("cp", f"oss://{own_bucket}/a/1.txt", f"oss://{own_bucket}/c", "--content-type", "text/css")
        facts = json.loads(user.succeed("stat", "--json", f"oss://{own_bucket}/c").output)
        assert (facts["contentType"], facts["metadata"]) == ("text/css", {})
        user.succeed("cp", "-r", f"oss://{own_bucket}/a/", f"oss://{own_bucket}/d/")
        assert user.succeed("get", f"oss://{own_bucket}/d/1.txt", "-").output == b"hello"
        into_itself = user.run("cp", "-r", f"oss://{own_bucket}/a/", f"oss://{own_bucket}/a/b/")
        assert into_itself.status == REFUSED

    def test_new_tags_leave_the_rest_of_a_copy_as_it_was(self, user, own_bucket, written):
        written("a.txt", b"hello")
        user.succeed("put", "a.txt", f"oss://{own_bucket}/a", "--meta", "kept=yes", "--cache-control", "no-cache",
                     "--tagging", "old=1", "--tagging", "older=2")
        user.succeed("cp", f"oss://{own_bucket}/a", f"oss://{own_bucket}/b", "--tagging", "k=v")
        facts = json.loads(user.succeed("stat", "--json", f"oss://{own_bucket}/b").output)
        assert (facts["contentType"], facts["cacheControl"], facts["metadata"], facts["tagCount"]) == (
            "text/plain", "no-cache", {"kept": "yes"}, "1")
        user.succeed("cp", f"oss://{own_bucket}/a", f"oss://{own_bucket}/c", "--tagging", "k=v", "--meta", "new=yes")
        facts = json.loads(user.succeed("stat", "--json", f"oss://{own_bucket}/c").output)
        assert (facts["metadata"], facts["tagCount"]) == ({"new": "yes"}, "1")

    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
    @pytest.mark.parametrize("options", [(), ("--range=0-3",)], ids=repr)
    def test_a_file_that_is_replaced_keeps_its_mode(self, user, own_bucket, written, store, mode, options):
        store.put(own_bucket, "x", b"new content")
        path = written("private", b"old")
        path.chmod(mode)
        user.succeed("get", *options, f"oss://{own_bucket}/x", "private")
        assert path.read_bytes().startswith(b"new ")
        assert path.stat().st_mode & 0o777 == mode

    def test_a_folder_with_content_is_not_dropped(self, user, own_bucket, store):
        store.put(own_bucket, "f/marked/", b"")
        store.put(own_bucket, "f/full/", b"content")
        store.put(own_bucket, "f/file", b"x")
        ended = user.run("get", "-r", f"oss://{own_bucket}/f", "copy", "--json")
        assert ended.status == SOME_FAILED, ended
        assert [(failure["kind"], failure["subject"]) for failure in ended.failures] == [
            ("refused", f"oss://{own_bucket}/f/full/")]
        assert (user.home / "copy/marked").is_dir() and (user.home / "copy/file").read_bytes() == b"x"
        assert not (user.home / "copy/full").exists()
        store.put(own_bucket, "f/", b"of the folder itself")
        user.succeed("cp", "-r", f"oss://{own_bucket}/f/", f"oss://{own_bucket}/g/")
        assert store.get(own_bucket, "g/").body == b"of the folder itself"

    def test_folders_are_rolled_up_and_counted(self, user, own_bucket, written):
        for name in ("a", "f/1", "f/2", "z"):
            written("x")
            user.succeed("put", "x", f"oss://{own_bucket}/{name}")
        rows = user.succeed("ls", "--json", f"oss://{own_bucket}").lines
        assert [(row["type"], row.get("key") or row["prefix"]) for row in rows] == [
            ("object", "a"), ("folder", "f/"), ("object", "z")]
        assert len(user.succeed("ls", "-r", "--limit", "2", f"oss://{own_bucket}").output.splitlines()) == 2
        after = user.succeed("ls", "-r", "--start-after", "f/1", "--json", f"oss://{own_bucket}").lines
        assert [row["key"] for row in after] == ["f/2", "z"]
        assert user.succeed("ls", f"oss://{own_bucket}/nothing").output == b""
        buckets = user.succeed("ls", "--json").lines
        assert own_bucket in [row["bucket"] for row in buckets]

    def test_a_list_of_pages_is_whole(self, user, crowd, crowded_bucket):
        rows = user.succeed("ls", "-r", "--json", f"oss://{crowded_bucket}").lines
        assert [row["key"] for row in rows] == crowd

    def test_buckets_come_and_go(self, user, own_bucket, written):
        made = f"{own_bucket}-made"
        assert user.succeed("mb", f"oss://{made}").output.decode() == f"made  oss://{made}\n"
        assert user.succeed("rb", f"oss://{made}").output.decode() == f"deleted  oss://{made}\n"
        user.succeed("mb", f"oss://{own_bucket}")
        facts = json.loads(user.succeed("stat", "--json", f"oss://{own_bucket}").output)
        assert (facts["type"], facts["bucket"]) == ("bucket", own_bucket)
        written("x")
        user.succeed("put", "x", f"oss://{own_bucket}/x")
        full = user.run("rb", f"oss://{own_bucket}")
        assert (full.status, "BucketNotEmpty" in full.complaint) == (REFUSED, True)
        assert user.succeed("get", f"oss://{own_bucket}/x", "-").output == b"content"
        user.succeed("rm", f"oss://{own_bucket}/x")
        user.succeed("rb", f"oss://{own_bucket}")
        assert user.run("ls", f"oss://{own_bucket}").status == NOT_FOUND


class TestDeleting:
    """Nothing is deleted that was not meant."""

    def test_a_folder_is_deleted_only_by_force(self, user, own_bucket, written):
        written("x")
        for name in ("f/1", "f/2", "f2"):
            user.succeed("put", "x", f"oss://{own_bucket}/{name}")
        refused = user.run("rm", "-r", f"oss://{own_bucket}/f")
        assert (refused.status, refused.output) == (REFUSED, b"")
        dry = user.succeed("rm", "-r", "--dry-run", f"oss://{own_bucket}/f")
        assert dry.output.count(b"would delete") == 2
        assert len(user.succeed("ls", "-r", f"oss://{own_bucket}").output.splitlines()) == 3
        user.succeed("rm", "-r", "--force", f"oss://{own_bucket}/f")
        left = user.succeed("ls", "-r", "--json", f"oss://{own_bucket}").lines
        assert [row["key"] for row in left] == ["f2"]

    def test_all_versions_of_a_key_or_a_folder_are_deleted_for_good(self, user, own_bucket, versioned, written):
        written("x")
        for name in ("f/1", "f/1", "f/2", "f/22", "f2"):
            user.succeed("put", "x", f"oss://{own_bucket}/{name}")
        user.succeed("rm", f"oss://{own_bucket}/f/1")

        def left() -> list[str]:
            return [row["key"] for row in user.succeed("ls", "-r", "--versions", "--json", f"oss://{own_bucket}").lines]

        assert left() == ["f/1", "f/1", "f/1", "f/2", "f/22", "f2"]
        dry = user.succeed("rm", "--all-versions", "--dry-run", f"oss://{own_bucket}/f/1")
        assert dry.output.count(b"would delete") == 3
        told = user.succeed("rm", "--all-versions", "--json", f"oss://{own_bucket}/f/2").lines
        assert [(row["key"], row["versionId"][:4]) for row in told] == [("f/2", "CAEQ")]
        assert left() == ["f/1", "f/1", "f/1", "f/22", "f2"]
        assert user.run("rm", "-r", "--all-versions", f"oss://{own_bucket}/f").status == REFUSED
        user.succeed("rm", "-r", "--all-versions", "--force", f"oss://{own_bucket}/f")
        assert left() == ["f2"]
        refused = user.run("rm", "--all-versions", "--version-id", "null", f"oss://{own_bucket}/f2")
        assert refused.status == USAGE

    @pytest.mark.parametrize(
        ("answer", "is_deleted"), [(b"y\n", True), (b"yes\n", True), (b"n\n", False), (b"\n", False)])
    def test_a_terminal_is_asked_back(self, user, own_bucket, written, answer, is_deleted):
        written("x")
        user.succeed("put", "x", f"oss://{own_bucket}/f/1")
        outer, inner = pty.openpty()
        with user.start("rm", "-r", f"oss://{own_bucket}/f", stdin=inner, stderr=inner) as process:
            os.close(inner)
            question = read_until(outer, b"[y/N]")
            assert b"oss://" in question
            os.write(outer, answer)
            status = process.wait(30)
        os.close(outer)
        assert (status == 0) is is_deleted
        assert (user.run("stat", f"oss://{own_bucket}/f/1").status == 0) is not is_deleted

    @pytest.mark.parametrize("place", ["oss://", "oss://{}", "oss://{}/"])
    def test_a_bucket_is_no_object(self, user, own_bucket, place):
        assert user.run("rm", "--force", place.format(own_bucket)).status == USAGE


class TestRefusals:
    """Each failure has its status, and says what happened."""

    def test_a_wrong_secret_is_told_and_kept(self, user, own_bucket, written, gateway):
        written("x")
        wrong = {"OSS_ACCESS_KEY_SECRET": "not-the-secret-of-this-key"}
        for arguments in (("ls",), ("put", "x", f"oss://{own_bucket}/x"), ("mb", f"oss://{own_bucket}-2")):
            ended = user.run(*arguments, "--json", environment=wrong)
            assert ended.status == DENIED
            assert [failure["code"] for failure in ended.failures] == ["SignatureDoesNotMatch"]
            assert "secret" in ended.failures[0]["hint"]
            assert "not-the-secret-of-this-key" not in ended.complaint
        unknown = user.run("ls", environment={"OSS_ACCESS_KEY_ID": "SGAKunknown"})
        assert unknown.status == DENIED
        for part in ("InvalidAccessKeyId", "RequestId ", "EC 0002-00000902", "SGAKunknown", "hint: "):
            assert part in unknown.complaint
        assert gateway.credentials.secret not in unknown.complaint

    @pytest.mark.parametrize("arguments", [
        ("ls", "oss://no-such-bucket"), ("stat", "oss://no-such-bucket"), ("stat", "oss://no-such-bucket/key"),
        ("get", "oss://no-such-bucket/key"), ("get", "oss://no-such-bucket/key", "-"),
        ("get", "-r", "oss://no-such-bucket/folder"), ("put", "x", "oss://no-such-bucket/key"),
        ("rm", "oss://no-such-bucket/key"), ("rb", "oss://no-such-bucket"), ("put", "missing", "oss://{}/key"),
        ("put", "-r", "missing", "oss://{}/key"), ("get", "oss://{}/missing"), ("get", "oss://{}/missing", "-"),
        ("get", "-r", "oss://{}/missing", "folder"), ("cp", "oss://{}/missing", "oss://{}/x"),
        ("cp", "-r", "oss://{}/missing", "oss://{}/x"), ("stat", "oss://{}/missing"),
    ], ids=" ".join)
    def test_what_is_not_there_is_told(self, user, own_bucket, written, arguments):
        written("x")
        ended = user.run(*(word.format(own_bucket) for word in arguments))
        assert (ended.status, ended.output) == (NOT_FOUND, b""), ended
        assert ended.complaint.startswith("storage-gateway: ")
        assert not (user.home / "missing").exists()
        assert not (user.home / "key").exists()

    @pytest.mark.parametrize("arguments", [
        ("put",), ("put", "x"), ("put", "x", "y"), ("put", "x", "oss://"), ("put", "oss://abc/x", "oss://abc/y"),
        ("put", "x", "y", "oss://abc/one"), ("put", "-", "oss://abc/"), ("put", "-", "x", "oss://abc/f/"),
        ("put", "x", "oss://ABC/x"), ("put", "x", "oss://abc//x"), ("put", "x", "oss://abc/x", "--acl", "all"),
        ("put", "x", "oss://abc/x", "--meta", "a_b=c"), ("put", "x", "oss://abc/x", "--meta", "a=b\r\nEvil: c"),
        ("put", "x", "oss://abc/x", "--tagging", "novalue"), ("put", "x", "oss://abc/x", "--part-size", "1K"),
        ("put", "x", "oss://abc/x", "--parallel", "0"), ("put", "x", "oss://abc/x", "--limit-rate", "1"),
        ("put", "x", "oss://abc/%zz", "--encoding-type", "url"),
        ("get",), ("get", "x"), ("get", "oss://"), ("get", "oss://abc/"), ("get", "oss://abc/x", "oss://abc/y"),
        ("get", "-r", "oss://abc/f", "-"), ("get", "oss://abc/x", "--range=5-2"), ("get", "oss://abc/x", "--range=a-b"),
        ("cp", "a", "b"), ("cp", "oss://abc/f/", "oss://abc/g/"), ("ls", "abc"), ("ls", "s3://abc"),
        ("ls", "oss://abc", "--limit", "0"), ("rm",), ("rm", "oss://abc"), ("stat", "oss://"), ("mb", "oss://abc/x"),
        ("mb", "oss://"), ("rb", "oss://a"), ("ls", "--addressing", "sideways"), ("ls", "--signature", "v2"),
    ], ids=repr)
    def test_a_command_that_cannot_be_meant_is_refused(self, user, written, arguments):
        written("x")
        ended = user.run(*arguments)
        assert (ended.status, ended.output) == (USAGE, b""), ended
        assert "Usage: " in ended.complaint

    def test_an_endpoint_out_of_reach_is_told(self, user):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        ended = user.run("ls", "--endpoint", f"http://127.0.0.1:{port}")
        assert ended.status == UNREACHABLE
        assert f"http://127.0.0.1:{port} cannot be reached: the connection was refused" in ended.complaint

    def test_another_region_is_told(self, user):
        ended = user.run("ls", "--region", "cn-beijing")
        assert ended.status in (REFUSED, DENIED)
        assert "--region" in ended.complaint

    def test_what_is_there_can_be_kept(self, user, own_bucket, written):
        written("x", b"first")
        user.succeed("put", "--if-none-exists", "x", f"oss://{own_bucket}/x")
        written("x", b"second")
        again = user.run("put", "--if-none-exists", "x", f"oss://{own_bucket}/x", "--json")
        assert (again.status, again.failures[0]["code"]) == (REFUSED, "FileAlreadyExists")
        local = user.run("get", "--if-none-exists", f"oss://{own_bucket}/x", "x")
        assert local.status == REFUSED
        assert (user.home / "x").read_bytes() == b"second"
        assert user.succeed("get", f"oss://{own_bucket}/x", "-").output == b"first"

    def test_some_failures_do_not_keep_the_others(self, user, own_bucket, written):
        written("a")
        written("c")
        ended = user.run("put", "a", "missing", "c", f"oss://{own_bucket}/")
        assert ended.status == SOME_FAILED
        assert len(ended.output.splitlines()) == 2
        assert "missing: there is no such file" in ended.complaint

    @pytest.mark.parametrize("target", ["missing/x", "file/x", "folder-in-the-way"])
    def test_a_file_that_cannot_be_made_is_told(self, user, own_bucket, written, target):
        written("file")
        written("x")
        (user.home / "folder-in-the-way/x").mkdir(parents=True)
        user.succeed("put", "x", f"oss://{own_bucket}/x")
        ended = user.run("get", f"oss://{own_bucket}/x", target)
        assert ended.status == CANNOT_CREATE, ended
        assert not list(user.home.rglob("*.part"))

    def test_a_full_disk_is_told_and_left_clean(self, user, own_bucket, written):
        written("large", os.urandom(500_000))
        user.succeed("put", "large", f"oss://{own_bucket}/large")

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

        ended = user.run("get", f"oss://{own_bucket}/large", "copy", preexec_fn=limit)
        assert ended.status == INPUT_OUTPUT, ended
        assert sorted(path.name for path in user.home.iterdir()) == ["large"]
        with open("/dev/full", "wb") as full:
            streamed = user.run("get", f"oss://{own_bucket}/large", "-", stdout=full)
        assert streamed.status == INPUT_OUTPUT
        assert "No space left" in streamed.complaint

    def test_a_reader_that_goes_away_ends_the_command_quietly(self, user, own_bucket, written):
        written("large", bytes(5_000_000))
        user.succeed("put", "large", f"oss://{own_bucket}/large")
        with user.start("get", f"oss://{own_bucket}/large", "-") as process:
            assert process.stdout.read(10) == bytes(10)
            process.stdout.close()
            assert process.wait(30) == BROKEN_PIPE
            assert process.stderr.read() == b""


class TestHostileStores:
    """What a store says is not believed."""

    KEYS = ["f/../../evil", "f/..", "f/a/../../../evil", "f//etc/evil", "f/./evil", "f/link/evil"]

    @pytest.mark.parametrize("key", KEYS)
    def test_a_key_never_leads_out_of_the_folder(self, user, own_bucket, store, key):
        store.put(own_bucket, key, b"evil")
        store.put(own_bucket, "f/good", b"good")
        outside = user.home / "outside"
        outside.mkdir()
        target = user.home / "nest" / "target"
        target.mkdir(parents=True)
        (target / "link").symlink_to(outside)
        ended = user.run("get", "-r", f"oss://{own_bucket}/f", target)
        assert ended.status == SOME_FAILED, ended
        assert {str(path.relative_to(user.home)) for path in user.home.rglob("*") if path.is_file()} == {
            "nest/target/good"}
        assert list(outside.iterdir()) == []

    @pytest.mark.parametrize("key", ["a/..", ".", "..", "a/."])
    def test_a_key_without_a_name_needs_a_file(self, user, own_bucket, store, key):
        store.put(own_bucket, key, b"x")
        ended = user.run("get", f"oss://{own_bucket}/{key}")
        assert ended.status == REFUSED
        assert "name a file" in ended.complaint
        user.succeed("get", f"oss://{own_bucket}/{key}", "file")
        assert (user.home / "file").read_bytes() == b"x"

    def test_changed_bytes_are_not_kept(self, user):
        answer = (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"E\"\r\nLast-Modified: Mon, 23 Nov 2026 00:00:00 GMT\r\n"
            b"x-oss-hash-crc64ecma: 1\r\nx-oss-request-id: R\r\nConnection: close\r\n\r\n")
        with answering(lambda method: answer + (b"" if method == b"HEAD" else b"hello")) as endpoint:
            ended = user.run("get", "oss://bucket/key", "file", "--endpoint", endpoint)
        assert ended.status == INTEGRITY, ended
        assert list(user.home.iterdir()) == []

    def test_a_page_of_a_proxy_is_no_store(self, user):
        page = b"<html>\x1b[2JLogin</html>"
        answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(page), page)
        with answering(lambda method: answer) as endpoint:
            ended = user.run("ls", "--endpoint", endpoint)
        assert ended.status == DENIED
        assert "\x1b" not in ended.complaint
        assert f"is {endpoint} the endpoint?" in ended.complaint


class TestInterruption:
    """SIGINT leaves nothing behind."""

    def test_a_download_takes_its_file_back(self, user, own_bucket, written):
        written("large", bytes(3_000_000))
        user.succeed("put", "large", f"oss://{own_bucket}/large")
        target = user.home / "target"
        target.mkdir()
        process = user.start("get", "--limit-rate", "100K", f"oss://{own_bucket}/large", "target/copy")
        wait_for(lambda: list(target.iterdir()), process)
        process.send_signal(signal.SIGINT)
        output, complaint = process.communicate(timeout=30)
        assert (process.returncode, output) == (INTERRUPTED, b""), complaint
        assert list(target.iterdir()) == []
        assert b"what was unfinished was taken back" in complaint

    def test_what_a_checkpoint_keeps_is_not_said_to_be_taken_back(self, user, own_bucket, written):
        written("large", bytes(3_000_000))
        user.succeed("put", "large", f"oss://{own_bucket}/large")
        process = user.start(
            "get", "--limit-rate", "100K", "--checkpoint-dir", "kept", f"oss://{own_bucket}/large", "copy")
        wait_for(lambda: list(user.home.glob("copy.*.part")), process)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
        assert process.returncode == INTERRUPTED, complaint
        assert b"goes on from here" in complaint and b"taken back" not in complaint
        assert list(user.home.glob("copy.*.part"))

    def test_a_file_that_stays_is_not_said_to_be_taken_back(self, user, own_bucket, written):
        written("large", bytes(3_000_000))
        user.succeed("put", "large", f"oss://{own_bucket}/large")
        target = user.home / "target"
        target.mkdir()
        process = user.start("get", "--limit-rate", "100K", f"oss://{own_bucket}/large", "target/copy")
        wait_for(lambda: list(target.iterdir()), process)
        # A folder of its name cannot be removed as the file that it was.
        unfinished = next(target.iterdir())
        unfinished.rename(user.home / "moved")
        unfinished.mkdir()
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
        assert process.returncode == INTERRUPTED, complaint
        assert b"left behind" in complaint and b"taken back" not in complaint

    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_an_upload_stores_nothing(self, user, own_bucket, written, number, status):
        written("large", bytes(3_000_000))
        process = user.start("put", "--limit-rate", "100K", "large", f"oss://{own_bucket}/large")
        wait_for(lambda: has_connection(process.pid), process)
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
        assert (process.returncode, output) == (status, b"")
        assert user.succeed("ls", "-r", f"oss://{own_bucket}").output == b""

    def test_waiting_for_standard_input_can_be_ended(self, user, own_bucket):
        process = user.start("put", "-", f"oss://{own_bucket}/never", stdin=subprocess.PIPE)
        wait_for(lambda: has_connection(process.pid), process)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == INTERRUPTED
        process.stdin.close()
        process.stdout.close()
        process.stderr.close()
        assert user.succeed("ls", "-r", f"oss://{own_bucket}").output == b""

    @pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_second_signal_ends_it_at_once(self, user, written, second):
        written("long", bytes(300_000))
        with socket.create_server(("127.0.0.1", 0)) as silent:
            endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
            # Beginning an upload in parts is not given up: its answer names what is to be taken back.
            process = user.start("put", "--part-size", "100K", "long", "oss://bucket/long", "--endpoint", endpoint)
            wait_for(lambda: has_connection(process.pid), process)
            process.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            process.send_signal(second)
            output, complaint = process.communicate(timeout=10)
        assert (process.returncode, output, complaint) == (128 + second, b"", b"")


class TestParts:
    """Long files go in parts, and go on after a break."""

    PARTS = ("--part-size", "100K", "--parallel", "2")

    @staticmethod
    def uploads(store, bucket: str) -> list[str]:
        """The uploads in parts that are under way in a bucket."""
        answer = store.send(Request("GET", bucket, query=(("uploads", ""),)))
        assert answer.status == 200, answer
        return [upload.text for upload in answer.xml.iterfind("Upload/UploadId")]

    def finished_parts(self, store, bucket: str, key: str) -> int:
        """How many parts of the one upload of a bucket are there."""
        uploads = self.uploads(store, bucket)
        if not uploads:
            return 0
        answer = store.send(Request("GET", bucket, key, query=(("uploadId", uploads[0]),)))
        return len(answer.xml.findall("Part")) if answer.status == 200 else 0

    def test_parts_make_the_file(self, user, own_bucket, written, store):
        content = os.urandom(1_500_000)
        written("long", content)
        user.succeed("put", *self.PARTS, "long", f"oss://{own_bucket}/long")
        assert store.get(own_bucket, "long").body == content
        facts = json.loads(user.succeed("stat", "--json", f"oss://{own_bucket}/long").output)
        assert facts["objectType"] == "Multipart"
        user.succeed("get", *self.PARTS, f"oss://{own_bucket}/long", "back")
        assert (user.home / "back").read_bytes() == content

    def test_a_signal_takes_the_parts_back(self, user, own_bucket, written, store):
        written("long", bytes(1_500_000))
        process = user.start("put", *self.PARTS, "--limit-rate", "200K", "long", f"oss://{own_bucket}/long")
        wait_for(lambda: self.finished_parts(store, own_bucket, "long") > 0, process)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0] == b""
        assert process.returncode == INTERRUPTED
        assert self.uploads(store, own_bucket) == []
        assert not store.exists(own_bucket, "long")

    def test_a_killed_upload_goes_on(self, user, own_bucket, written, store):
        content = os.urandom(1_500_000)
        written("long", content)
        command = ("put", *self.PARTS, "--checkpoint-dir", "kept", "long", f"oss://{own_bucket}/long")
        process = user.start(*command, "--limit-rate", "200K")
        wait_for(lambda: self.finished_parts(store, own_bucket, "long") > 1, process)
        process.kill()
        process.communicate(timeout=30)
        before = self.uploads(store, own_bucket)
        assert len(before) == 1 and list((user.home / "kept").iterdir())
        user.succeed(*command)
        assert store.get(own_bucket, "long").body == content
        assert self.uploads(store, own_bucket) == []
        assert list((user.home / "kept").iterdir()) == []

    def test_a_killed_download_goes_on(self, user, own_bucket, written, store):
        content = os.urandom(1_500_000)
        store.put(own_bucket, "long", content)
        command = ("get", *self.PARTS, "--checkpoint-dir", "kept", f"oss://{own_bucket}/long", "copy")
        process = user.start(*command, "--limit-rate", "200K")
        kept = user.home / "kept"
        wait_for(lambda: list(kept.glob("*.checkpoint")), process)
        process.kill()
        process.communicate(timeout=30)
        assert not (user.home / "copy").exists()
        user.succeed(*command)
        assert (user.home / "copy").read_bytes() == content
        assert sorted(path.name for path in user.home.iterdir()) == ["copy", "kept"]
        assert list(kept.iterdir()) == []


class TestSettings:
    """Command line before environment before profile before default."""

    @pytest.fixture
    def profile(self, gateway, stranger) -> Path:
        """The stranger's configuration file, with two profiles."""
        path = stranger.home / ".ossutilconfig"
        credentials = gateway.credentials
        path.write_text(
            f"# mine\n[default]\naccessKeyID={credentials.access_key_id}\naccessKeySecret={credentials.secret}\n"
            f"region=cn-hangzhou\nendpoint={gateway.oss}\n\n[profile broken]\nsource-profile=default\n"
            "accessKeySecret=wrong\n", encoding="utf-8")
        path.chmod(0o600)
        return path

    def test_nothing_is_not_enough(self, stranger):
        ended = stranger.run("ls")
        assert ended.status == CONFIGURATION
        assert "OSS_ACCESS_KEY_ID" in ended.complaint and "~/.ossutilconfig" in ended.complaint

    def test_a_profile_is_enough(self, stranger, profile, gateway):
        ended = stranger.succeed("ls")
        assert gateway.bucket.encode() in ended.output
        assert ended.complaint == ""
        assert stranger.run("ls", "--profile", "broken").status == DENIED
        assert stranger.run("ls", environment={"OSSUTIL_PROFILE": "broken"}).status == DENIED
        assert stranger.run("ls", "--profile", "default", environment={"OSSUTIL_PROFILE": "broken"}).status == 0
        moved = profile.rename(stranger.home / "elsewhere")
        assert stranger.run("ls").status == CONFIGURATION
        assert stranger.run("ls", "--config-file", moved).status == 0
        assert stranger.run("ls", environment={"OSSUTIL_CONFIG_FILE": str(moved)}).status == 0

    def test_the_environment_goes_before_the_profile(self, stranger, profile, gateway):
        key = {"OSS_ACCESS_KEY_ID": gateway.credentials.access_key_id, "OSS_ACCESS_KEY_SECRET": "wrong"}
        assert stranger.run("ls", environment=key).status == DENIED
        assert stranger.run("ls", environment={"OSS_ENDPOINT": "http://127.0.0.1:1"}).status == UNREACHABLE
        assert stranger.run(
            "ls", "--endpoint", gateway.oss, environment={"OSS_ENDPOINT": "http://127.0.0.1:1"}).status == 0

    def test_a_file_that_others_can_read_is_warned_of(self, stranger, profile):
        profile.chmod(0o644)
        ended = stranger.succeed("ls")
        assert "can be read by others" in ended.complaint
        assert stranger.succeed("ls", "--quiet").complaint == ""

    @pytest.mark.parametrize(("text", "line"), [
        ("[default\n", 1), ("[default]\naccessKeyID\n", 2), ("accessKeyID=x\n", 1),
        ("[default]\naccessKeyID=a\naccessKeySecret=hidden\naccessKeySecret=hidden\n", 4),
    ])
    def test_a_line_that_cannot_be_read_is_named(self, stranger, profile, text, line):
        profile.write_text(text, encoding="utf-8")
        ended = stranger.run("ls")
        assert ended.status == CONFIGURATION
        assert f"line {line}: " in ended.complaint and "hidden" not in ended.complaint

    @pytest.mark.parametrize("arguments", [
        ("--profile", "nobody"), ("--config-file", "nowhere"), ("--config-file", "."), ("--data", "nowhere"),
        ("--endpoint", "ftp://x"), ("--region", "A/B"),
    ], ids=" ".join)
    def test_a_setting_that_cannot_be_is_refused(self, stranger, profile, arguments):
        assert stranger.run("ls", *arguments).status in (CONFIGURATION, 69)

    def test_the_key_of_a_server_beside_it_is_found(self, stranger, gateway):
        named = stranger.succeed("ls", "--data", gateway.data, "--endpoint", gateway.oss)
        assert gateway.bucket.encode() in named.output
        (stranger.home / "localdata").symlink_to(gateway.data)
        assert gateway.bucket.encode() in stranger.succeed("ls", "--endpoint", gateway.oss).output

    @pytest.mark.parametrize("signature", ["v1", "v4"])
    @pytest.mark.parametrize("addressing", ["path", "virtual-host"])
    def test_both_signatures_and_both_styles_work(self, user, own_bucket, written, gateway, signature, addressing):
        written("ü +.txt", b"x")
        endpoint = gateway.oss.replace("127.0.0.1", "localhost") if addressing == "virtual-host" else gateway.oss
        if addressing == "virtual-host":
            try:
                socket.getaddrinfo(f"{own_bucket}.localhost", 80)
            except socket.gaierror:
                pytest.skip("this machine's resolver knows no names below localhost")
        options = ("--signature", signature, "--addressing", addressing, "--endpoint", endpoint)
        user.succeed("put", "ü +.txt", f"oss://{own_bucket}/", *options)
        assert user.succeed("get", f"oss://{own_bucket}/ü +.txt", "-", *options).output == b"x"


class TestOutput:
    """What a terminal, a pipe and a program get to see."""

    def test_a_terminal_sees_how_far_it_is(self, user, own_bucket, written):
        written("large", bytes(2_000_000))
        outer, inner = pty.openpty()
        with user.start(
                "put", "--limit-rate", "2M", "large", f"oss://{own_bucket}/large", stderr=inner) as process:
            os.close(inner)
            seen = read_until(outer, b"MiB/s")
            assert b"large" in seen and b"%" in seen and b"\r" in seen
            output = process.stdout.read().decode()
            drain(outer)
            assert process.wait(30) == 0
        os.close(outer)
        assert output == f"large -> oss://{own_bucket}/large  1.9 MiB\n"

    def test_quiet_is_quiet(self, user, own_bucket, written):
        written("x")
        for arguments in (("put", "x", f"oss://{own_bucket}/x"), ("ls", f"oss://{own_bucket}"),
                          ("get", f"oss://{own_bucket}/x", "y"), ("rm", f"oss://{own_bucket}/x")):
            ended = user.succeed(*arguments, "--quiet")
            assert (ended.output, ended.complaint) == (b"", "")

    def test_a_failure_is_a_line_of_json(self, user):
        ended = user.run("stat", "--json", "oss://no-such-bucket/key")
        failure = ended.failures[0]
        assert (failure["kind"], failure["code"], failure["status"]) == ("not-found", "NoSuchKey", 404) or (
            failure["kind"], failure["status"]) == ("not-found", 404)
        assert failure["requestId"] and failure["subject"] == "oss://no-such-bucket/key"

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_completions_are_scripts_of_their_shell(self, stranger, shell):
        script = stranger.succeed("--generate-completion-script", shell).output
        assert b"checkpoint-dir" in script and b"presign" in script
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is not there")
        checked = subprocess.run([shell, "-n", "/dev/stdin"], input=script, capture_output=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, b"")


class TestPresigning:
    """`presign` and `explain` with everything that a URL can bind."""

    def test_a_url_is_good_for_what_it_binds(self, user, own_bucket, store):
        made = json.loads(user.succeed(
            "presign", "put", f"oss://{own_bucket}/a b", "--content-type", "text/plain", "--content-length", "5",
            "--header", "x-oss-meta-colour: red", "--json").output)
        assert made["method"] == "PUT"
        assert made["headers"] == {
            "Content-Type": "text/plain", "Content-Length": "5", "x-oss-meta-colour": "red"}
        assert send("PUT", made["url"], b"hello", made["headers"]) == 200
        assert send("PUT", made["url"], b"hello", made["headers"] | {"x-oss-meta-colour": "blue"}) == 403
        assert send("PUT", made["url"], b"longer", made["headers"] | {"Content-Length": "6"}) == 403
        assert store.get(own_bucket, "a b").header("x-oss-meta-colour") == "red"

    def test_an_answer_can_be_given_another_look(self, user, own_bucket, store):
        store.put(own_bucket, "x", b"x")
        made = user.succeed(
            "presign", "get", f"oss://{own_bucket}/x", "--response-content-type", "text/css",
            "--response-content-disposition", "attachment").output.decode().strip()
        answer = subprocess.run(["curl", "-sS", "-D", "-", made], capture_output=True, check=True).stdout
        assert b"text/css" in answer and b"attachment" in answer

    @pytest.mark.parametrize(("options", "part"), [
        (("--query", "acl"), "acl"), (("--query", "partNumber=1", "--query", "uploadId=U"), "uploadId=U"),
        (("--process", "image/resize,w_100"), "x-oss-process=image%2Fresize%2Cw_100"),
        (("--traffic-limit", "819200"), "x-oss-traffic-limit=819200"), (("--version-id", "V"), "versionId=V"),
        (("--callback-url", "http://x/", "--callback-body", "a=${b}", "--callback-var", "x:a=b"), "callback-var="),
        (("--bind-host",), "x-oss-additional-headers=host"),
    ], ids=repr)
    def test_everything_is_in_the_url(self, user, own_bucket, options, part):
        made = user.succeed("presign", "get", f"oss://{own_bucket}/x", *options).output.decode()
        assert part in made
        explained = json.loads(user.succeed("explain", "--json", "-", typed=made.encode()).output)
        assert (explained["scheme"], explained["accessKeyId"]) == (
            "v4-url", user.environment["OSS_ACCESS_KEY_ID"])
        assert 3_500 < explained["secondsLeft"] <= 3_600

    def test_a_token_is_in_the_url_and_not_explained(self, user, own_bucket):
        token = {"OSS_SESSION_TOKEN": "a-token-that-opens-doors"}
        made = user.succeed("presign", "get", f"oss://{own_bucket}/x", environment=token)
        assert b"x-oss-security-token=a-token" in made.output
        explained = user.succeed("explain", "-", typed=made.output)
        assert b"(temporary)" in explained.output and b"a-token" not in explained.output

    def test_a_form_holds_its_policy(self, user, own_bucket):
        made = json.loads(user.succeed(
            "presign", "form", f"oss://{own_bucket}/inbox/", "--content-length-range", "0-1M", "--field",
            "success_action_status=201", "--json").output)
        assert made["method"] == "POST" and own_bucket in made["url"]
        assert {"policy", "success_action_status", "x-oss-signature"} <= set(made["fields"])
        exact = user.succeed("presign", "form", f"oss://{own_bucket}/inbox/a.txt", "--scheme", "v1").output.decode()
        assert "field   key=inbox/a.txt\n" in exact and "field   OSSAccessKeyId=" in exact

    @pytest.mark.parametrize("method", ["get", "put"])
    @pytest.mark.parametrize("seconds", ["99999999999999999", "9223372036854775", "300000000000"])
    def test_a_lifetime_beyond_the_calendar_is_written_as_its_end(self, user, own_bucket, method, seconds):
        made = json.loads(user.succeed(
            "presign", method, f"oss://{own_bucket}/k", "--signature", "v1", "--expires", seconds, "--json").output)
        assert made["expires"] == "9999-12-31T23:59:59.000Z"
        explained = user.succeed("explain", "-", typed=made["url"].encode()).output
        assert b"9999" in explained
        assert user.run("presign", "form", f"oss://{own_bucket}/k", "--signature", "v1", "--expires", seconds,
                        "--json").status == REFUSED

    @pytest.mark.parametrize("options", [
        ("--header", "no colon"), ("--header", "a b: c"), ("--header", "a: b\r\nc: d"),
        ("--content-type", "a", "--header", "content-type: b"), ("--query", "x-oss-signature=0"),
        ("--traffic-limit", "1"), ("--callback-url", "http://x"), ("--callback-body", "x"),
        ("--callback-url", "ftp://x", "--callback-body", "x"), ("--scheme", "v1", "--content-length", "5"),
        ("--scheme", "v1", "--bind-host"), ("--bucket", "abc"), ("--expires", "604801"),
    ], ids=repr)
    def test_what_cannot_be_bound_is_refused(self, user, own_bucket, options):
        ended = user.run("presign", "put", f"oss://{own_bucket}/x", *options)
        assert (ended.status in (USAGE, REFUSED), ended.output) == (True, b""), ended


# Means


def send(method: str, url: str, body: bytes, headers: dict[str, str]) -> int:
    """Sends a request by curl, and gives its status."""
    options = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    ended = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", method, "--data-binary", "@-", *options, url],
        input=body, capture_output=True, check=True, timeout=30)
    return int(ended.stdout)


def read_until(descriptor: int, wanted: bytes) -> bytes:
    """Reads a terminal until something was seen."""
    seen = b""
    while wanted not in seen:
        seen += os.read(descriptor, 4096)
    return seen


def drain(descriptor: int) -> None:
    """Reads a terminal until nobody writes to it any more."""
    try:
        while os.read(descriptor, 4096):
            pass
    except OSError:
        pass


def wait_for(condition, process: subprocess.Popen, seconds: float = 30) -> None:
    """Waits until something holds while a process runs."""
    waited = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        assert process.poll() is None, "the command ended before"
        waited.wait(0.02)
    raise AssertionError("it never came to hold")


def has_connection(pid: int) -> bool:
    """Whether a process has a connection, and so has begun to talk to its store."""
    try:
        inodes = {os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
    except OSError:
        return False
    established = "01"
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[3] == established and f"socket:[{fields[9]}]" in inodes:
            return True
    return False


class answering:  # noqa: N801 (it reads as a word of the language)
    """A server that gives the same answer to every request of a method."""

    def __init__(self, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> str:
        self.thread.start()
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    piece = connection.recv(4096)
                    if not piece:
                        break
                    request += piece
                if request:
                    connection.sendall(self.answer(request.split(b" ")[0]))

    def __exit__(self, *_) -> None:
        # Closing alone does not wake a thread that accepts.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)
