import OSSKit

/// One upload of a file.
struct FileUpload: Sendable {
    let transfers: OSSTransfers
    let path: String
    let key: ObjectKey
    let options: UploadOptions
    let meter: TransferMeter

    private var client: OSSClient { transfers.client }
    private var checkpointFile: CheckpointFile? { options.checkpoint.map { CheckpointFile($0) } }

    func run() async throws -> UploadOutcome {
        let source = try await SourceFile(opening: path)
        // No request may be longer than the longest part.
        let singleUploadBytes = min(transfers.settings.singleUploadBytes, PartPlan.partSizes.upperBound)
        guard source.identity.sizeBytes > singleUploadBytes else {
            return try await sendWhole(source)
        }
        switch try await begin(source) {
        case .completed(let completed, let parts):
            try await checkpointFile?.remove()
            return outcome(completed, parts: parts)
        case .open(let session):
            return try await send(session)
        }
    }

    /// A file that is short enough for one request.
    private func sendWhole(_ source: SourceFile) async throws -> UploadOutcome {
        try await giveUpOther(try await checkpointFile?.read())
        let size = source.identity.sizeBytes
        meter.begin(totalBytes: size, totalParts: 1)
        var put = PutObjectOptions(options.properties)
        put.forbidsOverwrite = options.forbidsOverwrite
        put.callback = options.callback
        let pieces = SourcePieces(
            source: source, range: 0..<size, number: 1, transfers: transfers, meter: meter)
        let result = try await client.putObject(key, pieces.body, put)
        meter.finishPart(1, sizeBytes: size)
        return UploadOutcome(
            eTag: result.eTag, crc64: result.crc64, sizeBytes: size, versionID: result.versionID,
            callbackAnswer: result.callbackAnswer.map { Array($0.readableBytesView) })
    }

    /// An upload that is under way.
    private struct Session: Sendable {
        let source: SourceFile
        let upload: MultipartUpload
        let plan: PartPlan
        let checkpoint: UploadCheckpoint
        let finished: [PartNumber: UploadedPart]
    }

    private enum Beginning: Sendable {
        /// There is something to send.
        case open(Session)
        /// A process before this one came to the end and did not live to say so.
        case completed(CompletedUpload, parts: [UploadedPart])
    }

    /// Goes on from the checkpoint if there is one for this very upload, and begins a new upload otherwise.
    private func begin(_ source: SourceFile) async throws -> Beginning {
        let subject = UploadCheckpoint.Subject(client, key, source.identity, options)
        let found: UploadCheckpoint? = try await checkpointFile?.read()
        if let found, found.subject == subject, let plan = found.plan {
            if let beginning = try await resume(found, plan, source) {
                return beginning
            }
        } else {
            try await giveUpOther(found)
        }
        let plan = try PartPlan(
            sizeBytes: source.identity.sizeBytes, preferredPartSizeBytes: transfers.settings.partSizeBytes)
        try Task.checkCancellation()
        let upload = try await uncancelled {
            try await client.initiateMultipartUpload(
                key, options.properties, forbidsOverwrite: options.forbidsOverwrite)
        }
        let checkpoint = UploadCheckpoint(subject, upload, plan)
        let session = Session(source: source, upload: upload, plan: plan, checkpoint: checkpoint, finished: [:])
        do {
            try await checkpointFile?.write(checkpoint)
            try Task.checkCancellation()
        } catch {
            throw await givenUp(after: error, session, keeping: nil)
        }
        return .open(session)
    }

    /// Takes up an upload where the endpoint and the checkpoint agree on it; nil if the endpoint knows nothing of it.
    ///
    /// A part is kept if the file still has its bytes, whatever the file's dates say.
    private func resume(
        _ found: UploadCheckpoint, _ plan: PartPlan, _ source: SourceFile
    ) async throws -> Beginning? {
        guard let upload = found.upload else { return nil }
        let remembered = found.finishedParts(plan)
        var finished: [PartNumber: UploadedPart] = [:]
        do {
            for try await listed in client.parts(of: upload) {
                guard let part = remembered[listed.number], part.sizeBytes == listed.sizeBytes,
                    MultipartETag.isEqual(part.eTag, listed.eTag), listed.crc64 == nil || listed.crc64 == part.crc64,
                    try await source.crc64(of: plan.range(of: listed.number)) == part.crc64
                else { continue }
                finished[listed.number] = part
            }
        } catch let refusal as ServiceError where refusal.isCode(.noSuchUpload) {
            let parts = remembered.values.sorted { $0.number < $1.number }
            guard parts.count == plan.count, try await isMade(source, of: parts, plan),
                let completed = try await client.object(of: upload, madeOf: parts)
            else { return nil }
            return .completed(completed, parts: parts)
        }
        var checkpoint = UploadCheckpoint(found.subject, upload, plan)
        for number in finished.keys.sorted() {
            if let part = finished[number] {
                checkpoint.note(part)
            }
        }
        return .open(
            Session(source: source, upload: upload, plan: plan, checkpoint: checkpoint, finished: finished))
    }

