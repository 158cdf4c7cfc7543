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

    /// Makes the list.
    package init(files: [SubmittedFile], quota: QuotaUse) {
        self.files = files
        self.quota = quota
    }

    /// The answer's body.
    package var json: JSONOutput { .object([("files", .array(files.map(\.json)))] + quota.members) }
}
