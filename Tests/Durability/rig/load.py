"""Clients that write while something is about to happen, and remember what they were told."""

from __future__ import annotations

import hashlib
import http.client
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Callable, Sequence

import crcmod

from kit.gateway import Gateway
from kit.signing import Credentials, Request, sign_v4_header
from kit.wire import Answer, address

WRITERS = 8

# Bodies of 1 B to 32 MiB, on both sides of every limit of the store: inline rows, blocks, checkpoints.
SIZES = [0, 1, 100, 4096, 30_000, 32 * 1024, 32 * 1024 + 1, 200_000, 1 << 20, (1 << 20) + 1, 5_000_000, 32 << 20]
WEIGHTS = [20, 20, 80, 160, 60, 20, 20, 60, 10, 10, 6, 1]

LEAST_PART = 100 * 1024
"""The least size of every part of an upload but the last."""

crc64 = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)


class Client:
    """A keep-alive connection that signs every request."""

    def __init__(self, endpoint: str, credentials: Credentials, timeout: float = 60):
        host, port = address(endpoint)
        self._connection = http.client.HTTPConnection(host, port, timeout=timeout)
        self._credentials = credentials

    def send(self, request: Request) -> Answer:
        """Sends a request and reads its answer as a whole."""
        signed = sign_v4_header(request, self._credentials)
        headers = dict(signed.headers)
        if request.method in ("PUT", "POST"):
            headers["Content-Length"] = str(len(request.body))
        self._connection.request(request.method, signed.target, body=request.body or None, headers=headers)
        answer = self._connection.getresponse()
        return Answer(answer.status, tuple(answer.getheaders()), answer.read())

    def close(self) -> None:
        """Closes the connection; the next request opens a new one."""
        self._connection.close()


@dataclass(frozen=True)
class Version:
    """What a key holds: the size and the MD5 of its body."""

    size: int
    md5: str

    @staticmethod
    def of(body: bytes) -> Version:
        """The version that this body makes."""
        return Version(len(body), hashlib.md5(body).hexdigest())


Value = Version | None
"""None: there is no object."""


@dataclass
class Journal:
    """What the keys of one writer hold, as far as the writer was told.

    A key has one writer, so that its history is a sequence. While an operation has no answer, the key may hold what
    it held or what the operation makes of it, and nothing else.
    """

    settled: dict[str, Value] = field(default_factory=dict)
    pending: dict[str, Value] = field(default_factory=dict)
    acknowledged: int = 0
    refused: int = 0

    def begin(self, key: str, value: Value) -> None:
        """Notes an operation before it is sent."""
        self.settled.setdefault(key, None)
        self.pending[key] = value

    def acknowledge(self, key: str) -> None:
        """Notes that the operation was answered with success."""
        self.settled[key] = self.pending.pop(key)
        self.acknowledged += 1

    def refuse(self, key: str) -> None:
        """Notes that the operation was refused, so that it must not have happened."""
        del self.pending[key]
        self.refused += 1

    def allowed(self, key: str) -> list[Value]:
        """What the key may hold."""
        return [self.settled[key], *([self.pending[key]] if key in self.pending else [])]

    def present(self) -> list[str]:
        """The keys that hold an object for sure, in order."""
        return sorted(key for key, value in self.settled.items() if value is not None and key not in self.pending)


class Refused(Exception):
    """An operation was answered with something else than success."""

    def __init__(self, answer: Answer):
        super().__init__(f"{answer.status} {answer.field('Code')}")
        self.answer = answer


class Writer:
    """One client with keys of its own, a journal, and random numbers that decide what it does."""

    def __init__(
        self, server: Gateway, prefix: str, numbers: random.Random, bucket: str | None = None,
        journal: Journal | None = None, sizes: Sequence[int] = SIZES, weights: Sequence[int] = WEIGHTS,
    ):
        """`journal` carries on what an earlier writer of the same prefix was told."""
        self.bucket = bucket or server.bucket
        self.prefix = prefix
        self.numbers = numbers
        self.journal = journal or Journal()
        self._client = Client(server.oss, server.credentials)
        self._sizes, self._weights = sizes, weights
        # Not every number became a key: a copy makes one and may choose another.
        self._count = max((int(key.rsplit("/", 1)[1]) for key in self.journal.settled), default=0)

    def step(self) -> None:
        """Does one random operation.

        - Raises `Refused` for an answer other than success, and what the connection raises when it breaks.
        """
        operations, weights = zip(*OPERATIONS)
        self.numbers.choices(operations, weights)[0](self)

    def run(self, stop: threading.Event, may_fail: threading.Event) -> None:
        """Does one operation after the other until told to stop or the server goes away.

        Once `may_fail` is set, an answer of the 500 class ends it too; the operation is then one without an answer.
        """
        try:
            while not stop.is_set():
                self.step()
        except (OSError, http.client.HTTPException):
            pass
        except Refused as refusal:
            if not may_fail.is_set() or refusal.answer.status < 500:
                raise
        finally:
            self._client.close()

    def change(self, key: str, value: Value, request: Request) -> Answer:
        """Sends a request that makes `key` hold `value`, and journals it."""
        self.journal.begin(key, value)
        answer = self._client.send(request)
        try:
            self._insist(answer)
        except Refused:
            # Only a 503 promises that nothing happened.
            if answer.status == 503:
                self.journal.refuse(key)
            raise
        self.journal.acknowledge(key)
        return answer

    def ask(self, request: Request) -> Answer:
        """Sends a request that changes no object, and insists on success."""
        answer = self._client.send(request)
        self._insist(answer)
        return answer

    @staticmethod
    def _insist(answer: Answer) -> None:
        if answer.status not in (200, 204):
            raise Refused(answer)

    # What the operations are made of

    def new_key(self) -> str:
        """A key that was never used."""
        self._count += 1
        return f"{self.prefix}/{self._count:06d}"

    def old_key(self) -> str:
        """A key that holds an object; a new one while there is none."""
        keys = self.journal.present()
        return self.numbers.choice(keys) if keys else self.new_key()

    def body(self) -> bytes:
        """Random bytes of a random size."""
        return self.numbers.randbytes(self.numbers.choices(self._sizes, self._weights)[0])


