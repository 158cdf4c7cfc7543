import SessionModels

/// Which session a state is asked of.
enum StateSubject: Sendable {
    /// The newest session of a chapter, of a course if that is told; one without content counts unless it is told
    /// otherwise.
    case newest(chapter: String, course: String?, withContent: Bool)
    /// This session.
    case session(SessionID)
}

/// How a state is asked for.
struct StateRequest: Sendable {
    /// Whose.
    let user: UserID
    /// Which session.
    let subject: StateSubject
    /// Whether the client speaks version 2.
    let isStrict: Bool
    /// Which of its turns.
    let turns: TurnSelection
}

/// A state that was read, or only what tells that it did not change.
struct StateAnswer: Sendable {
    /// What a client compares to learn whether it changed, quotes included.
    let etag: String
    /// The user's number of the session's last change.
    let sequence: Int64
    /// The body, or nil if the client has it.
    let bytes: [UInt8]?
}

extension SessionStore {
    /// About how many bytes the state of a session holds; 0 if there is none.
    func stateBytes(_ request: StateRequest) async throws -> Int64 {
        try await read { database in
            guard let session = try database.subject(of: request) else { return 0 }
            let row = try database.firstRow(
                """
                SELECT CAST(coalesce(sum(length(body)), 0) AS BIGINT) FROM documents
                WHERE user_id = ? AND session_id = ?
                """, [request.user.text, session.id.text])
            return session.turnBytes + (try row?[0] ?? 0)
        }
    }

    /// The answer about a session with all that belongs to it, from one snapshot.
    ///
    /// Its bytes are made on the thread that reads, since they can be many.
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`, `CURSOR_EXPIRED`.
    func state(_ request: StateRequest, unless known: Precondition) async throws -> StateAnswer {
        try await read { database in
            guard let session = try database.subject(of: request) else {
                let body = request.isStrict ? SessionState.emptyJSON : SessionState.json(of: nil)
                let etag = "\"none\""
                return StateAnswer(etag: etag, sequence: 0, bytes: known.isKnown(etag) ? nil : body.bytes)
            }
            if let since = request.turns.changedSince, since > (try database.sequence(of: request.user)) {
                throw APIProblem.cursorExpired
            }
            let etag = "\"s\(session.sequence)-\(session.id.text)\(request.isStrict ? "-2" : "")\""
            guard !known.isKnown(etag) else {
                return StateAnswer(etag: etag, sequence: session.sequence, bytes: nil)
            }
            let bytes = try database.stateJSON(of: session, request).bytes
            return StateAnswer(etag: etag, sequence: session.sequence, bytes: bytes)
        }
    }
}

extension SQLConnection {
    fileprivate func subject(of request: StateRequest) throws -> SessionRecord? {
        switch request.subject {
        case .session(let id): return try session(id, of: request.user)
        case .newest(let chapter, let course, let withContent):
            return try newestSession(of: request.user, chapter, course, withContent: withContent)
        }
    }

    /// The newest session of a chapter, by the time of its last turn and then by its last change.
    private func newestSession(
        of user: UserID, _ chapter: String, _ course: String?, withContent: Bool
    ) throws -> SessionRecord? {
        var (conditions, arguments): (String, SQLArguments) = ("", [user.text, chapter])
        if let course {
            conditions += " AND course_id = ?"
            arguments.append(course)
        }
        if withContent {
            conditions += """
                 AND (turn_count > 0 OR EXISTS (SELECT 1 FROM documents
                    WHERE documents.user_id = sessions.user_id AND documents.session_id = sessions.session_id
                    AND ((kind = 'memory' AND body <> '{}') OR (kind = 'report' AND body <> ''))))
                """
        }
        return try firstRow(
            """
            SELECT \(SessionRecord.columns) FROM sessions
            WHERE user_id = ? AND chapter_id = ? AND deleted_at IS NULL\(conditions)
            ORDER BY last_active_at DESC, seq DESC LIMIT 1
            """, arguments
        ).map { try SessionRecord(row: $0) }
    }

    fileprivate func stateJSON(of session: SessionRecord, _ request: StateRequest) throws -> JSONOutput {
        let user = request.user
        let (turns, hasMore) = try turns(request.turns, of: session, user)
        var documents: [DocumentKind: DocumentRecord] = [:]
        for kind in DocumentKind.allCases { documents[kind] = try document(kind, of: session.id, user)?.record }
        let hasTurnsOrMemory = session.turnCount > 0 || documents[.memory] != nil
        let hasContent =
            session.turnCount > 0 || documents[.memory].map { $0.body != "{}" } ?? false
            || documents[.report].map { !$0.body.isEmpty } ?? false
        if let since = request.turns.changedSince { documents = documents.filter { $0.value.sequence > since } }
        let state = SessionState(
            sessionID: session.id.text, turns: turns, memory: documents[.memory], report: documents[.report],
            agentState: documents[.agentState],
            details: request.isStrict ? try details(of: session, request, hasMore: hasMore) : nil)
        guard case .newest(_, _, withContent: false) = request.subject else {
            return state.json(hasData: hasContent || hasTurnsOrMemory)
        }
        if hasTurnsOrMemory { return state.json(hasData: true) }
        return request.isStrict ? SessionState.emptyJSON : SessionState.json(of: nil)
    }

    private func details(
        of session: SessionRecord, _ request: StateRequest, hasMore: Bool
    ) throws -> SessionDetails {
        let count = try firstRow(
            "SELECT count(*) FROM turn_alternates WHERE user_id = ? AND session_id = ? AND decision IS NULL",
            [request.user.text, session.id.text])
        var details = SessionDetails(
            summary: session.summary,
            gaps: try gaps(of: session, request.user, limit: SessionLimits.gapsPerAnswer),
            digest: try digest(of: session, request.user).bytes.hexadecimal, alternateCount: try count?[0] ?? 0)
        if request.turns.limit != nil { details.hasMore = hasMore }
        details.changedSince = request.turns.changedSince
        return details
    }
}
