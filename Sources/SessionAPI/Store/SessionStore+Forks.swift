import SessionModels

extension SessionStore {
    /// Makes a session that shares the turns up to one with another session and goes on by itself.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`, `LIMIT_REACHED`; `SESSION_EXISTS` if
    ///   the id belongs to a session that did not part from this one at this turn.
    func fork(
        _ origin: SessionID, _ request: ForkRequest, by author: Author
    ) async throws -> (isNew: Bool, session: SessionRecord) {
        try await change(by: author, weightBytes: SQLiteWeight.ofFork) { database, sequence in
            guard let name = SessionID(request.forkSessionID) else {
                throw APIProblem(.validationError, "fork_session_id: not an id of a session")
            }
            let record = try database.session(origin, of: author.user)
            var edit = try database.fork(
                record, as: name, from: request.atTurn + 1, requiresSameIndex: true, sequence, by: author)
            let isNew = try edit.finish()
            return isNew ? .keep((true, edit.session)) : .discard((false, edit.session))
        }
    }
}

/// What writes weigh whose text is not known beforehand.
enum SQLiteWeight {
    /// A copy of a session, in bytes.
    static let ofFork = 4 * 1_024 * 1_024
}

extension SQLConnection {
    /// The session that parts from another one, made if it is not there yet.
    ///
    /// - Parameters:
    ///   - index: the first index that the two do not share.
    ///   - requiresSameIndex: whether a session that is there must have parted at this index.
    /// - Throws: `SESSION_EXISTS` if the id belongs to a session that did not part from this one, `SESSION_DELETED`,
    ///   `SESSION_ACCESS_DENIED`, `LIMIT_REACHED`.
    func fork(
        _ origin: SessionRecord, as name: SessionID, from index: Int64, requiresSameIndex: Bool, _ sequence: Int64,
        by author: Author
    ) throws -> SessionEdit {
        if let known = try knownSession(name, of: author.user) {
            guard known.deletedAtMicroseconds == nil else { throw APIProblem.sessionDeleted }
            guard known.forkedFrom == origin.id.text, !requiresSameIndex || known.forkAt == index - 1 else {
                throw APIProblem.sessionExists
            }
            return SessionEdit(known, self, sequence, by: author, isNew: false)
        }
        let made = SessionRecord(
            name, partedFrom: origin, at: index - 1, nowMicroseconds: author.nowMicroseconds, sequence: sequence)
        try insert(made, by: author)
        var edit = SessionEdit(made, self, sequence, by: author, isNew: true)
        try copyTurns(of: origin.id, below: index, to: name, sequence, author.user)
        let sums = try firstRow(
            """
            SELECT count(*), CAST(coalesce(sum(size_bytes), 0) AS BIGINT), min(turn_index), max(turn_index) FROM turns
            WHERE user_id = ? AND session_id = ?
            """, [author.user.text, name.text])
        if let sums, let lowest = try sums[2] as Int64?, let highest = try sums[3] as Int64? {
            edit.adopt(turnCount: try sums[0], turnBytes: try sums[1], indexes: lowest...highest)
        }
        for kind in DocumentKind.allCases {
            try copyDocument(kind, of: origin.id, below: index, to: name, sequence, author)
        }
        return edit
    }

    private func copyTurns(
        of origin: SessionID, below index: Int64, to name: SessionID, _ sequence: Int64, _ user: UserID
    ) throws {
        try run(
            """
            INSERT INTO turns (\(TurnRow.names))
            SELECT user_id, CAST(?1 AS TEXT), turn_index, content_hash, device, chapter_id, user_message,
                companion_response, turn_outcome, created_at, occurred_at, size_bytes, CAST(?2 AS BIGINT)
            FROM turns WHERE user_id = ?3 AND session_id = ?4 AND turn_index < ?5
            """, [name.text, sequence, user.text, origin.text, index])
    }

    /// Copies the newest content of a document that reaches no further than what the two sessions share.
    private func copyDocument(
        _ kind: DocumentKind, of origin: SessionID, below index: Int64, to name: SessionID, _ sequence: Int64,
        _ author: Author
    ) throws {
        let row = try firstRow(
            """
            SELECT body, hash, as_of_turn, seq, device, updated_at, reaches_turn FROM (
                SELECT body, hash, as_of_turn, seq, device, updated_at, reaches_turn FROM documents
                WHERE user_id = ?1 AND session_id = ?2 AND kind = ?3 AND reaches_turn < ?4
                UNION ALL
                SELECT body, hash, as_of_turn, seq, device, updated_at, reaches_turn FROM document_versions
                WHERE user_id = ?1 AND session_id = ?2 AND kind = ?3 AND reaches_turn < ?4) AS contents
            ORDER BY reaches_turn DESC, seq DESC LIMIT 1
            """, [author.user.text, origin.text, kind.rawValue, index])
        guard let row else { return }
        let found = try StoredDocument(kind, row: row)
        try write(
            DocumentBody(kind, text: found.record.body, hash: found.hash), in: name,
            reaching: (found.record.asOfTurn, found.reachesTurn), sequence, by: author)
    }
}
