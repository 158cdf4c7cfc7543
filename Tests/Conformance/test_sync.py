"""Version 2 of the session protocol over HTTP: batches, forks, other contents, documents, pages and races."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.gateway import Gateway
from kit.session import SessionClient, plan_token

SECRET = "a-secret-of-the-plan-s-own-backend-0123456789"
STRICT = {"X-Sync-Protocol": "2"}
CHAPTER = "ch0"
RACE_ROUNDS = 200
RACERS = 8


class Device(SessionClient):
    """One device of a user, which speaks version 2."""

    def call(self, method, path, json=None, **options):
        options["headers"] = STRICT | dict(options.get("headers", {}))
        return super().call(method, path, json, **options)

    def sync(self, session_id: str, first: int, *texts: str, **more):
        """Sends a batch of turns that begin with an index."""
        turns = [turn(first + number, text) for number, text in enumerate(texts)]
        return self.post(f"/v1/sessions/{session_id}/sync", {"turns": turns, **more})

    def messages(self, session_id: str) -> dict[int, str]:
        """What the user said, by index."""
        state = self.get(f"/v1/sessions/{session_id}/state").json()
        return {entry["turn_index"]: entry["user_message"] for entry in state["turns"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that takes the tokens of the plan's backend."""
    started = Gateway(tmp_path_factory.mktemp("sync"), environment={"JWT_SECRET": SECRET}).start()
    yield started
    started.kill()


@pytest.fixture
def new_device(server):
    """Makes devices, each of a user of its own."""
    return lambda: Device(server.api, plan_token(SECRET, str(uuid.uuid4())))


@pytest.fixture
def device(new_device) -> Device:
    """A device of a user who has nothing yet."""
    return new_device()


@pytest.fixture
def session(device) -> str:
    """A session with the turns 1 to 3."""
    name = uuid.uuid4().hex
    answer = device.sync(name, 1, "one", "two", "three", session={"chapter_id": CHAPTER})
    assert answer.status_code == 200, answer.text
    assert [entry["status"] for entry in answer.json()["turns"]] == ["stored"] * 3
    return name


def turn(index: int, text: str) -> dict:
    """A turn with nothing but a message."""
    return {"turn_index": index, "user_message": text, "companion_response": "", "turn_outcome": {}}


