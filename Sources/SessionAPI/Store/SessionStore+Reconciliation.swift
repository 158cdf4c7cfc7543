import OSSKit

/// What is on record about the objects of one user.
struct RecordedObjects: Sendable {
    /// The confirmed files by the bytes of their keys.
    var files: [[UInt8]: (file: WorkspaceFile, confirmed: ConfirmedFile)] = [:]
    /// The keys that can change by themselves: those with a URL that is not settled, or with a delete.
    var open: Set<[UInt8]> = []
}

extension SessionStore {
    /// What is on record about a user's objects, or nil if there is no such user.
    func recordedObjects(of user: UserID) async throws -> RecordedObjects? {
        try await read { database in
            guard try database.firstRow("SELECT user_id FROM users WHERE user_id = ?", [user.text]) != nil else {
                return nil
            }
            var recorded = RecordedObjects()
            for row in try database.allRows(
                """
                SELECT chapter_id, filename, size_bytes, etag, modified_at, upload_id, crc64 FROM files
                WHERE user_id = ?
                """, [user.text])
            {
                let file = try WorkspaceFile(user: user, chapter: row[0], filename: row[1])
                let confirmed = ConfirmedFile(
                    sizeBytes: try row[2], etag: try row[3], crc64: try row[6], modifiedAtSeconds: try row[4],
                    uploadID: try row[5])
                recorded.files[file.key.bytes] = (file, confirmed)
            }
            for row in try database.allRows(
                """
                SELECT oss_key FROM upload_urls WHERE user_id = ?1 AND settled_at IS NULL
                UNION SELECT oss_key FROM deletions WHERE user_id = ?1
                """, [user.text])
            {
                recorded.open.insert(Array((try row[0] as String).utf8))
            }
            return recorded
        }
    }

    /// The next users who have files, in the order of their ids.
    func usersWithFiles(after user: String, limit: Int) async throws -> [UserID] {
        try await read { database in
            try database.allRows(
                "SELECT DISTINCT user_id FROM files WHERE user_id > ? ORDER BY user_id LIMIT ?", [user, limit]
            ).compactMap { UserID(try $0[0] as String) }
        }
    }

    /// Takes the lease of a key that nobody knows, to delete its object.
    ///
    /// - Returns: nil if somebody knows it by now.
    func beginRepair(of file: WorkspaceFile, holder: String, nowMicroseconds: Int64) async throws -> KeyLease? {
        try await write { database in
            guard try database.confirmedFile(file) == nil, try !database.isOpen(file),
                let lease = try database.takeLease(file.key, holder: holder, nowMicroseconds: nowMicroseconds)
            else { return .discard(nil) }
            return .keep(lease)
        }
    }

    /// Makes the record of a file say what its object is; a file without an object is taken off it.
    ///
    /// - Returns: false if the record has changed since `seen`.
    func repair(
        _ file: WorkspaceFile, seen: ConfirmedFile, _ facts: StoredObjectFacts?, nowMicroseconds: Int64
    ) async throws -> Bool {
        try await write { database in
            guard try database.confirmedFile(file) == seen, try !database.isOpen(file) else { return .discard(false) }
            if let facts {
                try database.adopt(file, facts, upload: seen.uploadID, nowMicroseconds)
                return .keep(true)
            }
            try database.run(
                "DELETE FROM files WHERE user_id = ? AND chapter_id = ? AND filename = ?",
                [file.user.text, file.chapter, file.filename])
            let row = try database.firstRow(
                "UPDATE users SET seq = seq + 1 WHERE user_id = ? RETURNING seq", [file.user.text])
            if let row {
                let author = Author(user: file.user, device: nil, nowMicroseconds: nowMicroseconds)
                try database.noteChange(try row[0], nil, "file", nil, author)
            }
            return .keep(true)
        }
    }
}

extension SQLConnection {
    /// Whether an upload or a delete of a key is under way.
    fileprivate func isOpen(_ file: WorkspaceFile) throws -> Bool {
        let names: SQLArguments = [file.user.text, file.key.text]
        let upload = try firstRow(
            "SELECT id FROM upload_urls WHERE user_id = ? AND oss_key = ? AND settled_at IS NULL LIMIT 1", names)
        let deletion = try firstRow("SELECT attempts FROM deletions WHERE user_id = ? AND oss_key = ?", names)
        return upload != nil || deletion != nil
    }
}
