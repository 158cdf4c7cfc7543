"""`check`, `scrub`, `backup`, `restore`, `import`, `export` as an operator meets them, beside a server and without one."""

from __future__ import annotations

import json
import os
import socket
import stat
import time
from pathlib import Path

import pytest

from kit.commands import CommandLine, Ended
from kit.gateway import Gateway
from kit.keys import UNUSUAL_KEYS
from kit.session import SessionClient
from kit.signing import Request, sign_v4_header
from kit.wire import exchange

SOME_FAILED, NOT_FOUND, CANNOT_CREATE, IN_USE, INTEGRITY = 1, 66, 73, 75, 76

HOSTILE_KEYS = [
    "../outside", "a/../../outside", "a/./b", "a//b", "dir/", "100%", "%00", "%2E", "file", "file/below", "file/below/x",
    "tab\there", "line\nfeed", "x" * 1000, "é" * 300, "end..", "...", ".%part-1", "~", "-rf", "a\\b", "CON", " ",
]
"""Keys that a file system does not take, or takes for something else."""


def call(server: Gateway, method: str, key: str, body: bytes = b"", **fields):
    """Makes a signed call for an object."""
    request = Request(method, server.bucket, key, body=body, **fields)
    return exchange(server.oss, sign_v4_header(request, server.credentials))


def store(server: Gateway, bodies: dict[str, bytes]) -> None:
    """Stores all bodies."""
    for key, body in bodies.items():
        assert call(server, "PUT", key, body).status == 200, key


def some_bodies() -> dict[str, bytes]:
    """Bodies that are rows and files."""
    return {f"some/{size}": os.urandom(size) for size in (0, 1, 4_000, 32_769, 2_500_000)}


@pytest.fixture
def operator(tmp_path) -> CommandLine:
    """Somebody with access to the data folder, and without any key."""
    home = tmp_path / "home"
    home.mkdir()
    return CommandLine(home)


@pytest.fixture(params=["served", "stopped"])
def kept(request, new_gateway, operator):
    """A data folder, with a server on it and without one; `run` runs a command on it."""
    server = new_gateway(demo=True).start()

    class Kept:
        """What a test needs of it."""

        def __init__(self):
            self.server, self.is_served = server, request.param == "served"

        def rest(self) -> None:
            """The store has what it is to have: from here on the server may be gone."""
            if not self.is_served:
                assert server.stop() == 0

        def run(self, *arguments: str | Path) -> Ended:
            """Runs a command on the folder."""
            return operator.run(*arguments, "--data", server.data)

        def served(self) -> Gateway:
            """The server, started again if it is not there."""
            return server if server.is_running else server.start()

    return Kept()


def blob_of(server: Gateway, size: int) -> Path:
    """The file of the only body of a size."""
    length = size + -(-size // (1 << 20)) * 8 + 40
    found = [path for path in (server.data / "objects" / "blobs").glob("*/*") if path.stat().st_size == length]
    assert len(found) == 1
    return found[0]


def flip(path: Path, at: int = 1000) -> None:
    """Turns one bit of a file around."""
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)


class TestCheckAndScrub:
    def test_a_healthy_folder_is_told_to_be_so(self, kept):
        bodies = some_bodies()
        store(kept.server, bodies)
        kept.rest()
        checked = kept.run("check", "--json")
        assert (checked.status, checked.complaint) == (0, "")
        assert checked.lines == [{"operation": "check", "objects": 5, "files": 2, "orphans": 0, "problems": 0}]
        scrubbed = kept.run("scrub", "--json")
        assert (scrubbed.status, scrubbed.complaint) == (0, "")
        assert scrubbed.lines[0]["bytes"] == sum(map(len, bodies.values()))
        assert scrubbed.lines[0]["damaged"] == 0

    def test_scrub_names_what_is_damaged_and_check_what_is_gone(self, kept):
        store(kept.server, {"good": os.urandom(70_000), "bad": os.urandom(80_000), "gone": os.urandom(90_000)})
        kept.rest()
        flip(blob_of(kept.server, 80_000))
        blob_of(kept.server, 90_000).unlink()
        scrubbed = kept.run("scrub", "--json")
        assert scrubbed.status == INTEGRITY
        assert [(line["key"], line["damage"]) for line in scrubbed.lines[:-1]] == [
            ("bad", "wrong-block"), ("gone", "missing")]
        checked = kept.run("check")
        assert checked.status == INTEGRITY
        assert "object workspace/gone: its file is gone" in checked.output.decode()
        assert "bad" not in checked.output.decode()

    def test_a_folder_that_is_none_is_told(self, operator):
        ended = operator.run("check", "--data", "nowhere", "--json")
        assert ended.status == NOT_FOUND
        assert ended.failures[0]["kind"] == "not-found"

    def test_a_folder_in_use_whose_server_does_not_answer_is_left_alone(self, new_gateway, operator):
        server = new_gateway().start()
        (server.data / "control.sock").unlink()
        ended = operator.run("scrub", "--data", server.data)
        assert ended.status == IN_USE
        assert "another storage-gateway uses this data folder" in ended.complaint

    def test_the_control_socket_is_for_its_owner_alone_and_goes_with_the_server(self, new_gateway):
        server = new_gateway().start()
        path = server.data / "control.sock"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert server.stop() == 0
        assert not path.exists()

    @pytest.mark.parametrize("line", [b"\n", b"{}\n", b"[1]\n", b'{"check":{}}' + b" " * 2_000_000, b"\xff\xfe\n"])
    def test_what_is_no_request_does_not_stop_the_server(self, new_gateway, monkeypatch, line):
        server = new_gateway().start()
        monkeypatch.chdir(server.data)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            connection.connect("control.sock")
            try:
                connection.sendall(line)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(65_536)
            except OSError:
                pass
        assert server.is_running
        assert call(server, "PUT", "after", b"x").status == 200


