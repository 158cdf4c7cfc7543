import OSSKit
import SessionModels

/// A session's row.
struct SessionRecord: Sendable {
    /// The columns that a record is read from, in its order.
    static let columns = """
        session_id, chapter_id, course_id, title, bundle_version, created_at, last_active_at, turn_count, turn_bytes, \
        min_index, max_index, seq, deleted_at, archived_at, purged_at, last_device, forked_from, fork_at, digest
        """

    /// The session's id.
    let id: SessionID
    /// The chapter.
    let chapterID: String
    /// The course, or nil.
    let courseID: String?
    /// A title for people, or nil.
    var title: String?
    /// The version of the course's bundle, or nil.
    let bundleVersion: String?
    /// When it was made, in microseconds since 1970.
    let createdAtMicroseconds: Int64
    /// When its newest turn was written, in microseconds since 1970.
    var lastActiveAtMicroseconds: Int64
    /// The number of its turns.
    var turnCount: Int64
    /// About how much text its turns hold.
    var turnBytes: Int64
    /// The lowest index of a turn, or nil without turns.
    var minIndex: Int64?
    /// The highest index of a turn, or nil without turns.
    var maxIndex: Int64?
    /// The user's number of its last change.
    var sequence: Int64
    /// When it was deleted, in microseconds since 1970, or nil.
    var deletedAtMicroseconds: Int64?
    /// When it was put away, in microseconds since 1970, or nil.
    var archivedAtMicroseconds: Int64?
    /// When what belonged to it went for good, in microseconds since 1970, or nil.
    let purgedAtMicroseconds: Int64?
    /// The device that wrote last, or nil.
    var lastDeviceID: String?
    /// The session that it parted from, or nil.
    let forkedFrom: String?
    /// The last index that it may have in common with that session, or nil.
    let forkAt: Int64?
    /// The sum of its turns, or nil if nobody has summed them up yet.
    var digest: SessionDigest?

    /// A session that is not stored yet.
    init(_ id: SessionID, _ head: SessionHead, createdAtMicroseconds: Int64, sequence: Int64) {
        self.id = id
        chapterID = head.chapterID
        courseID = head.courseID
        title = head.title
        bundleVersion = head.bundleVersion
        self.createdAtMicroseconds = createdAtMicroseconds
        lastActiveAtMicroseconds = createdAtMicroseconds
        (turnCount, turnBytes) = (0, 0)
        self.sequence = sequence
        purgedAtMicroseconds = nil
        (forkedFrom, forkAt) = (nil, nil)
        digest = SessionDigest()
    }

    /// A session that parts from another one and has no turns yet.
    init(_ id: SessionID, partedFrom origin: SessionRecord, at forkAt: Int64, nowMicroseconds: Int64, sequence: Int64) {
        self.id = id
        chapterID = origin.chapterID
        courseID = origin.courseID
        title = origin.title
        bundleVersion = origin.bundleVersion
        createdAtMicroseconds = nowMicroseconds
        lastActiveAtMicroseconds = nowMicroseconds
        (turnCount, turnBytes) = (0, 0)
        self.sequence = sequence
        purgedAtMicroseconds = nil
        (forkedFrom, self.forkAt) = (origin.id.text, forkAt)
        digest = SessionDigest()
    }

    /// Reads a row of `columns`.
    init(row: SQLRow) throws {
        guard let id = SessionID(try row[0] as String) else { throw SQLFailure.unexpectedValue(column: 0) }
        self.id = id
        chapterID = try row[1]
        courseID = try row[2]
        title = try row[3]
        bundleVersion = try row[4]
        createdAtMicroseconds = try row[5]
        lastActiveAtMicroseconds = try row[6]
        turnCount = try row[7]
        turnBytes = try row[8]
        minIndex = try row[9]
        maxIndex = try row[10]
        sequence = try row[11]
        deletedAtMicroseconds = try row[12]
        archivedAtMicroseconds = try row[13]
        purgedAtMicroseconds = try row[14]
        lastDeviceID = try row[15]
        forkedFrom = try row[16]
        forkAt = try row[17]
        let bytes: [UInt8]? = try row[18]
        digest = bytes.flatMap { SessionDigest(bytes: $0) }
    }

    /// The index that follows the highest one; 0 without turns.
    var nextTurnIndex: Int64 { maxIndex.map { $0 + 1 } ?? 0 }

    /// Whether an index between the lowest and the highest has no turn.
    var hasGaps: Bool {
        guard let minIndex, let maxIndex else { return false }
        return maxIndex - minIndex + 1 > turnCount
    }

    /// What a client compares to learn whether the session changed, quotes included.
    var etag: String { "\"s\(sequence)\"" }

    /// Until when a deleted session can be brought back, in microseconds since 1970, or nil.
    var undoUntilMicroseconds: Int64? { deletedAtMicroseconds.map { $0 + SessionLimits.undeleteSeconds * 1_000_000 } }

