"""How fast the gateway grants uploads, and how long a confirm takes that looks at the object."""

from __future__ import annotations

import statistics
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kit.gateway import Gateway
from kit.session import SessionClient, plan_token, upload

import load

SECRET = "a-bench-secret-of-more-than-32-bytes-0123456789"
# Below the most unfinished uploads of one user.
FILES_PER_USER = 50


def rows(folder: Path, seconds: float) -> list[dict]:
    """Both rows, by a server of their own."""
    server = Gateway(
        folder / "uploads", "--log-level", "warning", demo=True, environment={"JWT_SECRET": SECRET}).start()
    try:
        return [asked(server, folder, seconds), confirmed(server)]
    finally:
        server.kill()


def asked(server: Gateway, folder: Path, seconds: float, connections: int = 64) -> dict:
    """Upload URLs that are granted, each a durable reservation."""
    name = f"upload-url, {connections} connections, wrk"
    if not load.has_wrk():
        return {"what": name, "figure": 0, "unit": "", "note": "not run: there is no wrk"}
    users = max(100, int(12_000 * seconds) // FILES_PER_USER)
    tokens = [plan_token(SECRET, str(uuid.uuid4())) for _ in range(users)]
    path = folder / "tokens"
    path.write_text("\n".join(tokens) + "\n")

    def first(part: list[str]) -> None:
        client = SessionClient(server.api)
        for client.token in part:
            assert client.get("/v1/storage/workspace/quota").status_code == 200

    with ThreadPoolExecutor(8) as pool:
        # The first request of a user makes its row.
        list(pool.map(first, [tokens[start::8] for start in range(8)]))
    rate = load.wrk(
        server.api, connections, seconds, "-s", str(load.HERE / "ask.lua"),
        environment={"TOKENS": str(path), "FILES": str(FILES_PER_USER)})
    note = f"{users} users, p99 {rate.slowest}, {rate.refused} refused"
    return {"what": name, "figure": rate.per_second, "unit": "URLs/s", "note": note}


def confirmed(server: Gateway, users: int = 8, files: int = 60, clients: int = 4) -> dict:
    """Confirms of objects that are there, with the HEAD that each makes; the slowest of a hundred."""
    work = []
    for _ in range(users):
        user = SessionClient(server.api, plan_token(SECRET, str(uuid.uuid4())))
        for number in range(files):
            name = f"{number}.py"
            granted = user.post("/v1/storage/workspace/upload-url", {
                "chapter_id": "bench", "filename": name, "file_size_bytes": 5}).json()
            assert upload(granted["presigned_url"], b"bytes", {"Content-Type": "text/plain"}).status_code == 200
            work.append((user.token, granted["oss_key"], name))

    def confirm(part: list) -> list[float]:
        client, took = SessionClient(server.api), []
        for token, key, name in part:
            client.token = token
            began = time.perf_counter()
            answer = client.post("/v1/storage/workspace/confirm", {
                "oss_key": key, "filename": name, "chapter_id": "bench", "file_size_bytes": 5})
            took.append((time.perf_counter() - began) * 1_000)
            assert answer.status_code == 201, answer.text
        return took

    with ThreadPoolExecutor(clients) as pool:
        took = sorted(sum(pool.map(confirm, [work[start::clients] for start in range(clients)]), []))
    note = f"{len(took)} confirms, {clients} clients in Python, median {statistics.median(took):.1f} ms"
    return {"what": "confirm with HEAD, p99", "figure": took[len(took) * 99 // 100], "unit": "ms", "note": note}
