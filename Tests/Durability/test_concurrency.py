"""E1, E2, E3: readers, writers and lists at the same time. Each answer is one state of the store."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.gateway import Gateway
from kit.signing import Request
from kit.wire import Answer
from rig.load import Client, crc64
from rig.offline import problems_of
from rig.verdict import listing

MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The server that the tests of this module share."""
    shared = Gateway(tmp_path_factory.mktemp("concurrency")).start()
    yield shared
    shared.kill()


def client_of(server: Gateway) -> Client:
    return Client(server.oss, server.credentials)


def versions_of(numbers: random.Random, size: int, count: int) -> dict[str, bytes]:
    """Bodies of about a size by their ETags; each is one byte repeated, so that a mixture cannot hide."""
    bodies = [bytes([48 + number]) * (size + number) for number in range(count)]
    numbers.shuffle(bodies)
    return {f'"{hashlib.md5(body).hexdigest().upper()}"': body for body in bodies}


def run_together(*tasks) -> list:
    """Runs functions at the same moment and returns what they returned."""
    barrier = threading.Barrier(len(tasks))

    def begin(task):
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [running.result() for running in [pool.submit(begin, task) for task in tasks]]


@pytest.mark.parametrize("size", [4_096, MEBIBYTE, 4 * MEBIBYTE, 8 * MEBIBYTE], ids=["4KiB", "1MiB", "4MiB", "8MiB"])
def test_a_reader_gets_one_whole_version_while_two_writers_overwrite(server, numbers, rounds, say, size):
    """And while a third one deletes the object now and then: 404 is an answer, a mixture is not."""
    key, versions = f"versions/{size}", versions_of(numbers, size, 6)
    bodies = list(versions.values())
    deadline = time.monotonic() + rounds(4, 12)
    seeds = [numbers.random() for _ in range(2)]

    def write(seed: float) -> int:
        client, chosen, count = client_of(server), random.Random(seed), 0
        while time.monotonic() < deadline:
            assert client.send(Request("PUT", server.bucket, key, body=chosen.choice(bodies))).status == 200
            count += 1
            if chosen.random() < 0.1:
                assert client.send(Request("DELETE", server.bucket, key)).status == 204
        return count

    def read() -> int:
        client, count = client_of(server), 0
        while time.monotonic() < deadline:
            answer = client.send(Request("GET", server.bucket, key))
            if answer.refusal == (404, "NoSuchKey"):
                continue
            assert answer.status == 200, answer.refusal
            assert answer.body == versions[answer.header("ETag")], f"not the body of {answer.header('ETag')}"
            assert answer.header("x-oss-hash-crc64ecma") == str(crc64(answer.body))
            assert int(answer.header("Content-Length")) == len(answer.body)
            count += 1
        return count

    *written, first, second = run_together(*[lambda seed=seed: write(seed) for seed in seeds], read, read)
    say(f"{size} bytes: {sum(written)} versions written, {first + second} whole ones read")
    assert first + second > 0


def test_an_object_that_is_deleted_while_it_is_read_is_read_to_its_end(server, numbers):
    body = numbers.randbytes(8 * MEBIBYTE)
    for number in range(6):
        key = f"deleted-while-read/{number}"
        writer = client_of(server)
        assert writer.send(Request("PUT", server.bucket, key, body=body)).status == 200
        got, deleted = run_together(
            lambda: client_of(server).send(Request("GET", server.bucket, key)),
            lambda: time.sleep(number * 0.004) or writer.send(Request("DELETE", server.bucket, key)))
        assert deleted.status == 204
        assert got.refusal == (404, "NoSuchKey") if got.status != 200 else got.body == body
        assert writer.send(Request("GET", server.bucket, key)).refusal == (404, "NoSuchKey")


