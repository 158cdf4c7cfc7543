"""Presigned reads beside other programs that check a signature and serve the same bytes: nginx and rclone.

Everybody serves the same objects to the same client, in turns, after each has shown that it gives every object whole
to those who may have it and refuses a wrong signature: who lets everybody in is fast for nothing.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import statistics
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from kit.gateway import Gateway
from kit.signing import Request, sign_v4_url

import load
import peers

KIB, MIB = 1024, 1024 * 1024
BUCKET, LIFETIME = "bench", 3600
RCLONE_KEY, RCLONE_SECRET, NGINX_SECRET = "benchmark", "not-a-secret", "not-a-secret-either"


@dataclass(frozen=True)
class Contestant:
    """A server with the same objects as the others, and how a URL of it is signed."""

    name: str
    endpoint: str
    pid: int
    sign: Callable[[str], str]

    def wrong(self, key: str) -> str:
        """A target whose signature is that of another key."""
        return self.sign(key + "-other").replace(f"/{key}-other?", f"/{key}?")


@dataclass(frozen=True)
class Objects:
    """Objects of one size, as files that every peer serves from its folder."""

    name: str
    size: int
    count: int

    @property
    def keys(self) -> list[str]:
        return [f"{self.name}/{number}" for number in range(self.count)]

    def write(self, folder: Path) -> None:
        """Random bytes, different in each object."""
        (folder / self.name).mkdir(parents=True)
        for key in self.keys:
            with open(folder / key, "wb") as file:
                for begin in range(0, self.size, 8 * MIB):
                    file.write(os.urandom(min(8 * MIB, self.size - begin)))

    def put(self, ours: Gateway, folder: Path, clients: int = 8) -> None:
        """Brings the files to the server under measurement, small ones by several connections."""
        if self.size > 8 * MIB:
            for key in self.keys:
                load.upload(ours.oss + signed(ours, "PUT", key), folder / key)
            return
        problems: list[BaseException] = []

        def some(keys: list[str]) -> None:
            connection = connect(ours.oss)
            try:
                for key in keys:
                    connection.request("PUT", signed(ours, "PUT", key), body=(folder / key).read_bytes())
                    answer = connection.getresponse()
                    answer.read()
                    assert answer.status == 200, answer.status
            except BaseException as problem:  # noqa: BLE001 - told after the join
                problems.append(problem)

        threads = [threading.Thread(target=some, args=(self.keys[number::clients],)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if problems:
            raise problems[0]


SMALL = Objects("small", 4 * KIB, 4_000)
MIDDLE = Objects("middle", MIB, 64)


def connect(endpoint: str) -> http.client.HTTPConnection:
    """A connection to a server."""
    place = urlsplit(endpoint)
    return http.client.HTTPConnection(place.hostname, place.port, timeout=60)


def signed(ours: Gateway, method: str, key: str) -> str:
    """The target of a URL presigned by OSS's V4."""
    return sign_v4_url(Request(method, ours.bucket, key), ours.credentials, lifetime=LIFETIME).target


def signed_for_nginx(key: str) -> str:
    """The target of a link as `secure_link_md5` in `peers.NGINX` wants it."""
    expires, path = int(time.time()) + LIFETIME, f"/{BUCKET}/{key}"
    digest = hashlib.md5(f"{expires}{path} {NGINX_SECRET}".encode()).digest()
    return f"{path}?md5={base64.urlsafe_b64encode(digest).decode().rstrip('=')}&expires={expires}"


def signer_for_rclone(endpoint: str) -> Callable[[str], str]:
    """Makes targets of URLs presigned by AWS's V4."""
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=RCLONE_KEY,
        aws_secret_access_key=RCLONE_SECRET,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))

    def sign(key: str) -> str:
        url = client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=LIFETIME)
        return url.removeprefix(endpoint)
    return sign


def check(contestant: Contestant, objects: Objects, folder: Path) -> None:
    """Everybody who may gets every object whole; nobody else gets anything. Warms caches as well."""
    connection = connect(contestant.endpoint)

    def ask(target: str) -> tuple[int, bytes]:
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.read()

    for key in objects.keys:
        found = ask(contestant.sign(key))
        told = f"{contestant.name} answered {found[0]} and {len(found[1])} bytes for {key}"
        assert found == (200, (folder / key).read_bytes()), told
    check_refusals(contestant, objects)
    connection.close()


def check_refusals(contestant: Contestant, objects: Objects) -> None:
    """A wrong signature, and none, are refused."""
    key = objects.keys[0]
    # rclone calls a request without a signature a bad one.
    for target, refusals in ((contestant.wrong(key), (403,)), (contestant.wrong(key).partition("?")[0], (400, 403))):
        connection = connect(contestant.endpoint)
        connection.request("GET", target)
        status = connection.getresponse().status
        connection.close()
        assert status in refusals, f"{contestant.name} answered {status} to a wrong signature or none"


