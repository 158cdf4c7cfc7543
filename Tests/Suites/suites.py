#!/usr/bin/env python3
"""Runs the test suites of official OSS clients, as their authors publish them, against the built program.

    suites.py                     all suites, each on a server of its own
    suites.py oss2-v1 ossfs       some of them
    suites.py --smoke             the part that `make test` runs
    suites.py --fetch             fetches the suites and makes their environments, and runs nothing
    suites.py --record            writes the misses down that it sees, for a person to give the reasons
    suites.py --document          writes docs/CONFORMANCE.md anew
    suites.py --check             whether each miss has a reason, and the document is up to date; runs nothing

A suite is fetched from the package index by its pinned version and checksum, unpacked under `.build/suites`, and never
changed; `surroundings.py` makes the world around it. Its misses are compared with `misses/NAME.txt`, for each of which
`misses/reasons.txt` has a reason: a test that fails and is not listed is a failure of this run, and so is a listed one that
passes, or a count below the least.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import time
import venv
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Conformance"))

from kit.gateway import Gateway, run_command  # noqa: E402  (the path above makes it visible)
from kit.signing import Credentials, Request, sign_v4_header  # noqa: E402
from kit.wire import exchange  # noqa: E402

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from document import MISSES, faults, is_sometimes, misses_of, reason_of, write  # noqa: E402

WORK = ROOT / ".build" / "suites"
TEST_LIMIT_SECONDS = 300
DOMAINS = ("localhost", *(f"oss-{region}.aliyuncs.com" for region in ("cn-hangzhou", "cn-shanghai", "ap-south-1")))
OWNER, STRANGER = "1000000000000001", "1000000000000002"


@dataclass(frozen=True)
class Suite:
    """A published test suite, and what counts as good."""

    name: str
    package: str
    version: str
    checksum: str
    total: int
    least: int
    tests: str = "tests"
    requirements: tuple[str, ...] = ()
    buckets: tuple[tuple[str, str], ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    smoke: tuple[str, ...] = ()

    @property
    def archive(self) -> str:
        """The name of its source distribution."""
        return f"{self.package}-{self.version}.tar.gz"


OSS2_SMOKE = ("tests/test_object.py", "tests/test_multipart.py", "tests/test_iterator.py", "tests/test_chinese.py")
OSS2 = {
    "package": "oss2", "version": "2.19.1", "total": 555, "least": 440,
    "checksum": "a8ab9ee7eb99e88a7e1382edc6ea641d219d585a7e074e3776e9dec9473e59c1",
    "requirements": ("pytest==9.2.0", "pytest-timeout==2.4.0", "mock", "aliyun-python-sdk-sts"),
}
FILES = {"buckets": (("OSS_TEST_BUCKET_NAME", "private"), ("OSS_TEST_ANONYMOUS_BUCKET_NAME", "public-read-write"))}

SUITES = (
    Suite("oss2-v1", **OSS2, settings={"OSS_TEST_AUTH_VERSION": "v1"}, smoke=OSS2_SMOKE),
    Suite("oss2-v4", **OSS2, settings={"OSS_TEST_AUTH_VERSION": "v4"}, smoke=OSS2_SMOKE),
    Suite(
        "aiooss2", "aiooss2", "0.2.11", "6409e0f7ab66bed364a1c9639b657437175534de160f330d0103a445a2e89a59", 48, 40, **FILES,
        requirements=("aiohttp<3.10", "pytest<9", "pytest-asyncio<1", "pytest-timeout==2.4.0", "pytest-mock", "requests")),
    Suite(
        "ossfs", "ossfs", "2025.5.0", "722e7044fbcd84cc992e5cd6821d5f19bed334216c140d6e46ffb21979d49ce0", 165, 130, **FILES,
        requirements=(
            "aiohttp<3.10", "pytest<8", "pytest-timeout==2.4.0", "pytest-mock>=3.8.2,<4", "requests",
            "pytest-benchmark>=4,<6", "aliyun-python-sdk-sts==3.1.2")),
)


@dataclass(frozen=True)
class Outcome:
    """How one test ended."""

    name: str
    result: str
    message: str = ""


def say(*words: object) -> None:
    print(*words, flush=True)


def prepare(suite: Suite) -> tuple[Path, Path]:
    """Fetches a suite and makes its Python environment; returns its folder and its Python."""
    folder, python = WORK / f"{suite.package}-{suite.version}", WORK / f"venv-{suite.package}" / "bin" / "python"
    WORK.mkdir(parents=True, exist_ok=True)
    archive = WORK / suite.archive
    if not archive.exists():
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(WORK),
             f"{suite.package}=={suite.version}"], check=True)
    found = sha256(archive.read_bytes()).hexdigest()
    if found != suite.checksum:
        raise SystemExit(f"{suite.archive} has the checksum {found}, not {suite.checksum}")
    if not folder.exists():
        with tarfile.open(archive) as members:
            members.extractall(WORK, filter="data")
    stamp, wanted = python.parent / "made-for", "\n".join((suite.package, suite.version, *suite.requirements))
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(python.parents[1], with_pip=True, clear=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             f"{suite.package}=={suite.version}", *suite.requirements], check=True)
        stamp.write_text(wanted)
    return folder, python


def environment(suite: Suite, server: Gateway) -> dict[str, str]:
    """What a suite is told by its environment."""
    key, stranger = server.credentials, other_key(server)
    told = {
        "PYTHONPATH": str(HERE), "OSS_TEST_UID": OWNER,
        "OSS_TEST_STS_ID": key.access_key_id, "OSS_TEST_STS_KEY": key.secret,
        "OSS_TEST_STS_ARN": f"acs:ram::{OWNER}:role/suite",
        "OSS_TEST_RAM_UID": OWNER, "OSS_TEST_RAM_ROLE_ARN": f"acs:ram::{OWNER}:role/inventory",
        "OSS_TEST_PAYER_UID": STRANGER, "OSS_TEST_PAYER_ACCESS_KEY_ID": stranger.access_key_id,
        "OSS_TEST_PAYER_ACCESS_KEY_SECRET": stranger.secret,
        "OSS_TEST_ACCESS_KEY_ID": key.access_key_id, "OSS_TEST_ACCESS_KEY_SECRET": key.secret,
        "OSS_TEST_ENDPOINT": server.oss, "OSS_TEST_REGION": key.region,
        "OSS_ACCESS_KEY_ID": key.access_key_id, "OSS_SECRET_ACCESS_KEY": key.secret, "OSS_ENDPOINT": server.oss,
    }
    for name, acl in suite.buckets:
        bucket = f"suite-{name.lower().replace('_', '-')}"[:63].strip("-")
        answer = exchange(server.oss, sign_v4_header(
            Request("PUT", bucket, headers=(("x-oss-acl", acl),)), key))
        assert answer.status == 200, answer
        # An empty bucket is none to ossfs; the authors' own were not.
        assert exchange(server.oss, sign_v4_header(Request("PUT", bucket, "kept", body=b"kept"), key)).status == 200
        told[name] = bucket
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return kept | told | suite.settings


def other_key(server: Gateway) -> Credentials:
    """An access key of another account, whose is a bucket that a suite expects to be somebody else's."""
    made = run_command("keys", "create", "--data", str(server.data), "--account", STRANGER)
    assert made.returncode == 0, made.stderr
    name, secret_file = made.stdout.strip().split("\t")
    stranger = Credentials(name, Path(secret_file).read_text(encoding="utf-8").splitlines()[0])
    give_up = time.monotonic() + 10
    while exchange(server.oss, sign_v4_header(Request("PUT", "non-exist-bucket"), stranger)).status != 200:
        assert time.monotonic() < give_up, "the server does not follow its keys"
        time.sleep(0.2)
    return stranger


