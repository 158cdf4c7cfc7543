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
    /// How long a request waits for the object of its key to be deleted, and how often it looks.
    private static let leasePauses = [20, 50, 100, 200, 400, 800].map { Duration.milliseconds($0) }

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
        ]
    }

    private func uploadURL(_ call: Call) async throws -> Reply {
        let request = try call.read(UploadURLRequest.init)
        let author = try call.author()
        let file = try WorkspaceFile(user: author.user, chapter: request.chapterID, filename: request.filename)
        let (reservation, upload) = try await reserve(request, file, author)
        guard let storage else {
            return Reply(
                .ok, ["presigned_url": "http://localhost/dev-no-oss", "oss_key": .string(file.key.text)])
        }
        do {
            let presigned = try await presign(request, reservation, storage)
            let headers = presigned.requiredHeaders.map { ($0.name, JSONOutput.string($0.value)) }
            return Reply(
                .ok,
                [
                    "presigned_url": .string(presigned.url), "oss_key": .string(file.key.text),
                    "required_headers": .object(headers),
                ])
        } catch {
            // Nobody has the URL, so that nothing has to be waited for.
            try await store.cancel(upload: upload, by: author)
            throw error
        }
    }

    private func presign(
        _ request: UploadURLRequest, _ reservation: UploadReservation, _ storage: any WorkspaceStorage
    ) async throws -> PresignedUpload {
        // The reservation took time, and its URL must not outlive it; whole seconds, as a signature counts them.
        let lifetimeSeconds = min(
            configuration.uploadURLLifetimeSeconds,
            reservation.expiresAtMicroseconds / 1_000_000 - environment.nowSeconds)
        guard lifetimeSeconds > 0 else { throw APIProblem.unavailable }
        let terms = UploadTerms(
            key: reservation.file.key, sizeBytes: request.sizeBytes, contentType: Self.contentType,
            contentMD5: request.contentMD5, lifetimeSeconds: lifetimeSeconds)
        return try await reach { try await storage.presignPut(terms) }
    }

    /// Reserves room; without a store no URL can be used, so that nothing stays reserved.
    ///
    /// - Returns: the reservation, whose end no URL may outlive, and its number.
    private func reserve(
        _ request: UploadURLRequest, _ file: WorkspaceFile, _ author: Author
    ) async throws -> (UploadReservation, upload: Int64) {
        let lifetimeSeconds = storage == nil ? 0 : configuration.uploadURLLifetimeSeconds + Self.signingSeconds
        let reservation = UploadReservation(
            file: file, sizeBytes: request.sizeBytes, contentMD5: request.contentMD5,
            expiresAtMicroseconds: author.nowMicroseconds + lifetimeSeconds * 1_000_000,
            quotaBytes: configuration.quotaBytes)
        var outcome = try await reserved(reservation, author)
        if case .noRoom = outcome, try await makeRoom(author) {
            outcome = try await reserved(reservation, author)
        }
        for pause in Self.leasePauses {
            guard case .keyIsLeased = outcome else { break }
            try await Task.sleep(for: pause)
            outcome = try await reserved(reservation, author)
        }
        switch outcome {
        case .granted(let upload): return (reservation, upload)
        case .noRoom(let usedBytes): throw quotaProblem(usedBytes)
        case .keyIsLeased: throw leaseProblem
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
        for pause in Self.leasePauses {
            guard case .keyIsLeased = outcome else { break }
            try await Task.sleep(for: pause)
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
        case .keyIsLeased:
            throw leaseProblem
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
            let outcome = try await store.confirm(
                file, facts, holder: environment.leaseHolder(), quotaBytes: quotaBytes, by: author)
            if case .sizeMismatch(let lease) = outcome { try await delete(file, lease, storage) }
            return outcome
        }
    }

    /// Deletes an object of a wrong length; where that fails it is on the queue, and its lease lasts.
    private func delete(_ file: WorkspaceFile, _ lease: KeyLease, _ storage: any WorkspaceStorage) async throws {
        do {
            try await storage.delete(file.key)
        } catch {
            return logger.warning("object not deleted yet", metadata: WorkspaceStorageProblem(error).metadata)
        }
        try await store.finishDeletion(of: file, lease)
    }

    private func quotaProblem(_ usedBytes: Int64) -> APIProblem {
        let (used, limit) = (usedBytes / 1_048_576, configuration.quotaBytes / 1_048_576)
        return APIProblem(.quotaExceeded, "存储空间不足 (已用 \(used)MB / \(limit)MB)")
    }

    private var leaseProblem: APIProblem {
        APIProblem(
            .unavailable, "An earlier file of this name is being deleted",
            retryAfterSeconds: Int(KeyLease.seconds))
    }

    /// Asks the store; what it throws means that it cannot be reached or does not let us in.
    private func reach<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        try await WorkspaceStorageProblem.reaching(logger, body)
    }
}