    /// Whether the file's bytes are still those of the parts.
    private func isMade(_ source: SourceFile, of parts: [UploadedPart], _ plan: PartPlan) async throws -> Bool {
        for part in parts {
            guard try await source.crc64(of: plan.range(of: part.number)) == part.crc64 else { return false }
        }
        return true
    }

    /// Aborts the upload of a checkpoint that is about to be replaced: nobody could ever go on with it.
    private func giveUpOther(_ found: UploadCheckpoint?) async throws {
        guard let found, found.isFor(client), let upload = found.upload else { return }
        try await client.abortMultipartUpload(upload)
        try await checkpointFile?.remove()
    }

    private func send(_ session: Session) async throws -> UploadOutcome {
        let plan = session.plan
        let sizes = session.finished.values.reduce(0) { $0 + ($1.sizeBytes ?? 0) }
        meter.begin(
            totalBytes: plan.sizeBytes, totalParts: plan.count, resumedBytes: sizes,
            resumedParts: session.finished.count)
        var log = CheckpointLog(session.checkpoint, file: checkpointFile)
        do {
            var finished = session.finished
            let missing = plan.numbers.filter { session.finished[$0] == nil }
            try await forEach(missing, width: transfers.settings.parallelParts) { number in
                try await send(number, session)
            } accept: { part in
                finished[part.number] = part
                try await log.note(sizeBytes: part.sizeBytes ?? 0) { $0.note(part) }
            }
            // What stands under the path now is what the caller believes to have sent.
            try await session.source.requireUnchanged()
            let parts = finished.values.sorted { $0.number < $1.number }
            try await log.write()
            try Task.checkCancellation()
            let completed = try await complete(session.upload, parts)
            try await checkpointFile?.remove()
            return outcome(completed, parts: parts)
        } catch {
            throw await givenUp(after: error, session, keeping: log)
        }
    }

    private func send(_ number: PartNumber, _ session: Session) async throws -> UploadedPart {
        let range = session.plan.range(of: number)
        let pieces = SourcePieces(
            source: session.source, range: range, number: number.value, transfers: transfers, meter: meter)
        let part = try await client.uploadPart(session.upload, number, pieces.body)
        meter.finishPart(number.value, sizeBytes: range.upperBound - range.lowerBound)
        return part
    }

    private func complete(_ upload: MultipartUpload, _ parts: [UploadedPart]) async throws -> CompletedUpload {
        var complete = CompleteUploadOptions()
        complete.forbidsOverwrite = options.forbidsOverwrite
        complete.callback = options.callback
        let options = complete
        // From here on it is too late to cancel: the object may be there before its answer is.
        return try await uncancelled {
            try await client.completeMultipartUpload(upload, .listed(parts), options)
        }
    }

    private func outcome(_ completed: CompletedUpload, parts: [UploadedPart]) -> UploadOutcome {
        UploadOutcome(
            eTag: completed.eTag, crc64: parts.combinedCRC64 ?? 0,
            sizeBytes: parts.reduce(0) { $0 + ($1.sizeBytes ?? 0) }, versionID: completed.versionID,
            callbackAnswer: completed.callbackAnswer.map { Array($0.readableBytesView) })
    }

    /// Leaves things so that the upload can go on, if there is a checkpoint and a use for it, and as they were before
    /// otherwise.
    ///
    /// - Returns: the failure, or that together with what kept from tidying up.
    private func givenUp(
        after failure: any Error, _ session: Session, keeping log: CheckpointLog<UploadCheckpoint>?
    ) async -> any Error {
        await tidied(after: failure) {
            if let log, checkpointFile != nil, !Self.isFinal(failure) {
                var log = log
                try await log.write()
            } else {
                try await client.abortMultipartUpload(session.upload)
                try await checkpointFile?.remove()
            }
        }
    }

    /// Whether the upload cannot go on, whoever tries.
    private static func isFinal(_ failure: any Error) -> Bool {
        switch failure {
        case is TransferError, OSSClientError.wrongChecksum: true
        case let refusal as ServiceError:
            // 203 is the object stored and its callback failed: there is no upload any more.
            refusal.status == 203 || refusal.isCode(.noSuchUpload) || refusal.isCode(.fileAlreadyExists)
        default: false
        }
    }
}