class TestBackup:
    def test_what_is_saved_comes_back(self, kept, operator):
        server = kept.server
        bodies = some_bodies() | {key: key.encode() for key in UNUSUAL_KEYS}
        store(server, bodies)
        user = SessionClient(server.api).register()
        credentials = server.credentials
        kept.rest()
        saved = kept.run("backup", "saved", "--json")
        assert (saved.status, saved.complaint) == (0, "")
        folder = operator.home / "saved"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for path in folder.rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        restored = operator.run("restore", "saved", "--data", "again", "--json")
        assert (restored.status, restored.complaint) == (0, "")
        assert restored.lines[0]["files"] == saved.lines[0]["files"]
        for command in ("check", "scrub"):
            assert operator.run(command, "--data", "again").status == 0
        again = Gateway(operator.home / "server", data=operator.home / "again", demo=True).start()
        try:
            assert again.credentials == credentials
            # Accounts and the secret of their tokens come back too.
            assert SessionClient(again.api, user.token).get("/v1/me").status_code == 200
            for key, body in bodies.items():
                assert call(again, "GET", key).body == body
        finally:
            again.kill()

    def test_nothing_is_written_over(self, kept, operator):
        kept.rest()
        assert kept.run("backup", "saved").status == 0
        assert kept.run("backup", "saved").status == CANNOT_CREATE
        (operator.home / "mine").mkdir()
        (operator.home / "mine" / "file").write_text("mine")
        ended = operator.run("restore", "saved", "--data", "mine")
        assert ended.status == CANNOT_CREATE
        assert [path.name for path in (operator.home / "mine").iterdir()] == ["file"]

    def test_a_damaged_backup_is_told_and_makes_no_data_folder(self, kept, operator):
        store(kept.server, {"good": os.urandom(70_000), "bad": os.urandom(80_000)})
        kept.rest()
        assert kept.run("backup", "saved").status == 0
        bad = next(path for path in (operator.home / "saved/objects/blobs").glob("*/*") if path.stat().st_size == 80_048)
        flip(bad)
        ended = operator.run("restore", "saved", "--data", "again", "--json")
        assert ended.status == INTEGRITY
        assert any(bad.name in failure["subject"] for failure in ended.failures)
        assert not (operator.home / "again/objects/VERSION").exists()
        taken = operator.run("restore", "saved", "--data", "third", "--take-damaged")
        assert taken.status == INTEGRITY
        scrubbed = operator.run("scrub", "--data", "third", "--json")
        assert [line["key"] for line in scrubbed.lines[:-1]] == ["bad"]

    def test_a_backup_that_was_cut_short_is_none(self, kept, operator):
        kept.rest()
        assert kept.run("backup", "saved").status == 0
        (operator.home / "saved" / "MANIFEST").unlink()
        ended = operator.run("restore", "saved", "--data", "again")
        assert ended.status == INTEGRITY
        assert "no whole backup" in ended.complaint
        assert not (operator.home / "again").exists()