def in_turns(
    contestants: list[Contestant], rounds: int, measure: Callable[[Contestant], float],
) -> dict[str, list[float]]:
    """Measures everybody once in each round, so that a change of the machine meets them all."""
    figures: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for _ in range(rounds):
        for contestant in contestants:
            figures[contestant.name].append(measure(contestant))
    return figures


def compared(
    what: str, unit: str, contestants: list[Contestant], figures: dict[str, list[float]], wanted: dict[str, float],
    notes: dict[str, str],
) -> Iterator[dict]:
    """A line for each: the median of its rounds and, of ours, what it is of the others' medians."""
    medians = {name: statistics.median(found) for name, found in figures.items()}
    ours = contestants[0].name
    for contestant in contestants:
        name, found = contestant.name, figures[contestant.name]
        note = f"median of {len(found)}, {min(found):,.0f} to {max(found):,.0f}{notes.get(name, '')}"
        if name == ours:
            told = []
            for other, factor in wanted.items():
                if other in medians:
                    ratio = medians[ours] / medians[other]
                    told.append(f"{ratio:.2f} of {other}, wanted {factor}: {'met' if ratio >= factor else 'MISSED'}")
            note = "; ".join(told + [note])
        yield {"what": f"HTTP: {what}, {name}", "figure": medians[name], "unit": unit, "note": note}


def with_wrk(
    contestants: list[Contestant], objects: Objects, connections: int, seconds: float, rounds: int, folder: Path,
    wanted: dict[str, float],
) -> Iterator[dict]:
    """GETs of all objects in turn by keep-alive connections."""
    targets = {each.name: [each.sign(key) for key in objects.keys] for each in contestants}
    processor = {each.name: 0.0 for each in contestants}
    answered = {each.name: 0.0 for each in contestants}

    def measure(contestant: Contestant) -> float:
        before = peers.processor_seconds(contestant.pid)
        rate = load.gets(
            contestant.endpoint, targets[contestant.name], folder, objects.size, connections, seconds)
        processor[contestant.name] += peers.processor_seconds(contestant.pid) - before
        answered[contestant.name] += rate.answers
        return rate.per_second

    figures = in_turns(contestants, rounds, measure)
    notes = {name: f", {processor[name] / answered[name] * 1e6:,.0f} µs of processor each" for name in figures}
    size = f"{objects.size // MIB} MiB" if objects.size >= MIB else f"{objects.size // KIB} KiB"
    what = f"presigned GET {size}, {connections} connections"
    return compared(what, "requests/s", contestants, figures, wanted, notes)


def with_curl(
    contestants: list[Contestant], objects: Objects, rounds: int, wanted: dict[str, float],
) -> Iterator[dict]:
    """GETs of one large object by one client, one after the other."""
    key = objects.keys[0]

    def measure(contestant: Contestant) -> float:
        return objects.size / MIB / load.download(contestant.endpoint + contestant.sign(key), objects.size)

    for contestant in contestants:
        check_refusals(contestant, objects)
        measure(contestant)
    what = f"presigned GET {objects.size // MIB} MiB, 1 stream, curl"
    return compared(what, "MiB/s", contestants, in_turns(contestants, rounds, measure), wanted, {})


def beside_peers(folder: Path, seconds: float, mebibytes: int, rounds: int = 5) -> Iterator[dict]:
    """All three sizes beside the peers that are there; nobody writes a log of requests."""
    if not load.has_wrk() or peers.nginx() is None:
        note = "not run: there is no wrk or no nginx"
        yield {"what": "HTTP: presigned GET beside peers", "figure": 0, "unit": "", "note": note}
        return
    files, large = folder / "served" / BUCKET, Objects("large", mebibytes * MIB, 1)
    with ExitStack() as stack:
        ours = Gateway(folder / "reads", "--log-level", "warning").start()
        stack.callback(ours.kill)
        for objects in (SMALL, MIDDLE, large):
            objects.write(files)
            objects.put(ours, files)
        nginx = stack.enter_context(peers.nginx_serving(folder / "nginx", files.parent, NGINX_SECRET))
        both = [
            Contestant("storage-gateway", ours.oss, ours.pid, lambda key: signed(ours, "GET", key)),
            Contestant("nginx", nginx.endpoint, nginx.pid, signed_for_nginx),
        ]
        everybody = list(both)
        if peers.rclone() is not None:
            rclone = stack.enter_context(
                peers.rclone_serving(files.parent, BUCKET, f"{RCLONE_KEY},{RCLONE_SECRET}"))
            everybody.append(
                Contestant("rclone", rclone.endpoint, rclone.pid, signer_for_rclone(rclone.endpoint)))
        for contestant in everybody:
            check(contestant, SMALL, files)
        for contestant in both:
            check(contestant, MIDDLE, files)
        yield from with_wrk(
            everybody, SMALL, 64, seconds, rounds, folder, {"nginx": 0.9, "rclone": 3})
        yield from with_wrk(both, MIDDLE, 16, seconds, rounds, folder, {"nginx": 0.9})
        yield from with_curl(both, large, 2 * rounds - 1, {"nginx": 0.9})
