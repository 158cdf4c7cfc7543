import NIOCore
import OSSKit

/// How far a download has come.
struct DownloadCheckpoint: Checkpoint, Equatable {
    static let kind = "storage-gateway-download-1"

    /// What has to be the same for a download to go on.
    struct Subject: Codable, Sendable, Equatable {
        let endpoint: String
        let bucket: String
        let key: [UInt8]
        let versionID: String?
        let eTag: String
        let sizeBytes: Int64
        /// The file that will appear.
        let path: String
    }

    /// A part that is in the unfinished file.
    struct Part: Codable, Sendable, Equatable {
        let number: Int
        let crc64: UInt64
    }

    /// What is downloaded, and where to.
    let subject: Subject
    /// What stands in the name of the unfinished file, so that it is the name of no other file.
    let token: UInt64
    /// The length of every part but the last one.
    let partSizeBytes: Int64
    /// The finished parts, in the order in which they were finished.
    var parts: [Part] = []

    init(_ subject: Subject, token: UInt64, partSizeBytes: Int64) {
        self.subject = subject
        self.token = token
        self.partSizeBytes = partSizeBytes
    }

    /// Where the bytes are until all of them are there.
    var unfinishedPath: String { "\(subject.path).\(String(token, radix: 36)).part" }

    /// How the object is cut; nil if no plan cuts it so.
    var plan: PartPlan? {
        let plan = try? PartPlan(sizeBytes: subject.sizeBytes, preferredPartSizeBytes: partSizeBytes)
        return plan?.partSizeBytes == partSizeBytes ? plan : nil
    }
}

/// One download into a file.
struct FileDownload: Sendable {
    let transfers: OSSTransfers
    let key: ObjectKey
    let path: String
    let options: DownloadOptions
    let meter: TransferMeter

    private var client: OSSClient { transfers.client }
    private var checkpointFile: CheckpointFile? { options.checkpoint.map { CheckpointFile($0) } }

    func run() async throws -> DownloadOutcome {
        guard try await LocalFile.facts(at: path) != .other else {
            throw TransferError.targetNotReplaceable(path: path)
        }
        let metadata = try await client.headObject(key, GetObjectOptions(versionID: options.versionID))
        let session = try await begin(metadata)
        var log = CheckpointLog(session.checkpoint, file: checkpointFile)
        do {
            let crc64 = try await fetchParts(session, &log)
            guard metadata.crc64 == nil || metadata.crc64 == crc64 else { throw OSSClientError.wrongChecksum }
            try await session.file.synchronize()
            try await LocalFile.rename(session.checkpoint.unfinishedPath, to: path)
            try await LocalFile.synchronizeFolder(of: path)
            try await checkpointFile?.remove()
            return DownloadOutcome(metadata: metadata, crc64: crc64)
        } catch {
            throw await givenUp(after: error, session.checkpoint, log)
        }
    }

    /// A download that is under way.
    private struct Session: Sendable {
        let plan: PartPlan
        let checkpoint: DownloadCheckpoint
        let file: LocalFile
        /// The checksums of the finished parts.
        let finished: [PartNumber: UInt64]
    }

    /// Goes on from the checkpoint if there is one for this very object and file, and begins a new file otherwise.
    private func begin(_ metadata: ObjectMetadata) async throws -> Session {
        let subject = DownloadCheckpoint.Subject(
            endpoint: client.configuration.endpoint.description, bucket: client.configuration.bucket.text,
            key: key.bytes, versionID: options.versionID, eTag: metadata.eTag, sizeBytes: metadata.sizeBytes,
            path: path)
        if let found: DownloadCheckpoint = try await checkpointFile?.read() {
            if found.subject == subject, let plan = found.plan, let session = try await resume(found, plan) {
                return session
            }
            // Its file can never be finished: it is of another object, or it is gone.
            try await LocalFile.remove(found.unfinishedPath)
        }
        let plan = try PartPlan(
            sizeBytes: metadata.sizeBytes, preferredPartSizeBytes: transfers.settings.partSizeBytes)
        let checkpoint = DownloadCheckpoint(
            subject, token: UInt64(client.sender.surroundings.random() * 0x1p52),
            partSizeBytes: plan.partSizeBytes)
        do {
            // Before the file: whoever is killed in between leaves no file that nobody knows of.
            try await checkpointFile?.write(checkpoint)
            let file = try await LocalFile.creating(checkpoint.unfinishedPath)
            guard try await file.lock() else { throw TransferError.checkpointInUse(path: path) }
            try await file.allocate(sizeBytes: metadata.sizeBytes)
            return Session(plan: plan, checkpoint: checkpoint, file: file, finished: [:])
        } catch {
            throw await givenUp(after: error, checkpoint, nil)
        }
    }

