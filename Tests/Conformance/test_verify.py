"""`storage-gateway verify`: all vectors, near misses, and lines that are none."""

from __future__ import annotations

import copy
import json
import os
import subprocess

import pytest

from kit.gateway import ROOT, binary, clean_environment
from kit.lines import answers

VECTORS = ROOT / "Tests" / "OSSKitTests" / "Vectors" / "signatures.json"
MUTANTS = int(os.environ.get("VERIFY_MUTANTS") or 3000)
EXPIRED = {"open-060"}

CASES = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]


def verify(lines: list[bytes | str | dict]) -> list[dict]:
    """The answers to lines, one for each."""
    return answers("verify", lines)


def changed(case: dict, change) -> dict:
    """A copy of a case with something changed."""
    copied = copy.deepcopy(case)
    change(copied)
    return copied


def test_all_vectors_are_verified():
    for case, answer in zip(CASES, verify(CASES), strict=True):
        assert answer["id"] == case["id"]
        assert answer["scheme"] == case["signature"]
        assert answer["accessKeyId"] == case["credentials"]["accessKeyId"]
        assert answer["stringToSign"] == case["stringToSign"]
        assert answer["canonicalRequest"] == case.get("canonicalRequest")
        assert answer["expiresUnix"] == (case["expires"] or {}).get("unix")
        assert answer["ok"] is (case["id"] not in EXPIRED), answer
        if case["id"] in EXPIRED:
            assert (answer["code"], answer["ec"]) == ("AccessDenied", "0002-00000069")


def test_what_is_bound_is_said():
    for case, answer in zip(CASES, verify(CASES), strict=True):
        if case["signature"].endswith("-post"):
            assert "policy" in answer["bound"]
            continue
        assert "method" in answer["bound"]
        assert ("bucket" in answer["bound"]) is (case["bucket"] is not None)
        assert ("key" in answer["bound"]) is bool(case["key"])
        for name in case.get("additionalHeaders") or []:
            assert f"header:{name}" in answer["bound"]
        whole = case["signature"].startswith(("v2", "v4", "aws4"))
        assert ("query" in answer["bound"]) is whole


def test_a_list_of_credentials_is_searched():
    keys = list({case["credentials"]["accessKeyId"]: case["credentials"] for case in CASES}.values())
    lines = [case | {"credentials": keys} for case in CASES if case["id"] not in EXPIRED]
    assert all(answer["ok"] for answer in verify(lines))


@pytest.mark.parametrize("what, change, codes", [
    ("an unknown key", lambda c: c.update(credentials=[]), {"InvalidAccessKeyId"}),
    ("another secret", lambda c: c["credentials"].update(accessKeySecret="x"), {"SignatureDoesNotMatch"}),
    ("a token that the key has not", lambda c: c["credentials"].update(securityToken="x"),
     {"InvalidAccessKeyId", "AccessKeyIdAndSecurityTokenNotMatch"}),
    ("a clock of another day", lambda c: c["time"].update(unix=c["time"]["unix"] - 86_401),
     {"RequestTimeTooSkewed", "AccessDenied"}),
    ("a clock of another century", lambda c: c["time"].update(unix=99_999_999_999),
     {"RequestTimeTooSkewed", "AccessDenied"}),
])
def test_near_misses_are_refused_with_what_was_signed(what, change, codes):
    # An older URL and a form have no beginning.
    endless = {"v1-url", "v2-url", "aws2-url", "v1-post"} if what == "a clock of another day" else set()
    cases = [case for case in CASES if case["id"] not in EXPIRED and case["signature"] not in endless]
    answers = verify([changed(case, change) for case in cases])
    for case, answer in zip(cases, answers, strict=True):
        assert answer["ok"] is False, (what, case["id"])
        assert answer["code"] in codes, (what, case["id"], answer)
        assert answer["stringToSign"] == case["stringToSign"]


def test_another_region_is_refused_where_the_scheme_has_one():
    cases = [case for case in CASES if case["signature"].startswith("v4")]
    for answer in verify([case | {"region": "moon-1"} for case in cases]):
        assert (answer["ok"], answer["code"]) == (False, "InvalidArgument")


def test_one_changed_byte_is_refused(random_numbers):
    cases = [case for case in CASES if "wire" in case and case["id"] not in EXPIRED]
    mutants = []
    while len(mutants) < MUTANTS:
        case = random_numbers.choice(cases)
        target = case["wire"]["target"].encode()
        path, _, query = target.partition(b"?")
        position = random_numbers.randrange(len(path))
        byte = random_numbers.randrange(0x21, 0x7F)
        # A digit of an escape in the other case says the same.
        if chr(byte).lower() == chr(target[position]).lower():
            continue
        mutant = path[:position] + bytes([byte]) + path[position + 1:] + (b"?" + query if query else b"")
        mutants.append(changed(case, lambda c, m=mutant: c["wire"].update(target=m.decode())))
    accepted = [mutant["id"] for mutant, answer in zip(mutants, verify(mutants), strict=True) if answer["ok"]]
    assert accepted == []


@pytest.mark.parametrize("line", [
    "", " ", "{", "[]", "1", "null", '"x"', "{}", '{"id": "a"}', '{"wire": 1}', '{"wire": {"headers": {}}}',
    '{"wire": {"method": "GET", "target": "/", "headers": [["a"]]}}', b"\xff\xfe", b"\x00", "[" * 100_000,
    '{"id": "a", "wire": {"method": "\\u0000"}}', '{"id": "a", "time": {"unix": 1e99}}',
])
def test_a_line_that_cannot_be_read_spoils_no_other(line):
    good = CASES[0]
    first, second, third = verify([good, line, good])
    assert first["ok"] and third["ok"]
    assert second["ok"] is False
    assert second["code"] == "UnreadableLine"
    assert second["id"] in (None, "a")


@pytest.mark.parametrize("unix", ["1e3", "99999999999999999999", '"1"', "null", "1.5", "true"])
def test_a_time_that_is_no_whole_number_is_an_error_of_its_line(unix):
    line = json.dumps(CASES[0] | {"time": {"unix": 0}}).replace('"unix": 0', f'"unix": {unix}')
    assert verify([line])[0]["code"] == "UnreadableLine"


def test_a_line_that_is_too_long_spoils_no_other():
    long = json.dumps(CASES[0] | {"ignored": "x" * 5_000_000})
    answers = verify([CASES[0], long, CASES[0]])
    assert [answer["ok"] for answer in answers] == [True, False, True]
    assert answers[1]["id"] is None


def test_every_line_is_answered_before_the_next_is_sent():
    with subprocess.Popen(
            [str(binary()), "verify"], env=clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as running:
        for case in CASES[:20]:
            running.stdin.write(json.dumps(case).encode() + b"\n")
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["id"] == case["id"]
        running.stdin.close()
        assert running.wait(timeout=10) == 0


def test_nothing_in_is_nothing_out():
    ended = subprocess.run(
        [str(binary()), "verify"], env=clean_environment(), input=b"", capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, b"")


def test_no_secret_is_told():
    answers = verify([changed(case, lambda c: c["wire"].update(method="X")) for case in CASES if "wire" in case])
    said = json.dumps(answers)
    for case in CASES:
        assert case["credentials"]["accessKeySecret"] not in said
