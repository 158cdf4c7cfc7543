"""The daily work of S3's command lines: `aws`, `s3cmd` and `rclone` make a bucket, copy, list, sync and remove."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path

import pytest

from kit.gateway import clean_environment

MIB = 1024 * 1024
BINARIES = Path(sys.executable).parent


class Command:
    """One command line, set up for the server under test."""

    def __init__(self, gateway, folder: Path):
        self.gateway, self.folder = gateway, folder
        key = gateway.credentials
        self.environment = clean_environment({
            "HOME": str(folder), "AWS_ACCESS_KEY_ID": key.access_key_id, "AWS_SECRET_ACCESS_KEY": key.secret,
            "AWS_DEFAULT_REGION": key.region, "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
        })
        self.environment["PATH"] = f"{BINARIES}:{self.environment['PATH']}"

    def run(self, *arguments: str, status: int | None = 0) -> str:
        """Runs the command and insists on its exit status."""
        told = subprocess.run(
            [*self.prefix, *arguments], env=self.environment, capture_output=True, text=True, timeout=240, check=False)
        assert status is None and told.returncode != 0 or told.returncode == status, told.stdout + told.stderr
        return told.stdout


class AWS(Command):
    @property
    def prefix(self) -> list[str]:
        return [str(BINARIES / "aws"), "--endpoint-url", self.gateway.oss, "s3"]


class S3cmd(Command):
    @property
    def prefix(self) -> list[str]:
        host, key = self.gateway.oss.removeprefix("http://"), self.gateway.credentials
        file = self.folder / ".s3cfg"
        file.write_text(
            f"[default]\naccess_key = {key.access_key_id}\nsecret_key = {key.secret}\nhost_base = {host}\n"
            f"host_bucket = {host}\nuse_https = False\nbucket_location = {key.region}\nmultipart_chunk_size_mb = 15\n"
            "progress_meter = False\n")
        return [sys.executable, str(BINARIES / "s3cmd"), "-c", str(file)]


class Rclone(Command):
    @property
    def prefix(self) -> list[str]:
        file, key = self.folder / "rclone.conf", self.gateway.credentials
        file.write_text(
            f"[store]\ntype = s3\nprovider = Other\naccess_key_id = {key.access_key_id}\n"
            f"secret_access_key = {key.secret}\nregion = {key.region}\nendpoint = {self.gateway.oss}\n"
            "force_path_style = true\n")
        return [str(BINARIES / "rclone"), "--config", str(file), "--retries", "1", "--low-level-retries", "1"]


@pytest.fixture
def name() -> str:
    return f"commands-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def tree(tmp_path: Path, random_numbers) -> Path:
    """A folder with small files, names that need encoding, and one file of 64 MiB."""
    folder = tmp_path / "tree"
    (folder / "sub ü").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "empty").write_bytes(b"")
    (folder / "sub ü" / "b+c&d.txt").write_text("b")
    with open(folder / "big", "wb") as file:
        for _ in range(64):
            file.write(random_numbers.randbytes(MIB))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_aws(gateway, tmp_path, name, tree):
    aws, back = AWS(gateway, tmp_path), tmp_path / "back"
    aws.run("mb", f"s3://{name}")
    assert name in aws.run("ls")
    aws.run("cp", str(tree / "big"), f"s3://{name}/big", "--only-show-errors")
    aws.run("sync", str(tree), f"s3://{name}/tree", "--only-show-errors")
    listed = aws.run("ls", "--recursive", f"s3://{name}/tree")
    assert all(each in listed for each in ("a.txt", "sub ü/b+c&d.txt", str(64 * MIB))), listed
    assert aws.run("sync", str(tree), f"s3://{name}/tree") == "", "nothing has changed"
    aws.run("sync", f"s3://{name}/tree", str(back), "--only-show-errors")
    assert contents(back) == contents(tree)
    aws.run("cp", f"s3://{name}/tree/a.txt", f"s3://{name}/copied", "--only-show-errors")
    with urllib.request.urlopen(aws.run("presign", f"s3://{name}/copied").strip(), timeout=30) as answer:
        assert answer.read() == b"a"
    aws.run("cp", f"s3://{name}/missing", str(tmp_path / "x"), status=None)
    aws.run("rb", f"s3://{name}", status=None)
    aws.run("rm", "--recursive", f"s3://{name}", "--only-show-errors")
    aws.run("rb", f"s3://{name}")


def test_s3cmd(gateway, tmp_path, name, tree):
    s3cmd, back = S3cmd(gateway, tmp_path), tmp_path / "back"
    s3cmd.run("mb", f"s3://{name}")
    assert f"s3://{name}" in s3cmd.run("ls")
    s3cmd.run("put", str(tree / "big"), f"s3://{name}/big")
    s3cmd.run("sync", f"{tree}/", f"s3://{name}/tree/")
    assert "sub ü/b+c&d.txt" in s3cmd.run("ls", "--recursive", f"s3://{name}/tree/")
    assert "upload:" not in s3cmd.run("sync", f"{tree}/", f"s3://{name}/tree/"), "nothing has changed"
    back.mkdir()
    s3cmd.run("sync", f"s3://{name}/tree/", f"{back}/")
    assert contents(back) == contents(tree)
    s3cmd.run("cp", f"s3://{name}/tree/a.txt", f"s3://{name}/copied")
    assert "FULL_CONTROL" in s3cmd.run("info", f"s3://{name}/copied")
    with urllib.request.urlopen(s3cmd.run("signurl", f"s3://{name}/copied", "+60").strip(), timeout=30) as answer:
        assert answer.read() == b"a"
    s3cmd.run("get", f"s3://{name}/missing", str(tmp_path / "x"), status=None)
    s3cmd.run("rb", f"s3://{name}", status=None)
    s3cmd.run("rm", "--recursive", "--force", f"s3://{name}")
    s3cmd.run("rb", f"s3://{name}")


def test_rclone(gateway, tmp_path, name, tree):
    rclone, back = Rclone(gateway, tmp_path), tmp_path / "back"
    rclone.run("mkdir", f"store:{name}")
    assert name in rclone.run("lsd", "store:")
    rclone.run("copyto", str(tree / "big"), f"store:{name}/big", "--s3-upload-cutoff", "16M", "--s3-chunk-size", "8M")
    rclone.run("sync", str(tree), f"store:{name}/tree")
    assert "sub ü/b+c&d.txt" in rclone.run("lsf", "--recursive", f"store:{name}/tree")
    rclone.run("check", str(tree), f"store:{name}/tree", "--download")
    rclone.run("sync", f"store:{name}/tree", str(back))
    assert contents(back) == contents(tree)
    rclone.run("copyto", f"store:{name}/tree/a.txt", f"store:{name}/copied")
    assert rclone.run("cat", f"store:{name}/copied") == "a"
    with urllib.request.urlopen(rclone.run("link", f"store:{name}/copied").strip(), timeout=30) as answer:
        assert answer.read() == b"a"
    rclone.run("deletefile", f"store:{name}/missing", status=None)
    rclone.run("purge", f"store:{name}")
    assert name not in rclone.run("lsd", "store:")