@pytest.mark.parametrize("size", [100, 100_000], ids=["row", "blob"])
def test_of_writers_that_forbid_an_overwrite_exactly_one_wins(server, numbers, rounds, size):
    forbid = (("x-oss-forbid-overwrite", "true"),)
    for number in range(rounds(20, 200)):
        key = f"conditional/{size}/{number}"
        bodies = [numbers.randbytes(size) for _ in range(6)]
        answers = run_together(*[
            lambda body=body: client_of(server).send(
                Request("PUT", server.bucket, key, headers=forbid, body=body)) for body in bodies])
        winners = [body for body, answer in zip(bodies, answers) if answer.status == 200]
        losers = {answer.refusal for answer in answers if answer.status != 200}
        assert len(winners) == 1 and losers == {(409, "FileAlreadyExists")}, losers
        assert client_of(server).send(Request("GET", server.bucket, key)).body == winners[0]


def test_a_bucket_is_deleted_or_written_to_and_never_both(server, numbers, rounds):
    """E2: an object never stands in a bucket that is gone, and a bucket with an object is not deleted."""
    outcomes = {"deleted": 0, "kept": 0}
    client = client_of(server)
    for number in range(rounds(20, 200)):
        bucket, key = f"short-lived-{number}", "object"
        assert client.send(Request("PUT", bucket)).status == 200
        body = numbers.randbytes(numbers.choice([10, 100_000]))
        put, gone = run_together(
            lambda: client_of(server).send(Request("PUT", bucket, key, body=body)),
            lambda: client_of(server).send(Request("DELETE", bucket)))
        if gone.status == 204:
            assert put.refusal == (404, "NoSuchBucket"), put
            assert client.send(Request("GET", bucket, key)).refusal == (404, "NoSuchBucket")
            outcomes["deleted"] += 1
        else:
            assert gone.refusal == (409, "BucketNotEmpty") and put.status == 200
            assert client.send(Request("GET", bucket, key)).body == body
            assert client.send(Request("DELETE", bucket, key)).status == 204
            assert client.send(Request("DELETE", bucket)).status == 204
            outcomes["kept"] += 1
    assert sum(outcomes.values()) > 0


class Upload:
    """An upload in parts of a shared server."""

    def __init__(self, server: Gateway, key: str, *parts: bytes):
        self.server, self.key, self.parts = server, key, parts
        begun = client_of(server).send(Request("POST", server.bucket, key, query=(("uploads", ""),)))
        assert begun.status == 200, begun
        self.id = begun.field("UploadId") or ""
        for number, part in enumerate(parts, 1):
            assert self.send_part(number, part).status == 200

    def _ask(self, method: str, *query: tuple[str, str], **options) -> Answer:
        request = Request(method, self.server.bucket, self.key, query=(*query, ("uploadId", self.id)), **options)
        return client_of(self.server).send(request)

    def send_part(self, number: int, body: bytes) -> Answer:
        """Sends a part, or sends it anew."""
        return self._ask("PUT", ("partNumber", str(number)), body=body)

    def complete(self) -> Answer:
        """Makes the object of all parts that are there."""
        return self._ask("POST", headers=(("x-oss-complete-all", "yes"),))

    def abort(self) -> Answer:
        """Gives the upload up."""
        return self._ask("DELETE")

    def read(self) -> Answer:
        """Reads the object."""
        return client_of(self.server).send(Request("GET", self.server.bucket, self.key))


GONE = (404, "NoSuchUpload")


def test_of_completions_of_one_upload_the_object_is_made_once(server, numbers, rounds):
    """E2: completing again may be told of the object that is there, but makes no second one."""
    for number in range(rounds(8, 80)):
        upload = Upload(server, f"completed-twice/{number}", numbers.randbytes(102_400), numbers.randbytes(50))
        answers = run_together(*[upload.complete] * 4)
        assert any(answer.status == 200 for answer in answers)
        assert all(answer.status == 200 or answer.refusal == GONE for answer in answers), answers
        assert len({answer.field("ETag") for answer in answers if answer.status == 200}) == 1
        assert upload.read().body == b"".join(upload.parts)


