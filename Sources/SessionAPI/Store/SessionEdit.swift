import SessionModels

/// A session while one change is made to it: what is written and what the row will say in the end.
///
/// The user's row is locked meanwhile, so that what was read stays true. Source: session-api.md 5.1 to 5.7.
struct SessionEdit {
    /// What becomes of other content of a turn that is stored already.
    enum Collision: Sendable {
        /// It is kept beside the turn.
        case keep
        /// The change is refused.
        case refuse
    }

    /// The session as it will be.
    private(set) var session: SessionRecord
    /// Whether anything was written.
    private(set) var isChanged: Bool

    private let database: any SQLConnection
    private let author: Author
    private let sequence: Int64
    private var changedKinds: Set<String> = []
    private var lastStoredIndex: Int64?

    /// Begins a change.
    ///
    /// - Parameters:
    ///   - session: the session as it is stored.
    ///   - isNew: whether it was stored by this very change.
    init(_ session: SessionRecord, _ database: any SQLConnection, _ sequence: Int64, by author: Author, isNew: Bool) {
        self.session = session
        self.database = database
        self.author = author
        self.sequence = sequence
        isChanged = isNew
        if isNew { changedKinds.insert("session") }
    }

    /// Stores a turn.
    ///
    /// - Throws: `TURN_CONFLICT` where other content is refused; `LIMIT_REACHED` if the session is full, or no more
    ///   other content of the turn is kept.
    mutating func append(_ row: TurnRow, _ collision: Collision) throws -> TurnStatus {
        let stored = try database.run(
            """
            INSERT INTO turns (\(TurnRow.names)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (user_id, session_id, turn_index) DO NOTHING
            """, row.columns(in: session.id, sequence))
        guard stored == 1 else { return try collide(row, collision) }
        guard session.turnCount < SessionLimits.turnsPerSession,
            session.turnBytes + row.sizeBytes <= SessionLimits.turnBytesPerSession
        else { throw APIProblem(.limitReached, "The session is full") }
        if session.digest == nil {
            // Summed up from all that is stored, this turn included.
            session.digest = try database.digest(of: session, author.user)
        } else {
            session.digest?.insert(index: row.index, contentHash: row.hash)
        }
        session.turnCount += 1
        session.turnBytes += row.sizeBytes
        session.minIndex = min(session.minIndex ?? row.index, row.index)
        session.maxIndex = max(session.maxIndex ?? row.index, row.index)
        session.lastActiveAtMicroseconds = max(session.lastActiveAtMicroseconds, row.happenedAtMicroseconds)
        lastStoredIndex = row.index
        note("turns")
        return .stored
    }

    /// Makes the session the newest of its user, as the plan does for a duplicate as well.
    mutating func touch() {
        session.lastActiveAtMicroseconds = max(session.lastActiveAtMicroseconds, author.nowMicroseconds)
        isChanged = true
    }

    /// Puts a document, if its rule lets it.
    ///
    /// - Throws: `PRECONDITION_FAILED`, `PRECONDITION_REQUIRED`.
    mutating func put(_ document: DocumentBody, _ rule: DocumentRule) throws -> DocumentOutcome {
        let stored = try database.document(document.kind, of: session.id, author.user)
        try rule.condition.check(stored?.record.etag)
        if let stored, rule.condition.isEmpty {
            guard rule.asOfTurn != nil || !rule.isStrict else { throw APIProblem.preconditionRequired(stored.record) }
            if let asOf = rule.asOfTurn, asOf < stored.reachesTurn {
                return DocumentOutcome(isApplied: false, stored: stored.record)
            }
        }
        if let stored, stored.hash == document.hash, stored.reachesTurn >= rule.asOfTurn ?? -1 {
            return DocumentOutcome(isApplied: true, stored: stored.record)
        }
        if let stored, stored.hash != document.hash {
            try database.keepVersion(of: document.kind, in: session.id, author.user)
        }
        let reaches = rule.asOfTurn ?? session.maxIndex ?? -1
        try database.write(document, in: session.id, reaching: (rule.asOfTurn, reaches), sequence, by: author)
        note(document.kind.changeKind)
        let record = DocumentRecord(
            tagLetter: document.kind.tagLetter, body: document.text, hash: document.hash.hexadecimal,
            asOfTurn: rule.asOfTurn, sequence: sequence, deviceID: author.device,
            updatedAtMicroseconds: author.nowMicroseconds)
        return DocumentOutcome(isApplied: true, stored: record)
    }

    /// Makes an older content of a document the current one, with the turn up to which it reached.
    ///
    /// - Throws: `PRECONDITION_FAILED`.
    mutating func restore(
        _ version: StoredDocument, _ kind: DocumentKind, if condition: Precondition
    ) throws -> DocumentOutcome {
        let stored = try database.document(kind, of: session.id, author.user)
        try condition.check(stored?.record.etag)
        if let stored, stored.hash == version.hash {
            return DocumentOutcome(isApplied: true, stored: stored.record)
        }
        try database.keepVersion(of: kind, in: session.id, author.user)
        let body = DocumentBody(kind, text: version.record.body, hash: version.hash)
        try database.write(
            body, in: session.id, reaching: (version.record.asOfTurn, version.reachesTurn), sequence, by: author)
        note(kind.changeKind)
        let restored = try database.document(kind, of: session.id, author.user) ?? version
        return DocumentOutcome(isApplied: true, stored: restored.record)
    }

