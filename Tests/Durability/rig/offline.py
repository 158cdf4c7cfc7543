"""Looks at a store that nobody serves: the database by SQLite itself, and whether every row has its bytes."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

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
        found += [f"bucket {row[0]} counts {row[1:3]}, and has {row[3:]}" for row in database.execute(_MISSUMMED)]
        for key, size, md5, blob, body in database.execute(_OBJECTS):
            found += [f"{key!r}: {text}" for text in _body_problems(store, size, md5, blob, body)]
    return found


def _body_problems(store: Path, size: int, md5: bytes, blob: str | None, body: bytes | None) -> list[str]:
    if blob is not None:
        file = blob_path(store, blob)
        if not file.is_file():
            return ["the row names a blob that is not there"]
        content = file.read_bytes()
        if len(content) != size + trailer_bytes(size):
            return [f"the blob has {len(content)} bytes for a body of {size}"]
        body = content[:size]
    if body is None:
        return ["the row has no body"]
    return [] if hashlib.md5(body).digest() == md5 else ["the body is not the one that was stored"]


_OBJECTS = """
    SELECT CAST(objects.key AS TEXT), objects.size_bytes, objects.md5, bodies.blob_id, inline.body
    FROM objects LEFT JOIN bodies ON bodies.id = objects.body_id LEFT JOIN inline ON inline.id = objects.body_id
    """

_MISCOUNTED = """
    SELECT bodies.id, bodies.reference_count, count(objects.body_id) FROM bodies
    LEFT JOIN objects ON objects.body_id = bodies.id GROUP BY bodies.id
    HAVING bodies.reference_count <> count(objects.body_id)
    """

_MISSUMMED = """
    SELECT buckets.name, buckets.object_count, buckets.size_bytes, count(objects.key) AS objects,
        coalesce(sum(objects.size_bytes), 0) AS bytes
    FROM buckets LEFT JOIN objects ON objects.bucket_id = buckets.id GROUP BY buckets.id
    HAVING buckets.object_count <> objects OR buckets.size_bytes <> bytes
    """
