import Crypto
import NIOCore
import Synchronization

/// Writes one blob file from front to end: digests a piece, checks it off and writes it at the same time, while the
/// caller gathers the next ones.
///
/// MD5 goes through a body in order and is slower than everything else, so it has a lane of its own. The other lane
/// computes the checksums and writes. Both run on the worker threads, each on at most one at a time, and queue anew after
/// each piece: however fast a body comes, nobody else waits for more than its pieces.
final class BlobWriter: Sendable {
    /// How many bytes are gathered before they go to the file.
    static let pieceBytes = 256 * 1_024
    /// How many pieces may be under way beside the one that the caller gathers; so memory does not grow with a body.
    private static let piecesUnderWay = 3
    /// The most bytes that are set aside before any has come: whoever announces much has sent nothing yet.
    private static let reservedBytes: Int64 = 64 * 1_024 * 1_024

    /// The file.
    let blob: PendingBlob
    private let folder: BlobFolder
    private let wholeDigest = Mutex(WholeDigest())
    private let checksums = Mutex(BlockChecksums())
    private let lanes = Mutex(Lanes())

    private struct WholeDigest {
        var md5 = Insecure.MD5()
        var sizeBytes: Int64 = 0
    }

    private enum Lane: CaseIterable {
        case digesting
        case writing
    }

    private struct Lanes {
        var pieces: [ByteBuffer] = []
        /// How many pieces went through each lane and are not counted off yet.
        var done: [Lane: Int] = [:]
        var running: Set<Lane> = []
        var spare: ByteBuffer?
        var failure: (any Error)?
        /// Who waits for room, or for all pieces.
        var feeders: [CheckedContinuation<Void, Never>] = []

        /// Whether a piece waits for a lane; after a failure none does.
        func hasPiece(for lane: Lane) -> Bool { failure == nil && done[lane, default: 0] < pieces.count }

        mutating func takeFeeders() -> [CheckedContinuation<Void, Never>] {
            defer { feeders = [] }
            return feeders
        }
    }

    /// Makes the file, with room for the body and its trailer if the length is known and moderate; blocks.
    init(in folder: BlobFolder, expectedBytes: Int64?) throws {
        let reservingBytes = expectedBytes.flatMap { bytes -> Int64? in
            let sum = bytes.addingReportingOverflow(BlobTrailer.lengthBytes(forBodyBytes: bytes))
            return sum.overflow ? nil : min(sum.partialValue, Self.reservedBytes)
        }
        self.blob = try folder.create(reservingBytes: reservingBytes)
        self.folder = folder
    }

    /// Takes the next bytes; returns when there is room for more.
    ///
    /// One caller at a time.
    ///
    /// - Returns: an empty buffer to gather in.
    /// - Throws: what an earlier piece failed with.
    func write(_ piece: ByteBuffer) async throws -> ByteBuffer {
        await untilFewer(than: Self.piecesUnderWay)
        let (started, spare) = try lanes.withLock { lanes throws -> ([Lane], ByteBuffer?) in
            if let failure = lanes.failure { throw failure }
            lanes.pieces.append(piece)
            let started = Lane.allCases.filter { lanes.running.insert($0).inserted }
            defer { lanes.spare = nil }
            return (started, lanes.spare)
        }
        for lane in started { start(lane) }
        return spare ?? ByteBuffer()
    }

    /// Waits for all pieces, writes the trailer and flushes the file and its folder.
    ///
    /// - Parameter expectedBytes: how many bytes the caller has handed over.
    /// - Throws: what a piece failed with, or `StoreFailure.bodyIsDamaged` if a lane has not had just these bytes.
    func seal(expectedBytes: Int64) async throws -> FinishedBody {
        await untilFewer(than: 1)
        if let failure = lanes.withLock({ $0.failure }) { throw failure }
        return try await folder.threads.run { [self] in
            let (checksums, digest) = (checksums.withLock { $0 }, wholeDigest.withLock { $0 })
            guard checksums.sizeBytes == expectedBytes, digest.sizeBytes == expectedBytes else {
                throw StoreFailure.bodyIsDamaged
            }
            let md5 = Array(digest.md5.finalize())
            let summary = BodySummary(sizeBytes: checksums.sizeBytes, md5: md5, crc64: checksums.crc64)
            let trailer = BlobTrailer(
                blockChecksums: checksums.blocks, sizeBytes: summary.sizeBytes, crc64: summary.crc64)
            try trailer.encoded().withUnsafeBytes { try blob.file.write($0, at: summary.sizeBytes) }
            try folder.sync(blob)
            return FinishedBody(summary: summary, bytes: .blob(blob))
        }
    }