    /// Notes that something else of the session was written, which is to be told as a change of that kind.
    mutating func note(_ kind: String) {
        changedKinds.insert(kind)
        isChanged = true
    }

    /// Sets the title.
    mutating func setTitle(_ title: String?) {
        session.title = title
        note("session")
    }

    /// Puts the session away or takes it back.
    mutating func setArchived(_ isArchived: Bool) {
        session.archivedAtMicroseconds = isArchived ? author.nowMicroseconds : nil
        note("session")
    }

    /// Marks the session as deleted, or takes that back.
    mutating func setDeleted(_ isDeleted: Bool) {
        session.deletedAtMicroseconds = isDeleted ? author.nowMicroseconds : nil
        note(isDeleted ? "deleted" : "session")
    }

    /// Puts other content in the place of a stored turn.
    mutating func exchange(index: Int64, _ old: (hash: [UInt8], bytes: Int64), _ new: (hash: [UInt8], bytes: Int64)) {
        session.digest?.remove(index: index, contentHash: old.hash)
        session.digest?.insert(index: index, contentHash: new.hash)
        session.turnBytes = max(0, session.turnBytes - old.bytes + new.bytes)
        lastStoredIndex = index
        note("turns")
    }

    /// Counts turns that were copied from another session.
    mutating func adopt(turnCount: Int64, turnBytes: Int64, indexes: ClosedRange<Int64>) {
        session.turnCount += turnCount
        session.turnBytes += turnBytes
        session.minIndex = indexes.lowerBound
        session.maxIndex = indexes.upperBound
        session.digest = nil
        isChanged = true
    }

    /// Writes the session's row and the change, and says whether there is anything to commit.
    mutating func finish() throws -> Bool {
        guard isChanged else { return false }
        try finishUntold()
        let order = ["deleted", "conflict", "turns", "memory", "report", "session"]
        if let kind = order.first(where: changedKinds.contains) {
            let index = kind == "turns" || kind == "conflict" ? lastStoredIndex : nil
            try database.noteChange(sequence, session.id, kind, index, author)
        }
        return true
    }

    /// Writes the session's row without a change of its own.
    mutating func finishUntold() throws {
        if session.digest == nil { session.digest = try database.digest(of: session, author.user) }
        session.sequence = sequence
        session.lastDeviceID = author.device ?? session.lastDeviceID
        try database.update(session, of: author.user)
    }

    /// What becomes of a turn whose index is taken.
    private mutating func collide(_ row: TurnRow, _ collision: Collision) throws -> TurnStatus {
        let stored = try database.firstRow(
            "SELECT content_hash FROM turns WHERE user_id = ? AND session_id = ? AND turn_index = ?",
            [author.user.text, session.id.text, row.index])
        let hash: [UInt8] = try stored?[0] ?? []
        guard hash != row.hash else { return .duplicate }
        guard collision == .keep else { throw APIProblem.turnConflict(row.index, stored: hash, session) }
        let kept = try database.run(
            """
            INSERT INTO turn_alternates (\(TurnRow.names))
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13
            WHERE (SELECT count(*) FROM turn_alternates
                WHERE user_id = ?1 AND session_id = ?2 AND turn_index = ?3) < ?14
            ON CONFLICT (user_id, session_id, turn_index, content_hash) DO NOTHING
            """, row.columns(in: session.id, sequence) + [SessionLimits.alternatesPerTurn])
        if kept == 1 {
            lastStoredIndex = row.index
            note("conflict")
        } else if try !database.hasAlternate(AlternateID(index: row.index, hash: row.hash), of: session, author.user) {
            // what is not kept is not acknowledged.
            throw APIProblem(.limitReached, "The turn has too many other contents")
        }
        return .alternate
    }
}

extension SQLConnection {
    /// Whether that other content of a turn is kept.
    fileprivate func hasAlternate(_ id: AlternateID, of session: SessionRecord, _ user: UserID) throws -> Bool {
        try firstRow(
            """
            SELECT 1 FROM turn_alternates
            WHERE user_id = ? AND session_id = ? AND turn_index = ? AND content_hash = ?
            """, [user.text, session.id.text, id.index, id.hash]) != nil
    }

    /// Records a change under the number that was taken for it.
    func noteChange(
        _ sequence: Int64, _ session: SessionID?, _ kind: String, _ turnIndex: Int64?, _ author: Author
    ) throws {
        try run(
            """
            INSERT INTO changes (user_id, seq, session_id, kind, ref, device, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                author.user.text, sequence, session?.text, kind, turnIndex.map { String($0) }, author.device,
                author.nowMicroseconds,
            ])
    }
}
