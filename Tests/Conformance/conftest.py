"""Fixtures: servers, access keys and clients for all tests."""

from __future__ import annotations

import os
import random
import ssl
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit.gateway import DEMO_EMAIL, DEMO_PASSWORD, Gateway, binary
from kit.session import SessionClient
from kit.signing import Credentials, Request, sign_v4_header
from kit.wire import Answer, exchange

# The corpus of hostile requests is no part of this tree; whoever has it names its folder.
collect_ignore = [] if os.environ.get("STORAGE_GATEWAY_ATTACKS") else ["test_attacks.py"]

SEED = int(os.environ.get("CONFORMANCE_SEED") or random.SystemRandom().randrange(2**32))
# Processes that share the run share the seed.
os.environ["CONFORMANCE_SEED"] = str(SEED)


def pytest_report_header() -> list[str]:
    """Says what is tested, and how to repeat a run."""
    return [f"program under test: {binary()}", f"seed: {SEED} (CONFORMANCE_SEED={SEED} repeats it)"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuses to run at all without a program to test."""
    if not session.config.option.collectonly and not os.access(binary(), os.X_OK):
        pytest.exit(f"no program to test at {binary()}; build it, or set STORAGE_GATEWAY_BIN", returncode=3)


@pytest.fixture(scope="session")
def seed() -> int:
    """The printed seed, for fixtures that make random numbers for several tests."""
    return SEED


@pytest.fixture
def random_numbers(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers that the printed seed repeats."""
    return random.Random(f"{SEED}/{request.node.name}")


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory):
    """The server that most tests share, with the demo account."""
    shared = Gateway(tmp_path_factory.mktemp("shared"), demo=True).start()
    yield shared
    shared.kill()


@pytest.fixture
def new_gateway(tmp_path: Path):
    """Makes servers that a test has for itself; whatever still runs at its end is ended."""
    made: list[Gateway] = []

    def make(*arguments: str, name: str = "own", environment: dict[str, str] | None = None, demo: bool = False):
        made.append(Gateway(tmp_path / name, *arguments, environment=environment, demo=demo))
        return made[-1]

    yield make
    for server in made:
        server.kill()


@pytest.fixture(scope="session")
def credentials(gateway: Gateway) -> Credentials:
    """The access key of the shared server."""
    return gateway.credentials


class Store:
    """The shared server's object store, spoken to with our own signer."""

    def __init__(self, endpoint: str, credentials: Credentials, context: ssl.SSLContext | None = None):
        self.endpoint = endpoint
        self.credentials = credentials
        self.context = context

    def send(self, request: Request, **options) -> Answer:
        """Signs a request with V4 and sends it."""
        return exchange(
            self.endpoint, sign_v4_header(request, self.credentials), context=self.context, **options)

    def put(self, bucket: str, key: str, body: bytes = b"", *headers: tuple[str, str]) -> Answer:
        """Stores an object, and insists that it was stored."""
        answer = self.send(Request("PUT", bucket, key, headers=headers, body=body))
        assert answer.status == 200, answer
        return answer

    def get(self, bucket: str, key: str) -> Answer:
        """Reads an object."""
        return self.send(Request("GET", bucket, key))

    def exists(self, bucket: str, key: str) -> bool:
        """Whether there is an object; insists on a clear answer."""
        status = self.send(Request("HEAD", bucket, key)).status
        assert status in (200, 404), status
        return status == 200


@pytest.fixture(scope="session")
def store(gateway: Gateway, credentials: Credentials) -> Store:
    """The shared server's object store."""
    return Store(gateway.oss, credentials)


@pytest.fixture(scope="session")
def open_store():
    """Makes a `Store` of any server."""
    return lambda server, context=None: Store(server.oss, server.credentials, context)


@pytest.fixture(scope="module")
def bucket(store: Store) -> str:
    """A bucket that a test module has for itself."""
    name = f"conformance-{uuid.uuid4().hex[:12]}"
    answer = store.send(Request("PUT", name))
    assert answer.status == 200, answer
    return name


@pytest.fixture
def key() -> str:
    """A key that no other test uses."""
    return f"key-{uuid.uuid4().hex}"


CROWD = [f"group-{group:02d}/object-{number:03d}" for group in range(25) for number in range(100)]


@pytest.fixture(scope="session")
def crowd() -> list[str]:
    """The 2,500 keys of `crowded_bucket` in order: 25 groups of 100."""
    return CROWD


@pytest.fixture(scope="session")
def crowded_bucket(store: Store) -> str:
    """A bucket with 2,500 objects, for tests that only read."""
    name = f"crowd-{uuid.uuid4().hex[:12]}"
    assert store.send(Request("PUT", name)).status == 200
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: store.put(name, key, key.encode()), CROWD))
    return name


@pytest.fixture(scope="session")
def student(gateway: Gateway) -> SessionClient:
    """The demo account, logged in once."""
    return SessionClient(gateway.api).log_in(DEMO_EMAIL, DEMO_PASSWORD)


@pytest.fixture
def new_user(gateway: Gateway):
    """Makes accounts with nothing in them."""
    return lambda: SessionClient(gateway.api).register()
