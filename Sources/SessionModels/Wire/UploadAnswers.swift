/// How much of the quota a user has used.
package struct QuotaUse: Sendable, Equatable {
    /// The bytes of all confirmed files.
    package let usedBytes: Int64
    /// The bytes that the user may keep.
    package let limitBytes: Int64

    /// Makes the answer.
    package init(usedBytes: Int64, limitBytes: Int64) {
        self.usedBytes = usedBytes
        self.limitBytes = limitBytes
    }

    fileprivate var members: [(String, JSONOutput)] {
        [("quota_used_bytes", .integer(usedBytes)), ("quota_limit_bytes", .integer(limitBytes))]
    }

    /// The answer's body.
    package var json: JSONOutput { .object(members) }
}

/// A file that a user has submitted.
package struct SubmittedFile: Sendable {
    /// A number that names the file.
    package let id: Int64
    /// The file's name.
    package let filename: String
    /// The chapter.
    package let chapterID: String
    /// The object's key.
    package let objectKey: String
    /// The object's size.
    package let sizeBytes: Int64
    /// When it was confirmed, in microseconds since 1970.
    package let submittedAtMicroseconds: Int64
    /// A presigned GET, or nil where there is no store.
    package var downloadURL: String?

    /// Makes a file.
    package init(
        id: Int64, filename: String, chapterID: String, objectKey: String, sizeBytes: Int64,
        submittedAtMicroseconds: Int64
    ) {
        self.id = id
        self.filename = filename
        self.chapterID = chapterID
        self.objectKey = objectKey
        self.sizeBytes = sizeBytes
        self.submittedAtMicroseconds = submittedAtMicroseconds
    }

    /// The file in the list of its chapter.
    package var chapterJSON: JSONOutput {
        .object([
            ("filename", .string(filename)), ("oss_key", .string(objectKey)),
            ("file_size_bytes", .integer(sizeBytes)), ("updated_at", .time(submittedAtMicroseconds)),
            ("download_url", .optional(downloadURL)),
        ])
    }

    fileprivate var json: JSONOutput {
        .object([
            ("id", .integer(id)), ("filename", .string(filename)), ("chapter_id", .string(chapterID)),
            ("oss_key", .string(objectKey)), ("file_size_bytes", .integer(sizeBytes)),
            ("submitted_at", .string(Timestamp.text(submittedAtMicroseconds))),
            ("download_url", .optional(downloadURL)),
        ])
    }
}

/// The files of a user, newest first.
package struct SubmittedFileList: Sendable {
    /// The files, newest first.
    package let files: [SubmittedFile]
    /// How much of the quota is used.
    package let quota: QuotaUse
    /// Where the next page begins: nil after the last one.
    package let nextCursor: String?
    /// Whether the client asked for pages; the plan's does not, and gets no more keys than it knows.
    package let isPaged: Bool

    /// Makes the list.
    package init(files: [SubmittedFile], quota: QuotaUse, nextCursor: String?, isPaged: Bool) {
        self.files = files
        self.quota = quota
        self.nextCursor = nextCursor
        self.isPaged = isPaged
    }

    /// The answer's body.
    package var json: JSONOutput {
        let page: [(String, JSONOutput)] = isPaged ? [("next_cursor", .optional(nextCursor))] : []
        return .object([("files", .array(files.map(\.json)))] + quota.members + page)
    }
}

/// What one key takes of a quota.
package struct QuotaEntry: Sendable {
    /// The object's key.
    package let objectKey: String
    /// The chapter.
    package let chapterID: String
    /// The file's name.
    package let filename: String
    /// The size of the confirmed file; 0 if there is none.
    package let fileBytes: Int64
    /// The largest upload for which a URL was issued that is not settled; 0 if there is none.
    package let reservationBytes: Int64
    /// The size of an object that is to be deleted; 0 if there is none.
    package let deletionBytes: Int64
    /// Whether there is a confirmed file.
    package let isFile: Bool
    /// Whether an object is to be deleted.
    package let isDeleted: Bool
    /// When the reservation frees itself at the earliest, in microseconds since 1970; nil if there is none.
    package let freesAtMicroseconds: Int64?

    /// Makes an entry.
    package init(
        objectKey: String, chapterID: String, filename: String, fileBytes: Int64, reservationBytes: Int64,
        deletionBytes: Int64, isFile: Bool, isDeleted: Bool, freesAtMicroseconds: Int64?
    ) {
        self.objectKey = objectKey
        self.chapterID = chapterID
        self.filename = filename
        self.fileBytes = fileBytes
        self.reservationBytes = reservationBytes
        self.deletionBytes = deletionBytes
        self.isFile = isFile
        self.isDeleted = isDeleted
        self.freesAtMicroseconds = freesAtMicroseconds
    }

    /// What the key is charged: the most that it can hold.
    package var chargedBytes: Int64 { max(fileBytes, reservationBytes, deletionBytes) }
    /// What of the charge is an object that is to be deleted.
    package var pendingDeleteBytes: Int64 { max(0, deletionBytes - fileBytes) }
    /// What of the charge is room for an upload.
    package var reservedBytes: Int64 { chargedBytes - fileBytes - pendingDeleteBytes }

    fileprivate var json: JSONOutput {
        let state = isFile ? "confirmed" : isDeleted ? "deleting" : "reserved"
        return .object([
            ("oss_key", .string(objectKey)), ("chapter_id", .string(chapterID)), ("filename", .string(filename)),
            ("state", .string(state)), ("charged_bytes", .integer(chargedBytes)),
            ("used_bytes", .integer(fileBytes)), ("reserved_bytes", .integer(reservedBytes)),
            ("pending_delete_bytes", .integer(pendingDeleteBytes)),
            ("reserved_until", .time(freesAtMicroseconds)),
        ])
    }
}

/// What holds each byte of a user's quota.
package struct QuotaReport: Sendable {
    /// A row for each key, in the order of the keys.
    package let entries: [QuotaEntry]
    /// The bytes that the user may keep.
    package let limitBytes: Int64

    /// Makes a report.
    package init(entries: [QuotaEntry], limitBytes: Int64) {
        self.entries = entries
        self.limitBytes = limitBytes
    }

    /// What is charged altogether.
    package var chargedBytes: Int64 { entries.reduce(0) { $0 + $1.chargedBytes } }

    /// The answer's body.
    package var json: JSONOutput {
        .object([
            ("used_bytes", .integer(entries.reduce(0) { $0 + $1.fileBytes })),
            ("reserved_bytes", .integer(entries.reduce(0) { $0 + $1.reservedBytes })),
            ("pending_delete_bytes", .integer(entries.reduce(0) { $0 + $1.pendingDeleteBytes })),
            ("limit_bytes", .integer(limitBytes)), ("entries", .array(entries.map(\.json))),
        ])
    }
}
