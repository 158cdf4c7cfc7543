import Logging
import OSSKit
import SessionModels

/// The plan's endpoints of submitted files.
///
/// 409 on these routes means quota and nothing else, and no other message holds the texts `409` or `quota`: the plan's
/// desktop looks for them. Source: upload-gateway.md 1 to 3; session-api.md 4.6, rows 6 to 8.
struct UploadRoutes: Sendable {
    private static let contentType = "text/plain"
    /// How many seconds a reservation may take without shortening the life of its URL.
    private static let signingSeconds: Int64 = 5

    /// Where everything is kept.
    let store: SessionStore
    /// The bucket, or nil where there is none.
    let storage: (any WorkspaceStorage)?
    /// Frees what expired URLs still charge, or nil where there is no bucket.
    let settlement: UploadSettlement?
    /// The options.
    let configuration: SessionAPIConfiguration
    /// The clock.
    let environment: SessionEnvironment
    /// Told when the bucket cannot be reached.
    let logger: Logger

    /// One line for each route.
    var routes: [Route] {
        let limit = SessionLimits.smallBodyBytes
        return [
            .user(.post, "/v1/storage/workspace/upload-url", bodyLimit: limit, uploadURL),
            .user(.post, "/v1/storage/workspace/confirm", bodyLimit: limit, confirm),
            .get("/v1/storage/workspace/files", .user, files),
        ]
    }

    private func uploadURL(_ call: Call) async throws -> Reply {
        let request = try call.read(UploadURLRequest.init)
        let author = try call.author()
        let file = try WorkspaceFile(user: author.user, chapter: request.chapterID, filename: request.filename)
        let endsAt = try await reserve(request, file, author)
        guard let storage else {
            return Reply(
                .ok, ["presigned_url": "http://localhost/dev-no-oss", "oss_key": .string(file.key.text)])
        }
        // The reservation took time, and its URL must not outlive it; whole seconds, as a signature counts them.
        let lifetimeSeconds = min(
            configuration.uploadURLLifetimeSeconds, endsAt / 1_000_000 - environment.nowSeconds)
        guard lifetimeSeconds > 0 else { throw APIProblem.unavailable }
        let terms = UploadTerms(
            key: file.key, sizeBytes: request.sizeBytes, contentType: Self.contentType,
            contentMD5: request.contentMD5, lifetimeSeconds: lifetimeSeconds)
        let upload = try await reach { try await storage.presignPut(terms) }
        let headers = upload.requiredHeaders.map { ($0.name, JSONOutput.string($0.value)) }
        return Reply(
            .ok,
            [
                "presigned_url": .string(upload.url), "oss_key": .string(file.key.text),
                "required_headers": .object(headers),
            ])
    }

    /// Reserves room; without a store no URL can be used, so that nothing stays reserved.
    ///
    /// - Returns: when the reservation ends, in microseconds since 1970; no URL may live longer.
    private func reserve(
        _ request: UploadURLRequest, _ file: WorkspaceFile, _ author: Author
    ) async throws -> Int64 {
        let lifetimeSeconds = storage == nil ? 0 : configuration.uploadURLLifetimeSeconds + Self.signingSeconds
        let reservation = UploadReservation(
            file: file, sizeBytes: request.sizeBytes, contentMD5: request.contentMD5,
            expiresAtMicroseconds: author.nowMicroseconds + lifetimeSeconds * 1_000_000,
            quotaBytes: configuration.quotaBytes)
        var outcome = try await reserved(reservation, author)
        if case .noRoom = outcome, try await makeRoom(author) {
            outcome = try await reserved(reservation, author)
        }
        switch outcome {
        case .granted: return reservation.expiresAtMicroseconds
        case .noRoom(let usedBytes): throw quotaProblem(usedBytes)
        case .tooManyPending:
            throw APIProblem(
                .tooManyRequests, "Too many uploads have not been finished",
                retryAfterSeconds: Int(configuration.uploadURLLifetimeSeconds))
        }
    }

    /// Issues no URL while its key is being settled.
    private func reserved(_ reservation: UploadReservation, _ author: Author) async throws -> ReservationOutcome {
        try await store.keyTurns.withTurn(of: reservation.file.key.bytes) {
            try await store.reserve(reservation, by: author)
        }
    }

    private func makeRoom(_ author: Author) async throws -> Bool {
        guard let settlement else { return false }
        return try await settlement.makeRoom(for: author.user)
    }

    private func confirm(_ call: Call) async throws -> Reply {
        let request = try call.read(ConfirmUploadRequest.init)
        let author = try call.author()
        let file = try WorkspaceFile(user: author.user, chapter: request.chapterID, filename: request.filename)
        guard request.objectKey.utf8.elementsEqual(file.key.bytes) else {
            throw APIProblem(.invalidObjectKey, "oss_key does not belong to this user, chapter and filename")
        }
        var outcome = try await outcome(of: request, file, author)
        if case .noRoom = outcome, try await makeRoom(author) {
            outcome = try await self.outcome(of: request, file, author)
        }
        switch outcome {
        case .confirmed(let usedBytes):
            return Reply(.created, QuotaUse(usedBytes: usedBytes, limitBytes: configuration.quotaBytes).json)
        case .notUploaded:
            throw APIProblem(.uploadNotFound, "The file has not been uploaded")
        case .sizeMismatch:
            throw APIProblem(.uploadSizeMismatch, "The uploaded file does not have the size that was announced")
        case .noRoom(let usedBytes):
            throw quotaProblem(usedBytes)
        }
    }

    private func outcome(
        of request: ConfirmUploadRequest, _ file: WorkspaceFile, _ author: Author
    ) async throws -> ConfirmOutcome {
        let quotaBytes = configuration.quotaBytes
        guard let storage else {
            return try await store.confirmOnTrust(
                file, sizeBytes: request.sizeBytes, quotaBytes: quotaBytes, by: author)
        }
        return try await store.keyTurns.withTurn(of: file.key.bytes) {
            guard let facts = try await reach({ try await storage.head(file.key) }) else { return .notUploaded }
            let outcome = try await store.confirm(file, facts, quotaBytes: quotaBytes, by: author)
            if case .sizeMismatch = outcome { try await reach { try await storage.delete(file.key) } }
            return outcome
        }
    }

    private func files(_ call: Call) async throws -> Reply {
        let user = try call.user()
        var (files, usedBytes) = try await store.files(of: user, chapter: try call.target.queryValue("chapter_id"))
        if let storage {
            for index in files.indices {
                let key = try WorkspaceFile(
                    user: user, chapter: files[index].chapterID, filename: files[index].filename
                ).key
                let filename = files[index].filename
                files[index].downloadURL = try await reach {
                    try await storage.presignGet(
                        key, lifetimeSeconds: configuration.downloadURLLifetimeSeconds, filename: filename)
                }
            }
        }
        let quota = QuotaUse(usedBytes: usedBytes, limitBytes: configuration.quotaBytes)
        return Reply(.ok, SubmittedFileList(files: files, quota: quota).json)
    }

    private func quotaProblem(_ usedBytes: Int64) -> APIProblem {
        let (used, limit) = (usedBytes / 1_048_576, configuration.quotaBytes / 1_048_576)
        return APIProblem(.quotaExceeded, "存储空间不足 (已用 \(used)MB / \(limit)MB)")
    }

    /// Asks the store; what it throws means that it cannot be reached.
    private func reach<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch {
            logger.warning("object store not reachable", metadata: ["error": "\(type(of: error))"])
            throw APIProblem(.unavailable, "The file store cannot be reached", retryAfterSeconds: 5)
        }
    }
}
