import HTTPTypes
import SessionAPI
import SessionModels
import Testing

@Suite struct SessionResponderTests {
    @Test(arguments: [
        "/", "", "/v1", "/v1/nope", "/healthz/x", "/V1/me", "/v1/me/x", "//v1/me", "/v1/chapters/sessions",
        "/v1/chapters//sessions", "/v1/chapters/c1/session", "/v1/sessions//turns", "/v1/sessions/a/b/turns",
        "/v1/session", "/v1/%6De", "/v1/storage/workspace", "*",
    ])
    func aPathThatIsNoRouteIsNotFoundEvenWithoutAToken(_ path: String) async throws {
        try await Fixture().run { client in
            let answer = try await client.send(.get, path, as: nil)
            #expect(answer.status == 404)
            #expect(answer.body == #"{"detail":"Not Found"}"#)
        }
    }

    @Test(arguments: [
        (HTTPRequest.Method.put, "/v1/chapters/c1/sessions", "POST, GET, HEAD"),
        (.put, "/v1/sessions/a/turns", "POST, GET, HEAD"), (.get, "/v1/sessions/a/sync", "POST"),
        (.post, "/v1/sessions/a/memory", "PUT, GET, HEAD"), (.delete, "/v1/sessions/a/report", "PUT, GET, HEAD"),
        (.post, "/v1/chapters/c1/session-state", "GET, HEAD"), (.options, "/v1/chapters/c1/session-state", "GET, HEAD"),
        (.get, "/v1/storage/workspace/upload-url", "POST"), (.get, "/v1/storage/workspace/confirm", "POST"),
        (.post, "/v1/storage/workspace/files", "GET, HEAD"), (.get, "/v1/auth/login", "POST"),
        (.head, "/v1/auth/login", "POST"), (.post, "/v1/me", "GET, HEAD"), (.post, "/healthz", "GET, HEAD"),
        (.trace, "/healthz", "GET, HEAD"),
    ])
    func anotherMethodIsRefusedWithThoseThatAreServed(
        _ method: HTTPRequest.Method, _ path: String, _ allowed: String
    ) async throws {
        try await Fixture().run { client in
            let answer = try await client.send(method, path, as: nil)
            #expect(answer.status == 405)
            #expect(answer.headers[.allow] == allowed)
            if method != .head { #expect(answer.body == #"{"detail":"Method Not Allowed"}"#) }
        }
    }

    @Test(arguments: ["/healthz", "/v1/chapters/c1/session-state", "/v1/storage/workspace/files", "/v1/me"])
    func headIsGetWithoutItsBody(_ path: String) async throws {
        try await Fixture().run { client in
            let get = try await client.send(.get, path)
            let head = try await client.send(.head, path)
            #expect([get.status, head.status] == [200, 200])
            #expect(head.headers[.contentLength] == get.headers[.contentLength])
            #expect(head.body.isEmpty)
        }
    }

    @Test(arguments: [
        "/v1/chapters/c1/sessions", "/v1/sessions/nope/turns", "/v1/storage/workspace/upload-url",
        "/v1/storage/workspace/confirm",
    ])
    func theTokenIsJudgedBeforeTheBodyAndTheBodyBeforeAnythingElse(_ path: String) async throws {
        try await Fixture().run { client in
            let stranger = try await client.send(.post, path, "{", as: nil)
            let caller = try await client.send(.post, path, "{")
            #expect([stranger.refusal, caller.refusal] == ["401 UNAUTHORIZED", "422 VALIDATION_ERROR"])
        }
    }

    @Test func answersCarryTheHeadersThatEveryAnswerHas() async throws {
        try await Fixture().run { client in
            let answers = [
                try await client.send(.get, "/healthz", as: nil), try await client.send(.get, "/v1/nope"),
                try await client.send(.post, "/v1/auth/login", "{}"), try await client.send(.get, "/v1/me", as: nil),
            ]
            let name = try #require(HTTPField.Name("X-Request-Id"))
            let ids = Set(answers.compactMap { $0.headers[name] })
            #expect(ids.count == answers.count)
            let caching = answers.map { $0.headers[.cacheControl] }
            #expect(caching == ["private, no-cache", "private, no-cache", "no-store", "private, no-cache"])
            #expect(answers[3].headers[.wwwAuthenticate] == "Bearer")
        }
    }

    @Test func aCodedBodyIsRefusedAndNotTakenForAPlainOne() async throws {
        try await Fixture().run { client in
            let answer = try await client.send(
                .post, "/v1/chapters/c1/sessions", "{}", headers: ["Content-Encoding": "br"])
            #expect(answer.refusal == "415 UNSUPPORTED_MEDIA_TYPE")
        }
    }

    @Test func aTargetThatIsTooLongIsRefused() async throws {
        try await Fixture().run { client in
            let path = "/v1/chapters/" + String(repeating: "a", count: SessionLimits.targetBytes) + "/sessions"
            let answer = try await client.send(.post, path, "{}")
            #expect(answer.refusal == "414 URI_TOO_LONG")
        }
    }

    @Test func anyOriginMayCallWhereAllMay() async throws {
        try await Fixture(change: { $0.allowedOrigins = ["*"] }).run { client in
            let answer = try await client.send(.get, "/healthz", headers: ["Origin": "https://a.example"])
            #expect(answer.headers[.accessControlAllowOrigin] == "*")
            #expect(answer.headers[.accessControlAllowCredentials] == nil)
        }
    }

    @Test(arguments: [
        ("https://app.example", 204, "https://app.example"), ("https://evil.example", 403, nil),
        ("https://app.example.evil.example", 403, nil), ("http://app.example", 403, nil), ("null", 403, nil),
    ])
    func onlyListedOriginsMayCall(_ origin: String, _ status: Int, _ allowed: String?) async throws {
        try await Fixture(change: { $0.allowedOrigins = ["https://app.example"] }).run { client in
            let preflight = try await client.send(
                .options, "/v1/sessions/a/turns", as: nil,
                headers: ["Origin": origin, "Access-Control-Request-Method": "POST"])
            #expect(preflight.status == status)
            #expect(preflight.headers[.accessControlAllowOrigin] == allowed)
            let answer = try await client.send(.get, "/healthz", headers: ["Origin": origin])
            #expect(answer.headers[.accessControlAllowOrigin] == allowed)
            #expect(answer.headers[.vary] == "Origin")
        }
    }

    @Test func aUserWhoAsksTooOftenWaits() async throws {
        try await Fixture(change: { $0.requestBurstPerUser = 4 }).run { client in
            var statuses: [Int] = []
            for _ in 0..<5 { statuses.append(try await client.send(.get, "/v1/me").status) }
            #expect(statuses == [200, 200, 200, 200, 429])
            let refused = try await client.send(.get, "/v1/me")
            #expect(refused.headers[.retryAfter] == "30")
            let other = try await client.send(.get, "/v1/me", as: Client.bob)
            #expect(other.status == 200)
            client.fixture.clock.advance(seconds: 29)
            let early = try await client.send(.get, "/v1/me").status
            client.fixture.clock.advance(seconds: 1)
            let late = try await client.send(.get, "/v1/me").status
            #expect([early, late] == [429, 200])
        }
    }

    @Test(arguments: [
        "short", "change-me-change-me-change-me-change-me", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "",
    ])
    func aWeakSecretDoesNotStart(_ secret: String) {
        let configuration = SessionAPIConfiguration(tokenSecret: .init(secret))
        let found = #expect(throws: SessionConfigurationError.self) { try configuration.validate() }
        #expect(found?.option == "tokenSecret")
    }

    /// A change that makes an option wrong.
    struct WrongOption: Sendable {
        let name: String
        let change: @Sendable (inout SessionAPIConfiguration) -> Void
    }

    @Test(arguments: [
        WrongOption(name: "accessTokenLifetimeSeconds") { $0.accessTokenLifetimeSeconds = 59 },
        WrongOption(name: "maximumTokenLifetimeSeconds") { $0.maximumTokenLifetimeSeconds = 600 },
        WrongOption(name: "refreshTokenLifetimeSeconds") { $0.refreshTokenLifetimeSeconds = 0 },
        WrongOption(name: "quotaBytes") { $0.quotaBytes = -1 },
        WrongOption(name: "uploadURLLifetimeSeconds") { $0.uploadURLLifetimeSeconds = 3_601 },
        WrongOption(name: "passwordRounds") { $0.passwordRounds = 599_999 },
        WrongOption(name: "requestBurstPerUser") { $0.requestBurstPerUser = 0 },
        WrongOption(name: "requiresEmailCode") { $0.requiresEmailCode = true },
    ])
    func anOptionOutOfRangeIsNamed(_ option: WrongOption) throws {
        var configuration = SessionAPIConfiguration(tokenSecret: .init(Fixture.secret))
        try configuration.validate()
        option.change(&configuration)
        let changed = configuration
        let found = #expect(throws: SessionConfigurationError.self) { try changed.validate() }
        #expect(found?.option == option.name)
    }
}
