import SessionModels

/// A session whose time to be brought back is over.
struct PurgeableSession: Sendable {
    /// Whose it was.
    let userID: String
    /// The session.
    let sessionID: String
}

extension SessionStore {
    /// The rows that one write of a purge removes.
    private static let purgeRows: Int64 = 200

    /// Sessions whose time to be brought back is over, a few at a time.
    func purgeableSessions(nowMicroseconds: Int64) async throws -> [PurgeableSession] {
        let latest = nowMicroseconds - SessionLimits.undeleteSeconds * 1_000_000
        return try await read { database in
            try database.allRows(
                """
                SELECT user_id, session_id FROM sessions WHERE deleted_at <= ? AND purged_at IS NULL
                ORDER BY deleted_at LIMIT 100
                """, [latest]
            ).map { PurgeableSession(userID: try $0[0], sessionID: try $0[1]) }
        }
    }

    /// Removes a part of what belonged to a session; what stays is that it was deleted.
    ///
    /// One that was brought back in the meantime is left alone.
    /// - Returns: false if there is nothing more to remove.
    func purge(_ session: PurgeableSession, nowMicroseconds: Int64) async throws -> Bool {
        let latest = nowMicroseconds - SessionLimits.undeleteSeconds * 1_000_000
        return try await write { database in
            let names: SQLArguments = [session.userID, session.sessionID]
            // Locks the user's row, so that nobody brings the session back meanwhile.
            try database.run("UPDATE users SET seq = seq WHERE user_id = ?", [session.userID])
            let isDue = try database.firstRow(
                """
                SELECT 1 FROM sessions
                WHERE user_id = ? AND session_id = ? AND deleted_at <= ? AND purged_at IS NULL
                """, names + [latest])
            guard isDue != nil else { return .discard(false) }
            for (table, key) in [
                ("turn_alternates", "turn_index"), ("turns", "turn_index"), ("document_versions", "seq"),
            ] {
                let removed = try database.run(
                    """
                    DELETE FROM \(table) WHERE user_id = ?1 AND session_id = ?2 AND \(key) IN (
                        SELECT \(key) FROM \(table) WHERE user_id = ?1 AND session_id = ?2 ORDER BY \(key) LIMIT ?3)
                    """, names + [Self.purgeRows])
                if removed > 0 { return .keep(true) }
            }
            try database.run("DELETE FROM documents WHERE user_id = ? AND session_id = ?", names)
            let purged = try database.run(
                """
                UPDATE sessions SET purged_at = ?3, title = NULL, turn_count = 0, turn_bytes = 0, min_index = NULL,
                    max_index = NULL, digest = NULL
                WHERE user_id = ?1 AND session_id = ?2 AND purged_at IS NULL
                """, names + [nowMicroseconds])
            if purged == 1 {
                try database.run(
                    "UPDATE users SET seq = seq + 1, session_count = session_count - 1 WHERE user_id = ?",
                    [session.userID])
            }
            return .keep(false)
        }
    }

    /// Removes changes that are not told any more, of a few users at a time.
    ///
    /// - Parameters:
    ///   - user: the user that the call before ended with; empty for the first.
    /// - Returns: the last user that was looked at, or nil if there are no more.
    func purgeChanges(afterUser user: String, nowMicroseconds: Int64) async throws -> String? {
        let latest = nowMicroseconds - SessionLimits.changeSeconds * 1_000_000
        let users = try await read { database in
            try database.allRows(
                "SELECT user_id FROM users WHERE user_id > ? ORDER BY user_id LIMIT 100", [user]
            ).map { try $0[0] as String }
        }
        guard let last = users.last else { return nil }
        try await write { database in
            var removed = 0
            for user in users {
                removed += try database.run(
                    """
                    DELETE FROM changes WHERE user_id = ?1 AND created_at < ?2 AND seq IN (
                        SELECT seq FROM changes WHERE user_id = ?1 ORDER BY seq LIMIT ?3)
                    """, [user, latest, Self.purgeRows])
            }
            return removed > 0 ? .keep(()) : .discard(())
        }
        return last
    }
}
