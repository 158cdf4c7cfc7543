"""Compares a server that was started again with what its clients were told."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from kit.gateway import Gateway
from kit.signing import Request

from .load import Client, Journal, Value, Version, crc64


@dataclass
class Outcome:
    """What was found; the first three must be 0."""

    lost: int = 0
    """Keys that hold something else than what was acknowledged, and than what was under way."""
    torn: int = 0
    """Objects whose body is not one that anybody sent, or does not agree with its CRC."""
    misplaced: int = 0
    """Entries of the list that do not agree with the objects, either way."""
    acknowledged: int = 0
    """Operations that were answered with success."""
    unanswered: int = 0
    """Operations without an answer that happened all the same."""
    problems: list[str] = field(default_factory=list)

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.lost + other.lost, self.torn + other.torn, self.misplaced + other.misplaced,
            self.acknowledged + other.acknowledged, self.unanswered + other.unanswered,
            self.problems + other.problems)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, torn or misplaced."""
        return (self.lost, self.torn, self.misplaced) == (0, 0, 0)

    def __str__(self) -> str:
        return (
            f"{self.acknowledged} acknowledged, {self.lost} lost, {self.torn} torn, {self.misplaced} misplaced,"
            f" {self.unanswered} done though unanswered" + "".join(f"\n      {text}" for text in self.problems[:20]))


def compare(server: Gateway, journals: list[Journal], prefix: str, bucket: str | None = None) -> Outcome:
    """Reads every key of the journals, and the list of all keys below `prefix`, and judges them.

    The journals are settled on what was found, so that another load can carry on with them.
    """
    bucket = bucket or server.bucket
    listed = listing(Client(server.oss, server.credentials), bucket, prefix + "/")
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda journal: _compare_one(server, journal, bucket, listed), journals))
    outcome = sum(outcomes, Outcome())
    known = {key for journal in journals for key in journal.settled}
    for key in sorted(listed.keys() - known):
        outcome.misplaced += 1
        outcome.problems.append(f"{key} is listed and was never sent")
    return outcome


def _compare_one(
    server: Gateway, journal: Journal, bucket: str, listed: dict[str, tuple[int, str]],
) -> Outcome:
    client, outcome = Client(server.oss, server.credentials), Outcome(acknowledged=journal.acknowledged)
    for key in sorted(journal.settled):
        answer = client.send(Request("GET", bucket, key))
        found: Value = None
        if answer.status == 200:
            found = Version(len(answer.body), hashlib.md5(answer.body).hexdigest())
            if answer.header("x-oss-hash-crc64ecma") != str(crc64(answer.body)):
                outcome.torn += 1
                outcome.problems.append(f"{key} does not agree with its CRC")
        elif answer.refusal != (404, "NoSuchKey"):
            outcome.lost += 1
            outcome.problems.append(f"{key} is answered with {answer.refusal}")
            continue
        allowed = journal.allowed(key)
        if found not in allowed:
            is_stray = found is not None and allowed == [None]
            outcome.torn += is_stray
            outcome.lost += not is_stray
            outcome.problems.append(f"{key} holds {found}, and not one of {allowed}")
        elif found != allowed[0]:
            outcome.unanswered += 1
        entry = listed.get(key)
        expected = None if found is None else (found.size, answer.header("ETag"))
        if entry != expected:
            outcome.misplaced += 1
            outcome.problems.append(f"{key} is listed as {entry}, and is {expected}")
        journal.settled[key] = found
    journal.pending.clear()
    journal.acknowledged = 0
    client.close()
    return outcome


def listing(client: Client, bucket: str, prefix: str) -> dict[str, tuple[int, str]]:
    """Size and ETag of every key below a prefix; insists that keys come in order and once."""
    entries: dict[str, tuple[int, str]] = {}
    marker, last = "", b""
    while True:
        query = (("prefix", prefix), ("max-keys", "1000")) + ((("marker", marker),) if marker else ())
        answer = client.send(Request("GET", bucket, query=query))
        assert answer.status == 200, answer
        for entry in answer.xml.findall("Contents"):
            key = entry.findtext("Key") or ""
            assert key.encode() > last, f"{key} is listed out of order"
            last = key.encode()
            entries[key] = (int(entry.findtext("Size") or -1), entry.findtext("ETag") or "")
        if answer.field("IsTruncated") != "true":
            return entries
        marker = answer.field("NextMarker") or ""
