/// The body of `POST /v1/storage/workspace/upload-url`.
package struct UploadURLRequest: Sendable {
    /// The chapter.
    package let chapterID: String
    /// The file's name.
    package let filename: String
    /// The size that is asked for.
    package let sizeBytes: Int64
    /// The Base64 MD5 that the upload must have, or nil.
    package let contentMD5: String?

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content)
        chapterID = reader.workspaceChapter()
        filename = reader.workspaceFilename()
        sizeBytes = reader.integer("file_size_bytes", in: SessionLimits.fileSizes)
        contentMD5 = reader.optionalText("content_md5", .line(24...24))
        if let contentMD5, !Self.isDigest(contentMD5) { reader.refuse("content_md5", "not the Base64 of an MD5") }
        try reader.finish()
    }

    private static func isDigest(_ text: String) -> Bool {
        text.utf8.dropLast(2).allSatisfy {
            ($0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z"))
                || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) || $0 == UInt8(ascii: "+")
                || $0 == UInt8(ascii: "/")
        } && text.hasSuffix("==")
    }
}

/// The body of `POST /v1/storage/workspace/confirm`.
package struct ConfirmUploadRequest: Sendable {
    /// The object's key.
    package let objectKey: String
    /// The file's name.
    package let filename: String
    /// The chapter.
    package let chapterID: String
    /// What the client says; the object itself decides.
    package let sizeBytes: Int64

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content)
        objectKey = reader.text("oss_key", .line(SessionLimits.objectKeyCharacters))
        filename = reader.workspaceFilename()
        chapterID = reader.workspaceChapter()
        sizeBytes = reader.integer("file_size_bytes", in: SessionLimits.fileSizes)
        try reader.finish()
    }
}

extension ModelReader {
    fileprivate mutating func workspaceChapter() -> String {
        let chapter = text("chapter_id", .line(1...SessionLimits.chapterCharacters.upperBound))
        if !chapter.isEmpty, !WorkspaceName.isChapter(chapter) { refuse("chapter_id", "not a name of a chapter") }
        return chapter
    }

    fileprivate mutating func workspaceFilename() -> String {
        let filename = text("filename", .line(SessionLimits.nameBytes))
        if !filename.isEmpty, !WorkspaceName.isFileName(filename) { refuse("filename", "not a name of a file") }
        return filename
    }
}
