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

    /// How long after its settlement a key is looked at once more, in seconds.
    ///
    /// A PUT that began in time can take longer than the grace; what it left is found then. Source: A-175.
    static let secondLookSeconds: Int64 = 3_600

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
                WHERE settled_at IS NULL AND (CAST(?1 AS TEXT) IS NULL OR user_id = ?1)
                    AND (CAST(?2 AS TEXT) IS NULL OR (user_id, oss_key) > (?2, ?3))
                GROUP BY user_id, oss_key HAVING max(expires_at) <= ?4 ORDER BY user_id, oss_key LIMIT ?5
                """,
                [
                    user?.text, last?.file.user.text, last?.file.key.text,
                    nowMicroseconds - Self.settlementGraceSeconds * 1_000_000, limit,
                ]
            ).compactMap(DueUpload.init)
        }
    }

    /// The next keys to be looked at once more, some time after they were settled.
    func dueSecondLooks(limit: Int, nowMicroseconds: Int64) async throws -> [DueUpload] {
        try await read { database in
            try database.allRows(
                """
                SELECT user_id, min(chapter_id), min(filename), max(id) FROM upload_urls
                WHERE rechecked_at IS NULL AND settled_at <= ?1
                    AND NOT EXISTS (SELECT 1 FROM upload_urls AS newer WHERE newer.user_id = upload_urls.user_id
                        AND newer.oss_key = upload_urls.oss_key AND newer.settled_at IS NULL)
                GROUP BY user_id, oss_key ORDER BY user_id, oss_key LIMIT ?2
                """, [nowMicroseconds - Self.secondLookSeconds * 1_000_000, limit]
            ).compactMap(DueUpload.init)
        }
    }

    /// What is to be done about a key whose URLs are over; takes the lease of one whose object nobody knows.
    func beginSettlement(_ due: DueUpload, holder: String, nowMicroseconds: Int64) async throws -> KeyStep {
        let isOnRecord = try await read { database -> ConfirmedFile?? in
            guard try database.isDue(due) else { return nil }
            return .some(try database.confirmedFile(due.file))
        }
        guard let isOnRecord else { return .none }
        if let confirmed = isOnRecord { return .look(confirmed) }
        return try await write { database in
            guard try database.isDue(due), try database.confirmedFile(due.file) == nil,
                let lease = try database.takeLease(due.file.key, holder: holder, nowMicroseconds: nowMicroseconds)
            else { return .discard(.none) }
            return .keep(.delete(lease))
        }
    }

    /// Ends the charge of a key's URLs; a file that is on record takes over what its object really is.
    ///
    /// - Parameters:
    ///   - seen: the file on record when the object was looked at, with what was seen; nil if it was deleted.
    ///   - lease: the lease under which the object was deleted, or nil.
    /// - Returns: false if a newer URL was issued or the file was changed, which changes nothing.
    func settle(
        _ due: DueUpload, seen: (file: ConfirmedFile, facts: StoredObjectFacts?)?, lease: KeyLease?,
        nowMicroseconds: Int64
    ) async throws -> Bool {
        try await write { database in
            if let lease {
                try database.endLease(lease)
                try database.forgetDeletion(of: due.file)
            }
            guard try database.isDue(due) else { return .keep(false) }
            if let (file, facts) = seen {
                guard try database.confirmedFile(due.file) == file else { return .discard(false) }
                if let facts, !file.isSame(as: facts) { try database.adopt(due, facts, nowMicroseconds) }
            }
            try database.run(
                """
                UPDATE upload_urls SET settled_at = coalesce(settled_at, ?3),
                    rechecked_at = CASE WHEN settled_at IS NULL THEN NULL ELSE CAST(?3 AS BIGINT) END,
                    ended_as = CASE WHEN state = 'pending' THEN 'expired' ELSE ended_as END,
                    state = CASE state WHEN 'pending' THEN 'rejected' ELSE state END
                WHERE user_id = ?1 AND oss_key = ?2 AND rechecked_at IS NULL
                """, [due.file.user.text, due.file.key.text, nowMicroseconds])
            try database.forgetSettledUploads(of: due.file.user, nowMicroseconds)
            return .keep(true)
        }
    }
}

extension DueUpload {
    /// Reads a row of user, chapter, file name and newest URL.
    fileprivate init?(_ row: SQLRow) throws {
        guard let owner = UserID(try row[0] as String) else { return nil }
        file = try WorkspaceFile(user: owner, chapter: try row[1], filename: try row[2])
        newestUpload = try row[3]
    }
}

extension SQLConnection {
    /// Whether the newest URL of a key is still the one that was due, and not looked at twice.
    fileprivate func isDue(_ due: DueUpload) throws -> Bool {
        let row = try firstRow(
            "SELECT max(id) FROM upload_urls WHERE user_id = ? AND oss_key = ? AND rechecked_at IS NULL",
            [due.file.user.text, due.file.key.text])
        let newest: Int64? = try row?[0] ?? nil
        return newest == due.newestUpload
    }

    /// Forgets URLs that were settled a day ago and looked at once more since.
    func forgetSettledUploads(of user: UserID, _ nowMicroseconds: Int64) throws {
        try run(
            "DELETE FROM upload_urls WHERE user_id = ? AND settled_at < ? AND rechecked_at IS NOT NULL",
            [user.text, nowMicroseconds - 86_400_000_000])
    }

    /// Writes what an object really is into the row of its file.
    fileprivate func adopt(_ due: DueUpload, _ facts: StoredObjectFacts, _ nowMicroseconds: Int64) throws {
        try adopt(due.file, facts, upload: due.newestUpload, nowMicroseconds)
    }

    /// Writes what an object really is into the row of its file.
    func adopt(
        _ file: WorkspaceFile, _ facts: StoredObjectFacts, upload: Int64, _ nowMicroseconds: Int64
    ) throws {
        // Not `takeSequence`: a user who may not write any more is charged all the same.
        let row = try firstRow("UPDATE users SET seq = seq + 1 WHERE user_id = ? RETURNING seq", [file.user.text])
        guard let row else { return }
        let sequence: Int64 = try row[0]
        try run(
            """
            UPDATE files SET size_bytes = ?, etag = ?, crc64 = ?, modified_at = ?, upload_id = ?, seq = ?
            WHERE user_id = ? AND chapter_id = ? AND filename = ?
            """,
            [
                facts.lengthBytes, facts.etag, facts.crc64.map { String($0) }, facts.modifiedAtSeconds, upload,
                sequence, file.user.text, file.chapter, file.filename,
            ])
        let author = Author(user: file.user, device: nil, nowMicroseconds: nowMicroseconds)
        try noteChange(sequence, nil, "file", nil, author)
    }
}