def put(writer: Writer, key: str | None = None, body: bytes | None = None) -> None:
    """Stores a new object."""
    key, body = key or writer.new_key(), writer.body() if body is None else body
    writer.change(key, Version.of(body), Request("PUT", writer.bucket, key, body=body))


def overwrite(writer: Writer) -> None:
    """Stores an object in the place of another one."""
    put(writer, writer.old_key())


def delete(writer: Writer) -> None:
    """Removes an object."""
    key = writer.old_key()
    writer.change(key, None, Request("DELETE", writer.bucket, key))


def copy(writer: Writer) -> None:
    """Copies an object, to a new key or over another object."""
    source = writer.old_key()
    value = writer.journal.settled.get(source)
    if value is None:
        return put(writer)
    # Over itself an object cannot be copied without a change.
    others = [key for key in (writer.new_key(), writer.old_key()) if key != source]
    key, headers = writer.numbers.choice(others), (("x-oss-copy-source", f"/{writer.bucket}/{source}"),)
    writer.change(key, value, Request("PUT", writer.bucket, key, headers=headers))


@dataclass(frozen=True)
class StagedUpload:
    """An upload whose parts are there and which nobody has completed."""

    key: str
    upload_id: str
    parts: list[bytes]

    @property
    def document(self) -> bytes:
        """What names its parts."""
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{hashlib.md5(part).hexdigest()}</ETag></Part>"
            for number, part in enumerate(self.parts, 1))
        return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()


def stage(writer: Writer) -> StagedUpload:
    """Sends one to three parts, the first of them twice, for a new key or over another object."""
    key = writer.numbers.choice([writer.new_key(), writer.old_key()])
    upload_id = writer.ask(Request("POST", writer.bucket, key, query=(("uploads", ""),))).field("UploadId") or ""
    parts = [writer.numbers.randbytes(LEAST_PART + writer.numbers.randrange(50_000))
             for _ in range(writer.numbers.randrange(3))] + [writer.body()]
    for index, body in enumerate([b"replaced", *parts]):
        query = (("partNumber", str(max(index, 1))), ("uploadId", upload_id))
        writer.ask(Request("PUT", writer.bucket, key, query=query, body=body))
    return StagedUpload(key, upload_id, parts)


def complete(writer: Writer, staged: StagedUpload | None = None) -> None:
    """Makes an object of the parts of an upload."""
    staged = staged or stage(writer)
    writer.change(staged.key, Version.of(b"".join(staged.parts)), Request(
        "POST", writer.bucket, staged.key, query=(("uploadId", staged.upload_id),), body=staged.document))


def abort(writer: Writer, staged: StagedUpload | None = None) -> None:
    """Gives an upload up; the key holds what it held."""
    staged = staged or stage(writer)
    writer.journal.settled.setdefault(staged.key, None)
    writer.ask(Request("DELETE", writer.bucket, staged.key, query=(("uploadId", staged.upload_id),)))


OPERATIONS: list[tuple[Callable[[Writer], None], int]] = [
    (put, 10), (overwrite, 4), (delete, 3), (copy, 3), (complete, 2), (abort, 1)]
"""What writers do, and how often in relation to each other."""


@dataclass
class Load:
    """Writers that run at the same time, each in a thread of its own."""

    writers: list[Writer]
    stop: threading.Event = field(default_factory=threading.Event)
    may_fail: threading.Event = field(default_factory=threading.Event)
    """Set before the disk is taken away: a server without a disk may say so."""

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(len(self.writers))
        self._running = [self._pool.submit(writer.run, self.stop, self.may_fail) for writer in self.writers]

    def let_run(self, seconds: float, at_least: int = WRITERS) -> None:
        """Waits so long, and until so many operations were answered: a round in which nothing happens shows nothing."""
        deadline = time.monotonic() + 30
        time.sleep(seconds)
        while sum(journal.acknowledged for journal in self.journals) < at_least and time.monotonic() < deadline:
            if any(running.done() for running in self._running):
                return
            time.sleep(0.02)

    def join(self) -> None:
        """Waits until all writers have ended; raises what one of them raised."""
        self.stop.set()
        self._pool.shutdown(wait=True)
        for running in self._running:
            running.result()

    @property
    def journals(self) -> list[Journal]:
        """What the writers were told."""
        return [writer.journal for writer in self.writers]


def start_load(
    server: Gateway, numbers: random.Random, prefix: str, journals: list[Journal] | None = None, count: int = WRITERS,
    **options,
) -> Load:
    """Starts writers; with the journals of an earlier load they carry on where it ended."""
    journals = journals or [Journal() for _ in range(count)]
    return Load([
        Writer(server, f"{prefix}/{number}", random.Random(numbers.random()), journal=journal, **options)
        for number, journal in enumerate(journals)])
