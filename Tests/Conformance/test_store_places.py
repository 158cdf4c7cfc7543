"""Where the built-in store keeps its objects, and what it does when there is no room."""

from __future__ import annotations

import os
import time

from kit.signing import Request, sign_v4_header
from kit.wire import exchange

MIB = 1024 * 1024


def call(server, method: str, key: str, body: bytes = b""):
    """Makes a signed call for an object."""
    return exchange(server.oss, sign_v4_header(Request(method, server.bucket, key, body=body), server.credentials))


class TestMemory:
    def test_objects_live_as_long_as_the_server(self, new_gateway):
        server = new_gateway("--store", "memory").start()
        for key, size in (("small", 5), ("large", 3 * MIB)):
            body = os.urandom(size)
            assert call(server, "PUT", key, body).status == 200
            assert call(server, "GET", key).body == body
        assert not (server.data / "objects").exists()
        assert "memory" in server.log
        assert server.stop() == 0
        server.start()
        assert call(server, "GET", "small").status == 404
        assert server.stop() == 0

    def test_a_write_over_the_limit_is_refused_and_nothing_is_lost(self, new_gateway):
        server = new_gateway("--store", "memory", "--store-memory-mib", "24").start()
        body = os.urandom(2 * MIB)
        stored = []
        for number in range(16):
            answer = call(server, "PUT", f"object-{number}", body)
            if answer.status != 200:
                break
            stored.append(f"object-{number}")
        assert answer.status == 503 and b"ServiceUnavailable" in answer.body
        assert len(stored) >= 6
        for key in stored:
            assert call(server, "GET", key).body == body
        for key in stored[:3]:
            assert call(server, "DELETE", key).status == 204
        # The room of what was deleted is given back beside the answers, within 5 s.
        deadline = time.monotonic() + 5
        while (answer := call(server, "PUT", "again", body)).status == 503 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert answer.status == 200
        assert server.stop() == 0


class TestFloor:
    def test_below_the_floor_writes_are_refused_and_the_rest_goes_on(self, new_gateway):
        server = new_gateway("--free-space-floor-mib", "0").start()
        for key in ("kept", "deleted"):
            assert call(server, "PUT", key, b"bytes").status == 200
        assert server.stop() == 0
        full = new_gateway("--free-space-floor-mib", "1048576").start()
        answer = call(full, "PUT", "new", b"bytes")
        assert answer.status == 503 and b"ServiceUnavailable" in answer.body
        assert call(full, "GET", "kept").body == b"bytes"
        assert call(full, "DELETE", "deleted").status == 204
        assert call(full, "GET", "deleted").status == 404
        assert full.stop() == 0


class TestQuota:
    def test_what_does_not_fit_is_refused_and_deletes_make_room(self, new_gateway):
        server = new_gateway("--store-quota-mib", "1").start()
        body = os.urandom(MIB - 1_000)
        assert call(server, "PUT", "large", body).status == 200
        for size in (1_001, 40_000, 3 * MIB):
            answer = call(server, "PUT", "more", os.urandom(size))
            assert answer.status == 403 and b"<Code>QuotaExceeded</Code>" in answer.body
        assert call(server, "PUT", "rest", os.urandom(1_000)).status == 200
        assert call(server, "PUT", "rest", os.urandom(1_000)).status == 200
        assert call(server, "PUT", "empty").status == 200
        assert call(server, "GET", "large").body == body
        assert call(server, "DELETE", "large").status == 204
        assert call(server, "PUT", "large", body).status == 200
        assert server.stop() == 0

    def test_the_limit_of_the_last_start_holds_and_what_is_there_stays(self, new_gateway):
        server = new_gateway().start()
        body = os.urandom(2 * MIB)
        assert call(server, "PUT", "large", body).status == 200
        assert server.stop() == 0
        limited = new_gateway("--store-quota-mib", "1").start()
        assert call(limited, "GET", "large").body == body
        assert call(limited, "PUT", "more", b"x").status == 403
        assert limited.stop() == 0
        free = new_gateway().start()
        assert call(free, "PUT", "more", b"x").status == 200
        assert free.stop() == 0
