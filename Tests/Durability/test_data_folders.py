"""J5, J6: data folders of released versions are opened with all they hold; one process at a time has a folder."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from Folders.make import CURRENT, ENVIRONMENT, HERE, contents, schema
from kit.gateway import Gateway, run_command
from kit.signing import Request
from rig.load import Client
from rig.offline import problems_of

VERSIONS = sorted(path.name.removesuffix(".tar.xz") for path in HERE.glob("*.tar.xz"))
FOLDER_IS_IN_USE = 75


def unpacked(version: str, folder: Path) -> Path:
    """The data folder of a version, as its server left it when it was killed."""
    with tarfile.open(HERE / f"{version}.tar.xz") as archive:
        archive.extractall(folder, filter="tar")
    return folder / "data"


def test_there_is_a_data_folder_of_a_released_version():
    assert "0.1.0" in VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_data_folder_of_a_released_version_has_everything_it_had(new_gateway, tmp_path, version):
    expected = json.loads((HERE / f"{version}.json").read_text())
    server = new_gateway(data=unpacked(version, tmp_path), environment=ENVIRONMENT).start()
    assert contents(server) == expected
    # Once more after a clean stop: what the upgrade wrote is on disk.
    assert server.stop() == 0
    assert problems_of(server.data) == []
    assert contents(server.start()) == expected


@pytest.mark.parametrize("version", VERSIONS)
def test_the_schema_of_a_released_version_is_the_one_on_record(tmp_path, version):
    assert schema(unpacked(version, tmp_path)) == (HERE / f"{version}.sql").read_text()


def test_the_schema_after_all_migrations_is_the_one_on_record(new_gateway):
    """`Folders/make.py --schema` writes it down anew after a migration was added; released ones are never edited."""
    server = new_gateway(environment=ENVIRONMENT).start()
    assert server.stop() == 0
    assert schema(server.data) == CURRENT.read_text(), "Folders/make.py --schema renews the record"


def test_what_older_rows_of_sessions_lack_is_made_up_from_what_they_have(new_gateway, tmp_path):
    """The text of a turn is counted in bytes, a document reaches the newest turn, and changes are still told."""
    data = unpacked("0.1.0", tmp_path)
    words = "数据 \U0001f40d \0 end"
    with closing(sqlite3.connect(data / "sessions.sqlite")) as database:
        before = database.execute("SELECT count(*) FROM changes").fetchone()
        user, session = database.execute("SELECT user_id, session_id FROM sessions WHERE max_index >= 0").fetchone()
        database.execute("UPDATE turns SET companion_response = ? WHERE session_id = ?", (words, session))
        for kind, name in (("documents", "agent_state"), ("document_versions", "memory")):
            database.execute(
                f"INSERT INTO {kind} (user_id, session_id, kind, body, hash, seq, updated_at)"
                " VALUES (?, ?, ?, '{}', zeroblob(32), 999, 0)", (user, session, name))
        database.commit()
    server = new_gateway(data=data, environment=ENVIRONMENT).start()
    assert server.stop() == 0
    with closing(sqlite3.connect(data / "sessions.sqlite")) as database:
        turns = database.execute(
            "SELECT size_bytes, user_message, companion_response, turn_outcome FROM turns WHERE session_id = ?",
            (session,)).fetchall()
        assert turns and all(row[0] == sum(len(text.encode()) for text in row[1:]) for row in turns)
        assert words in {row[2] for row in turns}
        [newest] = database.execute("SELECT max_index FROM sessions WHERE session_id = ?", (session,)).fetchone()
        for kind in ("documents", "document_versions"):
            reached = {row[0] for row in database.execute(
                f"SELECT reaches_turn FROM {kind} WHERE session_id = ?", (session,))}
            assert reached == {newest}
        after = database.execute("SELECT count(*) FROM changes").fetchone()
        assert after == before and after[0] > 0


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgraded_data_folder_has_the_schema_of_a_new_one(new_gateway, tmp_path, version):
    upgraded = new_gateway(data=unpacked(version, tmp_path), environment=ENVIRONMENT).start()
    new = new_gateway(name="new", environment=ENVIRONMENT).start()
    assert upgraded.stop() == new.stop() == 0
    assert schema(upgraded.data) == schema(new.data)


def test_what_was_there_before_versions_is_the_version_null(new_gateway):
    """`schema-4.txt` is the database of a version that had none: an object of six bytes, a link and what it leads to."""
    server = new_gateway(environment=ENVIRONMENT).start()
    assert server.stop() == 0
    replace_database(server.data / "objects", HERE / "schema-4.txt")
    client = Client(server.start().oss, server.credentials)

    def send(method: str, key: str = "", body: bytes = b"", **query: str):
        return client.send(Request(method, server.bucket, key, query=tuple(query.items()), body=body))

    assert [send("GET", key).body for key in ("key", "link")] == [b"before", b"x"]
    status = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert send("PUT", body=status, versioning="").status == 200
    made = send("PUT", "key", b"after").header("x-oss-version-id")
    listed = send("GET", versions="", prefix="key").xml
    assert [entry.findtext("VersionId") for entry in listed.findall("Version")] == [made, "null"]
    old = send("GET", "key", versionId="null")
    assert (old.body, old.header("x-oss-version-id"), old.header("x-oss-tagging-count")) == (b"before", "null", "1")
    client.close()
    assert server.stop() == 0
    assert problems_of(server.data) == []


def replace_database(store: Path, script: Path) -> None:
    """Puts the database that a script makes in the place of a stopped server's."""
    for name in ("meta.sqlite", "meta.sqlite-wal", "meta.sqlite-shm"):
        (store / name).unlink(missing_ok=True)
    with closing(sqlite3.connect(store / "meta.sqlite")) as database:
        database.executescript(script.read_text())


@pytest.mark.parametrize("is_stopped", [False, True], ids=["killed", "stopped"])
def test_a_second_server_on_a_data_folder_refuses_to_start(new_gateway, tmp_path, is_stopped):
    """And it leaves the first one alone, whatever state the folder was found in."""
    first = new_gateway().start()
    if is_stopped:
        first.stop()
    else:
        first.kill()
    first.start()
    second = Gateway(tmp_path / "second", data=first.data)
    outcome = run_command(*second.arguments, timeout=30)
    assert outcome.returncode == FOLDER_IS_IN_USE, outcome
    assert "another storage-gateway uses this data folder" in outcome.stderr
    assert outcome.stdout == ""
    assert first.is_running
    assert first.stop() == 0
    assert new_gateway(name="third", data=first.data).start().stop() == 0