    /// What is told of the session.
    var summary: SessionSummary {
        var summary = SessionSummary()
        summary.sessionID = id.text
        summary.chapterID = chapterID
        summary.courseID = courseID
        summary.title = title
        summary.bundleVersion = bundleVersion
        summary.createdAtMicroseconds = createdAtMicroseconds
        summary.lastActiveAtMicroseconds = lastActiveAtMicroseconds
        summary.turnCount = turnCount
        summary.nextTurnIndex = nextTurnIndex
        summary.lastDeviceID = lastDeviceID
        summary.forkedFrom = forkedFrom
        summary.sequence = sequence
        summary.isArchived = archivedAtMicroseconds != nil
        summary.deletedAtMicroseconds = deletedAtMicroseconds
        return summary
    }
}

extension SQLConnection {
    /// A session of a user in whatever state, or nil if nobody has it.
    ///
    /// - Throws: `SESSION_ACCESS_DENIED` if it is somebody else's.
    func knownSession(_ session: SessionID, of user: UserID) throws -> SessionRecord? {
        let row = try firstRow(
            "SELECT \(SessionRecord.columns), user_id FROM sessions WHERE session_id = ?", [session.text])
        guard let row else { return nil }
        guard try row[19] as String == user.text else { throw APIProblem.sessionAccessDenied }
        return try SessionRecord(row: row)
    }

    /// A session of a user.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`.
    func session(_ session: SessionID, of user: UserID) throws -> SessionRecord {
        guard let record = try knownSession(session, of: user) else { throw APIProblem.sessionNotFound }
        guard record.deletedAtMicroseconds == nil else { throw APIProblem.sessionDeleted }
        return record
    }

    /// Stores a session that nobody has, and counts it.
    ///
    /// - Throws: `LIMIT_REACHED`, or `SESSION_ACCESS_DENIED` if another user took the id just now.
    func insert(_ session: SessionRecord, by author: Author) throws {
        let counted = try run(
            "UPDATE users SET session_count = session_count + 1 WHERE user_id = ? AND session_count < ?",
            [author.user.text, SessionLimits.sessionsPerUser])
        guard counted == 1 else { throw APIProblem(.limitReached, "Too many sessions") }
        let inserted = try run(
            """
            INSERT INTO sessions (user_id, session_id, chapter_id, course_id, title, bundle_version, created_at,
                last_active_at, seq, last_device, forked_from, fork_at, digest)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id) DO NOTHING
            """,
            [
                author.user.text, session.id.text, session.chapterID, session.courseID, session.title,
                session.bundleVersion, session.createdAtMicroseconds, session.lastActiveAtMicroseconds,
                session.sequence, author.device, session.forkedFrom, session.forkAt, session.digest?.bytes,
            ])
        guard inserted == 1 else { throw APIProblem.sessionAccessDenied }
    }

    /// Writes what may change of a session.
    func update(_ session: SessionRecord, of user: UserID) throws {
        try run(
            """
            UPDATE sessions SET title = ?, last_active_at = ?, turn_count = ?, turn_bytes = ?, min_index = ?,
                max_index = ?, seq = ?, deleted_at = ?, archived_at = ?, last_device = ?, digest = ?
            WHERE user_id = ? AND session_id = ?
            """,
            [
                session.title, session.lastActiveAtMicroseconds, session.turnCount, session.turnBytes,
                session.minIndex, session.maxIndex, session.sequence, session.deletedAtMicroseconds,
                session.archivedAtMicroseconds, session.lastDeviceID, session.digest?.bytes, user.text,
                session.id.text,
            ])
    }

    /// The sum of a session's turns.
    func digest(of session: SessionRecord, _ user: UserID) throws -> SessionDigest {
        if let digest = session.digest { return digest }
        var digest = SessionDigest()
        let rows = try allRows(
            "SELECT turn_index, content_hash FROM turns WHERE user_id = ? AND session_id = ?",
            [user.text, session.id.text])
        for row in rows { digest.insert(index: try row[0], contentHash: try row[1]) }
        return digest
    }

    /// The indexes between the lowest and the highest that no turn has, at most as many ranges as told.
    func gaps(of session: SessionRecord, _ user: UserID, limit: Int64) throws -> [ClosedRange<Int64>] {
        guard session.hasGaps else { return [] }
        return try allRows(
            """
            SELECT turn_index, next_index FROM (
                SELECT turn_index, lead(turn_index) OVER (ORDER BY turn_index) AS next_index FROM turns
                WHERE user_id = ? AND session_id = ?) AS pairs
            WHERE next_index > turn_index + 1 ORDER BY turn_index LIMIT ?
            """, [user.text, session.id.text, limit]
        ).map { row in
            let (before, after): (Int64, Int64) = (try row[0], try row[1])
            return before + 1...after - 1
        }
    }
}
