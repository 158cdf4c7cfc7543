"""The session API over HTTP: the plan's endpoints, answered as its own code answers them."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.gateway import DEMO_EMAIL, DEMO_PASSWORD
from kit.session import SessionClient

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
EMPTY_STATE = {"has_data": False, "session_id": None, "turns": [], "memory": {}, "report_md": None}
ACCEPTED = {"accepted": True}


def problem(code: str, message: str) -> dict:
    """The plan's error envelope."""
    return {"error": {"code": code, "message": message}}


@pytest.fixture
def user(new_user) -> SessionClient:
    """An account with nothing in it."""
    return new_user()


@pytest.fixture
def chapter() -> str:
    """A chapter that no other test uses."""
    return f"ch-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def session(user, chapter) -> str:
    """A session of `user` on `chapter`."""
    answer = user.post(f"/v1/chapters/{chapter}/sessions", {"course_id": None})
    assert answer.status_code == 201, answer.text
    return answer.json()["session_id"]


def turn(chapter: str, index, **changes) -> dict:
    """A turn as the plan's sidecar sends it."""
    return {
        "chapter_id": chapter, "turn_index": index, "user_message": f"question {index}",
        "companion_response": f"answer {index}", "turn_outcome": {"score": index}, **changes,
    }


class TestAccounts:
    def test_health_needs_no_token(self, gateway):
        answer = SessionClient(gateway.api).get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})

    def test_the_demo_account_logs_in_as_the_plan_s_smoke_test_does(self, gateway):
        answer = SessionClient(gateway.api).post("/v1/auth/login", {"email": DEMO_EMAIL, "password": DEMO_PASSWORD})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["user"]["email"] == DEMO_EMAIL
        assert body["access_token"] and body["refresh_token"]
        assert body["access_token_expires_in"] > 0
        assert answer.headers["Cache-Control"] == "no-store"

    def test_an_unknown_account_and_a_wrong_password_answer_alike(self, gateway):
        client = SessionClient(gateway.api)
        wrong = client.post("/v1/auth/login", {"email": DEMO_EMAIL, "password": "Wrong-Passw0rd"})
        unknown = client.post("/v1/auth/login", {"email": "nobody@example.com", "password": "Wrong-Passw0rd"})
        assert wrong.status_code == unknown.status_code == 401
        assert wrong.json() == unknown.json()
        assert wrong.json()["error"]["code"] == "INVALID_CREDENTIALS"

    def test_an_email_is_registered_once(self, gateway):
        email = f"once-{uuid.uuid4().hex[:10]}@example.com"
        SessionClient(gateway.api).register(email)
        for spelling in (email, email.upper()):
            again = SessionClient(gateway.api).post(
                "/v1/auth/register", {"email": spelling, "password": "a-long-Passw0rd"})
            assert (again.status_code, again.json()["error"]["code"]) == (400, "EMAIL_ALREADY_REGISTERED")

    @pytest.mark.parametrize("body", [
        {}, {"email": "a@example.com"}, {"email": "not an address", "password": "a-long-Passw0rd"},
        {"email": "a@example.com", "password": "short"}, {"email": 5, "password": "a-long-Passw0rd"},
        {"email": "a@example.com", "password": "x" * 200}, [], "text",
    ], ids=str)
    def test_a_registration_that_cannot_be_is_refused(self, gateway, body):
        answer = SessionClient(gateway.api).post("/v1/auth/register", body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["error"]["code"] == "VALIDATION_ERROR"

    def test_development_answers_the_email_code(self, gateway):
        answer = SessionClient(gateway.api).post(
            "/v1/auth/request-email-code", {"email": f"{uuid.uuid4().hex[:8]}@example.com", "purpose": "register"})
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {"sent", "expires_in_seconds", "dev_code"}
        assert answer.json()["dev_code"]

    def test_a_refresh_token_gives_a_new_access_token_until_log_out(self, gateway):
        email = f"refresh-{uuid.uuid4().hex[:10]}@example.com"
        client = SessionClient(gateway.api)
        account = client.post("/v1/auth/register", {"email": email, "password": "a-long-Passw0rd"}).json()
        refresh = {"refresh_token": account["refresh_token"]}
        answer = client.post("/v1/auth/refresh", refresh)
        assert answer.status_code == 200, answer.text
        fresh = SessionClient(gateway.api, answer.json()["access_token"])
        assert fresh.get("/v1/me").status_code == 200
        assert client.post("/v1/auth/logout", refresh).json() == {"success": True}
        assert client.post("/v1/auth/logout", refresh).json() == {"success": True}
        dead = client.post("/v1/auth/refresh", refresh)
        assert (dead.status_code, dead.json()["error"]["code"]) == (401, "INVALID_REFRESH_TOKEN")

    def test_me_is_the_owner_of_the_token(self, user):
        answer = user.get("/v1/me")
        assert answer.status_code == 200
        body = answer.json()
        assert body.get("id", body.get("user", {}).get("id")) == user.user_id

    @pytest.mark.parametrize("method, path", [
        ("POST", "/v1/chapters/c/sessions"), ("POST", "/v1/sessions/s/turns"), ("PUT", "/v1/sessions/s/memory"),
        ("PUT", "/v1/sessions/s/report"), ("GET", "/v1/chapters/c/session-state"),
        ("POST", "/v1/storage/workspace/upload-url"), ("POST", "/v1/storage/workspace/confirm"),
        ("GET", "/v1/storage/workspace/files"), ("GET", "/v1/me"),
    ])
    def test_a_token_is_judged_before_the_body(self, gateway, user, method, path):
        missing = SessionClient(gateway.api).call(method, path, data="{")
        assert (missing.status_code, missing.json()) == (401, problem("UNAUTHORIZED", "Missing authorization token"))
        basic = SessionClient(gateway.api).call(method, path, headers={"Authorization": "Basic dTpw"})
        assert (basic.status_code, basic.json()) == (401, problem("UNAUTHORIZED", "Missing authorization token"))
        header, payload, signature = (user.token or "").split(".")
        for token in (
            "x", "a.b.c", (user.token or "")[:-2], f"{header}.{payload}.", f"{header}.{payload}.AAAA{signature}",
            f"eyJhbGciOiJub25lIn0.{payload}.",
        ):
            answer = SessionClient(gateway.api, token).call(method, path)
            assert answer.status_code == 401, answer.text
            assert answer.json()["error"]["code"] in ("INVALID_TOKEN", "UNAUTHORIZED")


class TestSessions:
    @pytest.mark.parametrize("body", [{"course_id": None}, {}, {"course_id": "course", "unknown": 1}])
    def test_a_session_is_made(self, user, chapter, body):
        answer = user.post(f"/v1/chapters/{chapter}/sessions", body)
        assert answer.status_code == 201, answer.text
        assert set(answer.json()) == {"session_id", "created_at"}
        assert re.fullmatch("[0-9a-f]{32}", answer.json()["session_id"])
        assert TIMESTAMP.fullmatch(answer.json()["created_at"])

    def test_a_chapter_may_have_any_name(self, user):
        name = f"章 1 {uuid.uuid4().hex[:6]}"
        made = user.post(f"/v1/chapters/{name}/sessions", {})
        assert made.status_code == 201, made.text
        user.put(f"/v1/sessions/{made.json()['session_id']}/memory", {"chapter_id": name, "memory_json": {"a": 1}})
        assert user.get(f"/v1/chapters/{name}/session-state").json()["session_id"] == made.json()["session_id"]

    @pytest.mark.parametrize("body, kind, loc", [
        (None, "missing", ["body"]), ({"course_id": 5}, "string_type", ["body", "course_id"]),
    ])
    def test_a_body_that_is_not_one_is_refused_in_both_shapes(self, user, chapter, body, kind, loc):
        answer = user.post(f"/v1/chapters/{chapter}/sessions", body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["detail"][0]["type"] == kind
        assert answer.json()["detail"][0]["loc"] == loc
        assert answer.json()["error"]["code"] == "VALIDATION_ERROR"

    @pytest.mark.parametrize("raw", [
        b"{", b'{"course_id":}', b"[1", b"\xff\xfe", b"NaN", b'{"a":' * 100 + b"1" + b"}" * 100])
    def test_broken_json_is_refused(self, user, chapter, raw):
        answer = user.call("POST", f"/v1/chapters/{chapter}/sessions", data=raw,
                           headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, answer.text
        assert answer.json()["error"]["code"] == "VALIDATION_ERROR"

    def test_an_unknown_route_is_not_found(self, user):
        for path in ("/v1/nope", "/", "/v1/chapters//sessions"):
            assert user.get(path).status_code in (404, 405, 422)


class TestTurns:
    def test_a_turn_is_kept_once_however_often_it_is_sent(self, user, chapter, session):
        for _ in range(3):
            answer = user.post(f"/v1/sessions/{session}/turns", turn(chapter, 0))
            assert (answer.status_code, answer.json()) == (201, ACCEPTED)
        state = user.get(f"/v1/chapters/{chapter}/session-state").json()
        assert [entry["turn_index"] for entry in state["turns"]] == [0]

    def test_the_first_of_two_different_turns_stays(self, user, chapter, session):
        user.post(f"/v1/sessions/{session}/turns", turn(chapter, 4))
        other = user.post(f"/v1/sessions/{session}/turns", turn(chapter, 4, user_message="other"))
        assert (other.status_code, other.json()) == (201, ACCEPTED)
        state = user.get(f"/v1/chapters/{chapter}/session-state").json()
        assert [entry["user_message"] for entry in state["turns"]] == ["question 4"]

    def test_the_same_turn_from_eight_senders_at_once_is_no_error(self, user, gateway, chapter, session):
        def send(_):
            return SessionClient(gateway.api, user.token).post(f"/v1/sessions/{session}/turns", turn(chapter, 7))

        for _ in range(5):
            with ThreadPoolExecutor(8) as pool:
                assert {answer.status_code for answer in pool.map(send, range(8))} == {201}
        assert len(user.get(f"/v1/chapters/{chapter}/session-state").json()["turns"]) == 1

    def test_a_turn_of_another_chapter_is_taken_as_the_plan_s_smoke_test_needs(self, user, chapter, session):
        answer = user.post(f"/v1/sessions/{session}/turns", turn("ch0", 0))
        assert (answer.status_code, answer.json()) == (201, ACCEPTED)

    @pytest.mark.parametrize("index", ["7", 8.0, True])
    def test_lax_numbers_are_taken_as_the_plan_takes_them(self, user, chapter, session, index):
        assert user.post(f"/v1/sessions/{session}/turns", turn(chapter, index)).status_code == 201

    @pytest.mark.parametrize("changes, kind", [
        ({"turn_index": 8.5}, "int_from_float"), ({"turn_outcome": None}, "dict_type"),
        ({"turn_outcome": []}, "dict_type"), ({"user_message": 5}, "string_type"),
        ({"turn_index": -1}, None), ({"turn_index": 2**31}, None), ({"turn_index": "x"}, None),
        ({"turn_index": 10**30}, None),
    ], ids=str)
    def test_a_turn_that_cannot_be_is_refused(self, user, chapter, session, changes, kind):
        answer = user.post(f"/v1/sessions/{session}/turns", turn(chapter, 0) | changes)
        assert answer.status_code == 422, answer.text
        assert answer.json()["error"]["code"] == "VALIDATION_ERROR"
        if kind is not None:
            assert answer.json()["detail"][0]["type"] == kind

    def test_every_missing_field_is_named_in_order(self, user, session):
        answer = user.post(f"/v1/sessions/{session}/turns", {})
        assert answer.status_code == 422
        assert [(entry["type"], entry["loc"]) for entry in answer.json()["detail"]] == [
            ("missing", ["body", name])
            for name in ("chapter_id", "turn_index", "user_message", "companion_response")]

    @pytest.mark.parametrize("path, method", [("turns", "POST"), ("memory", "PUT"), ("report", "PUT")])
    def test_a_foreign_or_unknown_session_is_refused(self, user, new_user, chapter, session, path, method):
        body = {"turns": turn(chapter, 0), "memory": {"chapter_id": chapter, "memory_json": {}},
                "report": {"chapter_id": chapter, "report_md": ""}}[path]
        foreign = new_user().call(method, f"/v1/sessions/{session}/{path}", json=body)
        assert (foreign.status_code, foreign.json()) == (403, problem("SESSION_ACCESS_DENIED", "Access denied"))
        for unknown in (uuid.uuid4().hex, "short", "a b", "x" * 100, "..%2F.."):
            answer = user.call(method, f"/v1/sessions/{unknown}/{path}", json=body)
            assert answer.status_code == 404, answer.text
        answer = user.call(method, f"/v1/sessions/{uuid.uuid4().hex}/{path}", json=body)
        assert answer.json() == problem("SESSION_NOT_FOUND", "Session not found")
        judged_first = user.call(method, f"/v1/sessions/{uuid.uuid4().hex}/{path}", json={})
        assert judged_first.status_code == 422


class TestState:
    def test_someone_with_no_sessions_has_no_data(self, user, chapter):
        answer = user.get(f"/v1/chapters/{chapter}/session-state")
        assert (answer.status_code, answer.json()) == (200, EMPTY_STATE)

    def test_all_that_was_sent_comes_back(self, user, chapter, session):
        memory = {"z": 1.5, "a": [1, None, True], "text": "你好", "nested": {"deep": {}}}
        for index in (2, 0, 1):
            user.post(f"/v1/sessions/{session}/turns", turn(chapter, index))
        memory_answer = user.put(f"/v1/sessions/{session}/memory", {"chapter_id": chapter, "memory_json": memory})
        report_answer = user.put(f"/v1/sessions/{session}/report", {"chapter_id": chapter, "report_md": "# 报告\n"})
        assert (memory_answer.status_code, memory_answer.json()) == (200, ACCEPTED)
        assert (report_answer.status_code, report_answer.json()) == (200, ACCEPTED)
        state = user.get(f"/v1/chapters/{chapter}/session-state").json()
        assert set(state) == {"has_data", "session_id", "turns", "memory", "report_md"}
        assert (state["has_data"], state["session_id"]) == (True, session)
        assert [entry["turn_index"] for entry in state["turns"]] == [0, 1, 2]
        assert set(state["turns"][0]) == {
            "turn_index", "user_message", "companion_response", "turn_outcome", "created_at"}
        assert state["turns"][1]["turn_outcome"] == {"score": 1}
        assert TIMESTAMP.fullmatch(state["turns"][0]["created_at"])
        assert (state["memory"], state["report_md"]) == (memory, "# 报告\n")

    def test_numbers_come_back_as_they_were_written(self, user, chapter, session):
        raw = '{"chapter_id":"%s","memory_json":{"a":1.0,"b":1e3,"big":12345678901234567890123}}' % chapter
        answer = user.call("PUT", f"/v1/sessions/{session}/memory", data=raw,
                           headers={"Content-Type": "application/json"})
        assert answer.status_code == 200, answer.text
        text = user.get(f"/v1/chapters/{chapter}/session-state").text
        assert '{"a":1.0,"b":1e3,"big":12345678901234567890123}' in text.replace(" ", "")

    def test_the_last_memory_and_report_count(self, user, chapter, session):
        for number in range(3):
            user.put(f"/v1/sessions/{session}/memory", {"chapter_id": chapter, "memory_json": {"n": number}})
            user.put(f"/v1/sessions/{session}/report", {"chapter_id": chapter, "report_md": str(number)})
        state = user.get(f"/v1/chapters/{chapter}/session-state").json()
        assert (state["memory"], state["report_md"]) == ({"n": 2}, "2")

    def test_first_memories_at_once_are_no_error(self, user, gateway, chapter, session):
        def send(number):
            return SessionClient(gateway.api, user.token).put(
                f"/v1/sessions/{session}/memory", {"chapter_id": chapter, "memory_json": {"n": number}})

        with ThreadPoolExecutor(8) as pool:
            assert {answer.status_code for answer in pool.map(send, range(8))} == {200}

    @pytest.mark.parametrize("memory", [None, [], "text", 5])
    def test_memory_is_an_object(self, user, chapter, session, memory):
        answer = user.put(f"/v1/sessions/{session}/memory", {"chapter_id": chapter, "memory_json": memory})
        assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, "dict_type")

    def test_a_report_alone_is_no_data(self, user, chapter, session):
        user.put(f"/v1/sessions/{session}/report", {"chapter_id": chapter, "report_md": "alone"})
        assert user.get(f"/v1/chapters/{chapter}/session-state").json() == EMPTY_STATE

    def test_the_newest_session_is_meant_even_when_it_is_empty(self, user, chapter, session):
        user.post(f"/v1/sessions/{session}/turns", turn(chapter, 0))
        user.post(f"/v1/chapters/{chapter}/sessions", {})
        assert user.get(f"/v1/chapters/{chapter}/session-state").json() == EMPTY_STATE

    def test_nobody_sees_another_s_state(self, user, new_user, chapter, session):
        user.post(f"/v1/sessions/{session}/turns", turn(chapter, 0))
        assert new_user().get(f"/v1/chapters/{chapter}/session-state").json() == EMPTY_STATE

    @pytest.mark.parametrize("text", ["a\u0000b", "\ud800", "line\r\nfeed\ttab", "👩‍👩‍👧", "é vs e\u0301"], ids=ascii)
    def test_no_text_is_an_error_of_the_server(self, user, chapter, session, text):
        answer = user.post(f"/v1/sessions/{session}/turns", turn(chapter, 0, user_message=text))
        assert answer.status_code == 201, answer.text
        kept = user.get(f"/v1/chapters/{chapter}/session-state").json()["turns"][0]["user_message"]
        assert kept == text.replace("\u0000", "\ufffd").replace("\ud800", "\ufffd")

    def test_a_body_that_is_too_large_is_refused(self, user, chapter, session):
        large = {"chapter_id": chapter, "report_md": "x" * (5 * 2**20)}
        answer = user.put(f"/v1/sessions/{session}/report", large)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
        field = {"chapter_id": chapter, "report_md": "x" * (2 * 2**20 + 1)}
        answer = user.put(f"/v1/sessions/{session}/report", field)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")

    def test_answers_carry_an_id_and_are_not_cached(self, user, chapter):
        answer = user.get(f"/v1/chapters/{chapter}/session-state")
        assert answer.headers["X-Request-Id"]
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["Date"]
        assert answer.headers["Content-Type"].startswith("application/json")
