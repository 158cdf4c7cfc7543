"""C5, C6: what is flushed, in which order, and that no answer leaves before."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass

import pytest

from kit.gateway import Gateway
from kit.signing import Request
from kit.wire import Answer
from rig.load import Client
from rig.tracing import TracedCall, read_trace, traced

EACH = 20
BLOB, PART, INLINE = 100_000, 102_400, 4_096

# What each kind of write has to flush before it is answered.
KINDS = {
    "a blob": ["blob", "folder", "log"],
    "a blob over a blob": ["blob", "folder", "log"],
    "a row": ["log"],
    "a copy": ["log"],
    "a deletion": ["log"],
    "the begin of an upload": ["log"],
    "a part": ["blob", "folder", "log"],
    "a completion": ["log"],
    "an abort": ["log"],
}


@dataclass(frozen=True)
class Step:
    """A flush or an answer, from its beginning to its end."""

    kind: str
    began: int
    ended: int


def steps_of(calls: list[TracedCall]) -> list[Step]:
    """The flushes that went well, and the answers to clients."""
    steps = []
    for call in calls:
        if call.name in ("fsync", "fdatasync") and call.result == 0:
            kind = "log" if call.path.endswith("/objects/meta.sqlite-wal") else None
            if "/objects/blobs/" in call.path:
                kind = {"fsync": "folder", "fdatasync": "blob"}[call.name]
            if kind:
                steps.append(Step(kind, call.began, call.ended))
        elif call.path.startswith("TCP") and '"HTTP/1.1 20' in call.text:
            steps.append(Step("answer", call.began, call.ended))
    return sorted(steps, key=lambda step: step.began)


def is_in_order(steps: list[Step], wanted: list[str]) -> bool:
    """Whether the flushes ended one after the other, the last before the answer began."""
    if not steps or steps[-1].kind != "answer":
        return False
    before, flushes = steps[-1].began, [step for step in steps if step.kind != "answer"]
    for kind in reversed(wanted):
        done = [step for step in flushes if step.kind == kind and step.ended < before]
        if not done:
            return False
        before = max(step.began for step in done)
    return True


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    """The steps of each kind of write: a list of the steps of each request, ended by its answer."""
    folder = tmp_path_factory.mktemp("order")
    file = folder / "trace"
    server = Gateway(folder, launcher=traced(file, "fsync,fdatasync,write,writev,sendto,sendmsg")).start()
    try:
        sent = write_each_kind(server)
        # A server that is killed may leave the end of its last call out of the trace.
        assert server.stop() == 0
    finally:
        server.kill()
    time.sleep(0.2)
    seen: dict[str, list[list[Step]]] = {kind: [] for kind in KINDS}
    group: list[Step] = []
    answered = iter(sent)
    for step in steps_of(read_trace(file.read_text(errors="replace").splitlines())):
        group.append(step)
        if step.kind == "answer":
            seen[next(answered)].append(group)
            group = []
    assert next(answered, None) is None, "the trace has fewer answers than were received"
    return seen


def write_each_kind(server: Gateway) -> list[str]:
    """Writes one after the other, over one connection; returns the kinds in their order."""
    client = Client(server.oss, server.credentials)
    sent: list[str] = []

    def send(kind: str, method: str, key: str, size: int = 0, *headers: tuple[str, str], **query: str) -> Answer:
        answer = client.send(
            Request(method, server.bucket, key, query=tuple(query.items()), headers=headers, body=b"x" * size))
        assert answer.status in (200, 204), answer
        sent.append(kind)
        return answer

    def begin(key: str) -> str:
        upload = send("the begin of an upload", "POST", key, uploads="").field("UploadId") or ""
        send("a part", "PUT", key, PART, partNumber="1", uploadId=upload)
        return upload

    for number in range(EACH):
        send("a blob", "PUT", f"blob-{number}", BLOB)
        send("a blob over a blob", "PUT", f"blob-{number}", BLOB + 1)
        send("a row", "PUT", f"row-{number}", INLINE)
        send("a copy", "PUT", f"copy-{number}", 0, ("x-oss-copy-source", f"/{server.bucket}/blob-{number}"))
        send("a deletion", "DELETE", f"row-{number}")
        upload = begin(f"parts-{number}")
        send("a completion", "POST", f"parts-{number}", 0, ("x-oss-complete-all", "yes"), uploadId=upload)
        send("an abort", "DELETE", f"given-up-{number}", uploadId=begin(f"given-up-{number}"))
    client.close()
    return sent


def test_every_answer_comes_after_blob_folder_and_log_are_flushed(trace, say):
    for kind, wanted in KINDS.items():
        good = [steps for steps in trace[kind] if is_in_order(steps, wanted)]
        say(f"{kind}: {len(good)} of {len(trace[kind])} answers after {', '.join(wanted)}")
        assert len(good) == len(trace[kind]) >= EACH, [step.kind for step in trace[kind][0]]


@pytest.mark.parametrize("missing", ["blob", "folder", "log"])
def test_the_order_is_found_wrong_where_a_flush_is_missing(trace, missing):
    """The control: the same traces without one kind of flush."""
    for steps in trace["a blob"]:
        assert not is_in_order([step for step in steps if step.kind != missing], KINDS["a blob"])


@pytest.mark.parametrize("kind", ["blob", "folder", "log"])
def test_the_order_is_found_wrong_where_a_flush_ends_too_late(trace, kind):
    """The control: the same traces with one flush that ends only after the next step."""
    for steps in trace["a blob"]:
        late = [
            Step(step.kind, step.began, steps[-1].ended) if step.kind == kind else step for step in steps]
        assert not is_in_order(late, KINDS["a blob"])


def test_the_database_has_the_settings_that_are_kept_in_its_file(new_gateway):
    """`synchronous` belongs to the connection: the server reads it back, and the order above shows its effect."""
    server = new_gateway().start()
    store = server.data / "objects"
    server.stop()
    with closing(sqlite3.connect(store / "meta.sqlite")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA page_size").fetchone() == (4096,)
