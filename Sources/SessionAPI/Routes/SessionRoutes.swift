import HTTPTypes
import SessionModels

/// The plan's endpoints of sessions, and what version 2 adds to them.
///
/// Source: session-api.md 4.6, rows 1 to 5.
struct SessionRoutes: Sendable {
    /// Where everything is kept.
    let store: SessionStore
    /// Clock and randomness.
    let environment: SessionEnvironment
    /// Keeps large states few.
    let largeAnswers: LargeAnswers

    /// One line for each route.
    var routes: [Route] {
        let limit = SessionLimits.bodyBytes
        return [
            .user(.post, "/v1/chapters/{chapter_id...}/sessions", bodyLimit: limit, create),
            .get("/v1/chapters/{chapter_id...}/session-state", .user, chapterState),
            .session(.post, "/v1/sessions/{session_id}/turns", bodyLimit: limit, appendTurn),
            .session(.put, "/v1/sessions/{session_id}/memory", bodyLimit: limit, putMemory),
            .session(.put, "/v1/sessions/{session_id}/report", bodyLimit: limit, putReport),
            .session(.get, "/v1/sessions/{session_id}/state", state),
        ]
    }

    private func create(_ call: Call) async throws -> Reply {
        let chapter = try call.chapter()
        let request = try call.read { content throws(RequestFault) in
            try CreateSessionRequest(content, isStrict: call.isStrict)
        }
        let id = request.sessionID.flatMap { SessionID($0) } ?? SessionID(environment: environment)
        let (isNew, session) = try await store.putSession(
            id, SessionHead(chapterID: chapter, request), by: call.author())
        let created = CreatedSession(
            sessionID: session.id.text, createdAtMicroseconds: session.createdAtMicroseconds)
        var reply = Reply(isNew ? .created : .ok, created.json).with(sequence: session.sequence, etag: session.etag)
        reply.headers[.location] = "/v1/sessions/\(session.id.text)"
        return reply
    }

    private func appendTurn(_ call: Call) async throws -> Reply {
        let request = try call.read { content throws(RequestFault) in
            try AppendTurnRequest(content, isStrict: call.isStrict)
        }
        let (session, author) = (try call.session(), try call.author())
        let outcome =
            call.isStrict
            ? try await store.appendTurn(request, to: session, clock: call.clock(), by: author)
            : try await store.appendTurn(request, to: session, by: author)
        var reply = Reply(.created, call.isStrict ? Self.json(of: outcome) : accepted)
            .with(sequence: outcome.session.sequence)
        reply.headers[.turnStatus] = outcome.status.rawValue
        if !outcome.gaps.isEmpty { reply.headers[.turnGaps] = Reply.gapText(outcome.gaps) }
        return reply
    }

    private static func json(of outcome: TurnOutcome) -> JSONOutput {
        .object([
            ("accepted", true), ("status", .string(outcome.status.rawValue)),
            ("seq", .integer(outcome.session.sequence)), ("next_turn_index", .integer(outcome.session.nextTurnIndex)),
            ("turn_count", .integer(outcome.session.turnCount)), ("gaps", .ranges(outcome.gaps)),
        ])
    }

    private func putMemory(_ call: Call) async throws -> Reply {
        let request = try call.read { content throws(RequestFault) in
            try UpsertMemoryRequest(content, isStrict: call.isStrict)
        }
        let followers = request.agentState.map { [DocumentBody(.agentState, $0)] } ?? []
        return try await put(
            DocumentBody(.memory, request.memory), with: followers, request.chapterID, request.asOfTurn, call)
    }

    private func putReport(_ call: Call) async throws -> Reply {
        let request = try call.read { content throws(RequestFault) in
            try UpsertReportRequest(content, isStrict: call.isStrict)
        }
        return try await put(
            DocumentBody(.report, text: request.report), with: [], request.chapterID, request.asOfTurn, call)
    }

    private func put(
        _ document: DocumentBody, with followers: [DocumentBody], _ chapter: String, _ asOfTurn: Int64?, _ call: Call
    ) async throws -> Reply {
        let rule = DocumentRule(condition: call.precondition, asOfTurn: asOfTurn, isStrict: call.isStrict)
        let outcome = try await store.putDocument(
            document, with: followers, in: call.session(), chapter: call.isStrict ? chapter : nil, rule,
            by: call.author())
        let sequence = outcome.session.sequence
        let body = JSONOutput.object([("accepted", true)] + outcome.first.members + [("seq", .integer(sequence))])
        return Reply(.ok, call.isStrict ? body : accepted)
            .with(sequence: sequence, etag: outcome.first.stored.etag)
    }

    private func chapterState(_ call: Call) async throws -> Reply {
        let chapter = try call.chapter()
        let select = try call.target.queryValue("select")
        guard select == nil || select == "nonempty" else {
            throw APIProblem(.validationError, "select: only nonempty is known")
        }
        return try await state(
            call,
            .newest(
                chapter: chapter, course: try call.target.queryValue("course_id"), withContent: select != nil))
    }

    private func state(_ call: Call) async throws -> Reply {
        try await state(call, .session(try call.session()))
    }

    private func state(_ call: Call, _ subject: StateSubject) async throws -> Reply {
        var turns = TurnSelection()
        turns.changedSince = try call.cursorNumber("since")
        turns.after = try call.queryNumber("turns_after", in: SessionLimits.turnIndexes)
        turns.limit = try call.queryNumber("limit", in: SessionLimits.turnsPerPage)
        let request = StateRequest(user: try call.user(), subject: subject, isStrict: call.isStrict, turns: turns)
        let sizeBytes = turns.limit == nil ? try await store.stateBytes(request) : 0
        let turn = sizeBytes >= LargeAnswers.fromBytes ? try await largeAnswers.take() : nil
        let answer = try await store.state(request, unless: call.precondition)
        let reply = answer.bytes.map { Reply(.ok, MadeBody(bytes: $0, turn: turn)) } ?? Reply(.notModified)
        return reply.with(sequence: answer.sequence, etag: answer.etag)
    }

    private var accepted: JSONOutput { .object([("accepted", true)]) }
}
