"""Looks at a store that nobody serves: the database by SQLite itself, and whether every row has its bytes."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from .load import Version, crc64

_FOOTER_BYTES, _BLOCK_BYTES = 40, 1 << 20


def trailer_bytes(size: int) -> int:
    """How many bytes stand behind the body in a blob's file."""
    return -(-size // _BLOCK_BYTES) * 8 + _FOOTER_BYTES


def blob_path(store: Path, blob: str) -> Path:
    """The file of a blob: its folder is named by the first 12 bits of its name, in base 32."""
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    first, second, third = (digits.index(character) for character in blob[:3])
    return store / "blobs" / f"{first << 7 | second << 2 | third >> 3:03x}" / blob


def problems_of(data: Path) -> list[str]:
    """Everything that is wrong with the object store in a data folder; SQLite's own recovery runs as a side effect.

    The server must not run.
    """
    store = data / "objects"
    with closing(sqlite3.connect(store / "meta.sqlite")) as database:
        found = [f"integrity_check: {row[0]}" for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
        if found:
            return found
        found += [f"foreign_key_check: {row}" for row in database.execute("PRAGMA foreign_key_check")]
        found += [
            f"body {row[0]} is named {row[2]} times, and counts {row[1]}" for row in database.execute(_MISCOUNTED)]
        found += [f"bucket {row[0]} counts {row[1:4]}, and has {row[4:]}" for row in database.execute(_MISSUMMED)]
        found += [f"{row[0]!r} does not show its newest version" for row in database.execute(_WRONGLY_SHOWN)]
        found += [f"account {row[0]} is charged {row[1]}, and has {row[2]}" for row in database.execute(_MISCHARGED)]
        found += [f"body {row[0]} is named by nothing, and not about to go" for row in database.execute(_FORGOTTEN)]
        found += [f"part {row[1]} of upload {row[0]} was left behind" for row in database.execute(_LEFT_PARTS)]
        for key, size, digest, parts, is_segmented, body in database.execute(_OBJECTS):
            md5 = digest if parts is None else None
            found += [f"{key!r}: {text}" for text in (
                _segment_problems(store, database, size, body) if is_segmented
                else _body_problems(store, database, body, size, md5=md5))]
        for upload, number, size, md5, body in database.execute(_PARTS):
            found += [f"part {number} of upload {upload}: {text}" for text in _body_problems(
                store, database, body, size, md5=md5)]
    return found


def objects_of(data: Path) -> dict[str, Version]:
    """What the objects of all buckets hold, by key; the server must not run."""
    store, found = data / "objects", {}
    with closing(sqlite3.connect(store / "meta.sqlite")) as database:
        for key, body, is_segmented in database.execute(
                "SELECT CAST(key AS TEXT), body_id, is_segmented FROM objects"):
            bodies = [row[3] for row in database.execute(_SEGMENTS, (body,))] if is_segmented else [body]
            found[key] = Version.of(b"".join(_content(store, database, each) for each in bodies))
    return found


def _content(store: Path, database: sqlite3.Connection, body: int) -> bytes:
    size, blob, content = database.execute(
        "SELECT size_bytes, blob_id, body FROM bodies LEFT JOIN inline ON inline.id = bodies.id WHERE bodies.id = ?",
        (body,)).fetchone()
    return content if blob is None else blob_path(store, blob).read_bytes()[:size]


def _segment_problems(store: Path, database: sqlite3.Connection, size: int, body: int) -> list[str]:
    found, end = [], 0
    for segment_end, segment_size, crc, segment_body in database.execute(_SEGMENTS, (body,)):
        if segment_end - segment_size != end:
            found.append(f"there is a gap behind byte {end}")
        end = segment_end
        found += _body_problems(store, database, segment_body, segment_size, crc=crc & (1 << 64) - 1)
    return found if end == size else [*found, f"the segments end at {end}, and the object at {size}"]


def _body_problems(
    store: Path, database: sqlite3.Connection, body: int, size: int, md5: bytes | None = None, crc: int | None = None,
) -> list[str]:
    row = database.execute(_BODY, (body,)).fetchone()
    if row is None:
        return ["the row names a body that is not there"]
    blob, content = row
    if blob is not None:
        file = blob_path(store, blob)
        if not file.is_file():
            return ["the row names a blob that is not there"]
        content = file.read_bytes()
        if len(content) != size + trailer_bytes(size):
            return [f"the blob has {len(content)} bytes for a body of {size}"]
        content = content[:size]
    if content is None:
        return ["the row has no body"]
    is_right = hashlib.md5(content).digest() == md5 if md5 is not None else crc is None or crc64(content) == crc
    return [] if is_right else ["the body is not the one that was stored"]


_OBJECTS = """
    SELECT CAST(key AS TEXT), size_bytes, etag_digest, etag_part_count, is_segmented, body_id FROM objects
    UNION ALL SELECT CAST(key AS TEXT), size_bytes, etag_digest, etag_part_count, is_segmented, body_id FROM versions
    WHERE is_delete_marker = 0
    """

_PARTS = "SELECT upload_number, part_number, size_bytes, md5, body_id FROM parts"

_SEGMENTS = """
    SELECT end_bytes, size_bytes, crc64, segment_body_id FROM segments WHERE body_id = ? ORDER BY end_bytes
    """

_BODY = "SELECT blob_id, body FROM bodies LEFT JOIN inline ON inline.id = bodies.id WHERE bodies.id = ?"

_MISCOUNTED = """
    WITH names (id) AS (
        SELECT body_id FROM objects UNION ALL SELECT body_id FROM versions WHERE is_delete_marker = 0
        UNION ALL SELECT body_id FROM parts UNION ALL SELECT segment_body_id FROM segments)
    SELECT bodies.id, bodies.reference_count, count(names.id) FROM bodies
    LEFT JOIN names ON names.id = bodies.id GROUP BY bodies.id HAVING bodies.reference_count <> count(names.id)
    """

_FORGOTTEN = """
    SELECT id FROM bodies
    WHERE reference_count = 0 AND id NOT IN (SELECT body_id FROM releases WHERE body_id IS NOT NULL)
    """

_LEFT_PARTS = """
    SELECT upload_number, part_number FROM parts WHERE upload_number NOT IN (SELECT id FROM uploads)
    AND upload_number NOT IN (SELECT upload_number FROM releases WHERE upload_number IS NOT NULL)
    """

_MISSUMMED = """
    WITH written (bucket_id, size_bytes, is_marker) AS (
        SELECT bucket_id, size_bytes, 0 FROM objects
        UNION ALL SELECT bucket_id, size_bytes, is_delete_marker FROM versions)
    SELECT buckets.name, object_count, buckets.size_bytes, marker_count, count(is_marker) - total(is_marker) AS objects,
        total(written.size_bytes) AS bytes, total(is_marker) AS markers
    FROM buckets LEFT JOIN written ON written.bucket_id = buckets.id GROUP BY buckets.id
    HAVING object_count <> objects OR buckets.size_bytes <> bytes OR marker_count <> markers
    """

_WRONGLY_SHOWN = """
    SELECT CAST(newest.key AS TEXT) FROM
        (SELECT bucket_id, key, max(sequence) AS sequence, is_delete_marker FROM versions GROUP BY bucket_id, key)
        AS newest
    LEFT JOIN objects USING (bucket_id, key)
    WHERE coalesce(objects.sequence <= newest.sequence, newest.is_delete_marker = 0)
    """

_MISCHARGED = """
    WITH sizes (owner_id, bytes) AS (
        SELECT owner_id, size_bytes FROM buckets UNION ALL
        SELECT owner_id, parts.size_bytes FROM parts
        JOIN uploads ON uploads.id = parts.upload_number JOIN buckets ON buckets.id = uploads.bucket_id)
    SELECT accounts.owner_id, used_bytes, coalesce(sum(bytes), 0) AS held
    FROM accounts LEFT JOIN sizes ON sizes.owner_id = accounts.owner_id
    GROUP BY accounts.owner_id HAVING used_bytes <> held
    """
