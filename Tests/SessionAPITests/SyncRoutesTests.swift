import HTTPTypes
import SessionModels
import Testing

@Suite struct SyncRoutesTests {
    private static let strict = ["X-Sync-Protocol": "2", "X-Device-Id": "mac-1"]

    @Test func aBatchMakesTheSessionAndAllThatBelongsToItAndDoesSoOnce() async throws {
        try await Fixture().run { client in
            let body = Self.batch(turns: [Self.turn(1), Self.turn(2)], memory: #"{"a":1.0}"#, asOf: 2)
            let first = try await sync(client, "s1", body)
            let again = try await sync(client, "s1", body)
            #expect([first.status, again.status] == [200, 200])
            #expect(try first.text("turns") == Self.statuses([1, 2], "stored"))
            #expect(try again.text("turns") == Self.statuses([1, 2], "duplicate"))
            for name in ["seq", "digest", "next_turn_index", "turn_count", "memory"] {
                let (found, wanted) = (try again.text(name), try first.text(name))
                #expect(found == wanted, "\(name)")
            }
            let state = try await client.send(.get, "/v1/sessions/s1/state", headers: Self.strict)
            #expect(try state.text("memory") == #"{"a":1.0}"#)
            #expect(try state.text("digest") == first.text("digest"))
            let known = try await client.send(
                .get, "/v1/sessions/s1/state",
                headers: Self.strict.merging(["If-None-Match": try #require(state.headers[.eTag])]) { $1 })
            #expect([known.status, known.body.utf8.count] == [304, 0])
        }
    }

    @Test(arguments: [("reject", "409 TURN_CONFLICT"), ("fork", "200 -"), ("keep", "200 -")])
    func aBatchWhoseHistoryIsAnotherIsRefusedForkedOrKept(_ rule: String, _ wanted: String) async throws {
        try await Fixture().run { client in
            _ = try await sync(client, "s1", Self.batch(turns: [Self.turn(1), Self.turn(2, "theirs")]))
            let before = try await client.send(.get, "/v1/sessions/s1/digest?hashes=1").body
            let body = Self.batch(
                turns: [Self.turn(2, "mine"), Self.turn(3, "mine")],
                more: #","on_conflict":"\#(rule)","fork_session_id":"f1""#)
            let answers = [try await sync(client, "s1", body), try await sync(client, "s1", body)]
            #expect(answers.map(\.refusal) == [wanted, wanted])
            let after = try await client.send(.get, "/v1/sessions/s1/digest?hashes=1").body
            if rule != "keep" { #expect(after == before) }
            if rule == "fork" {
                #expect(try answers.map { try $0.text("result") } == ["forked", "forked"])
                let fork = try await client.send(.get, "/v1/sessions/f1/state", headers: Self.strict)
                let messages = try turns(fork).compactMap { $0.last("user_message")?.string }
                #expect(messages == ["hello", "mine", "mine"])
                #expect(try fork.text("forked_from") == "s1")
            }
            if rule == "keep" {
                let list = try await client.send(.get, "/v1/sessions/s1/alternates")
                #expect(try JSONDocument(list.body.utf8).root.last("alternates")?.elements?.count == 1)
            }
        }
    }

    @Test func anOlderMemoryDoesNotReplaceANewerOneInWhateverOrderTheyCome() async throws {
        try await Fixture().run { client in
            _ = try await sync(client, "s1", Self.batch(turns: [Self.turn(1)], memory: #"{"turn":5}"#, asOf: 5))
            let older = try await sync(client, "s1", Self.batch(turns: [], memory: #"{"turn":4}"#, asOf: 4))
            #expect(try older.text("memory", "reason") == "superseded")
            #expect(try older.text("memory", "as_of_turn") == "5")
            let same = try await sync(client, "s1", Self.batch(turns: [], memory: #"{"turn":"5b"}"#, asOf: 5))
            #expect(try same.text("memory", "applied") == "true")
            let body = #"{"chapter_id":"c1","memory_json":{"turn":6}}"#
            let blind = try await client.send(.put, "/v1/sessions/s1/memory", body, headers: Self.strict)
            #expect(blind.refusal == "428 PRECONDITION_REQUIRED")
            let memory = try await client.send(.get, "/v1/sessions/s1/memory")
            #expect(try memory.text("memory_json", "turn") == "5b")
        }
    }

    @Test(arguments: [
        (#"{"turns":[{"turn_index":1}]}"#, "422 VALIDATION_ERROR"), (#"{"turns":5}"#, "422 VALIDATION_ERROR"),
        (#"{"turns":[]}"#, "404 SESSION_NOT_FOUND"), (#"{"on_conflict":"fork"}"#, "422 VALIDATION_ERROR"),
        (#"{"on_conflict":"x"}"#, "422 VALIDATION_ERROR"), (#"{"base":{"turn_index":1}}"#, "422 VALIDATION_ERROR"),
        (#"{"memory":{"memory_json":{}}}"#, "422 VALIDATION_ERROR"), ("[]", "422 VALIDATION_ERROR"),
        (#"{"session":{}}"#, "422 VALIDATION_ERROR"), (#"{"client_time":"now"}"#, "422 VALIDATION_ERROR"),
    ])
    func aBatchThatIsNoneLeavesNothing(_ body: String, _ wanted: String) async throws {
        try await Fixture().run { client in
            let answer = try await sync(client, "s1", body)
            #expect(answer.refusal == wanted)
            let session = try await client.send(.get, "/v1/sessions/s1")
            #expect(session.refusal == "404 SESSION_NOT_FOUND")
        }
    }

    @Test func oneBadTurnRefusesAllOfTheBatchAndIsNamed() async throws {
        try await Fixture().run { client in
            let bad = Self.turn(2).replacing(#""user_message":"hello""#, with: #""user_message":5"#)
            let answer = try await sync(client, "s1", Self.batch(turns: [Self.turn(1), bad]))
            #expect(answer.refusal == "422 VALIDATION_ERROR")
            #expect(try answer.text("error", "details", "index") == "1")
            let session = try await client.send(.get, "/v1/sessions/s1")
            #expect(session.refusal == "404 SESSION_NOT_FOUND")
        }
    }

    @Test func aDeletedSessionTakesNothingUntilItIsBroughtBack() async throws {
        try await Fixture().run { client in
            _ = try await sync(client, "s1", Self.batch(turns: [Self.turn(1)]))
            let deleted = try await client.send(.delete, "/v1/sessions/s1")
            let again = try await client.send(.delete, "/v1/sessions/s1")
            #expect([deleted.body, again.body] == [deleted.body, deleted.body])
            let refused = [
                try await sync(client, "s1", Self.batch(turns: [Self.turn(2)])), try await client.turn("s1"),
                try await client.send(.put, "/v1/sessions/s1", #"{"chapter_id":"c1"}"#),
                try await client.send(.get, "/v1/sessions/s1/state"),
            ]
            #expect(refused.map(\.refusal) == Array(repeating: "410 SESSION_DELETED", count: 4))
            let back = try await client.send(.post, "/v1/sessions/s1/undelete")
            #expect(try back.text("turn_count") == "1")
        }
    }

    @Test func aListIsReadPageByPageAndAForeignCursorIsRefused() async throws {
        try await Fixture().run { client in
            for number in 0..<5 {
                client.fixture.clock.advance(seconds: 1)
                _ = try await client.send(.put, "/v1/sessions/s\(number)", #"{"chapter_id":"c1"}"#)
            }
            var (found, cursor): ([String], String) = ([], "")
            repeat {
                let page = try await client.send(.get, "/v1/sessions?limit=2\(cursor)")
                let sessions = try JSONDocument(page.body.utf8).root.last("sessions")?.elements ?? []
                found += sessions.compactMap { $0.last("session_id")?.string }
                let next = try page.text("next_cursor")
                cursor = next == "null" ? "" : "&cursor=\(next)"
            } while !cursor.isEmpty
            #expect(found == ["s4", "s3", "s2", "s1", "s0"])
            let foreign = try await client.send(.get, "/v1/sessions?cursor=abc")
            #expect(foreign.refusal == "400 INVALID_CURSOR")
        }
    }

    @Test func aTurnKeepsSixteenOtherContentsAndRefusesWhatItDoesNotKeep() async throws {
        try await Fixture().run { client in
            _ = try await sync(client, "s1", Self.batch(turns: [Self.turn(1)]))
            for number in 0..<16 {
                let answer = try await client.turn("s1", index: "1", message: "other \(number)")
                #expect(answer.refusal == "201 -")
            }
            let beyond = try await client.turn("s1", index: "1", message: "one too many")
            let known = try await client.turn("s1", index: "1", message: "other 3")
            #expect([beyond.refusal, known.refusal] == ["409 LIMIT_REACHED", "201 -"])
            let more = Self.batch(turns: [Self.turn(1, "too many"), Self.turn(2)], more: #","on_conflict":"keep""#)
            let batch = try await sync(client, "s1", more)
            #expect(batch.refusal == "409 LIMIT_REACHED")
            let state = try await client.send(.get, "/v1/sessions/s1/state", headers: Self.strict)
            #expect(try state.text("turn_count") == "1")
        }
    }

    /// What the client's clock shows, when the turn happened by it, and what the session says then.
    @Test(arguments: [
        ("2026-09-21T14:13:20Z", "2026-09-21T14:13:10Z", "14:13:10"),
        ("2026-09-21T13:13:20Z", "2026-09-21T13:13:10Z", "14:13:10"),
        ("2026-09-21T13:13:20Z", "2026-09-21T14:00:00Z", "14:13:20"),
        ("2026-09-19T14:13:20Z", "2026-09-19T14:13:10Z", "14:13:20"),
        ("2026-09-21T14:13:20Z", "2000-01-01T00:00:00Z", "13:13:20"),
    ])
    func aTurnCountsAsOfWhenItHappenedByTheServersClock(
        _ clientTime: String, _ occurred: String, _ wanted: String
    ) async throws {
        try await Fixture().run { client in
            client.fixture.clock.advance(seconds: -3_600)
            _ = try await client.send(.put, "/v1/sessions/s1", #"{"chapter_id":"c1"}"#)
            client.fixture.clock.advance(seconds: 3_600)
            let turn = Self.turn(1).replacing("{\"turn_index\"", with: #"{"occurred_at":"\#(occurred)","turn_index""#)
            let body = Self.batch(turns: [turn], more: #","client_time":"\#(clientTime)""#)
            let answer = try await sync(client, "s1", body)
            #expect(answer.refusal == "200 -")
            client.fixture.clock.advance(seconds: 600)
            let again = try await sync(client, "s1", body)
            #expect(again.refusal == "200 -")
            let session = try await client.send(.get, "/v1/sessions/s1")
            let found = try session.text("last_active_at")
            #expect(found.hasPrefix("2026-09-21T\(wanted)."), "\(found)")
        }
    }

    @Test func whatWasDeletedIsRemovedWhenItsTimeIsOverAndItsIdStaysTaken() async throws {
        let fixture = try Fixture()
        try await fixture.run { client in
            let turns = (1...250).map { Self.turn($0) }
            for part in [turns.prefix(200), turns.suffix(50)] {
                let answer = try await sync(client, "s1", Self.batch(turns: Array(part), memory: #"{"a":1}"#, asOf: 1))
                #expect(answer.refusal == "200 -")
            }
            _ = try await client.turn("s1", index: "7", message: "other")
            _ = try await sync(client, "s2", Self.batch(turns: [Self.turn(1)]))
            for name in ["s1", "s2"] { _ = try await client.send(.delete, "/v1/sessions/\(name)") }
            fixture.clock.advance(seconds: 30 * 86_400 - 1)
            _ = try await client.send(.post, "/v1/sessions/s2/undelete")
            let early = try await fixture.purge.purgeAll()
            fixture.clock.advance(seconds: 1)
            let due = try await fixture.purge.purgeAll()
            let none = try await fixture.purge.purgeAll()
            #expect([early, due, none] == [0, 1, 0])
            let answers = [
                try await client.send(.post, "/v1/sessions/s1/undelete"),
                try await client.send(.get, "/v1/sessions/s1"),
                try await client.send(.put, "/v1/sessions/s1", #"{"chapter_id":"c1"}"#),
                try await client.send(.get, "/v1/sessions/s2/digest"),
            ]
            #expect(answers.map(\.refusal) == Array(repeating: "410 SESSION_DELETED", count: 3) + ["200 -"])
            let listed = try await client.send(.get, "/v1/sessions?state=deleted")
            #expect(try listed.text("sessions") == "[]")
        }
    }

    private func sync(_ client: Client, _ session: String, _ body: String) async throws -> Answer {
        try await client.send(.post, "/v1/sessions/\(session)/sync", body, headers: Self.strict)
    }

    private func turns(_ answer: Answer) throws -> [JSONValue] {
        try #require(JSONDocument(answer.body.utf8).root.last("turns")?.elements)
    }

    private static func statuses(_ indexes: [Int], _ status: String) -> String {
        "[" + indexes.map { #"{"turn_index":\#($0),"status":"\#(status)"}"# }.joined(separator: ",") + "]"
    }

    private static func turn(_ index: Int, _ message: String = "hello") -> String {
        #"{"turn_index":\#(index),"user_message":"\#(message)","companion_response":"hi","turn_outcome":{"n":1.0}}"#
    }

    private static func batch(turns: [String], memory: String? = nil, asOf: Int = 0, more: String = "") -> String {
        let document = memory.map { #","memory":{"memory_json":\#($0),"as_of_turn":\#(asOf)}"# } ?? ""
        return #"{"session":{"chapter_id":"c1"},"turns":[\#(turns.joined(separator: ","))]\#(document)\#(more)}"#
    }
}
