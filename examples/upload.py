#!/usr/bin/env python3
"""Submits files to a workspace and reads them back, with nothing but `requests`.

    python3 examples/upload.py main.py notes.ipynb
    python3 examples/upload.py --base http://127.0.0.1:10723 --chapter ch0 main.py

It does what the desktop's submit button does: ask for an upload link, PUT the bytes straight to the object
store, confirm. The link is for one file of one size and one type, and good for five minutes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import requests

TIMEOUT_SECONDS = 60


def checked(answer: requests.Response) -> requests.Response:
    """The answer, or the end of the program with what the server said."""
    if not answer.ok:
        sys.exit(f"{answer.request.method} {answer.url.partition('?')[0]} -> {answer.status_code}: {answer.text}")
    return answer


def log_in(http: requests.Session, base: str, email: str, password: str) -> None:
    """Takes an access token for all further requests."""
    answer = checked(http.post(
        f"{base}/v1/auth/login", json={"email": email, "password": password}, timeout=TIMEOUT_SECONDS))
    http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def submit(http: requests.Session, base: str, chapter: str, path: Path) -> dict:
    """Uploads one file; returns the quota after it."""
    content = path.read_bytes()
    file = {"chapter_id": chapter, "filename": path.name, "file_size_bytes": len(content)}

    grant = checked(http.post(
        f"{base}/v1/storage/workspace/upload-url", json=file, timeout=TIMEOUT_SECONDS)).json()

    # Straight to the store: the link is the permission, our token is none of the store's business.
    checked(requests.put(
        grant["presigned_url"], data=content, headers=grant["required_headers"], timeout=TIMEOUT_SECONDS))

    return checked(http.post(
        f"{base}/v1/storage/workspace/confirm", json=file | {"oss_key": grant["oss_key"]},
        timeout=TIMEOUT_SECONDS)).json()


def main() -> None:
    arguments = argparse.ArgumentParser(description="Submit files to a workspace and read them back.")
    arguments.add_argument("files", nargs="+", type=Path)
    arguments.add_argument("--base", default="http://127.0.0.1:10723", help="the session API")
    arguments.add_argument("--chapter", default="ch0_pandas_basics")
    arguments.add_argument("--email", default="student@example.com", help="default: the demo account")
    arguments.add_argument("--password", default="StrongPass123")
    given = arguments.parse_args()

    with requests.Session() as http:
        log_in(http, given.base, given.email, given.password)
        for path in given.files:
            quota = submit(http, given.base, given.chapter, path)
            print(f"submitted {path.name}: {quota['quota_used_bytes']:,} of {quota['quota_limit_bytes']:,} bytes used")

        files = checked(http.get(f"{given.base}/v1/storage/workspace/files", timeout=TIMEOUT_SECONDS)).json()["files"]
        for path in given.files:
            wanted = (given.chapter, path.name)
            listed = next(file for file in files if (file["chapter_id"], file["filename"]) == wanted)
            content = checked(requests.get(listed["download_url"], timeout=TIMEOUT_SECONDS)).content
            if content != path.read_bytes():
                sys.exit(f"{path.name} came back changed")
            print(f"read back {path.name}: the same {len(content):,} bytes")


if __name__ == "__main__":
    main()
