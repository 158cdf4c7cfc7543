import HTTPTypes
import SessionModels

/// The plan's endpoints of sessions.
///
/// Source: session-api.md 4.6, rows 1 to 5.
struct SessionRoutes: Sendable {
    /// Where everything is kept.
    let store: SessionStore
    /// Clock and randomness.
    let environment: SessionEnvironment
    /// Keeps large states few.
    let largeAnswers = LargeAnswers()

    /// One line for each route.
    var routes: [Route] {
        let limit = SessionLimits.bodyBytes
        return [
            .user(.post, "/v1/chapters/{chapter_id...}/sessions", bodyLimit: limit, create),
            .get("/v1/chapters/{chapter_id...}/session-state", .user, state),
            .user(.post, "/v1/sessions/{session_id}/turns", bodyLimit: limit, appendTurn),
            .user(.put, "/v1/sessions/{session_id}/memory", bodyLimit: limit, putMemory),
            .user(.put, "/v1/sessions/{session_id}/report", bodyLimit: limit, putReport),
        ]
    }

    private func create(_ call: Call) async throws -> Reply {
        let chapter = try chapter(of: call)
        let request = try call.read(CreateSessionRequest.init)
        let session = SessionID(environment: environment)
        let sequence = try await store.createSession(session, chapter: chapter, request: request, by: call.author())
        let created = CreatedSession(sessionID: session.text, createdAtMicroseconds: call.nowMicroseconds)
        return reply(.created, created.json, sequence)
    }

    private func appendTurn(_ call: Call) async throws -> Reply {
        let turn = try call.read(AppendTurnRequest.init)
        let (status, sequence) = try await store.appendTurn(turn, to: session(of: call), by: call.author())
        var reply = reply(.created, accepted, sequence)
        reply.headers[.turnStatus] = status.rawValue
        return reply
    }

    private func putMemory(_ call: Call) async throws -> Reply {
        let request = try call.read(UpsertMemoryRequest.init)
        try call.requireNoPrecondition()
        var documents = [DocumentBody(.memory, request.memory)]
        if let agentState = request.agentState { documents.append(DocumentBody(.agentState, agentState)) }
        return reply(.ok, accepted, try await store.putDocuments(documents, in: session(of: call), by: call.author()))
    }

    private func putReport(_ call: Call) async throws -> Reply {
        let request = try call.read(UpsertReportRequest.init)
        try call.requireNoPrecondition()
        let report = DocumentBody(.report, text: request.report)
        return reply(.ok, accepted, try await store.putDocuments([report], in: session(of: call), by: call.author()))
    }

    private func state(_ call: Call) async throws -> Reply {
        let (user, chapter) = (try call.user(), try chapter(of: call))
        let course = try call.target.queryValue("course_id")
        let sizeBytes = try await store.stateBytes(of: user, chapter: chapter, course: course)
        let turn = sizeBytes >= LargeAnswers.fromBytes ? try await largeAnswers.take() : nil
        let bytes = try await store.sessionState(of: user, chapter: chapter, course: course)
        return Reply(.ok, MadeBody(bytes: bytes, turn: turn))
    }

    private var accepted: JSONOutput { .object([("accepted", true)]) }

    private func reply(_ status: HTTPResponse.Status, _ body: JSONOutput, _ sequence: Int64) -> Reply {
        var reply = Reply(status, body)
        reply.headers[.syncSequence] = String(sequence)
        return reply
    }

    /// The session of the path; an id that no session can have is not found.
    private func session(of call: Call) throws(APIProblem) -> SessionID {
        guard let session = call.decodedPart.flatMap(SessionID.init) else {
            throw .sessionNotFound
        }
        return session
    }

    /// The chapter of the path: 1 to 128 characters, decoded once.
    private func chapter(of call: Call) throws(APIProblem) -> String {
        guard let chapter = call.decodedPart else {
            throw chapterProblem("value_error", "Value error, not percent-encoded UTF-8", .null, [])
        }
        let rule = TextRule.line(1...SessionLimits.chapterCharacters.upperBound)
        if let offence = rule.offence(of: chapter) {
            throw chapterProblem(offence.type, offence.message, .string(chapter), offence.context)
        }
        return chapter
    }

    private func chapterProblem(
        _ type: String, _ message: String, _ input: JSONOutput, _ context: [(String, JSONOutput)]
    ) -> APIProblem {
        APIProblem(
            .invalid([
                ValidationIssue(
                    type, at: [.name("path"), .name("chapter_id")], message: message, input: input, context: context)
            ]))
    }
}
