import HTTPTypes
import SessionModels
import Testing

@Suite struct SessionRoutesTests {
    @Test func aClockThatGoesBackMakesNoSessionOlder() async throws {
        try await Fixture().run { client in
            let first = try await client.session()
            let second = try await client.session()
            client.fixture.clock.advance(seconds: 10)
            _ = try await client.turn(first)
            client.fixture.clock.advance(seconds: -5)
            _ = try await client.turn(first, index: "1")
            client.fixture.clock.advance(seconds: 2)
            _ = try await client.turn(second)
            let state = try await client.send(.get, "/v1/chapters/c1/session-state")
            #expect(try state.text("session_id") == first)
        }
    }

    @Test func aConditionIsLookedAtWhateverTheClientSpeaks() async throws {
        try await Fixture().run { client in
            let session = try await client.session()
            let bodies = [
                ("memory", #"{"chapter_id":"c1","memory_json":{}}"#),
                ("report", #"{"chapter_id":"c1","report_md":"x"}"#),
            ]
            for (document, body) in bodies {
                let path = "/v1/sessions/\(session)/\(document)"
                let missing = try await client.send(.put, path, body, headers: ["If-Match": "*"])
                let first = try await client.send(.put, path, body, headers: ["If-None-Match": "*"])
                let second = try await client.send(.put, path, body, headers: ["If-None-Match": "*"])
                let etag = try #require(first.headers[.eTag])
                let third = try await client.send(.put, path, body, headers: ["If-Match": "W/\(etag)"])
                let found = [missing, first, second, third].map(\.refusal)
                #expect(found == ["412 PRECONDITION_FAILED", "200 -", "412 PRECONDITION_FAILED", "200 -"])
                #expect(second.headers[.eTag] == etag)
            }
        }
    }

    @Test func largeStatesAreWholeAndFewAtATime() async throws {
        try await Fixture().run { client in
            let session = try await client.session()
            let message = String(repeating: "x", count: 250 * 1_024)
            for index in 0..<17 {
                let turn = try await client.turn(session, index: "\(index)", message: message)
                #expect(turn.status == 201)
            }
            let path = "/v1/chapters/c1/session-state"
            let answers = try await together(16) { _ in try await client.send(.get, path) }
            let (whole, refused) = (answers.filter { $0.status == 200 }, answers.filter { $0.status != 200 })
            #expect(!whole.isEmpty && !refused.isEmpty)
            for answer in whole {
                let isWhole = answer.body.utf8.count > 17 * 250 * 1_024 && answer.body.hasSuffix("}")
                #expect(isWhole && answer.headers[.contentLength] == "\(answer.body.utf8.count)")
            }
            #expect(refused.allSatisfy { $0.refusal == "503 UNAVAILABLE" && $0.headers[.retryAfter] == "1" })
            let small = try await client.send(.get, "/v1/chapters/c2/session-state")
            let later = try await client.send(.get, path)
            let head = try await client.send(.head, path)
            #expect([small.status, later.status, head.status] == [200, 200, 200])
        }
    }

    @Test func eightIdenticalTurnsAtOnceAreAllAcceptedAndStoredOnce() async throws {
        try await Fixture().run { client in
            for _ in 0..<5 {
                let session = try await client.session()
                let answers = try await together(8) { _ in try await client.turn(session) }
                #expect(answers.map(\.status) == Array(repeating: 201, count: 8))
                let statuses = answers.compactMap { $0.headers[HTTPField.Name("X-Turn-Status") ?? .eTag] }.sorted()
                #expect(statuses == Array(repeating: "duplicate", count: 7) + ["stored"])
                let turns = try await turns(client)
                #expect(turns.count == 1)
            }
        }
    }

    @Test func eightFirstMemoriesAtOnceAreAllAcceptedAndLeaveOne() async throws {
        try await Fixture().run { client in
            for _ in 0..<5 {
                let session = try await client.session()
                let answers = try await together(8) { number in
                    try await client.send(
                        .put, "/v1/sessions/\(session)/memory",
                        #"{"chapter_id":"c1","memory_json":{"number":\#(number)}}"#)
                }
                #expect(answers.map(\.status) == Array(repeating: 200, count: 8))
                let state = try await client.send(.get, "/v1/chapters/c1/session-state")
                let number = try state.text("memory", "number")
                #expect((0..<8).map(String.init).contains(number))
            }
        }
    }

    @Test func aWritersNumbersRiseByOneWhateverRunsBesideIt() async throws {
        try await Fixture().run { client in
            let session = try await client.session()
            let answers = try await together(40) { number in try await client.turn(session, index: "\(number)") }
            let numbers = answers.compactMap { $0.headers[HTTPField.Name("X-Sync-Seq") ?? .eTag].flatMap { Int($0) } }
            #expect(numbers.sorted() == Array(2...41))
        }
    }

    @Test func otherContentOfATurnIsKeptBesideItAndChangesNothing() async throws {
        try await Fixture().run { client in
            let session = try await client.session()
            let first = try await client.turn(session, message: "first")
            let second = try await client.turn(session, message: "second")
            let again = try await client.turn(session, message: "first", outcome: "{ }")
            #expect([first, second, again].map(\.status) == [201, 201, 201])
            let name = try #require(HTTPField.Name("X-Turn-Status"))
            #expect([first, second, again].map { $0.headers[name] } == ["stored", "alternate", "duplicate"])
            let turns = try await turns(client)
            #expect(turns.map { $0.last("user_message")?.string } == ["first"])
        }
    }

    @Test func jsonThatAParserRewritesIsNotAConflict() async throws {
        try await Fixture().run { client in
            let session = try await client.session()
            _ = try await client.turn(session, outcome: #"{"a":1.0,"b":"\u4f60"}"#)
            let again = try await client.turn(session, outcome: #"{"b":"你","a":1}"#)
            #expect(again.headers[try #require(HTTPField.Name("X-Turn-Status"))] == "duplicate")
        }
    }

    @Test(arguments: [
        #"{"z":1.0,"a":1e3,"z":2.50,"big":12345678901234567890123,"u":"\u4f60","bb":1}"#, #"{"a":1e400}"#,
        #"{"":{"":[]}}"#, #"{"a":"\/\ud83d\ude00"}"#,
    ])
    func storedJSONComesBackByteForByte(_ outcome: String) async throws {
        try await Fixture().run { client in
            let session = try await client.session()
            _ = try await client.turn(session, outcome: outcome)
            let memory = #"{"chapter_id":"c1","memory_json": \#(outcome) }"#
            _ = try await client.send(.put, "/v1/sessions/\(session)/memory", memory)
            let state = try await client.send(.get, "/v1/chapters/c1/session-state")
            let stored = try await turns(client).first?.last("turn_outcome").map { Array($0.compact) }
            let kept = try state.text("memory")
            #expect(stored == Array(outcome.utf8))
            #expect(kept == outcome)
        }
    }

    @Test func whatNoDatabaseTakesIsStoredAsAReplacementCharacterAndSaysSo() async throws {
        try await Fixture().run { client in
            let session = try await client.session()
            let answer = try await client.turn(session, message: #"a\u0000b\ud800"#)
            #expect(answer.status == 201)
            #expect(answer.headers[try #require(HTTPField.Name("X-Sync-Sanitized"))] == "1")
            let again = try await client.turn(session, message: "a\u{FFFD}b\u{FFFD}")
            #expect(again.headers[try #require(HTTPField.Name("X-Turn-Status"))] == "duplicate")
        }
    }

    @Test func anAgentStateIsAnsweredOnlyWhereThereIsOne() async throws {
        try await Fixture().run { client in
            let session = try await client.session()
            _ = try await client.turn(session)
            let without = try await client.send(.get, "/v1/chapters/c1/session-state")
            #expect(!without.body.contains("agent_state"))
            _ = try await client.send(
                .put, "/v1/sessions/\(session)/memory",
                #"{"chapter_id":"c1","memory_json":{},"agent_state":{"step":3}}"#)
            let with = try await client.send(.get, "/v1/chapters/c1/session-state")
            let step = try with.text("agent_state", "step")
            #expect(step == "3")
        }
    }

    @Test func theNewestSessionIsTheOneThatWasWrittenLast() async throws {
        try await Fixture().run { client in
            let first = try await client.session()
            client.fixture.clock.advance(seconds: 1)
            _ = try await client.session()
            client.fixture.clock.advance(seconds: 1)
            _ = try await client.turn(first)
            let state = try await client.send(.get, "/v1/chapters/c1/session-state")
            let found = try state.text("session_id")
            #expect(found == first)
            let otherCourse = try await client.send(.get, "/v1/chapters/c1/session-state?course_id=x")
            #expect(otherCourse.body.hasPrefix(#"{"has_data":false"#))
        }
    }

    @Test(arguments: [
        ("a%2Fb", "a/b"), ("a/b/c", "a/b/c"), ("sessions", "sessions"), ("c/sessions", "c/sessions"),
        ("%E7%AB%A0", "章"),
        ("a+b", "a+b"), ("%2525", "%25"), ("a//b", "a//b"), ("..", ".."),
    ])
    func aChapterIsDecodedOnceWhateverItHolds(_ path: String, _ chapter: String) async throws {
        try await Fixture().run { client in
            let session = try await client.session(chapter: path)
            _ = try await client.turn(session)
            let encoded = chapter.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            let state = try await client.send(.get, "/v1/chapters/\(encoded)/session-state/")
            let found = try state.text("session_id")
            #expect(found == session)
        }
    }

    @Test(arguments: ["%", "%zz", "%F", "%FF", "%C3", "%00", "a%0Ab", String(repeating: "x", count: 129)])
    func aChapterThatIsNoTextIsRefused(_ path: String) async throws {
        try await Fixture().run { client in
            let created = try await client.send(.post, "/v1/chapters/\(path)/sessions", "{}")
            let state = try await client.send(.get, "/v1/chapters/\(path)/session-state")
            #expect([created.refusal, state.refusal] == ["422 VALIDATION_ERROR", "422 VALIDATION_ERROR"])
        }
    }

    @Test(arguments: ["course_id=%", "course_id=%ff", "a=1&course_id=%zz&b=2"])
    func aQueryThatIsNoTextIsNotTakenForNone(_ query: String) async throws {
        try await Fixture().run { client in
            let answer = try await client.send(.get, "/v1/chapters/c1/session-state?\(query)")
            #expect(answer.refusal == "422 VALIDATION_ERROR")
        }
    }

    @Test(arguments: [
        "nope", "%00", "a%2Fb", "a.b", "%F0%9F%98%80", "%", String(repeating: "a", count: 65),
        "949f5917bba94a0ca9379e18",
    ])
    func aSessionThatCannotBeIsNotFound(_ id: String) async throws {
        try await Fixture().run { client in
            let turn = try await client.turn(id)
            let memory = try await client.send(
                .put, "/v1/sessions/\(id)/memory", #"{"chapter_id":"c","memory_json":{}}"#)
            let report = try await client.send(.put, "/v1/sessions/\(id)/report", #"{"chapter_id":"c","report_md":""}"#)
            #expect([turn, memory, report].map(\.refusal) == Array(repeating: "404 SESSION_NOT_FOUND", count: 3))
        }
    }

    @Test func anotherUsersSessionIsDeniedAndUntouched() async throws {
        try await Fixture().run { client in
            let session = try await client.session()
            let path = "/v1/sessions/\(session)"
            let turn = try await client.turn(session, as: Client.bob)
            let memory = try await client.send(
                .put, path + "/memory", #"{"chapter_id":"c","memory_json":{}}"#, as: Client.bob)
            let report = try await client.send(
                .put, path + "/report", #"{"chapter_id":"c","report_md":"x"}"#, as: Client.bob)
            #expect([turn, memory, report].map(\.refusal) == Array(repeating: "403 SESSION_ACCESS_DENIED", count: 3))
            let state = try await client.send(.get, "/v1/chapters/c1/session-state")
            #expect(state.body.hasPrefix(#"{"has_data":false"#))
        }
    }

    @Test(arguments: [
        ("user_message", SessionLimits.userMessageBytes), ("companion_response", SessionLimits.companionResponseBytes),
    ])
    func aFieldOverItsLimitIsTooLarge(_ field: String, _ limit: Int) async throws {
        try await Fixture().run { client in
            let session = try await client.session()
            let other = field == "user_message" ? "companion_response" : "user_message"
            let text = String(repeating: "x", count: limit + 1)
            let answer = try await client.send(
                .post, "/v1/sessions/\(session)/turns",
                #"{"chapter_id":"c","turn_index":0,"\#(other)":"","\#(field)":"\#(text)"}"#)
            #expect(answer.refusal == "413 PAYLOAD_TOO_LARGE")
            let found = [try answer.text("error", "details", "field"), try answer.text("error", "details", "limit")]
            #expect(found == [field, "\(limit)"])
        }
    }

    @Test func aBodyOverItsLimitIsTooLarge() async throws {
        try await Fixture().run { client in
            let body = String(repeating: " ", count: SessionLimits.bodyBytes + 1)
            let session = try await client.send(.post, "/v1/chapters/c/sessions", body)
            let small = String(repeating: " ", count: SessionLimits.smallBodyBytes + 1)
            let upload = try await client.send(.post, "/v1/storage/workspace/upload-url", small)
            #expect([session.refusal, upload.refusal] == ["413 PAYLOAD_TOO_LARGE", "413 PAYLOAD_TOO_LARGE"])
        }
    }

    @Test func nestingOver64IsRefused() async throws {
        try await Fixture().run { client in
            let session = try await client.session()
            let deep = { (depth: Int) in
                "{\"a\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
            }
            let answers = [
                try await client.turn(session, outcome: deep(62)), try await client.turn(session, outcome: deep(63)),
            ]
            #expect(answers.map(\.status) == [201, 422])
        }
    }

    @Test func aSessionThatIsFullTakesNoMoreTurns() async throws {
        try await Fixture().run { client in
            let session = try await client.session()
            let text = String(repeating: "x", count: SessionLimits.companionResponseBytes)
            let body = { (index: Int) in
                #"{"chapter_id":"c","turn_index":\#(index),"user_message":"","companion_response":"\#(text)"}"#
            }
            var statuses: [Int] = []
            for index in 0..<32 {
                statuses.append(try await client.send(.post, "/v1/sessions/\(session)/turns", body(index)).status)
            }
            #expect(statuses == Array(repeating: 201, count: 31) + [409])
        }
    }

    private func turns(_ client: Client) async throws -> [JSONValue] {
        let state = try await client.send(.get, "/v1/chapters/c1/session-state")
        return try #require(JSONDocument(state.body.utf8).root.last("turns")?.elements)
    }
}

/// Runs the same thing that many times at once and returns all results.
func together<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: Value.self) { group in
        for number in 0..<count { group.addTask { try await body(number) } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}
