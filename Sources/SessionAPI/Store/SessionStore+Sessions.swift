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

/// Which sessions a list holds.
struct SessionFilter: Sendable {
    /// What has become of a session.
    enum State: String, Sendable, CaseIterable {
        case active, archived, deleted
    }

    /// The chapter, or nil for all.
    var chapter: String?
    /// The course, or nil for all.
    var course: String?
    /// What has become of them.
    var state = State.active
    /// Whether only those with turns are told.
    var hasTurns = false
}

/// A page of a list of sessions.
struct SessionPage: Sendable {
    /// The sessions, those first that were written last.
    let sessions: [SessionRecord]
    /// Whether more follow.
    let hasMore: Bool
    /// The user's number of the snapshot.
    let sequence: Int64
}

extension SessionStore {
    /// Makes a change of a user's data; the one place where a change is committed and known.
    ///
    /// - Parameters:
    ///   - weightBytes: about how much text it brings.
    ///   - body: gets the user's next number; it may run more than once.
    func change<Value: Sendable>(
        by author: Author, weightBytes: Int = 0,
        _ body: @escaping @Sendable (any SQLConnection, Int64) throws -> Completion<Value>
    ) async throws -> Value {
        try await write(weightBytes: weightBytes) { database in
            try body(database, try database.takeSequence(of: author.user))
        }
    }

    /// Changes a session that is there.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`, and what the body throws.
    func edit<Value: Sendable>(
        _ session: SessionID, by author: Author, weightBytes: Int = 0,
        _ body: @escaping @Sendable (inout SessionEdit, any SQLConnection) throws -> Value
    ) async throws -> (value: Value, session: SessionRecord) {
        try await change(by: author, weightBytes: weightBytes) { database, sequence in
            let record = try database.session(session, of: author.user)
            var edit = SessionEdit(record, database, sequence, by: author, isNew: false)
            let value = try body(&edit, database)
            return try edit.finish() ? .keep((value, edit.session)) : .discard((value, edit.session))
        }
    }

    /// Makes a session, or finds the one that a client made under this id.
    ///
    /// - Throws: `SESSION_ACCESS_DENIED`, `SESSION_DELETED`, `SESSION_EXISTS`, `LIMIT_REACHED`.
    func putSession(
        _ id: SessionID, _ head: SessionHead, by author: Author
    ) async throws -> (isNew: Bool, session: SessionRecord) {
        try await change(by: author) { database, sequence in
            if let known = try database.knownSession(id, of: author.user) {
                guard known.deletedAtMicroseconds == nil else { throw APIProblem.sessionDeleted }
                guard known.chapterID.utf8.elementsEqual(head.chapterID.utf8) else { throw APIProblem.sessionExists }
                return .discard((false, known))
            }
            let session = try database.makeSession(id, head, sequence, by: author)
            try database.noteChange(sequence, id, "session", nil, author)
            return .keep((true, session))
        }
    }

    /// Changes the title of a session, or puts it away.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`, `PRECONDITION_FAILED`.
    func changeSession(
        _ id: SessionID, _ request: ChangeSessionRequest, if condition: Precondition, by author: Author
    ) async throws -> SessionRecord {
        try await edit(id, by: author) { edit, _ in
            try condition.check(edit.session.etag)
            if let title = request.title, title.map({ Array($0.utf8) }) != edit.session.title.map({ Array($0.utf8) }) {
                edit.setTitle(title)
            }
            if let isArchived = request.isArchived, isArchived != (edit.session.archivedAtMicroseconds != nil) {
                edit.setArchived(isArchived)
            }
        }.session
    }

    /// Deletes a session, which can be brought back for a time.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `PRECONDITION_FAILED`.
    func deleteSession(
        _ id: SessionID, if condition: Precondition, by author: Author
    ) async throws -> SessionRecord {
        try await change(by: author) { database, sequence in
            guard let known = try database.knownSession(id, of: author.user) else { throw APIProblem.sessionNotFound }
            guard known.deletedAtMicroseconds == nil else { return .discard(known) }
            try condition.check(known.etag)
            var edit = SessionEdit(known, database, sequence, by: author, isNew: false)
            edit.setDeleted(true)
            _ = try edit.finish()
            return .keep(edit.session)
        }
    }

    /// Brings a deleted session back.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`; `SESSION_DELETED` if its time is over.
    func undeleteSession(_ id: SessionID, by author: Author) async throws -> SessionRecord {
        try await change(by: author) { database, sequence in
            guard let known = try database.knownSession(id, of: author.user) else { throw APIProblem.sessionNotFound }
            guard let undoUntil = known.undoUntilMicroseconds else { return .discard(known) }
            guard known.purgedAtMicroseconds == nil, author.nowMicroseconds < undoUntil else {
                throw APIProblem.sessionDeleted
            }
            var edit = SessionEdit(known, database, sequence, by: author, isNew: false)
            edit.setDeleted(false)
            _ = try edit.finish()
            return .keep(edit.session)
        }
    }

    /// A session by itself.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`.
    func session(_ id: SessionID, of user: UserID) async throws -> SessionRecord {
        try await read { try $0.session(id, of: user) }
    }

    /// A page of a user's sessions, those first that were written last.
    func sessions(
        of user: UserID, _ filter: SessionFilter, after cursor: SessionCursor?, limit: Int64
    ) async throws -> SessionPage {
        var (conditions, arguments): ([String], SQLArguments) = (["user_id = ?"], [user.text])
        switch filter.state {
        case .active: conditions.append("deleted_at IS NULL AND archived_at IS NULL")
        case .archived: conditions.append("deleted_at IS NULL AND archived_at IS NOT NULL")
        case .deleted: conditions.append("deleted_at IS NOT NULL AND purged_at IS NULL")
        }
        if let chapter = filter.chapter {
            conditions.append("chapter_id = ?")
            arguments.append(chapter)
        }
        if let course = filter.course {
            conditions.append("course_id = ?")
            arguments.append(course)
        }
        if filter.hasTurns { conditions.append("turn_count > 0") }
        if let cursor {
            conditions.append("(last_active_at, session_id) < (?, ?)")
            arguments += [cursor.lastActiveAtMicroseconds, cursor.session.text]
        }
        let sql = """
            SELECT \(SessionRecord.columns) FROM sessions WHERE \(conditions.joined(separator: " AND "))
            ORDER BY last_active_at DESC, session_id DESC LIMIT ?
            """
        let bound = arguments + [limit + 1]
        return try await read { database in
            let rows = try database.allRows(sql, bound)
            return SessionPage(
                sessions: try rows.prefix(Int(limit)).map { try SessionRecord(row: $0) },
                hasMore: rows.count > limit, sequence: try database.sequence(of: user))
        }
    }
}

extension SQLConnection {
    /// The number of a user's last change.
    func sequence(of user: UserID) throws -> Int64 {
        try firstRow("SELECT seq FROM users WHERE user_id = ?", [user.text])?[0] ?? 0
    }

    /// Stores a session under an id that nobody has.
    ///
    /// - Throws: `LIMIT_REACHED`, `SESSION_ACCESS_DENIED`.
    func makeSession(
        _ id: SessionID, _ head: SessionHead, _ sequence: Int64, by author: Author
    ) throws -> SessionRecord {
        let created = min(head.createdAtMicroseconds ?? author.nowMicroseconds, author.nowMicroseconds)
        let session = SessionRecord(id, head, createdAtMicroseconds: created, sequence: sequence)
        try insert(session, by: author)
        return session
    }
}
