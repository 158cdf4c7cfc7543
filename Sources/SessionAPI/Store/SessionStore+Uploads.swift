import SessionModels

/// An upload URL to be issued, if the quota holds it.
struct UploadReservation: Sendable {
    /// The file and its key.
    let file: WorkspaceFile
    /// The size that is asked for.
    let sizeBytes: Int64
    /// The Base64 MD5 that the upload must have, or nil.
    let contentMD5: String?
    /// When it ends, in microseconds since 1970.
    let expiresAtMicroseconds: Int64
    /// The bytes that the user may keep.
    let quotaBytes: Int64
}

/// Whether an upload URL may be issued.
enum ReservationOutcome: Sendable {
    /// It may, under this number.
    case granted(upload: Int64)
    /// The quota has no room; with the bytes of the confirmed files.
    case noRoom(usedBytes: Int64)
    /// Too many URLs of this user have not expired yet.
    case tooManyPending
    /// The key's object is being deleted.
    case keyIsLeased
}

/// What a confirm comes to.
enum ConfirmOutcome: Sendable {
    case confirmed(usedBytes: Int64)
    case notUploaded
    /// The object has a length that nobody asked for, and is to be deleted under this lease.
    case sizeMismatch(KeyLease)
    case noRoom(usedBytes: Int64)
    /// The key's object is being deleted.
    case keyIsLeased
}

extension SessionStore {
    /// Reserves room for an upload: one conditional statement, which changes no row if there is none.
    func reserve(_ reservation: UploadReservation, by author: Author) async throws -> ReservationOutcome {
        let file = reservation.file
        return try await change(by: author) { database, _ in
            if reservation.expiresAtMicroseconds <= author.nowMicroseconds {
                // Nothing is ever settled where there is no store.
                try database.forgetSettledUploads(of: author.user, author.nowMicroseconds)
            }
            let granted = try database.firstRow(
                """
                INSERT INTO upload_urls (user_id, chapter_id, filename, oss_key, size_bytes, content_md5, created_at,
                    expires_at, settled_at, rechecked_at)
                SELECT ?1, ?5, ?6, ?3, ?4, ?7, ?2, ?8, CASE WHEN ?8 > ?2 THEN NULL ELSE ?2 END,
                    CASE WHEN ?8 > ?2 THEN NULL ELSE ?2 END
                WHERE (\(UploadCharge.withNewSize)) <= ?9
                AND (SELECT count(*) FROM upload_urls
                    WHERE user_id = ?1 AND state = 'pending' AND settled_at IS NULL AND expires_at > ?2) < ?10
                AND NOT EXISTS (SELECT 1 FROM key_leases WHERE oss_key = ?3 AND expires_at > ?2)
                RETURNING id
                """,
                [
                    author.user.text, author.nowMicroseconds, file.key.text, reservation.sizeBytes, file.chapter,
                    file.filename, reservation.contentMD5, reservation.expiresAtMicroseconds, reservation.quotaBytes,
                    SessionLimits.pendingUploadsPerUser,
                ])
            if let granted { return .keep(.granted(upload: try granted[0])) }
            if try database.isLeased(file.key, nowMicroseconds: author.nowMicroseconds) {
                return .discard(.keyIsLeased)
            }
            let pending = try database.pendingUploads(author)
            return pending < SessionLimits.pendingUploadsPerUser
                ? .discard(.noRoom(usedBytes: try database.usedBytes(of: author.user))) : .discard(.tooManyPending)
        }
    }

    /// Forgets a reservation whose URL nobody was given.
    func cancel(upload: Int64, by author: Author) async throws {
        try await write { database in
            try database.run(
                "DELETE FROM upload_urls WHERE id = ? AND user_id = ? AND state = 'pending'",
                [upload, author.user.text])
            return .keep(())
        }
    }

