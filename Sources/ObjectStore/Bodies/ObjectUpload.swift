import NIOCore
import OSSKit

/// The bytes of an object on their way in: in memory while they are few, in a blob file from then on.
///
/// One caller feeds it, one `append` after the other. If it is dropped without being stored, its file is removed.
package actor ObjectUpload {
    /// The greatest body that is kept in memory, whatever the configured limit says.
    private static let greatestInlineBytes = 1_024 * 1_024

    /// The longest body that is digested without a change of thread, which may be one of an event loop.
    private static let digestedHereBytes = 8 * 1_024

    /// What is known of a body before its first byte.
    struct Announcement: Sendable {
        /// How many bytes will come; nil if nobody knows.
        let expectedBytes: Int64?
        /// The room that is kept for them; nil if none need be.
        let reservation: Reservation?
    }

    private enum Stage {
        case open(BlobWriter?)
        case finished(FinishedBody)
        case ended
    }

    private let expectedBytes: Int64?
    private let reservation: Reservation?
    private let inlineLimitBytes: Int
    private let blobs: BlobFolder
    private let fatality: Fatality
    private let freeSpace: FreeSpace
    private var stage = Stage.open(nil)
    private var gathered = ByteBuffer()
    private var receivedBytes: Int64 = 0

    init(
        _ announcement: Announcement, inlineLimitBytes: Int, blobs: BlobFolder, fatality: Fatality,
        freeSpace: FreeSpace
    ) {
        self.expectedBytes = announcement.expectedBytes
        self.reservation = announcement.reservation
        self.inlineLimitBytes = min(inlineLimitBytes, Self.greatestInlineBytes)
        self.blobs = blobs
        self.fatality = fatality
        self.freeSpace = freeSpace
    }

    /// Takes the next bytes in; returns when there is room for more.
    ///
    /// - Throws: `IncompleteBody` at the first byte more than was announced, `ServiceUnavailable` if the disk is full,
    ///   `QuotaExceeded` if a body of unknown length outgrows the account. The upload is over then, its file removed.
    package func append(_ bytes: ByteBuffer) async throws {
        guard case .open = stage else { throw StoreFailure.uploadIsNotReady }
        do {
            try Task.checkCancellation()
            try count(bytes.readableBytes)
            var rest = bytes
            while rest.readableBytes > 0 {
                if gathered.readableBytes >= gatherBytes {
                    try await flush()
                }
                let room = gatherBytes - gathered.readableBytes
                guard let slice = rest.readSlice(length: min(rest.readableBytes, room)) else { break }
                gathered.writeImmutableBuffer(slice)
            }
        } catch {
            discard()
            throw fatality.translate(error)
        }
    }

    /// Ends the body; when it returns, a blob is on disk as a whole, and a small body waits for its row.
    ///
    /// - Throws: `IncompleteBody` if fewer bytes came than were announced. The upload is over then.
    package func finish() async throws -> BodySummary {
        guard case .open(let writer) = stage else { throw StoreFailure.uploadIsNotReady }
        do {
            try Task.checkCancellation()
            guard expectedBytes == nil || expectedBytes == receivedBytes else { throw OSSError(.incompleteBody) }
            if writer == nil, gathered.readableBytes <= inlineLimitBytes {
                return try await finishInline()
            }
            var body = try await flush(isLast: true).seal(expectedBytes: receivedBytes)
            body.reservation = reservation
            guard case .open = stage else { throw StoreFailure.uploadIsNotReady }
            stage = .finished(body)
            return body.summary
        } catch {
            discard()
            throw fatality.translate(error)
        }
    }

    /// Gives the upload up and removes its file; does nothing once the upload was stored.
    package func discard() {
        switch stage {
        case .open(let writer): writer?.blob.discard()
        case .finished(let body): body.discard()
        case .ended: return
        }
        reservation?.giveBack()
        stage = .ended
        gathered = ByteBuffer()
    }

    /// Hands the finished body to the one who writes its row.
    func takeBody() throws(StoreFailure) -> FinishedBody {
        guard case .finished(let body) = stage else { throw StoreFailure.uploadIsNotReady }
        stage = .ended
        return body
    }

    private func count(_ more: Int) throws {
        let sum = receivedBytes.addingReportingOverflow(Int64(more))
        guard !sum.overflow, sum.partialValue <= expectedBytes ?? .max else { throw OSSError(.incompleteBody) }
        receivedBytes = sum.partialValue
    }

    /// How many bytes are gathered: a piece, but at first as many as may stay in memory.
    private var gatherBytes: Int {
        guard case .open(nil) = stage else { return BlobWriter.pieceBytes }
        return max(inlineLimitBytes, BlobWriter.pieceBytes)
    }

    /// Digests a small body, and a very small one here: that takes less time than a change of thread.
    private func finishInline() async throws -> BodySummary {
        let bytes = gathered
        gathered = ByteBuffer()
        let digested = { @Sendable () -> BodySummary in
            var digest = BodyDigest()
            bytes.withUnsafeReadableBytes { digest.update($0) }
            return digest.summary
        }
        let isShort = bytes.readableBytes <= Self.digestedHereBytes
        let summary = isShort ? digested() : try await blobs.threads.run(digested)
        guard case .open = stage else { throw StoreFailure.uploadIsNotReady }
        stage = .finished(FinishedBody(summary: summary, bytes: .inline(bytes), reservation: reservation))
        return summary
    }

    /// Hands what was gathered to the file, which is made first if there is none.
    @discardableResult
    private func flush(isLast: Bool = false) async throws -> BlobWriter {
        // Others may have filled the disk since this upload began.
        try await freeSpace.take(Int64(gathered.readableBytes))
        if expectedBytes == nil { try await reservation?.cover(receivedBytes) }
        let writer = try await openWriter()
        let piece = gathered
        gathered = ByteBuffer()
        var spare = try await writer.write(piece)
        // Meanwhile somebody may have given the upload up.
        guard case .open = stage else { throw StoreFailure.uploadIsNotReady }
        if !isLast {
            spare.clear(minimumCapacity: BlobWriter.pieceBytes)
            gathered = spare
        }
        return writer
    }

    private func openWriter() async throws -> BlobWriter {
        guard case .open(let earlier) = stage else { throw StoreFailure.uploadIsNotReady }
        if let earlier { return earlier }
        let (blobs, expectedBytes) = (blobs, expectedBytes)
        let writer = try await blobs.threads.run { try BlobWriter(in: blobs, expectedBytes: expectedBytes) }
        guard case .open = stage else {
            writer.blob.discard()
            throw StoreFailure.uploadIsNotReady
        }
        stage = .open(writer)
        return writer
    }
}

/// A body whose last byte is in, and which no row names yet.
struct FinishedBody: Sendable {
    /// Where its bytes are.
    enum Bytes: Sendable {
        case inline(ByteBuffer)
        case blob(PendingBlob)
    }

    /// Its size and digests.
    let summary: BodySummary
    /// Its bytes.
    let bytes: Bytes
    /// The room that was kept for them; nil if none was.
    var reservation: Reservation?

    /// Its blob; nil if the bytes are held in memory.
    var blob: PendingBlob? {
        if case .blob(let blob) = bytes { blob } else { nil }
    }

    /// Notes that a row names the bytes, or may name them.
    func keep() {
        blob?.keep()
        reservation?.keep()
    }

    /// Removes the file if there is one, and gives the room back.
    func discard() {
        blob?.discard()
        reservation?.giveBack()
    }
}
