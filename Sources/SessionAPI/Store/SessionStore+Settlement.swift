import OSSKit

/// A key all of whose upload URLs have ended, and whose object was not looked at since.
struct DueUpload: Sendable {
    /// The file that the URLs were issued for.
    let file: WorkspaceFile
    /// The newest of the URLs.
    let newestUpload: Int64
}

extension SessionStore {
    /// How long after its end a URL still charges, in seconds.
    ///
    /// The clock of the object store may be behind ours, and a PUT that began in time may end after its URL.
    static let settlementGraceSeconds: Int64 = 60

    /// The next keys to be settled, in the order of user and key.
    ///
    /// - Parameters:
    ///   - user: whose; nil for everybody's.
    ///   - last: where the batch before ended, or nil.
    func dueUploads(
        of user: UserID?, after last: DueUpload?, limit: Int, nowMicroseconds: Int64
    ) async throws -> [DueUpload] {
        try await read { database in
            try database.allRows(
                """
                SELECT user_id, min(chapter_id), min(filename), max(id) FROM upload_urls
                WHERE settled_at IS NULL AND (?1 IS NULL OR user_id = ?1)
                    AND (?2 IS NULL OR (user_id, oss_key) > (?2, ?3))
                GROUP BY user_id, oss_key HAVING max(expires_at) <= ?4 ORDER BY user_id, oss_key LIMIT ?5
                """,
                [
                    user?.text, last?.file.user.text, last?.file.key.text,
                    nowMicroseconds - Self.settlementGraceSeconds * 1_000_000, limit,
                ]
            ).compactMap { row in
                guard let owner = UserID(try row[0] as String) else { return nil }
                let file = try WorkspaceFile(user: owner, chapter: try row[1], filename: try row[2])
                return DueUpload(file: file, newestUpload: try row[3])
            }
        }
    }

    /// Whether a file is on record, or nil if the key is not due any more.
    func isOnRecord(_ due: DueUpload) async throws -> Bool? {
        try await read { database in
            guard try database.isDue(due) else { return nil }
            return try database.confirmedFile(due.file) != nil
        }
    }

    /// Ends the charge of a key's URLs; a file that is on record takes over what its object really is.
    ///
    /// - Parameters:
    ///   - facts: the object, or nil if there is none any more.
    /// - Returns: false if a newer URL was issued, which changes nothing.
    func settle(_ due: DueUpload, _ facts: StoredObjectFacts?, nowMicroseconds: Int64) async throws -> Bool {
        try await write { database in
            guard try database.isDue(due) else { return .discard(false) }
            if let facts, let confirmed = try database.confirmedFile(due.file), !confirmed.isSame(as: facts) {
                try database.adopt(due, facts, nowMicroseconds)
            }
            try database.run(
                """
                UPDATE upload_urls SET settled_at = ?3,
                    state = CASE state WHEN 'pending' THEN 'rejected' ELSE state END
                WHERE user_id = ?1 AND oss_key = ?2 AND settled_at IS NULL
                """, [due.file.user.text, due.file.key.text, nowMicroseconds])
            return .keep(true)
        }
    }
}

extension SQLConnection {
    /// Whether the newest URL of a key is still the one that was due, and not settled.
    fileprivate func isDue(_ due: DueUpload) throws -> Bool {
        let row = try firstRow(
            "SELECT max(id) FROM upload_urls WHERE user_id = ? AND oss_key = ? AND settled_at IS NULL",
            [due.file.user.text, due.file.key.text])
        let newest: Int64? = try row?[0] ?? nil
        return newest == due.newestUpload
    }

    /// Writes what an object really is into the row of its file.
    fileprivate func adopt(_ due: DueUpload, _ facts: StoredObjectFacts, _ nowMicroseconds: Int64) throws {
        // Not `takeSequence`: a user who may not write any more is charged all the same.
        let row = try firstRow(
            "UPDATE users SET seq = seq + 1 WHERE user_id = ? RETURNING seq", [due.file.user.text])
        guard let row else { return }
        let sequence: Int64 = try row[0]
        try run(
            """
            UPDATE files SET size_bytes = ?, etag = ?, crc64 = ?, modified_at = ?, upload_id = ?, seq = ?
            WHERE user_id = ? AND chapter_id = ? AND filename = ?
            """,
            [
                facts.lengthBytes, facts.etag, facts.crc64.map { String($0) }, facts.modifiedAtSeconds,
                due.newestUpload, sequence, due.file.user.text, due.file.chapter, due.file.filename,
            ])
        let author = Author(user: due.file.user, device: nil, nowMicroseconds: nowMicroseconds)
        try noteChange(sequence, nil, "file", nil, author)
    }
}