    /// Makes an uploaded object the confirmed file of its name, or says why not.
    ///
    /// Source: upload-gateway.md 2.3.
    func confirm(
        _ file: WorkspaceFile, _ facts: StoredObjectFacts, holder: String, quotaBytes: Int64, by author: Author
    ) async throws -> ConfirmOutcome {
        try await change(by: author) { database, sequence in
            let now = author.nowMicroseconds
            // What was seen may be gone by now.
            guard try !database.isLeased(file.key, nowMicroseconds: now) else { return .discard(.keyIsLeased) }
            let confirmed = try database.confirmedFile(file)
            if let confirmed, confirmed.isSame(as: facts) {
                guard let pendingBytes = try database.newestPending(file, after: confirmed.uploadID, author) else {
                    return .discard(.confirmed(usedBytes: try database.usedBytes(of: author.user)))
                }
                // A store tells times in seconds: the same content again within one looks as if nothing was uploaded.
                guard pendingBytes == facts.lengthBytes, confirmed.hasContent(of: facts) else {
                    return .discard(.notUploaded)
                }
            }
            guard let upload = try database.matchUpload(file, facts.lengthBytes, hasFile: confirmed != nil) else {
                guard try database.hasChangedSincePending(file, facts),
                    let lease = try database.takeLease(file.key, holder: holder, nowMicroseconds: now)
                else { return .discard(.notUploaded) }
                try database.reject(file, facts.lengthBytes, nowMicroseconds: now)
                try database.noteChange(sequence, nil, "file", nil, author)
                return .keep(.sizeMismatch(lease))
            }
            let entry = FileEntry(file: file, facts: facts, uploadID: upload, sequence: sequence)
            guard try database.put(entry, quotaBytes: quotaBytes, author) else {
                return .discard(.noRoom(usedBytes: try database.usedBytes(of: author.user)))
            }
            try database.noteChange(sequence, nil, "file", nil, author)
            return .keep(.confirmed(usedBytes: try database.usedBytes(of: author.user)))
        }
    }

    /// Confirms a file whose object nobody can look at, with the size that the client gave.
    func confirmOnTrust(
        _ file: WorkspaceFile, sizeBytes: Int64, quotaBytes: Int64, by author: Author
    ) async throws -> ConfirmOutcome {
        let facts = StoredObjectFacts(lengthBytes: sizeBytes, etag: nil, crc64: nil, modifiedAtSeconds: nil)
        return try await change(by: author) { database, sequence in
            let entry = FileEntry(file: file, facts: facts, uploadID: 0, sequence: sequence)
            guard try database.put(entry, quotaBytes: quotaBytes, author) else {
                return .discard(.noRoom(usedBytes: try database.usedBytes(of: author.user)))
            }
            try database.noteChange(sequence, nil, "file", nil, author)
            return .keep(.confirmed(usedBytes: try database.usedBytes(of: author.user)))
        }
    }
}

/// A file's row to be written.
private struct FileEntry: Sendable {
    let file: WorkspaceFile
    let facts: StoredObjectFacts
    let uploadID: Int64
    let sequence: Int64
}

/// What is on record about a confirmed file's object.
struct ConfirmedFile: Sendable, Equatable {
    /// The object's size.
    let sizeBytes: Int64
    /// The object's ETag, or nil.
    let etag: String?
    /// The object's CRC-64, or nil.
    let crc64: String?
    /// When the object was written in seconds since 1970, or nil.
    let modifiedAtSeconds: Int64?
    /// The URL that it was uploaded with.
    let uploadID: Int64

    /// Whether an object's checksums are those of the one that was confirmed.
    func hasContent(of facts: StoredObjectFacts) -> Bool {
        sizeBytes == facts.lengthBytes && etag == facts.etag && crc64 == facts.crc64.map { String($0) }
    }

    /// Whether the object is still the one that was confirmed.
    func isSame(as facts: StoredObjectFacts) -> Bool {
        sizeBytes == facts.lengthBytes && etag == facts.etag && modifiedAtSeconds == facts.modifiedAtSeconds
    }
}

// MARK: - Statements

extension SQLConnection {
    fileprivate func pendingUploads(_ author: Author) throws -> Int64 {
        let row = try firstRow(
            """
            SELECT count(*) FROM upload_urls
            WHERE user_id = ? AND state = 'pending' AND settled_at IS NULL AND expires_at > ?
            """, [author.user.text, author.nowMicroseconds])
        return try row?[0] ?? 0
    }

    /// What is on record about a file, or nil if it was never confirmed.
    func confirmedFile(_ file: WorkspaceFile) throws -> ConfirmedFile? {
        try firstRow(
            """
            SELECT size_bytes, etag, modified_at, upload_id, crc64 FROM files
            WHERE user_id = ? AND chapter_id = ? AND filename = ?
            """, [file.user.text, file.chapter, file.filename]
        ).map {
            ConfirmedFile(
                sizeBytes: try $0[0], etag: try $0[1], crc64: try $0[4], modifiedAtSeconds: try $0[2],
                uploadID: try $0[3])
        }
    }

