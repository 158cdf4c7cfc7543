"""The log: whoever reads it, or does not, has no say in how requests are answered."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from pathlib import Path

import pytest

from kit.gateway import binary, clean_environment
from kit.signing import Credentials, Request, sign_v1_header
from kit.wire import Connection, exchange

REQUESTS = 3_000
# What housekeeping says once after the start, at some time during the test.
HOUSEKEEPING = ("] the database is well", "] scrub ended", "] orphan sweep")


class Piped:
    """A server whose standard error is a pipe that the test reads, or does not."""

    def __init__(self, folder: Path):
        self.reader, writer = os.pipe()
        self.process = subprocess.Popen(
            [str(binary()), "serve", "--data", str(folder / "data"), "--api-listen", "127.0.0.1:0", "--oss-listen",
             "127.0.0.1:0", "--shutdown-grace-seconds", "2"],
            env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer, text=True)
        os.close(writer)
        self.announcement = json.loads(self.process.stdout.readline())
        secret = Path(self.announcement["access_key_secret_file"]).read_text().strip()
        self.credentials = Credentials(
            self.announcement["access_key_id"], secret, self.announcement["region"])

    def send(self, number: int) -> int:
        """Asks for something that is not there, on a connection of its own; its status."""
        key = f"{number}-" + "x" * 300
        request = sign_v1_header(Request("GET", self.announcement["bucket"], key), self.credentials)
        return exchange(self.announcement["oss_endpoint"], request).status

    def read_all(self) -> str:
        """Everything that is still in the pipe, and what comes until the server ends."""
        with open(self.reader, "rb", closefd=False) as pipe:
            return pipe.read().decode()


@pytest.fixture
def piped(tmp_path: Path):
    """A server whose log goes into a pipe."""
    server = Piped(tmp_path)
    yield server
    server.process.kill()
    server.process.wait(10)
    server.process.stdout.close()
    os.close(server.reader)


def test_a_log_that_nobody_reads_stops_nothing(piped):
    # A pipe holds 64 KiB, and the server keeps 1 MiB of lines; these are about 1.5 MiB.
    assert all(piped.send(number) == 404 for number in range(REQUESTS))
    text: list[str] = []
    reader = threading.Thread(target=lambda: text.append(piped.read_all()))
    reader.start()
    assert piped.send(REQUESTS) == 404
    piped.process.terminate()
    assert piped.process.wait(30) == 0
    reader.join(30)
    told = [int(number) for number in re.findall(r"(\d+) lines of the log were dropped", text[0])]
    lines = [line for line in text[0].splitlines() if line.endswith("request")]
    # Housekeeping at the start tells its lines once, which are kept or counted as well.
    housekeeping = sum(text[0].count(message) for message in HOUSEKEEPING)
    assert told and sum(told) + len(lines) + housekeeping == REQUESTS + 1 + len(HOUSEKEEPING)
    # The oldest lines went; the newest ones are there.
    assert f"/{REQUESTS}-x" in lines[-1]
    assert "stopped" in text[0].splitlines()[-1]


def test_a_stop_does_not_wait_for_a_reader(piped):
    assert all(piped.send(number) == 404 for number in range(600))
    began = time.monotonic()
    piped.process.terminate()
    assert piped.process.wait(20) == 0
    assert time.monotonic() - began < 10


def test_a_reader_that_goes_away_stops_nothing(piped):
    os.dup2(os.open(os.devnull, os.O_RDONLY), piped.reader)
    assert all(piped.send(number) == 404 for number in range(200))
    piped.process.terminate()
    assert piped.process.wait(30) == 0


def test_what_a_request_holds_begins_no_line_of_its_own(new_gateway):
    server = new_gateway().start()
    for target in ("/b/%0a%0dFORGED", "/b/k?x=%0aFORGED", "/b/%1b%5b31mFORGED"):
        with Connection(server.oss) as connection:
            connection.send(f"GET {target} HTTP/1.1\r\nHost: x\r\nUser-Agent: FORGED\tx\r\n\r\n".encode())
            connection.read_answer()
    assert server.stop() == 0
    assert all(line.isprintable() for line in server.log.splitlines())
    assert not any(line.startswith("FORGED") for line in server.log.splitlines())