    /// Takes up an unfinished file with those of its parts whose bytes are still what they were; nil if it is gone.
    private func resume(_ found: DownloadCheckpoint, _ plan: PartPlan) async throws -> Session? {
        guard let file = try await LocalFile.updating(found.unfinishedPath) else { return nil }
        guard try await file.lock() else {
            throw TransferError.checkpointInUse(path: options.checkpoint ?? path)
        }
        guard case .regular(let identity) = try await file.facts(), identity.sizeBytes == plan.sizeBytes else {
            return nil
        }
        var finished: [PartNumber: UInt64] = [:]
        var checkpoint = DownloadCheckpoint(found.subject, token: found.token, partSizeBytes: found.partSizeBytes)
        for part in found.parts {
            guard let number = PartNumber(part.number), part.number <= plan.count, finished[number] == nil,
                try await file.crc64(of: plan.range(of: number)) == part.crc64
            else { continue }
            finished[number] = part.crc64
            checkpoint.parts.append(part)
        }
        return Session(plan: plan, checkpoint: checkpoint, file: file, finished: finished)
    }

    /// Fetches what is missing, and gives the checksum of the whole.
    private func fetchParts(
        _ session: Session, _ log: inout CheckpointLog<DownloadCheckpoint>
    ) async throws -> UInt64 {
        let plan = session.plan
        let lengths = plan.numbers.map { Int64(plan.range(of: $0).count) }
        meter.begin(
            totalBytes: plan.sizeBytes, totalParts: plan.count,
            resumedBytes: session.finished.keys.reduce(0) { $0 + lengths[$1.value - 1] },
            resumedParts: session.finished.count)
        var finished = session.finished
        var pending = log
        let missing = plan.numbers.filter { session.finished[$0] == nil }
        defer { log = pending }
        try await forEach(missing, width: transfers.settings.parallelParts) { number in
            (number, try await fetch(number, session))
        } accept: { number, crc64 in
            finished[number] = crc64
            try await pending.note(sizeBytes: lengths[number.value - 1]) {
                $0.parts.append(.init(number: number.value, crc64: crc64))
            }
        }
        return plan.numbers.reduce(0) { whole, number in
            CRC64.combine(whole, finished[number] ?? 0, secondLengthBytes: lengths[number.value - 1])
        }
    }

    /// Fetches one part into its place, and gives its checksum.
    private func fetch(_ number: PartNumber, _ session: Session) async throws -> UInt64 {
        let range = session.plan.range(of: number)
        var wanted = GetObjectOptions(
            range: .bytes(range.lowerBound...(range.upperBound - 1)), versionID: options.versionID)
        wanted.conditions.ifMatch = session.checkpoint.subject.eTag
        do {
            return try await client.fetch(key, wanted) { metadata, body in
                guard metadata.contentRange?.totalBytes == session.plan.sizeBytes else {
                    throw TransferError.objectChanged
                }
                let crc64 = try await write(body, number, range, to: session.file)
                meter.finishPart(number.value, sizeBytes: Int64(range.count))
                return crc64
            }
        } catch let refusal as ServiceError where refusal.status == 412 || refusal.isMissingObject {
            throw TransferError.objectChanged
        }
    }

    private func write(
        _ body: ObjectBody, _ number: PartNumber, _ range: Range<Int64>, to file: LocalFile
    ) async throws -> UInt64 {
        meter.beginPart(number.value)
        var crc64 = CRC64()
        var offset = range.lowerBound
        var gathered = ByteBuffer()
        for try await piece in body {
            guard Int64(gathered.readableBytes) + Int64(piece.readableBytes) <= range.upperBound - offset else {
                throw OSSClientError.malformedAnswer
            }
            try await transfers.pace(piece.readableBytes)
            crc64.update(piece)
            meter.count(piece.readableBytes, ofPart: number.value)
            gathered.writeImmutableBuffer(piece)
            if gathered.readableBytes >= FilePieces.pieceBytes {
                try await file.write(gathered, at: offset)
                offset += Int64(gathered.readableBytes)
                gathered.clear()
            }
        }
        try await file.write(gathered, at: offset)
        guard offset + Int64(gathered.readableBytes) == range.upperBound else {
            throw OSSClientError.malformedAnswer
        }
        return crc64.value
    }

    /// Keeps the unfinished file, if there is a checkpoint and a use for it, and removes everything otherwise.
    ///
    /// - Returns: the failure, or that together with what kept from tidying up.
    private func givenUp(
        after failure: any Error, _ checkpoint: DownloadCheckpoint, _ log: CheckpointLog<DownloadCheckpoint>?
    ) async -> any Error {
        await tidied(after: failure) {
            if let log, checkpointFile != nil, !Self.isFinal(failure) {
                var log = log
                try await log.write()
            } else {
                try await LocalFile.remove(checkpoint.unfinishedPath)
                try await checkpointFile?.remove()
            }
        }
    }

    /// Whether the download cannot go on, whoever tries.
    private static func isFinal(_ failure: any Error) -> Bool {
        switch failure {
        case is TransferError, OSSClientError.wrongChecksum: true
        default: false
        }
    }
}
