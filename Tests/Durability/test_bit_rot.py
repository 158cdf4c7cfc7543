"""J3: single bits flip on disk. No wrong byte is served, a scrub names all that is damaged, the healthy stays healthy."""

from __future__ import annotations

import http.client
import random
import shutil
from pathlib import Path

import pytest

from kit.gateway import Gateway, GatewayDidNotStart, run_command
from kit.signing import Request
from rig.housekeeping import scrub
from rig.load import Client

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

PAGE_BYTES = 4_096
WHOLE, REFUSED, SHORT, MISSING = "whole", "refused", "cut short", "not found"


def flip_a_bit(file: Path, offset: int, numbers: random.Random) -> None:
    """Turns one bit of one byte around."""
    with open(file, "r+b") as opened:
        opened.seek(offset)
        byte = opened.read(1)[0]
        opened.seek(offset)
        opened.write(bytes([byte ^ 1 << numbers.randrange(8)]))


def fill(server: Gateway, bodies: dict[str, bytes]) -> None:
    """Stores all bodies."""
    client = Client(server.oss, server.credentials)
    for key, body in bodies.items():
        assert client.send(Request("PUT", server.bucket, key, body=body)).status == 200


def read(client: Client, bucket: str, key: str, expected: bytes) -> str:
    """What becomes of a read; a wrong byte is an assertion."""
    try:
        answer = client.send(Request("GET", bucket, key))
    except (http.client.IncompleteRead, ConnectionError, http.client.RemoteDisconnected):
        client.close()
        return SHORT
    if answer.status == 200:
        assert answer.body == expected, f"wrong bytes of {key} were served"
        return WHOLE
    if answer.status == 404:
        return MISSING
    assert answer.status >= 500, f"{key} is answered with {answer.refusal}"
    return REFUSED


def count_reads(server: Gateway, bodies: dict[str, bytes]) -> dict[str, set[str]]:
    """The keys by what became of reading them."""
    client, found = Client(server.oss, server.credentials), {}
    for key, body in bodies.items():
        found.setdefault(read(client, server.bucket, key, body), set()).add(key)
    return found


def counts(found: dict[str, set[str]]) -> str:
    """How many reads ended how, for a line of figures."""
    return ", ".join(f"{len(keys)} {name}" for name, keys in found.items())


def test_of_500_blobs_with_a_flipped_bit_none_is_served_wrongly(new_gateway, numbers, rounds, say):
    sizes = [32_769, 50_000, 200_000, 1_048_576, 1_048_577, 2_500_000]
    damaged = rounds(40, 500)
    bodies = {
        f"blob/{number:04d}": numbers.randbytes(numbers.choices(sizes, [40, 40, 20, 4, 4, 4])[0])
        for number in range(damaged + 50)}
    server = new_gateway().start()
    fill(server, bodies)
    assert server.stop() == 0
    blobs = sorted((server.data / "objects" / "blobs").glob("*/*"))
    assert len(blobs) == len(bodies)
    for blob in numbers.sample(blobs, damaged):
        flip_a_bit(blob, numbers.randrange(blob.stat().st_size), numbers)
    server.start()
    found = count_reads(server, bodies)
    say(f"{damaged} of {len(bodies)} blobs damaged: {counts(found)}")
    # Every bit of a blob file counts: of the damaged ones none is whole, of the others each is.
    assert len(found[WHOLE]) == len(bodies) - damaged
    assert MISSING not in found
    # Beside the server and without it, a scrub names each of them and nothing else.
    assert scrub(server.data) == (bodies.keys() - found[WHOLE], [])
    server.kill()
    assert scrub(server.data) == (bodies.keys() - found[WHOLE], [])
    server.start()
    assert count_reads(server, {key: bodies[key] for key in found[WHOLE]}).keys() == {WHOLE}


def test_of_50_rows_with_a_flipped_bit_none_is_served_wrongly(new_gateway, numbers, say):
    bodies = {f"row/{number:03d}": numbers.randbytes(numbers.randint(40, 3_500)) for number in range(120)}
    server = new_gateway().start()
    fill(server, bodies)
    assert server.stop() == 0
    database = server.data / "objects" / "meta.sqlite"
    content, damaged = database.read_bytes(), numbers.sample(sorted(bodies), 50)
    for key in damaged:
        # A body of less than a page lies in one piece.
        at = content.index(bodies[key])
        flip_a_bit(database, at + numbers.randrange(len(bodies[key])), numbers)
    server.start()
    found = count_reads(server, bodies)
    say(f"50 of 120 rows damaged: {counts(found)}")
    assert found[REFUSED] == set(damaged)
    assert scrub(server.data) == (set(damaged), [])
    assert found[WHOLE] == bodies.keys() - set(damaged)


def test_with_a_flipped_bit_in_any_of_20_pages_no_wrong_byte_is_served(new_gateway, numbers, say):
    """A page of the database has no checksum of SQLite's: an entry may be gone, but never become another body."""
    bodies = {f"row/{number:03d}": numbers.randbytes(numbers.randint(40, 9_000)) for number in range(100)}
    bodies |= {f"blob/{number:03d}": numbers.randbytes(40_000) for number in range(30)}
    server = new_gateway().start()
    fill(server, bodies)
    assert server.stop() == 0
    database, totals = server.data / "objects" / "meta.sqlite", {}
    kept = database.with_name("kept")
    shutil.copyfile(database, kept)
    pages = numbers.sample(range(kept.stat().st_size // PAGE_BYTES), 20)
    for page in pages:
        for name in ("meta.sqlite-wal", "meta.sqlite-shm"):
            database.with_name(name).unlink(missing_ok=True)
        shutil.copyfile(kept, database)
        flip_a_bit(database, page * PAGE_BYTES + numbers.randrange(PAGE_BYTES), numbers)
        try:
            server.start()
        except GatewayDidNotStart:
            totals["did not start"] = totals.get("did not start", 0) + 1
            continue
        client, unwell = Client(server.oss, server.credentials), set()
        for key, body in bodies.items():
            if not server.is_running:
                totals["ended"] = totals.get("ended", 0) + 1
                break
            outcome = read(client, server.bucket, key, body)
            totals[outcome] = totals.get(outcome, 0) + 1
            unwell |= {key} if outcome in (REFUSED, SHORT) else set()
        is_well = server.is_running
        server.kill()
        # An object that is there and is not given out is named, or the database is told to be damaged.
        ended = run_command("scrub", "--data", str(server.data), "--json", timeout=120)
        if not is_well or unwell:
            assert ended.returncode != 0, (page, unwell, ended)
            totals["scrubs that told"] = totals.get("scrubs that told", 0) + 1
    say("20 pages, one bit each: " + ", ".join(f"{count} {name}" for name, count in totals.items()))
    assert totals[WHOLE] > 0
