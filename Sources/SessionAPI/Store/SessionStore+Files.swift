import Crypto
import OSSKit
import SessionModels

/// Which files a list holds.
struct FileFilter: Sendable {
    /// Whose they are.
    let user: UserID
    /// The chapter, or nil for all.
    var chapter: String?
    /// Where the page before ended, or nil.
    var after: FileCursor?
    /// The most files.
    var limit = SessionLimits.filesPerAnswer
}

/// A page of a list of files, newest first, and the bytes of all files of the user, from one snapshot.
struct FilePage: Sendable {
    /// The files, without links.
    var files: [SubmittedFile]
    /// The bytes of all files.
    let usedBytes: Int64
    /// Whether more follow.
    let hasMore: Bool

    /// What a client compares to learn whether the page has changed, quotes included.
    ///
    /// - Parameter period: a number that changes before the links of an earlier answer end.
    func etag(period: Int64) -> String {
        var hash = SHA256()
        hash.update(data: Array("\(period) \(usedBytes) \(hasMore)\n".utf8))
        for file in files {
            hash.update(
                data: Array("\(file.id) \(file.sizeBytes) \(file.submittedAtMicroseconds) \(file.objectKey)\n".utf8))
        }
        return "\"f\(Hexadecimal.lower(Array(hash.finalize()).prefix(16)))\""
    }
}

/// Where a page of a list of files ended; clients see a text that tells them nothing.
struct FileCursor: Sendable {
    /// When the last file of the page was submitted, in microseconds since 1970.
    let submittedAtMicroseconds: Int64
    /// That file.
    let id: Int64

    /// The end of a page.
    init(_ last: SubmittedFile) {
        submittedAtMicroseconds = last.submittedAtMicroseconds
        id = last.id
    }

    /// Reads what a client was given.
    ///
    /// - Throws: `INVALID_CURSOR` for anything else.
    init(_ text: String) throws(APIProblem) {
        let parts = Base64URL.decode(text.utf8)?.split(separator: UInt8(ascii: "."), maxSplits: 2) ?? []
        guard parts.count == 3, parts[0].elementsEqual("f".utf8), let time = DecimalNumber.parse(bytes: parts[1]),
            let id = DecimalNumber.parse(bytes: parts[2])
        else { throw .invalidCursor }
        submittedAtMicroseconds = time
        self.id = id
    }

    /// The text that a client is given.
    var text: String { Base64URL.encode(Array("f.\(submittedAtMicroseconds).\(id)".utf8)) }
}

/// Which file a user wants to be rid of.
enum FileName: Sendable {
    /// By its number.
    case id(Int64)
    /// By its chapter and name.
    case name(WorkspaceFile)
}

extension SessionStore {
    /// A page of a user's files, newest first.
    func files(_ filter: FileFilter) async throws -> FilePage {
        try await read { database in
            let rows = try database.allRows(
                """
                SELECT id, filename, chapter_id, oss_key, size_bytes, submitted_at FROM files
                WHERE user_id = ?1 AND (CAST(?2 AS TEXT) IS NULL OR chapter_id = ?2)
                    AND (CAST(?3 AS BIGINT) IS NULL OR submitted_at < ?3 OR (submitted_at = ?3 AND id < ?4))
                ORDER BY submitted_at DESC, id DESC LIMIT ?5
                """,
                [
                    filter.user.text, filter.chapter, filter.after?.submittedAtMicroseconds, filter.after?.id,
                    filter.limit + 1,
                ])
            let files = try rows.prefix(filter.limit).map(SubmittedFile.init)
            return FilePage(
                files: files, usedBytes: try database.usedBytes(of: filter.user), hasMore: rows.count > filter.limit)
        }
    }

    /// The file of a number, or nil if the user has none of it.
    func file(_ id: Int64, of user: UserID) async throws -> (file: SubmittedFile, etag: String?)? {
        try await read { database in
            try database.firstRow(
                """
                SELECT id, filename, chapter_id, oss_key, size_bytes, submitted_at, etag FROM files
                WHERE user_id = ? AND id = ?
                """, [user.text, id]
            ).map { (try SubmittedFile($0), try $0[6]) }
        }
    }

