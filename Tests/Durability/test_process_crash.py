"""B1: `kill -9` under load. Nothing acknowledged is lost, nothing torn is visible, and the server is soon back."""

from __future__ import annotations

import hashlib
import time

import pytest

from kit.session import SessionClient
from kit.signing import Request
from rig.load import WRITERS, Client, start_load
from rig.verdict import Outcome, compare, listing

START_LIMIT_SECONDS = 2.0


@pytest.mark.timeout(3000)
def test_nothing_acknowledged_is_lost_by_a_kill_in_8_or_100_rounds(new_gateway, numbers, rounds, say):
    """One data folder goes through all rounds, so that what survived one crash must survive the next ones too."""
    server, total, starts = new_gateway(), Outcome(), []
    journals, count = None, rounds(8, 100)
    for round_number in range(count):
        _start_in_time(server, starts)
        # A folder of its own for each ten rounds keeps the comparison short.
        prefix = f"crash/{round_number // 10}"
        journals = None if round_number % 10 == 0 else journals
        load = start_load(server, numbers, prefix, journals)
        load.let_run(numbers.uniform(0.1, 1.5))
        server.kill()
        load.join()
        journals = load.journals
        _start_in_time(server, starts)
        total += compare(server, journals, prefix)
        server.kill()
    say(f"kill -9, {count} rounds, {WRITERS} writers: {total}; slowest of {len(starts)} starts {max(starts):.2f} s")
    assert total.is_clean, str(total)
    assert total.acknowledged >= count * WRITERS, "too little was written for this to mean anything"


def _start_in_time(server, starts: list[float]) -> None:
    began = time.monotonic()
    server.start()
    starts.append(time.monotonic() - began)
    # The first start makes 4,096 folders; every other one recovers.
    assert len(starts) == 1 or starts[-1] < START_LIMIT_SECONDS, f"the start took {starts[-1]:.2f} s"


@pytest.mark.timeout(180)
def test_a_killed_server_starts_again_with_everything_it_had(new_gateway, numbers):
    """What lies in a store for long is there after every restart, and the listing agrees with it."""
    server = new_gateway().start()
    client = Client(server.oss, server.credentials)
    bodies = {f"kept/{number:03d}": numbers.randbytes(number * 997) for number in range(60)}
    for name, body in bodies.items():
        assert client.send(Request("PUT", server.bucket, name, body=body)).status == 200
    for _ in range(3):
        server.kill()
        server.start()
        client = Client(server.oss, server.credentials)
        assert listing(client, server.bucket, "kept/") == {
            name: (len(body), f'"{hashlib.md5(body).hexdigest().upper()}"') for name, body in bodies.items()}
    for name, body in bodies.items():
        assert client.send(Request("GET", server.bucket, name)).body == body


def test_an_account_and_its_session_outlive_a_kill(new_gateway):
    server = new_gateway(demo=True).start()
    user = SessionClient(server.api).register()
    session = user.post("/v1/chapters/ch0/sessions", {"course_id": None}).json()["session_id"]
    turn = {"chapter_id": "ch0", "turn_index": 0, "user_message": "hello", "companion_response": "hi"}
    assert user.post(f"/v1/sessions/{session}/turns", turn).status_code == 201
    server.kill()
    server.start()
    again = SessionClient(server.api, user.token)
    state = again.get("/v1/chapters/ch0/session-state").json()
    assert state["session_id"] == session
    assert [entry["user_message"] for entry in state["turns"]] == ["hello"]
