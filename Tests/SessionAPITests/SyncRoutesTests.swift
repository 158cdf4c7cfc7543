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