    /// Takes a file off the record and queues its object to be deleted; the quota is given back when it is gone.
    ///
    /// - Parameter hasStorage: whether there are objects at all.
    func delete(_ name: FileName, hasStorage: Bool, by author: Author) async throws {
        try await change(by: author) { database, sequence in
            guard let (file, sizeBytes) = try database.recordedFile(name, of: author.user) else {
                return .discard(())
            }
            try database.run(
                "DELETE FROM files WHERE user_id = ? AND chapter_id = ? AND filename = ?",
                [author.user.text, file.chapter, file.filename])
            try database.run(
                """
                UPDATE upload_urls SET ended_as = 'deleted' WHERE user_id = ? AND oss_key = ? AND state = 'confirmed'
                """, [author.user.text, file.key.text])
            if hasStorage {
                try database.queueDeletion(file, sizeBytes, nowMicroseconds: author.nowMicroseconds)
            }
            try database.noteChange(sequence, nil, "file", nil, author)
            return .keep(())
        }
    }

    /// What holds each byte of a user's quota, from one snapshot.
    func quota(of user: UserID, limitBytes: Int64) async throws -> QuotaReport {
        try await read { database in
            let rows = try database.allRows(
                """
                SELECT oss_key, max(chapter_id), max(filename), CAST(sum(file_bytes) AS BIGINT), max(url_bytes),
                    max(ends_at), max(deleted_bytes), CAST(sum(is_file) AS BIGINT), CAST(sum(is_deleted) AS BIGINT)
                FROM (
                    SELECT oss_key, chapter_id, filename, size_bytes AS file_bytes, 0 AS url_bytes, 0 AS ends_at,
                        0 AS deleted_bytes, 1 AS is_file, 0 AS is_deleted
                    FROM files WHERE user_id = ?1
                    UNION ALL
                    SELECT oss_key, chapter_id, filename, 0, size_bytes, expires_at, 0, 0, 0 FROM upload_urls
                    WHERE user_id = ?1 AND settled_at IS NULL
                    UNION ALL
                    SELECT oss_key, chapter_id, filename, 0, 0, 0, size_bytes, 0, 1 FROM deletions WHERE user_id = ?1
                ) AS charges GROUP BY oss_key ORDER BY oss_key
                """, [user.text])
            let grace = Self.settlementGraceSeconds * 1_000_000
            let entries = try rows.map { row in
                let endsAt: Int64 = try row[5]
                return QuotaEntry(
                    objectKey: try row[0], chapterID: try row[1], filename: try row[2], fileBytes: try row[3],
                    reservationBytes: try row[4], deletionBytes: try row[6], isFile: try row[7] as Int64 > 0,
                    isDeleted: try row[8] as Int64 > 0, freesAtMicroseconds: endsAt == 0 ? nil : endsAt + grace)
            }
            return QuotaReport(entries: entries, limitBytes: limitBytes)
        }
    }
}

extension SubmittedFile {
    /// Reads a row of id, filename, chapter, key, size and time.
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: try row[0], filename: try row[1], chapterID: try row[2], objectKey: try row[3], sizeBytes: try row[4],
            submittedAtMicroseconds: try row[5])
    }
}

extension SQLConnection {
    /// The file of a name with its size, or nil if it is not on record.
    fileprivate func recordedFile(_ name: FileName, of user: UserID) throws -> (WorkspaceFile, Int64)? {
        let row =
            switch name {
            case .id(let id):
                try firstRow(
                    "SELECT chapter_id, filename, size_bytes FROM files WHERE user_id = ? AND id = ?", [user.text, id])
            case .name(let file):
                try firstRow(
                    """
                    SELECT chapter_id, filename, size_bytes FROM files
                    WHERE user_id = ? AND chapter_id = ? AND filename = ?
                    """, [user.text, file.chapter, file.filename])
            }
        return try row.map { (try WorkspaceFile(user: user, chapter: $0[0], filename: $0[1]), try $0[2]) }
    }
}