def content_hash(text: str) -> str:
    """The hash of such a turn, as session-api.md 5.10 has it."""
    parts = [text.encode(), b"", b"{}"]
    return hashlib.sha256(b"T1" + b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()


def code(answer) -> str:
    """The code of a refusal."""
    return answer.json()["error"]["code"]


class TestBatches:
    def test_a_batch_again_changes_nothing(self, device, session):
        first = device.sync(session, 4, "four", base={"turn_index": 3, "content_hash": content_hash("three")})
        again = device.sync(session, 4, "four", base={"turn_index": 3, "content_hash": content_hash("three")})
        assert first.json()["turns"] == [{"turn_index": 4, "status": "stored"}]
        assert again.json()["turns"] == [{"turn_index": 4, "status": "duplicate"}]
        assert {name: first.json()[name] for name in ("seq", "digest", "turn_count", "next_turn_index", "gaps")} == {
            name: again.json()[name] for name in ("seq", "digest", "turn_count", "next_turn_index", "gaps")}

    def test_without_a_session_there_must_be_a_head(self, device):
        answer = device.sync(uuid.uuid4().hex, 0, "x")
        assert (answer.status_code, code(answer)) == (404, "SESSION_NOT_FOUND")

    def test_nobody_writes_into_another_s_session(self, new_device, session):
        answer = new_device().sync(session, 4, "x", session={"chapter_id": CHAPTER})
        assert (answer.status_code, code(answer)) == (403, "SESSION_ACCESS_DENIED")

    def test_another_chapter_is_refused(self, device, session):
        answer = device.sync(session, 4, "x", session={"chapter_id": "other"})
        assert (answer.status_code, code(answer)) == (409, "CHAPTER_MISMATCH")

    @pytest.mark.parametrize("base", [
        {"turn_index": 3, "content_hash": content_hash("other")}, {"turn_index": 9, "content_hash": content_hash("x")},
    ])
    def test_a_history_that_parted_is_refused_or_forks(self, device, session, base):
        refused = device.sync(session, 4, "four", base=base, on_conflict="reject")
        assert (refused.status_code, code(refused)) == (409, "TURN_CONFLICT")
        assert device.messages(session) == {1: "one", 2: "two", 3: "three"}
        name = uuid.uuid4().hex
        for _ in range(2):
            forked = device.sync(session, 4, "four", base=base, on_conflict="fork", fork_session_id=name)
            assert forked.status_code == 200, forked.text
            assert (forked.json()["result"], forked.json()["session_id"]) == ("forked", name)
            assert forked.json()["forked_from"] == session
        assert device.messages(session) == {1: "one", 2: "two", 3: "three"}

    def test_a_fork_shares_what_came_before_and_goes_on_by_itself(self, device, session):
        name = uuid.uuid4().hex
        answer = device.sync(session, 2, "two", "other", "four", on_conflict="fork", fork_session_id=name)
        assert answer.json()["result"] == "forked", answer.text
        assert device.messages(name) == {1: "one", 2: "two", 3: "other", 4: "four"}
        assert device.messages(session) == {1: "one", 2: "two", 3: "three"}

    def test_a_fork_takes_no_id_that_is_taken(self, device, session):
        other = uuid.uuid4().hex
        device.sync(other, 0, "x", session={"chapter_id": CHAPTER})
        answer = device.sync(session, 3, "other", on_conflict="fork", fork_session_id=other)
        assert (answer.status_code, code(answer)) == (409, "SESSION_EXISTS")
        assert device.messages(other) == {0: "x"}

    def test_one_bad_turn_undoes_the_batch_and_is_named(self, device, session):
        bad = turn(5, "five") | {"content_hash": content_hash("other")}
        answer = device.post(f"/v1/sessions/{session}/sync", {"turns": [turn(4, "four"), bad]})
        assert (answer.status_code, code(answer)) == (422, "VALIDATION_ERROR")
        assert answer.json()["error"]["details"]["index"] == 1
        assert 4 not in device.messages(session)

    def test_an_older_document_is_superseded_inside_a_success(self, device, session):
        for as_of, text, applied in ((3, "new", True), (2, "old", False), (3, "newer", True)):
            answer = device.sync(session, 4, report={"report_md": text, "as_of_turn": as_of})
            assert answer.status_code == 200, answer.text
            assert answer.json()["report"]["applied"] is applied
        assert device.get(f"/v1/sessions/{session}/report").json()["report_md"] == "newer"

    def test_gaps_are_told_and_filled_in_any_order(self, device, session):
        answer = device.sync(session, 7, "seven")
        assert (answer.json()["gaps"], answer.headers["X-Turn-Gaps"]) == ([[4, 6]], "4-6")
        assert device.sync(session, 5, "five").json()["gaps"] == [[4, 4], [6, 6]]

    def test_the_digest_is_what_its_definition_says(self, device, session):
        answer = device.get(f"/v1/sessions/{session}/digest?hashes=1").json()
        hashes = {"1": content_hash("one"), "2": content_hash("two"), "3": content_hash("three")}
        total = sum(int.from_bytes(hashlib.sha256(int(index).to_bytes(8, "big") + bytes.fromhex(value)).digest(), "big")
                    for index, value in hashes.items()) % 2**256
        assert (answer["hashes"], answer["ranges"], int(answer["digest"], 16)) == (hashes, [[1, 3]], total)


class TestOtherContents:
    @pytest.fixture
    def alternate(self, device, session) -> str:
        """The id of another content of turn 3, as a device without version 2 leaves one."""
        answer = device.post(
            f"/v1/sessions/{session}/turns", turn(3, "other") | {"chapter_id": CHAPTER},
            headers={"X-Sync-Protocol": "1"})
        assert (answer.status_code, answer.headers["X-Turn-Status"]) == (201, "alternate")
        (entry,) = device.get(f"/v1/sessions/{session}/alternates").json()["alternates"]
        assert entry["turn"]["user_message"] == "other"
        return f"/v1/sessions/{session}/alternates/{entry['alternate_id']}"

    def test_one_that_is_promoted_takes_the_turn_s_place(self, device, session, alternate):
        before = device.get(f"/v1/sessions/{session}/digest").json()["digest"]
        for _ in range(2):
            assert device.post(alternate, {"action": "promote"}).status_code == 200
        assert device.messages(session)[3] == "other"
        assert device.get(f"/v1/sessions/{session}/digest").json()["digest"] != before
        refused = device.post(alternate, {"action": "discard"})
        assert refused.status_code == 409

    def test_one_that_is_discarded_leaves_the_turn(self, device, session, alternate):
        assert device.post(alternate, {"action": "discard"}).status_code == 200
        assert device.messages(session)[3] == "three"

    def test_one_can_go_on_by_itself(self, device, session, alternate):
        name = uuid.uuid4().hex
        for _ in range(2):
            answer = device.post(alternate, {"action": "fork", "fork_session_id": name})
            assert answer.status_code == 200, answer.text
        assert device.messages(name) == {1: "one", 2: "two", 3: "other"}
        assert device.messages(session)[3] == "three"

    @pytest.mark.parametrize("action", [{}, {"action": "keep"}, {"action": "fork"}, {"action": 5}])
    def test_what_is_no_decision_is_refused(self, device, alternate, action):
        assert device.post(alternate, action).status_code == 422

    def test_strict_senders_are_told_of_the_collision(self, device, session):
        answer = device.post(f"/v1/sessions/{session}/turns", turn(3, "other") | {"chapter_id": CHAPTER})
        assert (answer.status_code, code(answer)) == (409, "TURN_CONFLICT")
        details = answer.json()["error"]["details"]
        assert details == {"turn_index": 3, "stored_hash": content_hash("three"), "next_turn_index": 4}


class TestDocuments:
    def put(self, device, session, text: str, **headers):
        """Puts the report."""
        return device.put(
            f"/v1/sessions/{session}/report", {"chapter_id": CHAPTER, "report_md": text}, headers=headers)

    def test_a_condition_decides_and_none_is_refused(self, device, session):
        first = self.put(device, session, "a", **{"If-None-Match": "*"})
        assert first.status_code == 200, first.text
        assert self.put(device, session, "b", **{"If-None-Match": "*"}).status_code == 412
        assert code(self.put(device, session, "b")) == "PRECONDITION_REQUIRED"
        etag = first.headers["ETag"]
        assert self.put(device, session, "b", **{"If-Match": etag}).status_code == 200
        late = self.put(device, session, "c", **{"If-Match": etag})
        assert (late.status_code, code(late)) == (412, "PRECONDITION_FAILED")
        assert late.headers["ETag"] != etag
        assert device.get(f"/v1/sessions/{session}/report").json()["report_md"] == "b"

    def test_what_is_unchanged_is_not_sent_again(self, device, session):
        etag = self.put(device, session, "a", **{"If-None-Match": "*"}).headers["ETag"]
        same = device.get(f"/v1/sessions/{session}/report", headers={"If-None-Match": etag})
        assert (same.status_code, same.content) == (304, b"")

    def test_an_older_content_comes_back(self, device, session):
        etag = self.put(device, session, "a", **{"If-None-Match": "*"}).headers["ETag"]
        self.put(device, session, "b", **{"If-Match": etag})
        (version,) = device.get(f"/v1/sessions/{session}/report/versions").json()["versions"]
        path = f"/v1/sessions/{session}/report/versions/{version['version']}"
        assert device.get(path).json()["report_md"] == "a"
        assert device.post(path + "/restore", {}).json()["report_md"] == "a"
        assert device.get(f"/v1/sessions/{session}/report").json()["report_md"] == "a"
        assert device.post(f"/v1/sessions/{session}/report/versions/999999/restore", {}).status_code == 404

    def test_of_writers_with_one_etag_one_wins(self, device, session):
        etag = self.put(device, session, "0", **{"If-None-Match": "*"}).headers["ETag"]
        for number in range(20):
            with ThreadPoolExecutor(RACERS) as pool:
                answers = list(pool.map(
                    lambda racer, number=number, etag=etag: self.put(
                        Device(device.endpoint, device.token), session, f"{number}-{racer}", **{"If-Match": etag}),
                    range(RACERS)))
            won = [(f"{number}-{racer}", answer) for racer, answer in enumerate(answers) if answer.status_code == 200]
            assert (len(won), {answer.status_code for answer in answers}) == (1, {200, 412})
            now = device.get(f"/v1/sessions/{session}/report")
            assert now.json()["report_md"] == won[0][0]
            etag = now.headers["ETag"]
            assert etag == won[0][1].headers["ETag"]


class TestSessions:
    def test_a_session_is_put_once_and_found_by_everybody_s_spelling(self, device, new_device):
        path = f"/v1/sessions/{uuid.uuid4().hex}"
        assert device.put(path, {"chapter_id": CHAPTER}).status_code == 201
        assert device.put(path, {"chapter_id": CHAPTER}).status_code == 200
        assert code(device.put(path, {"chapter_id": "other"})) == "SESSION_EXISTS"
        assert new_device().put(path, {"chapter_id": CHAPTER}).status_code == 403
        assert new_device().get(path).status_code == 403

    def test_a_title_is_changed_by_who_saw_the_last_one(self, device, session):
        path = f"/v1/sessions/{session}"
        etag = device.get(path).headers["ETag"]
        named = device.call("PATCH", path, {"title": "Pandas"}, headers={"If-Match": etag})
        assert (named.status_code, named.json()["title"]) == (200, "Pandas")
        late = device.call("PATCH", path, {"archived": True}, headers={"If-Match": etag})
        assert late.status_code == 412
        assert device.call("PATCH", path, {"title": "x" * 201}).status_code == 422

    def test_what_is_deleted_takes_no_more_and_comes_back_whole(self, device, session):
        path = f"/v1/sessions/{session}"
        for _ in range(2):
            assert device.call("DELETE", path).json()["deleted"] is True
        for answer in (device.get(path), device.sync(session, 4, "x"), device.get(path + "/state")):
            assert (answer.status_code, code(answer)) == (410, "SESSION_DELETED")
        assert session in [entry["session_id"] for entry in device.get("/v1/sessions?state=deleted").json()["sessions"]]
        assert device.post(path + "/undelete", {}).status_code == 200
        assert device.messages(session) == {1: "one", 2: "two", 3: "three"}

    def test_pages_hold_everything_once(self, device):
        names = {uuid.uuid4().hex for _ in range(23)}
        for name in names:
            assert device.put(f"/v1/sessions/{name}", {"chapter_id": CHAPTER}).status_code == 201
        found, cursor = [], ""
        while cursor is not None:
            page = device.get(f"/v1/sessions?limit=5{cursor and '&cursor=' + cursor}").json()
            found += [entry["session_id"] for entry in page["sessions"]]
            cursor = page["next_cursor"]
        assert (len(found), set(found)) == (23, names)
        for wrong in ("x", "AAAA", "%00", "🙂"):
            assert code(device.get("/v1/sessions", params={"cursor": wrong})) == "INVALID_CURSOR"

    def test_turns_come_in_pages_of_either_order(self, device, session):
        page = device.get(f"/v1/sessions/{session}/turns?limit=2").json()
        assert ([entry["turn_index"] for entry in page["turns"]], page["has_more"]) == ([1, 2], True)
        rest = device.get(f"/v1/sessions/{session}/turns?after={page['next_after']}").json()
        assert ([entry["turn_index"] for entry in rest["turns"]], rest["has_more"]) == ([3], False)
        last = device.get(f"/v1/sessions/{session}/turns?order=desc&limit=1").json()
        assert [entry["turn_index"] for entry in last["turns"]] == [3]
        assert device.get(f"/v1/sessions/{session}/turns?limit=501").status_code in (400, 422)

    def test_only_what_changed_since_is_sent(self, device, session):
        before = device.get(f"/v1/sessions/{session}/state").json()["seq"]
        device.sync(session, 4, "four", memory={"memory_json": {"a": 1.0}, "as_of_turn": 4})
        delta = device.get(f"/v1/sessions/{session}/state?since={before}").json()
        assert [entry["turn_index"] for entry in delta["turns"]] == [4]
        assert delta["memory"] == {"a": 1.0} and "report_md" not in delta
        assert device.get(f"/v1/sessions/{session}/state?since={delta['seq'] + 1}").status_code in (400, 410)
        assert code(device.get(f"/v1/sessions/{session}/state?since=x")) == "INVALID_CURSOR"

    def test_an_empty_newer_session_does_not_hide_the_older_from_who_asks(self, device, session):
        device.put(f"/v1/sessions/{uuid.uuid4().hex}", {"chapter_id": CHAPTER})
        path = f"/v1/chapters/{CHAPTER}/session-state"
        assert device.get(path).json()["has_data"] is False
        assert device.get(path + "?select=nonempty").json()["session_id"] == session

    def test_a_fork_is_made_once_with_what_was_known_then(self, device, session):
        device.sync(session, 4, "four", report={"report_md": "at four", "as_of_turn": 4})
        name = uuid.uuid4().hex
        body = {"at_turn": 2, "fork_session_id": name}
        assert device.post(f"/v1/sessions/{session}/fork", body).status_code == 201
        assert device.post(f"/v1/sessions/{session}/fork", body).status_code == 200
        assert device.post(f"/v1/sessions/{session}/fork", body | {"at_turn": 1}).status_code == 409
        assert device.messages(name) == {1: "one", 2: "two"}
        assert device.get(f"/v1/sessions/{name}/report").status_code == 404


class TestExports:
    @pytest.fixture
    def whole(self, device, session) -> str:
        """A session with odd texts, an index of four digits, a memory and a report."""
        odd = turn(1_000, "a\r\né\0") | {"turn_outcome": {"n": 1.0}}
        answer = device.post(f"/v1/sessions/{session}/sync", {
            "turns": [odd], "memory": {"memory_json": {"m": 1e3}, "as_of_turn": 3},
            "report": {"report_md": "# Report", "as_of_turn": 3}})
        assert answer.status_code == 200, answer.text
        return f"/v1/sessions/{session}/export"

    def test_an_archive_is_the_folder_that_a_sidecar_keeps(self, device, session, whole):
        answer = device.get(whole, params={"format": "tar"})
        assert answer.headers["Content-Type"] == "application/x-tar"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{session}.tar"'
        with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
            files = {entry.name: archive.extractfile(entry).read() for entry in archive}
        texts = {1: "one", 2: "two", 3: "three", 1_000: "a\r\né\ufffd"}
        wanted = {f"turns/{index:03d}_user.txt": text.encode() for index, text in texts.items()}
        wanted |= {f"turns/{index:03d}_companion.txt": b"" for index in texts}
        wanted |= {f"turns/{index:03d}_turn_outcome.json": b"{}" for index in texts}
        wanted["turns/1000_turn_outcome.json"] = b'{"n":1.0}'
        wanted |= {"memo_digest.json": b'{"m":1000.0}', "dynamic_report.md": b"# Report"}
        assert files == {f"{session}/{name}": content for name, content in wanted.items()}
        assert device.get(whole, params={"format": "tar"}).content == answer.content

    def test_statements_are_imported_once(self, device, whole):
        first = device.get(whole, params={"format": "xapi"}).json()
        assert first == device.get(whole, params={"format": "xapi"}).json()
        assert len({uuid.UUID(entry["id"]) for entry in first}) == 4
        assert {uuid.UUID(entry["id"]).version for entry in first} == {5}
        assert [entry["result"]["response"] for entry in first][:3] == ["one", "two", "three"]

    def test_all_of_it_is_in_the_json_and_the_page(self, device, session, whole):
        everything = device.get(whole).json()
        assert everything["session"]["session_id"] == session
        assert [entry["turn_index"] for entry in everything["turns"]] == [1, 2, 3, 1_000]
        assert (everything["memory"]["content"], everything["report"]["content"]) == ({"m": 1000.0}, "# Report")
        page = device.get(whole, params={"format": "md"})
        assert page.headers["Content-Type"].startswith("text/markdown")
        assert page.text.index("## Turn 3") < page.text.index("three") < page.text.index("## Turn 1000")

    def test_what_is_unchanged_is_not_sent_again(self, device, whole):
        etag = device.get(whole).headers["ETag"]
        assert device.get(whole, headers={"If-None-Match": etag}).status_code == 304

    def test_an_unknown_form_and_a_stranger_are_refused(self, device, new_device, whole):
        assert device.get(whole, params={"format": "zip"}).status_code == 422
        assert new_device().get(whole).status_code == 403
        assert device.get(f"/v1/sessions/{uuid.uuid4().hex}/export").status_code == 404


class TestBodies:
    def send(self, device, session, body: bytes, **headers):
        return device.call("POST", f"/v1/sessions/{session}/sync", data=body, headers={
            "Content-Type": "application/json", **headers})

    def test_a_packed_body_is_unpacked(self, device, session):
        body = gzip.compress(json.dumps({"turns": [turn(4, "four")]}).encode())
        assert self.send(device, session, body, **{"Content-Encoding": "gzip"}).status_code == 200
        assert device.messages(session)[4] == "four"

    @pytest.mark.parametrize("body, status", [
        (b"not packed", 400), (gzip.compress(b"{}")[:-5], 400), (gzip.compress(b" " * 40_000_000), 413),
        (gzip.compress(b""), 422),
    ])
    def test_what_cannot_be_unpacked_is_refused(self, device, session, body, status):
        assert self.send(device, session, body, **{"Content-Encoding": "gzip"}).status_code == status

    def test_an_encoding_that_nobody_knows_is_refused(self, device, session):
        assert self.send(device, session, b"{}", **{"Content-Encoding": "br"}).status_code == 415

    def test_a_strict_body_has_its_type(self, device, session):
        answer = self.send(device, session, b"{}", **{"Content-Type": "text/plain"})
        assert (answer.status_code, code(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")


class TestRaces:
    @pytest.mark.parametrize("what", ["turns", "memory"])
    def test_the_first_write_from_eight_senders_at_once_is_no_error(self, server, new_device, what):
        with ThreadPoolExecutor(RACERS) as pool:
            for number in range(RACE_ROUNDS):
                if number % 20 == 0:
                    device = new_device()
                    senders = [SessionClient(server.api, device.token) for _ in range(RACERS)]
                name = uuid.uuid4().hex
                assert device.put(f"/v1/sessions/{name}", {"chapter_id": CHAPTER}).status_code == 201

                def send(sender, name=name):
                    if what == "turns":
                        return sender.post(f"/v1/sessions/{name}/turns", turn(0, "same") | {"chapter_id": CHAPTER})
                    body = {"chapter_id": CHAPTER, "memory_json": {"n": id(sender)}}
                    return sender.put(f"/v1/sessions/{name}/memory", body)

                assert {answer.status_code for answer in pool.map(send, senders)} == {201 if what == "turns" else 200}
                state = device.get(f"/v1/sessions/{name}/state").json()
                assert len(state["turns"]) == (1 if what == "turns" else 0)
                assert set(state["memory"]) == (set() if what == "turns" else {"n"})