class TestImportAndExport:
    def test_every_key_has_a_file_of_its_own_and_comes_back(self, kept, operator):
        # Below another prefix the keys become longer, and 1,023 bytes are the most.
        keys = [key for key in [*HOSTILE_KEYS, *UNUSUAL_KEYS] if len(key.encode()) <= 1_000]
        bodies = {key: f"{number} {key}".encode() for number, key in enumerate(keys)}
        store(kept.server, bodies)
        kept.rest()
        exported = kept.run("export", f"oss://{kept.server.bucket}", "deep/out", "--json")
        assert (exported.status, exported.complaint) == (0, "")
        assert exported.lines[0]["done"] == len(bodies)
        assert {path.name for path in operator.home.iterdir()} == {"deep"}
        assert {path.name for path in (operator.home / "deep").iterdir()} == {"out"}
        files = [path for path in (operator.home / "deep/out").rglob("*") if path.is_file()]
        assert sorted(path.read_bytes() for path in files) == sorted(bodies.values())
        imported = kept.run("import", "deep/out", f"oss://{kept.server.bucket}/back", "--json")
        assert (imported.status, imported.complaint) == (0, "")
        server = kept.served()
        for key, body in bodies.items():
            assert call(server, "GET", "back/" + key).body == body, key

    def test_times_and_types_are_kept_and_a_second_run_has_nothing_to_do(self, kept, operator):
        folder = operator.home / "photos" / "inner"
        folder.mkdir(parents=True)
        (folder / "cat.png").write_bytes(os.urandom(100_000))
        os.utime(folder / "cat.png", ns=(0, 1_577_934_245_678_000_000))
        (folder / "empty").touch()
        kept.rest()
        target = f"oss://{kept.server.bucket}/photos/"
        assert kept.run("import", "photos", target, "--json").lines[0]["done"] == 2
        second = kept.run("import", "photos", target, "--json").lines[0]
        assert (second["done"], second["skipped"]) == (0, 2)
        assert kept.run("export", target, "back", "--json").lines[0]["done"] == 2
        assert kept.run("export", target, "back", "--json").lines[0]["skipped"] == 2
        assert (operator.home / "back/inner/cat.png").stat().st_mtime_ns == 1_577_934_245_678_000_000
        answer = call(kept.served(), "HEAD", "photos/inner/cat.png")
        assert answer.header("Content-Type") == "image/png"
        assert answer.header("Last-Modified") == "Thu, 02 Jan 2020 03:04:05 GMT"

    def test_a_link_in_the_target_is_not_followed(self, kept, operator):
        store(kept.server, {"inner/file": b"content", "other": b"content"})
        kept.rest()
        outside = operator.home / "outside"
        outside.mkdir()
        (operator.home / "out").mkdir()
        (operator.home / "out" / "inner").symlink_to(outside)
        ended = kept.run("export", f"oss://{kept.server.bucket}", "out", "--json")
        assert ended.status == SOME_FAILED
        assert [failure["subject"] for failure in ended.failures] == [f"oss://{kept.server.bucket}/inner/file"]
        assert list(outside.iterdir()) == []
        assert (operator.home / "out" / "other").read_bytes() == b"content"

    @pytest.mark.parametrize("command", [
        ("import", "nowhere", "oss://workspace"), ("import", ".", "oss://no-such-bucket"),
        ("export", "oss://no-such-bucket", "out")])
    def test_what_is_not_there_is_told(self, kept, command):
        kept.rest()
        ended = kept.run(*command, "--json")
        assert ended.status == NOT_FOUND
        assert ended.failures[0]["kind"] == "not-found"


def test_housekeeping_can_be_seen_in_the_log(new_gateway):
    server = new_gateway("--scrub-days", "1", "--upload-days", "3", "--orphan-hours", "1").start()
    wanted, deadline = ("orphan sweep", "the database is well", "scrub ended"), time.monotonic() + 20
    while not all(text in server.log for text in wanted):
        assert time.monotonic() < deadline, server.log
        time.sleep(0.05)
    assert server.stop() == 0


def test_a_command_that_is_stopped_leaves_the_server_at_work(new_gateway, operator):
    server = new_gateway().start()
    store(server, {f"key/{number}": os.urandom(100_000) for number in range(20)})
    process = operator.start("scrub", "--limit-rate", "50K", "--data", server.data)
    while "folder task began" not in server.log:
        assert process.poll() is None
    process.terminate()
    assert process.wait(20) == 143
    assert operator.run("check", "--data", server.data).status == 0
    assert json.loads(operator.run("scrub", "--json", "--data", server.data).output)["damaged"] == 0
    assert server.stop() == 0
