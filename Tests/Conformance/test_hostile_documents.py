"""Documents that no client writes: each is refused at once, at little cost, and does nothing."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from pathlib import Path

import pytest

from kit.gateway import Gateway
from kit.signing import Request

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
DELETION = "<Delete><Object><Key>kept</Key></Object></Delete>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))

DOCUMENTS = {
    "a billion laughs": f'{HEAD}<!DOCTYPE d [<!ENTITY l0 "ha">{LAUGHS}]><Delete><Object><Key>&l9;</Key></Object></Delete>',
    "entities of quadratic cost": f'{HEAD}<!DOCTYPE d [<!ENTITY a "{"x" * 50_000}">]><Delete>{"&a;" * 30_000}</Delete>',
    "a file of the machine": f'{HEAD}<!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/passwd">]>{DELETION}',
    "a document elsewhere": f'{HEAD}<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">{DELETION}',
    "an entity elsewhere": f'{HEAD}<!DOCTYPE d [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x">%e;]>{DELETION}',
    "50,000 attributes": "<Delete " + " ".join(f'a{n}="1"' for n in range(50_000)) + f">{DELETION[8:]}",
    "depth": "<Delete>" * 5_000 + "</Delete>" * 5_000,
    "something behind the root": DELETION + DELETION,
    "1,001 objects": "<Delete>" + "<Object><Key>kept</Key></Object>" * 1_001 + "</Delete>",
    "UTF-16": DELETION.encode("utf-16"),
    "a root that does not end": DELETION[:-9],
    "3 MB": f"<Delete><!--{'x' * 3_000_000}-->{DELETION[8:]}",
    "JSON": '{"Delete": {"Object": [{"Key": "kept"}]}}',
    "nothing": "",
    "a zero byte": DELETION.replace("kept", "ke\0pt"),
}


class Watched:
    """Starts the server below strace, which notes every connection that it begins."""

    def __init__(self, notes: Path):
        self.notes = notes

    def command(self, command: list[str]) -> tuple[list[str], tuple[int, ...]]:
        return ["strace", "-D", "-f", "-qq", "-e", "trace=connect", "-o", str(self.notes), *command], ()

    def attach(self) -> None:
        """Nothing is to be done."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory):
    """A server whose connections to elsewhere are noted."""
    folder = tmp_path_factory.mktemp("watched")
    server = Gateway(folder, launcher=Watched(folder / "connections.txt")).start()
    yield server
    server.kill()


def cpu_seconds(server: Gateway) -> float:
    """How much time the server has spent on a processor."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hostile_document_is_refused_and_does_nothing(watched, open_store, name):
    store = open_store(watched)
    store.put(watched.bucket, "kept", b"kept")
    document = DOCUMENTS[name]
    body = document if isinstance(document, bytes) else document.encode()
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    request = Request(
        "POST", watched.bucket, query=(("delete", ""),), headers=(("Content-MD5", digest),), body=body)
    spent, began = cpu_seconds(watched), time.monotonic()
    answer = store.send(request)
    assert time.monotonic() - began < 2
    # A processor's time is counted in hundredths of a second, and the store has work of its own.
    assert cpu_seconds(watched) - spent < 0.25
    assert answer.status in (400, 413), answer
    assert b"root:" not in answer.body and b"/etc" not in answer.body
    assert store.get(watched.bucket, "kept").body == b"kept"


def test_no_document_made_the_server_connect_to_anything(watched):
    """Runs last in this file."""
    notes = (watched.folder / "connections.txt").read_text()
    assert "AF_INET" not in notes, notes
