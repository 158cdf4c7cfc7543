import Logging
import OSSKit
import SessionModels

/// The endpoints of files that were submitted: lists, links, deletes, and what they take of the quota.
///
/// Source: upload-gateway.md 1; session-api.md 4.6, row 8, and 4.9.
struct FileRoutes: Sendable {
    /// Where everything is kept.
    let store: SessionStore
    /// The bucket, or nil where there is none.
    let storage: (any WorkspaceStorage)?
    /// The options.
    let configuration: SessionAPIConfiguration
    /// The clock.
    let environment: SessionEnvironment
    /// Told when the bucket cannot be used.
    let logger: Logger

    /// One line for each route.
    var routes: [Route] {
        [
            .get("/v1/storage/workspace/files", .user, files),
            .get("/v1/storage/workspace/quota", .user, quota),
            .get("/v1/storage/workspace/chapter-files/{chapter_id...}", .user, chapterFiles),
            .delete("/v1/storage/workspace/chapter-files/{chapter_and_filename...}", deleteChapterFile),
            .delete("/v1/storage/workspace/files/{id}", deleteFile),
            .get("/v1/storage/workspace/files/{id}/versions", .user, versions),
        ]
    }

    private func files(_ call: Call) async throws -> Reply {
        var filter = FileFilter(user: try call.user())
        filter.chapter = try call.target.queryValue("chapter_id")
        filter.after = try call.target.queryValue("cursor").map { text throws(APIProblem) in try FileCursor(text) }
        let limit = try call.queryNumber("limit", in: SessionLimits.filesPerPage)
        let isPaged = limit != nil || filter.after != nil
        if isPaged { filter.limit = Int(limit ?? SessionLimits.defaultFilesPerPage) }
        let page = try await store.files(filter)
        return try await reply(to: call, page) { files in
            let quota = QuotaUse(usedBytes: page.usedBytes, limitBytes: configuration.quotaBytes)
            let next = page.hasMore ? files.last.map { FileCursor($0).text } : nil
            return SubmittedFileList(files: files, quota: quota, nextCursor: next, isPaged: isPaged).json
        }
    }

    private func chapterFiles(_ call: Call) async throws -> Reply {
        var filter = FileFilter(user: try call.user())
        filter.chapter = try call.chapter()
        return try await reply(to: call, try await store.files(filter)) { files in
            ["files": .array(files.map(\.chapterJSON))]
        }
    }

    /// Answers a page with links, unless the client has it and its links are still good for a while.
    private func reply(
        to call: Call, _ page: FilePage, _ body: ([SubmittedFile]) -> JSONOutput
    ) async throws -> Reply {
        let period = call.nowMicroseconds / 1_000_000 / max(1, configuration.downloadURLLifetimeSeconds / 2)
        let etag = page.etag(period: period)
        var reply =
            call.precondition.isKnown(etag)
            ? Reply(.notModified) : Reply(.ok, body(try await linked(page.files, try call.user())))
        reply.headers[.eTag] = etag
        return reply
    }

    /// The files, each with a presigned GET.
    private func linked(_ files: [SubmittedFile], _ user: UserID) async throws -> [SubmittedFile] {
        guard let storage else { return files }
        var files = files
        for index in files.indices {
            let file = files[index]
            let key = try WorkspaceFile(user: user, chapter: file.chapterID, filename: file.filename).key
            files[index].downloadURL = try await WorkspaceStorageProblem.reaching(logger) {
                try await storage.presignGet(
                    key, lifetimeSeconds: configuration.downloadURLLifetimeSeconds, filename: file.filename)
            }
        }
        return files
    }

    private func quota(_ call: Call) async throws -> Reply {
        Reply(.ok, try await store.quota(of: call.user(), limitBytes: configuration.quotaBytes).json)
    }

    /// The versions of a file: the one that counts, since the bucket keeps no other that the quota would not hold.
    ///
    /// Source: A-176.
    private func versions(_ call: Call) async throws -> Reply {
        guard let id = call.decodedPart.flatMap({ DecimalNumber.parse($0) }),
            let (file, objectETag) = try await store.file(id, of: call.user())
        else { throw APIProblem.notFound }
        let etag = FilePage(files: [file], usedBytes: file.sizeBytes, hasMore: false).etag(period: 0)
        var reply =
            call.precondition.isKnown(etag)
            ? Reply(.notModified)
            : Reply(
                .ok,
                [
                    "versions": [
                        [
                            "etag": .optional(objectETag), "file_size_bytes": .integer(file.sizeBytes),
                            "updated_at": .time(file.submittedAtMicroseconds), "is_current": true,
                        ]
                    ]
                ])
        reply.headers[.eTag] = etag
        return reply
    }

    private func deleteFile(_ call: Call) async throws -> Reply {
        // What is no number names no file, and what is not there is deleted.
        if let id = call.decodedPart.flatMap({ DecimalNumber.parse($0) }) {
            try await store.delete(.id(id), hasStorage: storage != nil, by: call.author())
        }
        return deleted
    }

    private func deleteChapterFile(_ call: Call) async throws -> Reply {
        let author = try call.author()
        guard let part = call.parts.first, let slash = part.lastIndex(of: UInt8(ascii: "/")),
            let chapter = Self.name(part[..<slash]), let filename = Self.name(part[(slash + 1)...]),
            WorkspaceName.isChapter(chapter), WorkspaceName.isFileName(filename)
        else { return deleted }
        let file = try WorkspaceFile(user: author.user, chapter: chapter, filename: filename)
        try await store.delete(.name(file), hasStorage: storage != nil, by: author)
        return deleted
    }

    private static func name(_ bytes: ArraySlice<UInt8>) -> String? {
        PercentCoding.decodePath(bytes).flatMap { String(validating: $0, as: UTF8.self) }
    }

    private var deleted: Reply { Reply(.ok, ["deleted": true]) }
}
