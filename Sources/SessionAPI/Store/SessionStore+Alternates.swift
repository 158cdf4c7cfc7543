import OSSKit
import SessionModels

/// Names another content of a turn: its index and its hash.
struct AlternateID: Sendable {
    /// The turn's index.
    let index: Int64
    /// What tells the content from others.
    let hash: [UInt8]

    /// Takes an index and a hash.
    init(index: Int64, hash: [UInt8]) {
        self.index = index
        self.hash = hash
    }

    /// Takes a name from a path; nil for one that no content can have.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 1)
        guard parts.count == 2, let index = DecimalNumber.parse(bytes: parts[0]),
            let hash = Hexadecimal.decode(String(Substring(parts[1]))), hash.count == 32
        else { return nil }
        self.init(index: index, hash: hash)
    }

    /// The name as it stands in paths.
    var text: String { "\(index)-\(hash.hexadecimal)" }
}

/// Another content of a turn.
struct TurnAlternate: Sendable {
    /// Its name.
    let id: AlternateID
    /// The content as a turn.
    let turn: TurnRecord
    /// What was decided about it, or nil.
    let decision: String?
    /// The session in which it went on, or nil.
    let forkSessionID: String?

    /// The content as an answer has it.
    var json: JSONOutput {
        .object([
            ("alternate_id", .string(id.text)), ("turn", turn.fullJSON), ("decision", .optional(decision)),
            ("fork_session_id", .optional(forkSessionID)),
        ])
    }
}

extension SessionStore {
    /// The most of them that one answer holds.
    static let alternatesPerAnswer = 200

    /// Other contents of a session's turns, those first that nobody has decided about.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`.
    func alternates(
        of session: SessionID, _ user: UserID
    ) async throws -> (alternates: [TurnAlternate], session: SessionRecord) {
        try await read { database in
            (try database.alternates(of: session, user), try database.session(session, of: user))
        }
    }

    /// Decides about another content of a turn; the first decision stands.
    ///
    /// - Throws: `NOT_FOUND`, `ALREADY_DECIDED`, `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`,
    ///   `SESSION_EXISTS`, `LIMIT_REACHED`.
    func decide(
        _ action: DecideAlternateRequest.Action, about id: AlternateID, in session: SessionID, by author: Author
    ) async throws -> SessionRecord {
        let weightBytes = if case .fork = action { SQLiteWeight.ofFork } else { 0 }
        return try await change(by: author, weightBytes: weightBytes) { database, sequence in
            let record = try database.session(session, of: author.user)
            let row = try database.firstRow(
                """
                SELECT decision, fork_session_id, size_bytes FROM turn_alternates
                WHERE user_id = ? AND session_id = ? AND turn_index = ? AND content_hash = ?
                """, [author.user.text, session.text, id.index, id.hash])
            guard let row else { throw APIProblem.notFound }
            if let decision: String = try row[0] {
                guard decision == action.name, try row[1] as String? == action.forkSessionID else {
                    throw APIProblem.alreadyDecided
                }
                return .discard(record)
            }
            var edit = SessionEdit(record, database, sequence, by: author, isNew: false)
            switch action {
            case .promote: try database.promote(id, sizeBytes: try row[2], &edit, sequence, author)
            case .discard: break
            case .fork(let name): try database.fork(id, record, as: name, sequence, author)
            }
            try database.run(
                """
                UPDATE turn_alternates SET decision = ?, fork_session_id = ?, decided_at = ?
                WHERE user_id = ? AND session_id = ? AND turn_index = ? AND content_hash = ?
                """,
                [
                    action.name, action.forkSessionID, author.nowMicroseconds, author.user.text, session.text,
                    id.index, id.hash,
                ])
            edit.note("conflict")
            _ = try edit.finish()
            return .keep(edit.session)
        }
    }
}

extension DecideAlternateRequest.Action {
    fileprivate var name: String {
        switch self {
        case .promote: "promote"
        case .discard: "discard"
        case .fork: "fork"
        }
    }

    fileprivate var forkSessionID: String? {
        if case .fork(let name) = self { name } else { nil }
    }
}