def test_an_upload_is_completed_or_aborted_and_never_both(server, numbers, rounds, say):
    """E2: where the completion wins, the abort has nothing left to take away."""
    won = {"completed": 0, "aborted": 0}
    for number in range(rounds(16, 160)):
        upload = Upload(server, f"completed-or-aborted/{number}", numbers.randbytes(102_400), numbers.randbytes(50))
        completed, aborted = run_together(upload.complete, upload.abort)
        if completed.status == 200:
            won["completed"] += 1
            assert aborted.status == 204 or aborted.refusal == GONE, aborted
            assert upload.read().body == b"".join(upload.parts)
        else:
            won["aborted"] += 1
            assert completed.refusal == GONE and aborted.status == 204, (completed, aborted)
            assert upload.read().refusal == (404, "NoSuchKey")
    say(f"completion against abort: {won}")


def test_a_part_that_comes_during_the_completion_is_in_it_as_a_whole_or_not_at_all(server, numbers, rounds):
    """E2: the second part is replaced while the upload is completed."""
    for number in range(rounds(16, 160)):
        first, old, new = numbers.randbytes(102_400), numbers.randbytes(40_000), numbers.randbytes(41_000)
        upload = Upload(server, f"part-or-completed/{number}", first, old)
        completed, replaced = run_together(upload.complete, lambda: upload.send_part(2, new))
        assert completed.status == 200, completed
        assert replaced.status == 200 or replaced.refusal == GONE, replaced
        got = upload.read()
        assert got.body in (first + old, first + new)
        assert got.header("ETag") == completed.header("ETag")
        assert got.header("x-oss-hash-crc64ecma") == str(crc64(got.body))


@pytest.mark.timeout(180)
def test_a_list_has_every_key_that_was_there_all_the_time_exactly_once(server, numbers, rounds, say):
    """E3: four writers add and delete around the keys that stay; the order is strict."""
    steady = {f"listed/{number:05d}" for number in range(0, 3_000, 3)}
    with ThreadPoolExecutor(8) as pool:
        # One client for each thread would be faster, but these are few.
        list(pool.map(lambda keys: put_all(server, keys), chunks(sorted(steady), 8)))
    deadline = time.monotonic() + rounds(6, 45)
    seeds = [numbers.random() for _ in range(4)]

    def churn(seed: float) -> int:
        client, chosen, mine = client_of(server), random.Random(seed), set()
        changes = 0
        while time.monotonic() < deadline:
            key = f"listed/{chosen.randrange(1_000) * 3 + 1:05d}-{seed:.6f}"
            method = "DELETE" if key in mine else "PUT"
            assert client.send(Request(method, server.bucket, key, body=b"x" * (method == "PUT"))).status in (200, 204)
            mine ^= {key}
            changes += 1
        return changes

    def watch() -> int:
        client, lists = client_of(server), 0
        while time.monotonic() < deadline:
            # `listing` insists on a strict order over all pages, so that no key can come twice.
            found = listing(client, server.bucket, "listed/").keys()
            assert steady <= found, sorted(steady - found)[:5]
            lists += 1
        return lists

    *changes, first, second = run_together(*[lambda seed=seed: churn(seed) for seed in seeds], watch, watch)
    say(f"{first + second} lists of {len(steady)} steady keys during {sum(changes)} changes")
    assert min(changes) > 0 and first + second > 0


def test_after_all_this_the_store_is_whole(server):
    """Counts, references and bodies agree when the server is gone; the last test of the module."""
    assert server.stop() == 0
    assert problems_of(server.data) == []


def put_all(server: Gateway, keys: list[str]) -> None:
    """Stores objects whose bodies are their keys."""
    client = client_of(server)
    for key in keys:
        assert client.send(Request("PUT", server.bucket, key, body=key.encode())).status == 200


def chunks(items: list[str], count: int) -> list[list[str]]:
    """The items in so many parts."""
    return [items[number::count] for number in range(count)]
