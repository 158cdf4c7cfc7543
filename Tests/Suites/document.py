"""The list of what the published suites miss, the reasons, and the document that tells both."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MISSES = HERE / "misses"
DOCUMENT = ROOT / "docs" / "CONFORMANCE.md"
SOMETIMES = "Sometimes: "

sys.path.insert(0, str(ROOT / "Tests" / "Conformance"))

from kit.oss_v2_table import OPERATIONS  # noqa: E402  (the path above makes it visible)

INTRODUCTION = """# Conformance

What official clients of OSS find here, when their authors' own test suites run against the built program. The suites come
from the package index as they were published, and are not changed. `make test-full` runs all of them, `make test` a part.
This file is made by `Tests/Suites/suites.py --document` from `Tests/Suites/misses`, and a test fails if it is not up to date.

Around the store, `Tests/Suites/surroundings.py` leads the names of Alibaba Cloud's hosts to this machine, and stands in for
the key management service, which is another service: OSS's part in client-side encryption is to keep the objects. The tests
get a second account with an access key, which is also the owner of the bucket that suites take for somebody else's.
"""


@cache
def rules() -> list[tuple[str, str]]:
    """Patterns of `SUITE TEST` with their reasons, the first that matches first."""
    lines = (line.strip() for line in (MISSES / "reasons.txt").read_text(encoding="utf-8").splitlines())
    pairs = (line.split("|", 1) for line in lines if line and not line.startswith("#"))
    return [(pattern.strip(), reason.strip()) for pattern, reason in pairs]


def reason_of(suite: str, name: str) -> str | None:
    """Why a test misses; nil if nobody has said."""
    # Square brackets stand in the names of parametrised tests, and are not meant as classes of characters.
    return next(
        (reason for pattern, reason in rules() if fnmatchcase(f"{suite} {name}", pattern.replace("[", "[[]"))), None)


def is_sometimes(suite: str, name: str) -> bool:
    """Whether a test may miss or pass, as its reason says."""
    return (reason_of(suite, name) or "").startswith(SOMETIMES)


def misses_of(suite: str) -> list[str]:
    """The listed misses of a suite."""
    path = MISSES / f"{suite}.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def count_of(suite: str) -> str:
    """The count at the head of a suite's list, such as `40 of 48`."""
    first = (MISSES / f"{suite}.txt").read_text(encoding="utf-8").splitlines()[0]
    return first.removeprefix("# ").removesuffix(" pass")


def text(suites) -> str:
    """The document."""
    parts = [INTRODUCTION, "\n## Published suites\n\n| suite | signature | version | pass | at least |\n|---|---|---|---|---|\n"]
    for suite in suites:
        signature = suite.settings.get("OSS_TEST_AUTH_VERSION", "v1").upper()
        parts.append(f"| {suite.package} | {signature} | {suite.version} | {count_of(suite.name)} | {suite.least} |\n")
    parts.append("\nA server that answers 200 with an empty body to everything passes 149 of oss2's.\n")
    for suite in suites:
        parts.append(f"\n## Misses of {suite.name}\n\n")
        grouped: dict[str, list[str]] = {}
        for name in misses_of(suite.name):
            grouped.setdefault(reason_of(suite.name, name) or "No reason is given.", []).append(name)
        for reason, names in sorted(grouped.items(), key=lambda item: (-len(item[1]), item[0])):
            parts.append(f"{reason}\n\n" + "".join(f"- `{shown(name)}`\n" for name in names) + "\n")
    parts.append(operations_text())
    return "".join(parts).rstrip("\n") + "\n"


def shown(name: str) -> str:
    return name.removeprefix("tests.").replace("`", "'")


def operations_text() -> str:
    """The table of the Python client of the second generation."""
    lines = "".join(f"| `{name}` | {verdict} |\n" for name, verdict in sorted(OPERATIONS.items()))
    passing = sum(verdict == "passes" for verdict in OPERATIONS.values())
    return (
        "\n## Operations of alibabacloud-oss-v2\n\n"
        "Every public method of the client is called by `Tests/Conformance/test_oss_v2_operations.py`: "
        f"{passing} of {len(OPERATIONS)} pass,\nthe others are refused with the code that stands here.\n\n"
        f"| method | |\n|---|---|\n{lines}")


def write(suites) -> None:
    """Writes the document anew."""
    DOCUMENT.write_text(text(suites), encoding="utf-8")


def faults(suites) -> list[str]:
    """What is not as it should be: a miss without a reason, a reason without a miss, a document that is out of date."""
    found = []
    every = [(suite.name, name) for suite in suites for name in misses_of(suite.name)]
    found += [f"{suite} {name}: has no reason" for suite, name in every if reason_of(suite, name) is None]
    for pattern, reason in rules():
        used = any(fnmatchcase(f"{suite} {name}", pattern.replace("[", "[[]")) for suite, name in every)
        if not used and not reason.startswith(SOMETIMES):
            found.append(f"misses/reasons.txt: nothing misses for {pattern}")
    if not DOCUMENT.exists() or DOCUMENT.read_text(encoding="utf-8") != text(suites):
        found.append("docs/CONFORMANCE.md is out of date; suites.py --document writes it")
    return found
