import OSSKit

/// An object that is to be deleted.
struct DueDeletion: Sendable {
    /// The file that it was.
    let file: WorkspaceFile
    /// How often it was tried.
    let attempts: Int64
}

/// What is to be done about a deletion, or about a key whose URLs are over.
enum KeyStep: Sendable {
    /// Nothing: it is not due any more, or somebody else is at it.
    case none
    /// Nothing is left to be done, and that is written down.
    case done
    /// A file is on record; what its object is decides.
    case look(ConfirmedFile)
    /// No file is on record: what is there is to be deleted under this lease.
    case delete(KeyLease)
}

extension SessionStore {
    /// The next objects to be deleted, those that wait longest first.
    ///
    /// A key with a URL that is not settled is not due: what is uploaded with it may be newer than the delete, and its
    /// settlement decides.
    func dueDeletions(of user: UserID?, limit: Int, nowMicroseconds: Int64) async throws -> [DueDeletion] {
        try await read { database in
            try database.allRows(
                """
                SELECT user_id, chapter_id, filename, attempts FROM deletions
                WHERE next_attempt_at <= ?1 AND (CAST(?2 AS TEXT) IS NULL OR user_id = ?2)
                    AND NOT EXISTS (SELECT 1 FROM upload_urls WHERE upload_urls.user_id = deletions.user_id
                        AND upload_urls.oss_key = deletions.oss_key AND settled_at IS NULL)
                ORDER BY next_attempt_at LIMIT ?3
                """, [nowMicroseconds, user?.text, limit]
            ).compactMap { row in
                guard let owner = UserID(try row[0] as String) else { return nil }
                let file = try WorkspaceFile(user: owner, chapter: try row[1], filename: try row[2])
                return DueDeletion(file: file, attempts: try row[3])
            }
        }
    }

    /// Takes the lease of a key whose object is to be deleted, unless a newer upload has the key by now.
    func beginDeletion(_ due: DueDeletion, holder: String, nowMicroseconds: Int64) async throws -> KeyStep {
        try await write { database in
            let names: SQLArguments = [due.file.user.text, due.file.key.text]
            let queued = try database.firstRow(
                "SELECT attempts FROM deletions WHERE user_id = ? AND oss_key = ?", names)
            guard queued != nil else { return .discard(.none) }
            guard try database.confirmedFile(due.file) == nil else {
                try database.run("DELETE FROM deletions WHERE user_id = ? AND oss_key = ?", names)
                return .keep(.done)
            }
            let unsettled = try database.firstRow(
                "SELECT id FROM upload_urls WHERE user_id = ? AND oss_key = ? AND settled_at IS NULL LIMIT 1", names)
            guard unsettled == nil,
                let lease = try database.takeLease(due.file.key, holder: holder, nowMicroseconds: nowMicroseconds)
            else { return .discard(.none) }
            // Should the answer never come, the next attempt is made after the lease.
            try database.run(
                "UPDATE deletions SET attempts = attempts + 1, next_attempt_at = ?3 WHERE user_id = ?1 AND oss_key = ?2",
                names + [nowMicroseconds + Self.pauseSeconds(afterAttempts: due.attempts) * 1_000_000])
            return .keep(.delete(lease))
        }
    }

    /// Writes down that the store has deleted an object, which gives its bytes back.
    func finishDeletion(of file: WorkspaceFile, _ lease: KeyLease) async throws {
        try await write { database in
            try database.forgetDeletion(of: file)
            try database.endLease(lease)
            return .keep(())
        }
    }

    /// How long a delete that failed waits, in seconds: longer each time, up to an hour, and never less than its lease.
    private static func pauseSeconds(afterAttempts attempts: Int64) -> Int64 {
        min(KeyLease.seconds << min(max(attempts, 0), 6), 3_600) + 1
    }
}

extension SQLConnection {
    /// Queues the object of a file to be deleted; it charges its size until it is gone.
    func queueDeletion(_ file: WorkspaceFile, _ sizeBytes: Int64, nowMicroseconds: Int64) throws {
        try run(
            """
            INSERT INTO deletions (user_id, oss_key, chapter_id, filename, size_bytes, requested_at, next_attempt_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
            ON CONFLICT (user_id, oss_key) DO UPDATE SET requested_at = excluded.requested_at,
                next_attempt_at = excluded.next_attempt_at, attempts = 0,
                size_bytes = CASE WHEN excluded.size_bytes > deletions.size_bytes
                    THEN excluded.size_bytes ELSE deletions.size_bytes END
            """,
            [file.user.text, file.key.text, file.chapter, file.filename, sizeBytes, nowMicroseconds])
    }

    /// Takes an object off the queue of those to be deleted.
    func forgetDeletion(of file: WorkspaceFile) throws {
        try run("DELETE FROM deletions WHERE user_id = ? AND oss_key = ?", [file.user.text, file.key.text])
    }
}