def run(suite: Suite, smoke: bool, chosen: list[str]) -> list[Outcome]:
    """Runs a suite on a server of its own and returns how each test ended."""
    folder, python = prepare(suite)
    report = WORK / f"{suite.name}.xml"
    report.unlink(missing_ok=True)
    server = Gateway(WORK / f"server-{suite.name}-{os.getpid()}", "--store", "memory", "--store-memory-mib", "4096",
                     "--oss-domain", ",".join(DOMAINS))
    server.start()
    try:
        targets = chosen or (list(suite.smoke) if smoke else [suite.tests])
        with open(WORK / f"{suite.name}.log", "w", encoding="utf-8") as log:
            subprocess.run(
                [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "surroundings", f"--timeout={TEST_LIMIT_SECONDS}",
                 f"--junitxml={report}", "-o", "junit_logging=no", "--show-capture=no", "--tb=native", *targets],
                cwd=folder, env=environment(suite, server), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, check=False)
        if not server.is_running:
            raise SystemExit(f"{suite.name}: the server ended during the suite")
    finally:
        server.kill()
        shutil.rmtree(server.folder, ignore_errors=True)
    return list(outcomes(report))


def outcomes(report: Path) -> Iterator[Outcome]:
    """Reads pytest's report; a test that fails and whose teardown fails too stands in it twice, and counts once."""
    seen: dict[str, Outcome] = {}
    for outcome in _entries(report):
        if outcome.name not in seen or seen[outcome.name].result == "passed":
            seen[outcome.name] = outcome
    yield from seen.values()


