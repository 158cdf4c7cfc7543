"""`kill -9` under load: nothing acknowledged is lost, nothing torn is visible."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import threading
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from kit.signing import Credentials, Request, sign_v4_header
from kit.wire import address

ROUNDS = int(os.environ.get("CONFORMANCE_KILL_ROUNDS") or 20)
WRITERS = 8
SIZES = [0, 1, 100, 4096, 30_000, 32 * 1024 + 1, 200_000, 1_500_000]
WEIGHTS = [1, 1, 4, 8, 3, 3, 3, 1]
PART = 100 * 1024


@dataclass
class Journal:
    """What one writer asked for, and what it was told."""

    attempted: dict[str, str] = field(default_factory=dict)
    """MD5 of each key's body, from before the request was sent."""
    acknowledged: set[str] = field(default_factory=set)
    """The keys whose upload was answered with 200."""
    deleted: set[str] = field(default_factory=set)
    """The keys whose deletion was answered with 204."""
    deleting: set[str] = field(default_factory=set)
    """The keys whose deletion was asked for; only these may be gone without an answer."""
    hot_versions: list[str] = field(default_factory=list)
    """MD5 of each version of the writer's one overwritten key, in order."""
    hot_acknowledged: int = 0
    """How many of them were answered with 200."""


class Client:
    """A keep-alive connection that signs every request."""

    def __init__(self, endpoint: str, credentials: Credentials):
        host, port = address(endpoint)
        self._connection = http.client.HTTPConnection(host, port, timeout=30)
        self._credentials = credentials

    def send(self, request: Request) -> tuple[int, bytes]:
        signed = sign_v4_header(request, self._credentials)
        self._connection.request(request.method, signed.target, body=request.body or None, headers={
            **dict(signed.headers), **({"Content-Length": str(len(request.body))} if request.method in ("PUT", "POST") else {})})
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        self._connection.close()


def put_in_parts(client: Client, bucket: str, name: str, journal: Journal, numbers: random.Random) -> None:
    """Uploads an object in parts, one of them twice; it counts as attempted from before its completion is sent."""
    status, answer = client.send(Request("POST", bucket, name, query=(("uploads", ""),)))
    assert status == 200, status
    upload_id = ElementTree.fromstring(answer).findtext("UploadId")
    bodies = [numbers.randbytes(PART + numbers.randrange(50_000)) for _ in range(numbers.randrange(3))]
    bodies.append(numbers.randbytes(numbers.choices(SIZES, WEIGHTS)[0]))
    parts = ""
    for number, body in enumerate([numbers.randbytes(10), *bodies]):
        query = (("partNumber", str(max(number, 1))), ("uploadId", upload_id))
        status, _ = client.send(Request("PUT", bucket, name, query=query, body=body))
        assert status == 200, status
        if number:
            parts += f"<Part><PartNumber>{number}</PartNumber><ETag>{hashlib.md5(body).hexdigest()}</ETag></Part>"
    journal.attempted[name] = hashlib.md5(b"".join(bodies)).hexdigest().upper()
    document = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    status, _ = client.send(Request("POST", bucket, name, query=(("uploadId", upload_id),), body=document))
    assert status == 200, status
    journal.acknowledged.add(name)


def write_until_it_ends(
    client: Client, bucket: str, prefix: str, journal: Journal, numbers: random.Random, started: threading.Barrier,
) -> None:
    """Puts, in one piece and in parts, overwrites and deletes until the connection breaks."""
    hot, count = f"{prefix}/hot", 0
    started.wait()
    try:
        while True:
            count += 1
            body = numbers.randbytes(numbers.choices(SIZES, WEIGHTS)[0])
            digest = hashlib.md5(body).hexdigest().upper()
            if count % 5 == 0:
                journal.hot_versions.append(digest)
                status, _ = client.send(Request("PUT", bucket, hot, body=body))
                assert status == 200, status
                journal.hot_acknowledged = len(journal.hot_versions)
                continue
            if count % 7 == 0 and (candidates := sorted(journal.acknowledged - journal.deleted)):
                victim = numbers.choice(candidates)
                journal.deleting.add(victim)
                status, _ = client.send(Request("DELETE", bucket, victim))
                assert status == 204, status
                journal.deleted.add(victim)
                continue
            name = f"{prefix}/{count:06d}"
            if count % 6 == 0:
                put_in_parts(client, bucket, name, journal, numbers)
                continue
            journal.attempted[name] = digest
            status, _ = client.send(Request("PUT", bucket, name, body=body))
            assert status == 200, status
            journal.acknowledged.add(name)
    except (OSError, http.client.HTTPException):
        pass
    finally:
        client.close()


