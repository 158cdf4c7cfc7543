import HTTPTypes
import SessionModels
import Testing

@Suite struct LiveServerTests {
    @Test func theFlowOfThePlansSmokeTestWorksOverLoopback() async throws {
        try await Fixture(change: { $0.allowedOrigins = ["*"] }).run(.live) { client in
            try await client.fixture.accounts.ensureDemoAccount()
            let logIn = try await client.send(
                .post, "/v1/auth/login", #"{"email":"student@example.com","password":"StrongPass123"}"#, as: nil)
            let authorization = ["Authorization": "Bearer \(try logIn.text("access_token"))"]
            let session = try await client.send(
                .post, "/v1/chapters/ch0_pandas_basics/sessions", #"{"course_id": null}"#, as: nil,
                headers: authorization
            ).text("session_id")
            let turn = try await client.send(
                .post, "/v1/sessions/\(session)/turns",
                #"{"chapter_id":"ch0","turn_index":0,"user_message":"hello","companion_response":"hi there","#
                    + #""turn_outcome":{}}"#, as: nil, headers: authorization)
            #expect([turn.status, turn.body.utf8.count] == [201, 17])
            let state = try await client.send(
                .get, "/v1/chapters/ch0_pandas_basics/session-state", as: nil, headers: authorization)
            #expect(try state.text("has_data") == "true")
            let head = try await client.send(
                .head, "/v1/chapters/ch0_pandas_basics/session-state", as: nil, headers: authorization)
            #expect(head.headers[.contentLength] == state.headers[.contentLength])
        }
    }

    @Test func theLargestBodyIsReadAndOneByteMoreIsNot() async throws {
        try await Fixture().run(.live) { client in
            let exact = "{}" + String(repeating: " ", count: SessionLimits.bodyBytes - 2)
            let created = try await client.send(.post, "/v1/chapters/c1/sessions", exact)
            #expect(created.status == 201)
            let over = try await client.send(.post, "/v1/chapters/c1/sessions", exact + " ")
            #expect(over.refusal == "413 PAYLOAD_TOO_LARGE")
        }
    }
}
