import HTTPTypes
import Testing

/// Every endpoint of a user, for everybody who may knock.
///
/// Source: SECURITY 31.
@Suite struct AccessMatrixTests {
    /// An endpoint and what it answers; `SESSION` stands for Alice's session, `KEY` for the key of her file.
    struct Row: Sendable {
        let method: HTTPRequest.Method
        let path: String
        let body: String?
        let owner: Int
        let otherUser: String

        init(_ method: HTTPRequest.Method, _ path: String, _ body: String?, owner: Int, otherUser: String) {
            self.method = method
            self.path = path
            self.body = body
            self.owner = owner
            self.otherUser = otherUser
        }
    }

    static let rows: [Row] = [
        Row(.post, "/v1/chapters/c1/sessions", "{}", owner: 201, otherUser: "201 -"),
        Row(
            .post, "/v1/sessions/SESSION/turns",
            #"{"chapter_id":"c","turn_index":1,"user_message":"","companion_response":""}"#, owner: 201,
            otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(
            .put, "/v1/sessions/SESSION/memory", #"{"chapter_id":"c","memory_json":{}}"#, owner: 200,
            otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(
            .put, "/v1/sessions/SESSION/report", #"{"chapter_id":"c","report_md":""}"#, owner: 200,
            otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.get, "/v1/chapters/c1/session-state", nil, owner: 200, otherUser: "200 -"),
        Row(
            .post, "/v1/storage/workspace/upload-url", #"{"chapter_id":"c1","filename":"b.py","file_size_bytes":1}"#,
            owner: 200, otherUser: "200 -"),
        Row(
            .post, "/v1/storage/workspace/confirm",
            #"{"oss_key":"KEY","filename":"a.py","chapter_id":"c1","file_size_bytes":1}"#, owner: 201,
            otherUser: "400 VALIDATION_ERROR"),
        Row(.get, "/v1/storage/workspace/files", nil, owner: 200, otherUser: "200 -"),
        Row(.get, "/v1/storage/workspace/quota", nil, owner: 200, otherUser: "200 -"),
        Row(.get, "/v1/storage/workspace/chapter-files/c1", nil, owner: 200, otherUser: "200 -"),
        Row(.get, "/v1/storage/workspace/files/1/versions", nil, owner: 404, otherUser: "404 NOT_FOUND"),
        Row(.delete, "/v1/storage/workspace/files/1", nil, owner: 200, otherUser: "200 -"),
        Row(.delete, "/v1/storage/workspace/chapter-files/c1/a.py", nil, owner: 200, otherUser: "200 -"),
        Row(.get, "/v1/me", nil, owner: 200, otherUser: "200 -"),
        Row(.get, "/v1/sessions", nil, owner: 200, otherUser: "200 -"),
        Row(.get, "/v1/chapters/c1/sessions", nil, owner: 200, otherUser: "200 -"),
        Row(.put, "/v1/sessions/SESSION", #"{"chapter_id":"c1"}"#, owner: 200, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.get, "/v1/sessions/SESSION", nil, owner: 200, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.patch, "/v1/sessions/SESSION", #"{"title":"x"}"#, owner: 200, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.get, "/v1/sessions/SESSION/state", nil, owner: 200, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.get, "/v1/sessions/SESSION/turns", nil, owner: 200, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.get, "/v1/sessions/SESSION/export", nil, owner: 200, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.get, "/v1/sessions/SESSION/digest", nil, owner: 200, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.get, "/v1/sessions/SESSION/alternates", nil, owner: 200, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(
            .post, "/v1/sessions/SESSION/alternates/0-00", #"{"action":"discard"}"#, owner: 404,
            otherUser: "404 NOT_FOUND"),
        Row(.get, "/v1/sessions/SESSION/memory", nil, owner: 404, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.get, "/v1/sessions/SESSION/report", nil, owner: 404, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.get, "/v1/sessions/SESSION/memory/versions", nil, owner: 200, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.get, "/v1/sessions/SESSION/report/versions/1", nil, owner: 404, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(
            .post, "/v1/sessions/SESSION/memory/versions/1/restore", "{}", owner: 404,
            otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.post, "/v1/sessions/SESSION/sync", #"{"turns":[]}"#, owner: 200, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(
            .post, "/v1/sessions/SESSION/fork", #"{"at_turn":0,"fork_session_id":"f"}"#, owner: 201,
            otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.post, "/v1/sessions/SESSION/undelete", "{}", owner: 200, otherUser: "403 SESSION_ACCESS_DENIED"),
        Row(.delete, "/v1/sessions/SESSION", nil, owner: 200, otherUser: "403 SESSION_ACCESS_DENIED"),
    ]

    @Test(arguments: rows)
    func onlyTheOwnerGetsThrough(_ row: Row) async throws {
        try await Fixture().run { client in
            let (session, key) = try await belongings(client)
            let path = row.path.replacing("SESSION", with: session)
            let body = row.body?.replacing("KEY", with: key)
            let stranger = try await client.send(row.method, path, body, as: nil)
            let expired = try await client.send(
                row.method, path, body, as: nil,
                headers: ["Authorization": "Bearer \(client.fixture.token(user: Client.alice, lifetimeSeconds: -31))"])
            let other = try await client.send(row.method, path, body, as: Client.bob)
            let owner = try await client.send(row.method, path, body)
            #expect([stranger.refusal, expired.refusal] == ["401 UNAUTHORIZED", "401 INVALID_TOKEN"])
            #expect(other.refusal == row.otherUser)
            #expect(owner.status == row.owner)
            for answer in [stranger, expired, other] {
                #expect(!answer.body.contains(session))
                #expect(!answer.body.contains(Client.alice))
                #expect(!answer.body.contains("secret of alice"))
            }
        }
    }

    /// A session with a turn and an uploaded file, both of Alice.
    private func belongings(_ client: Client) async throws -> (session: String, key: String) {
        let session = try await client.session()
        _ = try await client.turn(session, message: "secret of alice")
        let key = try await client.send(
            .post, "/v1/storage/workspace/upload-url", #"{"chapter_id":"c1","filename":"a.py","file_size_bytes":1}"#
        ).text("oss_key")
        client.fixture.storage?.put(key, sizeBytes: 1)
        return (session, key)
    }
}