def check(client: Client, bucket: str, prefix: str, journal: Journal) -> dict[str, int]:
    """Compares what a restarted server has with what one writer was told."""
    count = {"acknowledged": 0, "lost": 0, "torn": 0, "whole though unanswered": 0, "deleted": 0, "came back": 0}
    for name, digest in journal.attempted.items():
        status, body = client.send(Request("GET", bucket, name))
        assert status in (200, 404), (name, status)
        is_whole = status == 200 and hashlib.md5(body).hexdigest().upper() == digest
        if status == 200 and not is_whole:
            count["torn"] += 1
        if name in journal.deleted:
            count["deleted"] += 1
            count["came back"] += status == 200
        elif name in journal.acknowledged:
            count["acknowledged"] += 1
            count["lost"] += not is_whole and name not in journal.deleting
        elif is_whole:
            count["whole though unanswered"] += 1
    if journal.hot_versions:
        status, body = client.send(Request("GET", bucket, f"{prefix}/hot"))
        allowed = journal.hot_versions[max(journal.hot_acknowledged - 1, 0):]
        count["acknowledged"] += journal.hot_acknowledged > 0
        if status == 404:
            count["lost"] += journal.hot_acknowledged > 0
        elif hashlib.md5(body).hexdigest().upper() not in allowed:
            count["lost"] += 1
    return count


@pytest.mark.timeout(120 + 30 * ROUNDS)
def test_nothing_acknowledged_is_lost_and_nothing_torn_is_visible(new_gateway, random_numbers, capsys):
    server = new_gateway()
    totals: dict[str, int] = {}
    slowest_start = 0.0
    for round_number in range(ROUNDS):
        started_at = time.monotonic()
        server.start()
        slowest_start = max(slowest_start, time.monotonic() - started_at)
        credentials, bucket = server.credentials, server.bucket
        journals = [Journal() for _ in range(WRITERS)]
        barrier = threading.Barrier(WRITERS + 1)
        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [
                pool.submit(
                    write_until_it_ends, Client(server.oss, credentials), bucket, f"{round_number}/{number}", journal,
                    random.Random(random_numbers.random()), barrier)
                for number, journal in enumerate(journals)]
            barrier.wait()
            time.sleep(random_numbers.uniform(0.15, 1.2))
            server.kill()
            for writer in writers:
                writer.result(timeout=60)

        server.start()
        assert server.credentials == credentials, "the access key changed over a restart"
        client = Client(server.oss, credentials)
        for number, journal in enumerate(journals):
            for name, value in check(client, bucket, f"{round_number}/{number}", journal).items():
                totals[name] = totals.get(name, 0) + value
        client.close()
        server.kill()
    with capsys.disabled():
        counts = ", ".join(f"{value} {name}" for name, value in totals.items())
        print(f"\nkill -9: {ROUNDS} rounds, {WRITERS} writers: {counts}; slowest start {slowest_start:.2f} s")
    assert (totals["lost"], totals["torn"], totals["came back"]) == (0, 0, 0)
    assert totals["acknowledged"] > ROUNDS * WRITERS, "too little was written for the test to mean anything"


@pytest.mark.timeout(180)
def test_a_killed_server_starts_again_with_everything_it_had(new_gateway, open_store):
    """What lies in a store for long is there after every restart, and the listing agrees with it."""
    server = new_gateway().start()
    store = open_store(server)
    bodies = {f"kept/{number:03d}": os.urandom(number * 997) for number in range(60)}
    for name, body in bodies.items():
        store.put(server.bucket, name, body)
    for _ in range(3):
        server.kill()
        server.start()
        store = open_store(server)
        answer = store.send(Request("GET", server.bucket, query=(("prefix", "kept/"), ("max-keys", "1000"))))
        listed = {entry.findtext("Key"): entry.findtext("ETag") for entry in answer.xml.findall("Contents")}
        assert listed == {
            name: f'"{hashlib.md5(body).hexdigest().upper()}"' for name, body in bodies.items()}
    for name, body in bodies.items():
        assert store.get(server.bucket, name).body == body


def test_an_account_and_its_session_outlive_a_kill(new_gateway):
    from kit.session import SessionClient

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
