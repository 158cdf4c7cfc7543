import SessionModels

/// What became of the documents of one request.
struct DocumentsOutcome: Sendable {
    /// What became of the first one, which decides about the others.
    let first: DocumentOutcome
    /// The session after it.
    let session: SessionRecord
}

/// An older content of a document.
struct DocumentVersion: Sendable {
    /// Its number, which is that of the change that wrote it.
    let number: Int64
    /// The turn up to which it reaches, or nil if its writer did not say.
    let asOfTurn: Int64?
    /// The device that wrote it, or nil.
    let deviceID: String?
    /// When it was written, in microseconds since 1970.
    let updatedAtMicroseconds: Int64
    /// What tells its content from others.
    let hash: [UInt8]
}

extension SessionStore {
    /// Puts a document of a session, and others that go with it if it is applied.
    ///
    /// One that is there already with the same content is not written again.
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`, `PRECONDITION_FAILED`,
    ///   `PRECONDITION_REQUIRED`, and `CHAPTER_MISMATCH` for a chapter that is not nil.
    func putDocument(
        _ document: DocumentBody, with followers: [DocumentBody] = [], in session: SessionID, chapter: String?,
        _ rule: DocumentRule, by author: Author
    ) async throws -> DocumentsOutcome {
        // The value that a document replaces is written once more, as a version.
        let weightBytes = ([document] + followers).reduce(0) { $0 + 2 * $1.text.utf8.count }
        let (first, record) = try await edit(session, by: author, weightBytes: weightBytes) { edit, _ in
            if let chapter, !chapter.utf8.elementsEqual(edit.session.chapterID.utf8) {
                throw APIProblem.chapterMismatch()
            }
            let first = try edit.put(document, rule)
            if first.isApplied {
                for follower in followers { _ = try edit.put(follower, DocumentRule()) }
            }
            return first
        }
        return DocumentsOutcome(first: first, session: record)
    }

    /// A document of a session.
    ///
    /// - Throws: `NOT_FOUND`, `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`.
    func document(_ kind: DocumentKind, of session: SessionID, _ user: UserID) async throws -> DocumentRecord {
        try await read { database in
            _ = try database.session(session, of: user)
            guard let document = try database.document(kind, of: session, user) else { throw APIProblem.notFound }
            return document.record
        }
    }

    /// The older contents of a document, newest first.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`.
    func versions(
        of kind: DocumentKind, in session: SessionID, _ user: UserID
    ) async throws -> (versions: [DocumentVersion], session: SessionRecord) {
        try await read { database in
            let record = try database.session(session, of: user)
            let rows = try database.allRows(
                """
                SELECT seq, as_of_turn, device, updated_at, hash FROM document_versions
                WHERE user_id = ? AND session_id = ? AND kind = ? ORDER BY seq DESC
                """, [user.text, session.text, kind.rawValue])
            let versions = try rows.map {
                DocumentVersion(
                    number: try $0[0], asOfTurn: try $0[1], deviceID: try $0[2], updatedAtMicroseconds: try $0[3],
                    hash: try $0[4])
            }
            return (versions, record)
        }
    }

    /// An older content of a document.
    ///
    /// - Throws: `NOT_FOUND`, `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`.
    func version(
        _ number: Int64, of kind: DocumentKind, in session: SessionID, _ user: UserID
    ) async throws -> DocumentRecord {
        try await read { database in
            _ = try database.session(session, of: user)
            return try database.version(number, of: kind, in: session, user).record
        }
    }

    /// Makes an older content of a document the current one; doing so again changes nothing.
    ///
    /// - Throws: `NOT_FOUND`, `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`, `PRECONDITION_FAILED`.
    func restoreVersion(
        _ number: Int64, of kind: DocumentKind, in session: SessionID, if condition: Precondition, by author: Author
    ) async throws -> DocumentsOutcome {
        let (first, record) = try await edit(session, by: author) { edit, database in
            let version = try database.version(number, of: kind, in: session, author.user)
            return try edit.restore(version, kind, if: condition)
        }
        return DocumentsOutcome(first: first, session: record)
    }
}

extension SQLConnection {
    /// An older content of a document.
    ///
    /// - Throws: `NOT_FOUND`.
    fileprivate func version(
        _ number: Int64, of kind: DocumentKind, in session: SessionID, _ user: UserID
    ) throws -> StoredDocument {
        let row = try firstRow(
            """
            SELECT body, hash, as_of_turn, seq, device, updated_at, reaches_turn FROM document_versions
            WHERE user_id = ? AND session_id = ? AND kind = ? AND seq = ?
            """, [user.text, session.text, kind.rawValue, number])
        guard let row else { throw APIProblem.notFound }
        return try StoredDocument(kind, row: row)
    }
}
