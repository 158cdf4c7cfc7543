"""Makes the data folder of a version, as the tests keep one of each release.

    PYTHONPATH=Tests/Durability:Tests/Conformance .venv/bin/python Tests/Durability/Folders/make.py 0.1.0

    PYTHONPATH=Tests/Durability:Tests/Conformance .venv/bin/python Tests/Durability/Folders/make.py --schema

writes the schema of this version's new folders to `current.sql`, after a migration was added; its changes are read like
those of code.

The first runs `STORAGE_GATEWAY_BIN` and leaves `0.1.0.tar.xz`, `0.1.0.json` and `0.1.0.sql` beside this file: the folder, what is
in it, and its schema. The server is killed at the end, so that the folder has a log that must be recovered.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from kit.gateway import Gateway
from kit.session import SessionClient
from kit.signing import Request
from rig.load import Client

HERE = Path(__file__).resolve().parent
CURRENT = HERE / "current.sql"
# Values of no worth, so that the folder needs no files with secrets.
ENVIRONMENT = {
    "OSS_ACCESS_KEY_ID": "kept-folder", "OSS_ACCESS_KEY_SECRET": "the-secret-of-a-folder-kept-for-tests",
    "JWT_SECRET": "the-signing-secret-of-a-folder-kept-for-tests",
}
ACCOUNT = ("kept@example.com", "a-long-Passw0rd")
SHOWN = ("ETag", "x-oss-hash-crc64ecma", "Content-Type", "Content-Length", "x-oss-object-type", "x-oss-meta-kept",
         "Cache-Control", "Last-Modified")


def fill(server: Gateway) -> None:
    """Stores objects of every kind, and an account with a session and a file."""
    client = Client(server.oss, server.credentials)

    def send(method: str, bucket: str, key: str = "", body: bytes = b"", *headers: tuple[str, str]) -> None:
        answer = client.send(Request(method, bucket, key, headers=headers, body=body))
        assert answer.status in (200, 204), answer

    send("PUT", "second-bucket")
    sizes = {"empty": 0, "one": 1, "row": 4_096, "greatest-row": 32_768, "least-blob": 32_769, "blocks": 1_048_577}
    for name, size in sizes.items():
        send("PUT", server.bucket, f"sizes/{name}", bytes(number % 251 for number in range(size)))
    send("PUT", "second-bucket", "caf\u00e9/中文 key", b"unusual", ("Content-Type", "text/plain; charset=utf-8"))
    send("PUT", server.bucket, "described", b"{}", ("Content-Type", "application/json"),
         ("Cache-Control", "no-cache"), ("x-oss-meta-kept", "for ever"))
    send("PUT", "second-bucket", "copied-blob", b"", ("x-oss-copy-source", f"/{server.bucket}/sizes/blocks"))
    for version in (b"first" * 9_000, b"second" * 9_000):
        send("PUT", server.bucket, "overwritten", version)
    send("PUT", server.bucket, "deleted", b"gone")
    send("DELETE", server.bucket, "deleted")

    user = SessionClient(server.api).register(*ACCOUNT)
    session = user.post("/v1/chapters/ch0/sessions", {"course_id": None}).json()["session_id"]
    turn = {"chapter_id": "ch0", "turn_index": 0, "user_message": "hello", "companion_response": "hi"}
    assert user.post(f"/v1/sessions/{session}/turns", turn).status_code == 201


def contents(server: Gateway) -> dict:
    """Everything that the server answers about what is in it."""
    client, found = Client(server.oss, server.credentials), {}
    for bucket in (server.bucket, "second-bucket"):
        answer = client.send(Request("GET", bucket, query=(("max-keys", "1000"),)))
        for key in [entry.findtext("Key") or "" for entry in answer.xml.findall("Contents")]:
            got = client.send(Request("GET", bucket, key))
            assert got.status == 200, (key, got)
            found[f"{bucket}/{key}"] = {
                "md5": hashlib.md5(got.body).hexdigest(), **{name: got.header(name) for name in SHOWN}}
    user = SessionClient(server.api).log_in(*ACCOUNT)
    state = user.get("/v1/chapters/ch0/session-state").json()
    return {"objects": found, "turns": [turn["user_message"] for turn in state["turns"]]}


def schema(data: Path) -> str:
    """The schemas of both databases, as SQLite keeps them."""
    text = []
    for name in ("objects/meta.sqlite", "sessions.sqlite"):
        with closing(sqlite3.connect(data / name)) as database:
            rows = database.execute(
                "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name").fetchall()
            text.append(f"-- {name}\n" + "".join(f"{row[0]};\n" for row in rows))
    return "\n".join(text)


def main(version: str) -> None:
    """Makes the three files of a version."""
    with tempfile.TemporaryDirectory() as folder:
        server = Gateway(Path(folder), environment=ENVIRONMENT).start()
        fill(server)
        (HERE / f"{version}.json").write_text(json.dumps(contents(server), indent=1, ensure_ascii=False) + "\n")
        server.kill()
        with tarfile.open(HERE / f"{version}.tar.xz", "w:xz") as archive:
            archive.add(server.data, "data", filter=_without_owner)
        (HERE / f"{version}.sql").write_text(schema(server.data))


def _without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    # The index of the log is made anew at every start.
    return None if entry.name.endswith("-shm") else entry


def write_schema() -> None:
    """Writes down the schema of a folder that this version has just made."""
    with tempfile.TemporaryDirectory() as folder:
        server = Gateway(Path(folder), environment=ENVIRONMENT).start()
        assert server.stop() == 0
        CURRENT.write_text(schema(server.data))


if __name__ == "__main__":
    write_schema() if sys.argv[1] == "--schema" else main(sys.argv[1])
