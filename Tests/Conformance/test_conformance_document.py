"""docs/CONFORMANCE.md, and the reasons for what published suites miss."""

from __future__ import annotations

import subprocess
import sys

from kit.gateway import ROOT


def test_each_miss_has_a_reason_and_the_document_is_up_to_date():
    told = subprocess.run(
        [sys.executable, str(ROOT / "Tests" / "Suites" / "suites.py"), "--check"], capture_output=True, text=True,
        timeout=60, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
