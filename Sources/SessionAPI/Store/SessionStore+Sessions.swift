import SessionModels

/// Who writes, on which device and when.
struct Author: Sendable {
    /// Whose it is.
    let user: UserID
    /// The device's name for itself, or nil.
    let device: String?
    /// When it happens, in microseconds since 1970.
    let nowMicroseconds: Int64
}

/// What became of a turn that was sent.
enum TurnStatus: String, Sendable {
    case stored, duplicate, alternate
}

/// The kinds of documents of a session.
enum DocumentKind: String, Sendable {
    case memory, report
    case agentState = "agent_state"
}

/// A document to be put.
struct DocumentBody: Sendable {
    /// What it is.
    let kind: DocumentKind
    /// The content as it is stored.
    let text: String
    /// What tells one content from another, 32 bytes.
    let hash: [UInt8]

    /// A JSON document, kept as it was sent.
    init(_ kind: DocumentKind, _ value: JSONValue) {
        self.kind = kind
        text = String(decoding: value.compact, as: UTF8.self)
        hash = ContentHash.document(value)
    }

    /// A text.
    init(_ kind: DocumentKind, text: String) {
        self.kind = kind
        self.text = text
        hash = ContentHash.text(text)
    }
}

extension SessionStore {
    /// Makes a session.
    ///
    /// - Throws: `LIMIT_REACHED` if the user has too many.
    func createSession(
        _ session: SessionID, chapter: String, request: CreateSessionRequest, by author: Author
    ) async throws -> Int64 {
        try await write { database in
            let sequence = try database.takeSequence(of: author.user)
            let counted = try database.run(
                "UPDATE users SET session_count = session_count + 1 WHERE user_id = ? AND session_count < ?",
                [author.user.text, SessionLimits.sessionsPerUser])
            guard counted == 1 else { throw APIProblem(.limitReached, "Too many sessions") }
            try database.run(
                """
                INSERT INTO sessions (user_id, session_id, chapter_id, course_id, title, bundle_version, created_at,
                    last_active_at, seq)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    author.user.text, session.text, chapter, request.courseID, request.title, request.bundleVersion,
                    author.nowMicroseconds, author.nowMicroseconds, sequence,
                ])
            try database.noteChange(sequence, session, "session", nil, author)
            return .keep(sequence)
        }
    }

    /// Appends a turn; the same content again changes nothing, other content is kept beside it.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `LIMIT_REACHED`.
    func appendTurn(
        _ turn: AppendTurnRequest, to session: SessionID, by author: Author
    ) async throws -> (status: TurnStatus, sequence: Int64) {
        let row = TurnRow(turn, session, author)
        return try await write(weightBytes: row.sizeBytes) { database in
            let sequence = try database.takeSequence(of: author.user)
            try database.touch(session, sequence, author)
            guard try database.insert(row, sequence) else {
                return .keep((try database.keepAlternate(row, sequence, author), sequence))
            }
            try database.countTurn(row, author)
            try database.noteChange(sequence, session, "turns", String(row.index), author)
            return .keep((.stored, sequence))
        }
    }

    /// Puts documents of a session; one that is there already with the same content is not written again.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`.
    func putDocuments(_ documents: [DocumentBody], in session: SessionID, by author: Author) async throws -> Int64 {
        // The value that a document replaces is written once more, as a version.
        let weightBytes = documents.reduce(0) { $0 + 2 * $1.text.utf8.count }
        return try await write(weightBytes: weightBytes) { database in
            let sequence = try database.takeSequence(of: author.user)
            try database.requireOwner(of: session, author.user)
            var changed: [DocumentKind] = []
            for document in documents where try database.put(document, in: session, sequence, author) {
                changed.append(document.kind)
            }
            guard let first = changed.first else { return .discard(sequence - 1) }
            let kind = first == .report ? "report" : "memory"
            try database.noteChange(sequence, session, kind, nil, author)
            return .keep(sequence)
        }
    }

    /// About how many bytes the newest session of a chapter holds, rather more than less; 0 if there is none.
    func stateBytes(of user: UserID, chapter: String, course: String?) async throws -> Int64 {
        try await read { database in
            guard let session = try database.newestSession(of: user, chapter, course) else { return 0 }
            let row = try database.firstRow(
                """
                SELECT turn_bytes + (SELECT CAST(coalesce(sum(3 * length(body)), 0) AS BIGINT) FROM documents
                    WHERE user_id = ?1 AND session_id = ?2)
                FROM sessions WHERE user_id = ?1 AND session_id = ?2
                """, [user.text, session])
            return try row?[0] ?? 0
        }
    }

    /// The answer about the newest session of a chapter with all that belongs to it, from one snapshot.
    ///
    /// Its bytes are made on the thread that reads, since they can be many.
    func sessionState(of user: UserID, chapter: String, course: String?) async throws -> [UInt8] {
        try await read { database in
            let session = try database.newestSession(of: user, chapter, course)
            return SessionState.json(of: try session.map { try database.state(of: $0, user) }).bytes
        }
    }
}

/// A turn as its row is written, in `turns` or beside it.
private struct TurnRow: Sendable {
    let session: SessionID
    let index: Int64
    let hash: [UInt8]
    let sizeBytes: Int
    /// All columns but the last, `seq`.
    let columns: SQLArguments

    init(_ turn: AppendTurnRequest, _ session: SessionID, _ author: Author) {
        let outcome = turn.turnOutcome.map { String(decoding: $0.compact, as: UTF8.self) } ?? "{}"
        self.session = session
        index = turn.turnIndex
        hash = ContentHash.turn(
            userMessage: turn.userMessage, companionResponse: turn.companionResponse, outcome: turn.turnOutcome)
        sizeBytes = turn.userMessage.utf8.count + turn.companionResponse.utf8.count + outcome.utf8.count
        columns = [
            author.user.text, session.text, index, hash, author.device, turn.chapterID, turn.userMessage,
            turn.companionResponse, outcome, author.nowMicroseconds,
        ]
    }
}

extension TurnRecord {
    fileprivate init(row: SQLRow) throws {
        let outcome: String = try row[3]
        self.init(
            turnIndex: try row[0], userMessage: try row[1], companionResponse: try row[2],
            turnOutcome: Array(outcome.utf8),
            createdAtMicroseconds: try row[4])
    }
}

// MARK: - Statements

extension SQLConnection {
    /// Records a change under the number that was taken for it.
    func noteChange(
        _ sequence: Int64, _ session: SessionID?, _ kind: String, _ reference: String?, _ author: Author
    ) throws {
        try run(
            """
            INSERT INTO changes (user_id, seq, session_id, kind, ref, device, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [author.user.text, sequence, session?.text, kind, reference, author.device, author.nowMicroseconds])
    }

    fileprivate func newestSession(of user: UserID, _ chapter: String, _ course: String?) throws -> String? {
        try firstRow(
            """
            SELECT session_id FROM sessions
            WHERE user_id = ?1 AND chapter_id = ?2 AND deleted_at IS NULL AND (?3 IS NULL OR course_id = ?3)
            ORDER BY last_active_at DESC, seq DESC LIMIT 1
            """, [user.text, chapter, course]
        ).map { try $0[0] as String }
    }

    fileprivate func state(of session: String, _ user: UserID) throws -> SessionState {
        let turns = try allRows(
            """
            SELECT turn_index, user_message, companion_response, turn_outcome, created_at FROM turns
            WHERE user_id = ? AND session_id = ? ORDER BY turn_index
            """, [user.text, session])
        let documents = try allRows(
            "SELECT kind, body FROM documents WHERE user_id = ? AND session_id = ?", [user.text, session])
        var bodies: [String: String] = [:]
        for document in documents { bodies[try document[0]] = try document[1] }
        return SessionState(
            sessionID: session, turns: try turns.map(TurnRecord.init(row:)),
            memory: bodies[DocumentKind.memory.rawValue].map { Array($0.utf8) },
            report: bodies[DocumentKind.report.rawValue],
            agentState: bodies[DocumentKind.agentState.rawValue].map { Array($0.utf8) })
    }

    /// Refuses a session that is not there or not the user's.
    fileprivate func requireOwner(of session: SessionID, _ user: UserID) throws {
        let row = try firstRow(
            "SELECT user_id FROM sessions WHERE session_id = ? AND deleted_at IS NULL", [session.text])
        guard let row else { throw APIProblem.sessionNotFound }
        let owner: String = try row[0]
        guard owner == user.text else { throw APIProblem.sessionAccessDenied }
    }

    /// Makes the session the newest of its user.
    fileprivate func touch(_ session: SessionID, _ sequence: Int64, _ author: Author) throws {
        let touched = try run(
            """
            UPDATE sessions SET
                last_active_at = CASE WHEN last_active_at < ?1 THEN ?1 ELSE last_active_at END, seq = ?2
            WHERE user_id = ?3 AND session_id = ?4 AND deleted_at IS NULL
            """, [author.nowMicroseconds, sequence, author.user.text, session.text])
        if touched == 0 {
            try requireOwner(of: session, author.user)
            throw APIProblem.internalError
        }
    }

    /// Stores a turn; false if one with its index is there already.
    fileprivate func insert(_ row: TurnRow, _ sequence: Int64) throws -> Bool {
        let stored = try run(
            """
            INSERT INTO turns (user_id, session_id, turn_index, content_hash, device, chapter_id, user_message,
                companion_response, turn_outcome, created_at, seq)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (user_id, session_id, turn_index) DO NOTHING
            """, row.columns + [sequence])
        return stored == 1
    }

    fileprivate func countTurn(_ row: TurnRow, _ author: Author) throws {
        let counted = try run(
            """
            UPDATE sessions SET turn_count = turn_count + 1, turn_bytes = turn_bytes + ?1,
                min_index = CASE WHEN min_index <= ?2 THEN min_index ELSE ?2 END,
                max_index = CASE WHEN max_index >= ?2 THEN max_index ELSE ?2 END
            WHERE user_id = ?3 AND session_id = ?4 AND turn_count < ?5 AND turn_bytes + ?1 <= ?6
            """,
            [
                row.sizeBytes, row.index, author.user.text, row.session.text, SessionLimits.turnsPerSession,
                SessionLimits.turnBytesPerSession,
            ])
        guard counted == 1 else { throw APIProblem(.limitReached, "The session is full") }
    }

    /// Keeps the other content of a turn that is stored already, unless it is the same or there are too many.
    fileprivate func keepAlternate(_ row: TurnRow, _ sequence: Int64, _ author: Author) throws -> TurnStatus {
        let stored = try firstRow(
            "SELECT 1 FROM turns WHERE user_id = ? AND session_id = ? AND turn_index = ? AND content_hash = ?",
            [author.user.text, row.session.text, row.index, row.hash])
        guard stored == nil else { return .duplicate }
        let kept = try run(
            """
            INSERT INTO turn_alternates (user_id, session_id, turn_index, content_hash, device, chapter_id,
                user_message, companion_response, turn_outcome, created_at, seq)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
            WHERE (SELECT count(*) FROM turn_alternates
                WHERE user_id = ?1 AND session_id = ?2 AND turn_index = ?3) < ?12
            ON CONFLICT (user_id, session_id, turn_index, content_hash) DO NOTHING
            """, row.columns + [sequence, SessionLimits.alternatesPerTurn])
        if kept == 1 { try noteChange(sequence, row.session, "conflict", String(row.index), author) }
        return .alternate
    }

    /// Puts one document and keeps the value that it replaces; false if it is there already.
    fileprivate func put(
        _ document: DocumentBody, in session: SessionID, _ sequence: Int64, _ author: Author
    ) throws -> Bool {
        let names: SQLArguments = [author.user.text, session.text, document.kind.rawValue]
        let versioned = try run(
            """
            INSERT INTO document_versions
                (user_id, session_id, kind, seq, body, hash, as_of_turn, device, updated_at)
            SELECT user_id, session_id, kind, seq, body, hash, as_of_turn, device, updated_at FROM documents
            WHERE user_id = ? AND session_id = ? AND kind = ? AND hash <> ?
            """, names + [document.hash])
        let changed = try run(
            """
            INSERT INTO documents (user_id, session_id, kind, body, hash, seq, device, updated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (user_id, session_id, kind) DO UPDATE SET body = excluded.body, hash = excluded.hash,
                as_of_turn = NULL, seq = excluded.seq, device = excluded.device, updated_at = excluded.updated_at
            WHERE documents.hash <> excluded.hash
            """,
            names + [document.text, document.hash, sequence, author.device, author.nowMicroseconds])
        if versioned == 1 {
            try run(
                """
                DELETE FROM document_versions WHERE user_id = ?1 AND session_id = ?2 AND kind = ?3 AND seq <= (
                    SELECT seq FROM document_versions WHERE user_id = ?1 AND session_id = ?2 AND kind = ?3
                    ORDER BY seq DESC LIMIT 1 OFFSET ?4)
                """, names + [SessionLimits.versionsPerDocument])
        }
        return changed == 1
    }
}
