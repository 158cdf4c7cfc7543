"""Random requests of the plan's shape: the server and a model of the plan's backend answer alike."""

from __future__ import annotations

import json
import os
import random
import re
import uuid
from collections import Counter
from urllib.parse import quote

from kit.plan_model import PlanModel
from kit.session import SessionClient, plan_token

REQUESTS = int(os.environ.get("PLAN_REQUESTS", "2500"))
# Fewer than a user may send at once.
REQUESTS_OF_A_WORLD = 200
SECRET = "a-secret-of-the-plan-s-own-backend-0123456789"
TEXTS = ["", "hello", "章 1", "é", "e\u0301", "a\r\nb", "\0", "x" * 3_000, "\"\\/", "\u2028", "😀"]
INDEXES = [0, 1, 2, 3, 5, 2**31 - 1, "7", "+3", " 4 ", 8.0, 1e3, True, False]
BAD_INDEXES = [-1, 2**31, 8.5, "x", "", None, [], {}, "1.5", 10**30]
OBJECTS = [{}, {"a": 1}, {"a": 1.0, "b": [1, {"c": None}]}, {"z": 1e300, "é": "\0"}, {"big": 12345678901234567890123}]
NO_OBJECTS = [None, [], [1], "x", 5, True]
NO_TEXTS = [None, 5, 1.5, True, [], {}]
BROKEN = [
    b"", b"null", b"{", b"{\"course_id\":", b"[1", b"{\"a\" 1}", b"nul", b"{\"a\":01}", b"'x'", b"[]", b"5", b"\"x\"",
    b"{\"a\":1}x", b"{\"turn_outcome\":{\"a\":NaN}}", b"{,}", b"{\"a\":1,}",
]
# Pairs of escapes that only a scanner of its own gets through: a lone surrogate, a key twice, numbers in odd shapes.
RAW_OBJECTS = [b'{"u":"\\ud800"}', b'{"a":1,"a":2}', b'{"n":1E+2,"m":-0,"k":0.10}', b'{"p":"\\ud83d\\ude00"}']


def told_in_full(found, wanted):
    """What an answer tells of a value; decided: of one of over 2 KiB only how long it is."""
    is_cut = isinstance(found, str) and re.fullmatch(r"\(\d+ bytes\)", found) and len(json.dumps(wanted)) > 2_048
    return wanted if is_cut else found


class World:
    """Two users, a stranger without a token, and the model of what they have done."""

    def __init__(self, endpoint: str, numbers: random.Random, seen: Counter):
        self.numbers = numbers
        self.seen = seen
        self.model = PlanModel()
        self.callers = {user: SessionClient(endpoint, plan_token(SECRET, user)) for user in (str(uuid.uuid4()), str(uuid.uuid4()))}
        self.stranger = SessionClient(endpoint)

    def step(self) -> None:
        """Sends one request and compares its answer."""
        user = self.numbers.choice([*self.callers] * 6 + [None])
        method, path, body = self.request()
        content_type = self.numbers.choice(["application/json"] * 15 + ["text/plain"])
        target = "/v1/" + "/".join(quote(part, safe="") for part in path)
        headers = {"Content-Type": content_type} if body is not None else {}
        found = self.callers.get(user, self.stranger).call(method, target, data=body, headers=headers)
        status, wanted = self.model.answer(user, method, path, body or b"", content_type)
        told = f"{method} {target} {content_type} {body!r}\n{found.status_code} {found.text}\nmodel: {status} {wanted}"[:4_000]
        assert found.status_code == status, told
        self.seen[path[2], status, found.text.startswith('{"has_data":true')] += 1
        if path[2] == "sessions" and status == 201:
            self.model.created(found.json()["session_id"], user, path[1])
            assert set(found.json()) == {"session_id", "created_at"}, told
        elif wanted is not None:
            answer = found.json()
            for turn in answer.get("turns", []):
                assert turn.pop("created_at"), told
            if status == 422:
                # Ours says it in the backend's other shape as well.
                assert answer.pop("error")["code"] == "VALIDATION_ERROR", told
                answer = {"detail": [
                    given | {"input": told_in_full(given["input"], expected["input"])}
                    for given, expected in zip(answer["detail"], wanted["detail"], strict=True)]}
            assert answer == wanted, told

    def request(self) -> tuple[str, list[str], bytes | None]:
        """A request, mostly a good one."""
        choose, chance = self.numbers.choice, self.numbers.random
        chapter = choose(["c1", "章 1", "e\u0301", "%41"])
        kind = choose(["sessions", "turns", "turns", "turns", "memory", "report", "session-state", "session-state"])
        if kind == "session-state":
            return "GET", ["chapters", chapter, kind], None
        fields: dict = {"extra": 1} if chance() < 0.1 else {}
        if kind == "sessions":
            fields["course_id"] = choose([None, None, "course", "", *NO_TEXTS])
            return "POST", ["chapters", chapter, kind], self.body(fields)
        session = choose([*self.model.sessions, "nope", "no such id"])
        fields["chapter_id"] = choose([chapter] * 8 + NO_TEXTS[:2])
        if kind == "turns":
            fields |= {
                "turn_index": choose(INDEXES * 3 + BAD_INDEXES), "user_message": choose(TEXTS * 3 + NO_TEXTS),
                "companion_response": choose(TEXTS * 3 + NO_TEXTS), "turn_outcome": choose(OBJECTS * 5 + NO_OBJECTS),
            }
        elif kind == "memory":
            fields["memory_json"] = choose(OBJECTS * 4 + NO_OBJECTS)
        else:
            fields["report_md"] = choose(TEXTS * 3 + NO_TEXTS)
        for name in [*fields]:
            if chance() < 0.03:
                del fields[name]
        return "POST" if kind == "turns" else "PUT", ["sessions", session, kind], self.body(fields)

    def body(self, fields: dict) -> bytes:
        """The bytes of a body, now and then ones that nobody's library writes."""
        chance = self.numbers.random()
        if chance < 0.06:
            return self.numbers.choice(BROKEN)
        text = json.dumps(fields, ensure_ascii=chance < 0.5).encode()
        if chance > 0.9:
            text = text.replace(b'{"a": 1}', self.numbers.choice(RAW_OBJECTS))
        return text


def test_random_requests_are_answered_as_by_the_plan_s_backend(new_gateway, random_numbers):
    server = new_gateway(environment={"JWT_SECRET": SECRET}).start()
    seen: Counter = Counter()
    for _ in range(REQUESTS // REQUESTS_OF_A_WORLD):
        world = World(server.api, random_numbers, seen)
        for _ in range(REQUESTS_OF_A_WORLD):
            world.step()
    changes = [(kind, status, False) for kind in ("turns", "memory", "report") for status in (401, 403, 404, 422)]
    reached = [("sessions", 201, False), ("turns", 201, False), ("memory", 200, False), ("report", 200, False),
               ("session-state", 200, True), ("session-state", 200, False), *changes]
    assert all(seen[outcome] >= REQUESTS / 500 for outcome in reached), seen