    /// The size of the newest pending URL of a key that was issued after another one, or nil if there is none.
    fileprivate func newestPending(_ file: WorkspaceFile, after upload: Int64, _ author: Author) throws -> Int64? {
        try firstRow(
            """
            SELECT size_bytes FROM upload_urls WHERE user_id = ? AND oss_key = ? AND state = 'pending' AND id > ?
                AND expires_at > ? ORDER BY id DESC LIMIT 1
            """, [file.user.text, file.key.text, upload, author.nowMicroseconds]
        ).map { try $0[0] as Int64 }
    }

    /// Whether an object was written after the oldest pending URL of its key was issued, as far as the store tells.
    fileprivate func hasChangedSincePending(_ file: WorkspaceFile, _ facts: StoredObjectFacts) throws -> Bool {
        let row = try firstRow(
            "SELECT min(created_at) FROM upload_urls WHERE user_id = ? AND oss_key = ? AND state = 'pending'",
            [file.user.text, file.key.text])
        guard let issued: Int64 = try row?[0] ?? nil, let modified = facts.modifiedAtSeconds else { return false }
        return modified >= issued / 1_000_000
    }

    /// Marks the URLs of a key that were issued for a size as used, and returns the newest of them.
    ///
    /// Where no file is on record an object that was not confirmed before its URLs were settled is gone, even if it was
    /// seen a moment ago: only URLs that are not settled count.
    fileprivate func matchUpload(_ file: WorkspaceFile, _ sizeBytes: Int64, hasFile: Bool) throws -> Int64? {
        let names: SQLArguments = [file.user.text, file.key.text, sizeBytes, hasFile]
        try run(
            """
            UPDATE upload_urls SET state = 'confirmed', ended_as = NULL
            WHERE user_id = ?1 AND oss_key = ?2 AND size_bytes = ?3
                AND (state = 'pending' OR ended_as = 'deleted') AND (settled_at IS NULL OR ?4 = 1)
            """, names)
        let newest = try firstRow(
            """
            SELECT id FROM upload_urls
            WHERE user_id = ?1 AND oss_key = ?2 AND size_bytes = ?3 AND state = 'confirmed'
                AND (settled_at IS NULL OR ?4 = 1) ORDER BY id DESC LIMIT 1
            """, names)
        return try newest.map { try $0[0] as Int64 }
    }

    /// Forgets a file whose object has a length that nobody asked for, and queues the object to be deleted.
    fileprivate func reject(_ file: WorkspaceFile, _ sizeBytes: Int64, nowMicroseconds: Int64) throws {
        try run(
            "UPDATE upload_urls SET state = 'rejected' WHERE user_id = ? AND oss_key = ? AND state = 'pending'",
            [file.user.text, file.key.text])
        try run(
            "DELETE FROM files WHERE user_id = ? AND chapter_id = ? AND filename = ?",
            [file.user.text, file.chapter, file.filename])
        try queueDeletion(file, sizeBytes, nowMicroseconds: nowMicroseconds)
    }

    /// Writes a file's row if the quota holds it; an earlier delete of the file is over then.
    fileprivate func put(_ entry: FileEntry, quotaBytes: Int64, _ author: Author) throws -> Bool {
        let written = try run(
            """
            INSERT INTO files (user_id, submitted_at, oss_key, size_bytes, chapter_id, filename, etag, crc64, modified_at,
                upload_id, seq)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
            WHERE (\(UploadCharge.withNewFile)) <= ?12
            ON CONFLICT (user_id, chapter_id, filename) DO UPDATE SET submitted_at = excluded.submitted_at,
                size_bytes = excluded.size_bytes, etag = excluded.etag, crc64 = excluded.crc64,
                modified_at = excluded.modified_at, upload_id = excluded.upload_id, seq = excluded.seq
            """,
            [
                entry.file.user.text, author.nowMicroseconds, entry.file.key.text, entry.facts.lengthBytes,
                entry.file.chapter, entry.file.filename, entry.facts.etag, entry.facts.crc64.map { String($0) },
                entry.facts.modifiedAtSeconds, entry.uploadID, entry.sequence, quotaBytes,
            ])
        guard written == 1 else { return false }
        try run(
            "DELETE FROM deletions WHERE user_id = ? AND oss_key = ?", [entry.file.user.text, entry.file.key.text])
        return true
    }
}