    /// Returns when fewer pieces than so many are under way, or the writer failed.
    private func untilFewer(than count: Int) async {
        while true {
            let mustWait = lanes.withLock { $0.failure == nil && $0.pieces.count >= count }
            guard mustWait else { return }
            await withCheckedContinuation { continuation in
                let isReady = lanes.withLock { lanes in
                    if lanes.failure != nil || lanes.pieces.count < count { return true }
                    lanes.feeders.append(continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }
}

// MARK: - Lanes

extension BlobWriter {
    /// Queues for a worker thread; once the store is closed nothing more reaches the file.
    private func start(_ lane: Lane) {
        folder.threads.start { [self] in
            run(lane)
        } orElse: { [self] in
            fail(StoreFailure.closed)
        }
    }

    /// Takes one piece through a lane, and lets those who queue have the thread before the next; on a worker thread.
    private func run(_ lane: Lane) {
        guard let piece = nextPiece(of: lane) else { return }
        do {
            switch lane {
            case .digesting: digest(piece)
            case .writing: try write(toFile: piece)
            }
            finishPiece(in: lane)
        } catch {
            fail(error)
        }
        if keepsRunning(lane) { start(lane) }
    }

    /// The piece that a lane has not had yet; nil if there is none, after which the next piece starts the lane anew.
    private func nextPiece(of lane: Lane) -> ByteBuffer? {
        lanes.withLock { lanes in
            guard lanes.hasPiece(for: lane) else {
                lanes.running.remove(lane)
                return nil
            }
            return lanes.pieces[lanes.done[lane, default: 0]]
        }
    }

    /// Whether a lane has to run once more; if not, the next piece starts it anew.
    private func keepsRunning(_ lane: Lane) -> Bool {
        lanes.withLock { lanes in
            let keepsRunning = lanes.hasPiece(for: lane)
            if !keepsRunning { lanes.running.remove(lane) }
            return keepsRunning
        }
    }

    private func digest(_ piece: ByteBuffer) {
        piece.withUnsafeReadableBytes { bytes in
            wholeDigest.withLock { digest in
                digest.md5.update(bufferPointer: bytes)
                digest.sizeBytes += Int64(bytes.count)
            }
        }
    }

    private func write(toFile piece: ByteBuffer) throws {
        try piece.withUnsafeReadableBytes { bytes in
            let start = checksums.withLock { checksums in
                let start = checksums.sizeBytes
                checksums.update(bytes)
                return start
            }
            try blob.file.write(bytes, at: start)
            try folder.beginFlush(of: blob, writtenFrom: start, to: start + Int64(bytes.count))
        }
    }

    /// Counts a piece off once it went through both lanes, and lets the caller go on.
    private func finishPiece(in lane: Lane) {
        let feeders = lanes.withLock { lanes -> [CheckedContinuation<Void, Never>] in
            lanes.done[lane, default: 0] += 1
            guard Lane.allCases.allSatisfy({ lanes.done[$0, default: 0] > 0 }) else { return [] }
            for lane in Lane.allCases { lanes.done[lane, default: 0] -= 1 }
            lanes.spare = lanes.pieces.removeFirst()
            return lanes.takeFeeders()
        }
        for feeder in feeders { feeder.resume() }
    }

    private func fail(_ error: any Error) {
        let feeders = lanes.withLock { lanes in
            lanes.failure = lanes.failure ?? error
            return lanes.takeFeeders()
        }
        for feeder in feeders { feeder.resume() }
    }
}
