"""What the plan's own backend answers, as a model: its routes of sessions, with its Pydantic models and its order."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

FIELDS = {
    "sessions": [("course_id", "text?")],
    "turns": [
        ("chapter_id", "text"), ("turn_index", "integer"), ("user_message", "text"), ("companion_response", "text"),
        ("turn_outcome", "object?"),
    ],
    "memory": [("chapter_id", "text"), ("memory_json", "object")],
    "report": [("chapter_id", "text"), ("report_md", "text")],
}
NOTHING = {"has_data": False, "session_id": None, "turns": [], "memory": {}, "report_md": None}
MAXIMUM_INDEX = 2**31 - 1


def problem(status: int, code: str, message: str):
    """The backend's error envelope."""
    return status, {"error": {"code": code, "message": message}}


class Invalid(Exception):
    """A body that the models refuse; with what FastAPI tells about it, or None where that is ours to decide."""

    def __init__(self, detail):
        super().__init__("invalid")
        self.detail = detail


def issue(kind: str, location: list, message: str, value, **more) -> dict:
    """One entry of FastAPI's list of what is wrong."""
    return {"type": kind, "loc": location, "msg": message, "input": value, **more}


def refuse_constant(name: str):
    """NaN and the infinities are no JSON; the plan's backend takes them and fails."""
    raise Invalid(None)


def decode(body: bytes, content_type: str):
    """Reads a body as FastAPI does."""
    if not body:
        raise Invalid([issue("missing", ["body"], "Field required", None)])
    if content_type != "application/json":
        value = body.decode()
    else:
        try:
            value = json.loads(body, parse_constant=refuse_constant)
        except json.JSONDecodeError as error:
            raise Invalid([issue(
                "json_invalid", ["body", error.pos], "JSON decode error", {}, ctx={"error": error.msg})]) from error
    if value is None:
        raise Invalid([issue("missing", ["body"], "Field required", None)])
    if not isinstance(value, dict):
        raise Invalid([issue(
            "model_attributes_type", ["body"],
            "Input should be a valid dictionary or object to extract fields from", value)])
    return value


def turn_index(value, location: list):
    """The number of a turn; decided: one below 0 is refused, and one of more than 31 bits, where the plan fails."""
    number, fault = integer(value, location)
    for name, sign, words, bound in (("ge", 1, "greater", 0), ("le", -1, "less", MAXIMUM_INDEX)):
        if fault is None and number * sign < bound * sign:
            fault = issue(
                f"{words}_than_equal", location, f"Input should be {words} than or equal to {bound}", value,
                ctx={name: bound})
    return number, fault


def integer(value, location: list):
    """A whole number as Pydantic reads it, or what is wrong with it."""
    if isinstance(value, bool):
        return int(value), None
    if isinstance(value, str):
        try:
            return int(value.strip()), None
        except ValueError:
            return None, issue(
                "int_parsing", location, "Input should be a valid integer, unable to parse string as an integer", value)
    if isinstance(value, float) and not value.is_integer():
        return None, issue(
            "int_from_float", location, "Input should be a valid integer, got a number with a fractional part", value)
    if isinstance(value, (int, float)):
        return int(value), None
    return None, issue("int_type", location, "Input should be a valid integer", value)


def read(kind: str, body: bytes, content_type: str) -> dict:
    """A body of one of the models, with all that is wrong told in the order of its fields."""
    value, found, wrong = decode(body, content_type), {}, []
    for name, type_ in FIELDS[kind]:
        location = ["body", name]
        if name not in value:
            found[name] = {} if type_ == "object?" else None
            if not type_.endswith("?"):
                wrong.append(issue("missing", location, "Field required", value))
            continue
        item = found[name] = value[name]
        if type_ == "integer":
            found[name], fault = turn_index(item, location)
            if fault:
                wrong.append(fault)
        elif type_.startswith("text") and not isinstance(item, str) and not (type_ == "text?" and item is None):
            wrong.append(issue("string_type", location, "Input should be a valid string", item))
        elif type_.startswith("object") and not isinstance(item, dict):
            wrong.append(issue("dict_type", location, "Input should be a valid dictionary", item))
    if wrong:
        raise Invalid(wrong)
    return found


def clean(value):
    """A text as it is stored; decided: what PostgreSQL cannot keep becomes U+FFFD, where the plan's backend fails."""
    if isinstance(value, str):
        return "".join("\ufffd" if mark == "\0" or 0xD800 <= ord(mark) <= 0xDFFF else mark for mark in value)
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return [clean(item) for item in value] if isinstance(value, list) else value


@dataclass
class Session:
    """One session and all that belongs to it."""

    owner: str
    chapter: str
    active: int
    turns: dict[int, dict] = field(default_factory=dict)
    memory: dict | None = None
    report: str | None = None


class PlanModel:
    """The backend: sessions by their ids, and a clock that counts requests."""

    def __init__(self):
        self.sessions: dict[str, Session] = {}
        self.now = 0

    def answer(self, user: str | None, method: str, path: list[str], body: bytes, content_type: str):
        """Status and body of one request; a body of None is not compared."""
        self.now += 1
        kind = path[2]
        if user is None:
            return problem(401, "UNAUTHORIZED", "Missing authorization token")
        if kind == "session-state":
            return 200, self._state(user, path[1])
        try:
            found = clean(read(kind, body, content_type))
        except Invalid as refusal:
            return 422, refusal.detail and {"detail": clean(refusal.detail)}
        if kind == "sessions":
            return 201, None
        session = self.sessions.get(path[1])
        if session is None:
            return problem(404, "SESSION_NOT_FOUND", "Session not found")
        if session.owner != user:
            return problem(403, "SESSION_ACCESS_DENIED", "Access denied")
        return self._change(session, kind, found)

    def created(self, session_id: str, user: str, chapter: str) -> None:
        """Takes the id that the server gave to a session."""
        self.sessions[session_id] = Session(user, chapter, self.now)

    def _change(self, session: Session, kind: str, found: dict):
        if kind == "turns":
            session.turns.setdefault(found["turn_index"], {name: found[name] for name in (
                "turn_index", "user_message", "companion_response", "turn_outcome")})
            session.active = self.now
        elif kind == "memory":
            session.memory = found["memory_json"]
        else:
            session.report = found["report_md"]
        return (201 if kind == "turns" else 200), {"accepted": True}

    def _state(self, user: str, chapter: str) -> dict:
        own = [item for item in self.sessions.items() if (item[1].owner, item[1].chapter) == (user, chapter)]
        if not own:
            return NOTHING
        session_id, session = max(own, key=lambda item: item[1].active)
        if not session.turns and session.memory is None:
            return NOTHING
        return {
            "has_data": True, "session_id": session_id, "turns": [session.turns[at] for at in sorted(session.turns)],
            "memory": session.memory or {}, "report_md": session.report,
        }