extension SQLConnection {
    /// Other contents of a session's turns, those first that nobody has decided about.
    func alternates(of session: SessionID, _ user: UserID) throws -> [TurnAlternate] {
        try allRows(
            """
            SELECT \(TurnRecord.columns), decision, fork_session_id FROM turn_alternates
            WHERE user_id = ? AND session_id = ?
            ORDER BY CASE WHEN decision IS NULL THEN 0 ELSE 1 END, turn_index, seq LIMIT ?
            """, [user.text, session.text, SessionStore.alternatesPerAnswer]
        ).map { row in
            TurnAlternate(
                id: AlternateID(index: try row[0], hash: try row[6]), turn: try TurnRecord(row: row),
                decision: try row[8], forkSessionID: try row[9])
        }
    }

    /// Puts the content in the place of the turn, which is kept beside it in turn.
    fileprivate func promote(
        _ id: AlternateID, sizeBytes: Int64, _ edit: inout SessionEdit, _ sequence: Int64, _ author: Author
    ) throws {
        let names: SQLArguments = [author.user.text, edit.session.id.text, id.index]
        let row = try firstRow(
            "SELECT content_hash, size_bytes FROM turns WHERE user_id = ? AND session_id = ? AND turn_index = ?", names)
        guard let row else { throw APIProblem.notFound }
        try run(
            """
            INSERT INTO turn_alternates (\(TurnRow.names), decision, decided_at)
            SELECT \(TurnRow.names), 'replaced', CAST(?4 AS BIGINT) FROM turns
            WHERE user_id = ?1 AND session_id = ?2 AND turn_index = ?3
            ON CONFLICT (user_id, session_id, turn_index, content_hash) DO NOTHING
            """, names + [author.nowMicroseconds])
        try run(
            """
            UPDATE turns SET (content_hash, device, chapter_id, user_message, companion_response, turn_outcome,
                occurred_at, size_bytes, seq) = (
                SELECT content_hash, device, chapter_id, user_message, companion_response, turn_outcome, occurred_at,
                    size_bytes, CAST(?5 AS BIGINT) FROM turn_alternates
                WHERE user_id = ?1 AND session_id = ?2 AND turn_index = ?3 AND content_hash = ?4)
            WHERE user_id = ?1 AND session_id = ?2 AND turn_index = ?3
            """, names + [id.hash, sequence])
        edit.exchange(
            index: id.index, (hash: try row[0], bytes: try row[1]), (hash: id.hash, bytes: sizeBytes))
    }

    /// Lets the content go on in a session of its own, behind the turns before it.
    fileprivate func fork(
        _ id: AlternateID, _ origin: SessionRecord, as name: String, _ sequence: Int64, _ author: Author
    ) throws {
        guard let fork = SessionID(name) else {
            throw APIProblem(.validationError, "fork_session_id: not an id of a session")
        }
        guard try knownSession(fork, of: author.user) == nil else { throw APIProblem.sessionExists }
        var edit = try self.fork(origin, as: fork, from: id.index, requiresSameIndex: true, sequence, by: author)
        try run(
            """
            INSERT INTO turns (\(TurnRow.names))
            SELECT user_id, CAST(?5 AS TEXT), turn_index, content_hash, device, chapter_id, user_message,
                companion_response, turn_outcome, created_at, occurred_at, size_bytes, CAST(?6 AS BIGINT)
            FROM turn_alternates WHERE user_id = ?1 AND session_id = ?2 AND turn_index = ?3 AND content_hash = ?4
            """, [author.user.text, origin.id.text, id.index, id.hash, fork.text, sequence])
        let size = try firstRow(
            "SELECT size_bytes FROM turns WHERE user_id = ? AND session_id = ? AND turn_index = ?",
            [author.user.text, fork.text, id.index])
        let lowest = edit.session.minIndex ?? id.index
        edit.adopt(turnCount: 1, turnBytes: try size?[0] ?? 0, indexes: lowest...id.index)
        // The change is told by the session that the content came from: one number has one change.
        try edit.finishUntold()
    }
}