def _entries(report: Path) -> Iterator[Outcome]:
    """Reads what the report has, one by one."""
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        for kind in ("failure", "error", "skipped"):
            found = case.find(kind)
            if found is not None:
                yield Outcome(name, kind, (found.get("message") or "").split("\n")[0][:200])
                break
        else:
            yield Outcome(name, "passed")


def judge(suite: Suite, found: list[Outcome], is_whole: bool) -> bool:
    """Says what is not as it is listed; returns whether all is."""
    known = misses_of(suite.name)
    passed = {outcome.name for outcome in found if outcome.result == "passed"}
    missed = {outcome.name: outcome for outcome in found if outcome.result != "passed"}
    new = sorted(name for name in missed if name not in known and not is_sometimes(suite.name, name))
    healed = sorted(name for name in known if name in passed and not is_sometimes(suite.name, name))
    for name in new:
        say(f"FAIL {suite.name} {name}: {missed[name].result}: {missed[name].message}")
    for name in healed:
        say(f"FAIL {suite.name} {name}: passes, and is listed as a miss")
    good = not new and not healed
    if is_whole and (len(passed) < suite.least or len(found) != suite.total):
        say(f"FAIL {suite.name}: {len(passed)} of {len(found)} passed; at least {suite.least} of {suite.total} should")
        good = False
    if good:
        say(f"PASS {suite.name}: {len(passed)} of {len(found)}, {len(missed)} listed misses")
    return good


def record(suite: Suite, found: list[Outcome]) -> None:
    """Writes down what was missed; the reasons stand in a file of their own."""
    missed = sorted({outcome.name for outcome in found if outcome.result != "passed"})
    passed = sum(outcome.result == "passed" for outcome in found)
    (MISSES / f"{suite.name}.txt").write_text(
        f"# {passed} of {len(found)} pass\n" + "".join(f"{name}\n" for name in missed), encoding="utf-8")
    for outcome in found:
        if outcome.result != "passed" and reason_of(suite.name, outcome.name) is None:
            say(f"without a reason: {suite.name} {outcome.name}: {outcome.message}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", metavar="NAME[:TEST]", help=", ".join(suite.name for suite in SUITES))
    parser.add_argument("--smoke", action="store_true", help="only the part that `make test` runs")
    parser.add_argument("--record", action="store_true", help="write the misses down")
    parser.add_argument("--fetch", action="store_true", help="only fetch what is needed")
    parser.add_argument("--document", action="store_true", help="write docs/CONFORMANCE.md")
    parser.add_argument("--check", action="store_true", help="check reasons and document")
    arguments = parser.parse_args()
    if arguments.document:
        write(SUITES)
    if arguments.document or arguments.check:
        found_faults = faults(SUITES)
        for fault in found_faults:
            say(f"FAIL {fault}")
        return 1 if found_faults else 0
    if arguments.fetch:
        for suite in SUITES:
            prepare(suite)
        return 0
    chosen: dict[str, list[str]] = {}
    for word in arguments.suites:
        name, _, test = word.partition(":")
        if name not in {suite.name for suite in SUITES}:
            parser.error(f"no such suite: {name}")
        chosen.setdefault(name, []).extend([test] if test else [])
    good = True
    for suite in SUITES:
        if (chosen and suite.name not in chosen) or (arguments.smoke and not suite.smoke):
            continue
        tests = chosen.get(suite.name, [])
        began = time.monotonic()
        found = run(suite, arguments.smoke, tests)
        is_whole = not tests and not arguments.smoke
        if arguments.record and not tests and not arguments.smoke:
            record(suite, found)
        good = judge(suite, found, is_whole) and good
        say(f"{suite.name}: {time.monotonic() - began:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
