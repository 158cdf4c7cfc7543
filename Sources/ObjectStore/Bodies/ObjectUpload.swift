import NIOCore
import OSSKit

/// The bytes of an object on their way in: in memory while they are few, in a blob file from then on.
///
/// One caller feeds it, one `append` after the other. If it is dropped without being stored, its file is removed.
package actor ObjectUpload {
    /// How many bytes are gathered before they go to the file.
    private static let writeBytes = 1_024 * 1_024

    private enum Stage {
        case open(BlobWriter?)
        case finished(FinishedBody)
        case ended
    }

    private let expectedBytes: Int64?
    private let inlineLimitBytes: Int
    private let blobs: BlobFolder
    private let fatality: Fatality
    private let freeSpace: FreeSpace
    private var stage = Stage.open(nil)
    private var gathered = ByteBuffer()
    private var receivedBytes: Int64 = 0

    init(
        expectedBytes: Int64?, inlineLimitBytes: Int, blobs: BlobFolder, fatality: Fatality, freeSpace: FreeSpace
    ) {
        self.expectedBytes = expectedBytes
        self.inlineLimitBytes = min(inlineLimitBytes, Self.writeBytes)
        self.blobs = blobs
        self.fatality = fatality
        self.freeSpace = freeSpace
    }

    /// Takes the next bytes in; returns when there is room for more.
    ///
    /// - Throws: `IncompleteBody` at the first byte more than was announced, `ServiceUnavailable` if the disk is full.
    ///   The upload is over then, and its file removed.
    package func append(_ bytes: ByteBuffer) async throws {
        guard case .open = stage else { throw StoreFailure.uploadIsNotReady }
        do {
            try Task.checkCancellation()
            try count(bytes.readableBytes)
            var rest = bytes
            while rest.readableBytes > 0 {
                if gathered.readableBytes >= Self.writeBytes {
                    try await flush(isLast: false)
                }
                let room = Self.writeBytes - gathered.readableBytes
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
                return finishInline()
            }
            try await flush(isLast: true)
            guard case .finished(let body) = stage else { throw StoreFailure.uploadIsNotReady }
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

    /// Digests a small body here: an actor is never on an event loop, and 32 KiB take less time than a change of thread.
    private func finishInline() -> BodySummary {
        var digest = BodyDigest()
        gathered.withUnsafeReadableBytes { digest.update($0) }
        let body = FinishedBody(summary: digest.summary, bytes: .inline(gathered))
        gathered = ByteBuffer()
        stage = .finished(body)
        return body.summary
    }

    /// Writes what was gathered, making the file first if there is none; the last time it also seals and flushes it.
    private func flush(isLast: Bool) async throws {
        // Others may have filled the disk since this upload began.
        try await freeSpace.take(Int64(gathered.readableBytes))
        guard case .open(let earlier) = stage else { throw StoreFailure.uploadIsNotReady }
        let chunk = gathered
        gathered = ByteBuffer()
        let (blobs, expectedBytes) = (blobs, expectedBytes)
        let (writer, body) = try await blobs.threads.run { () -> (BlobWriter, FinishedBody?) in
            let writer = try earlier ?? BlobWriter(in: blobs, expectedBytes: expectedBytes)
            try writer.write(chunk)
            return (writer, isLast ? try writer.seal() : nil)
        }
        // Meanwhile somebody may have given the upload up.
        guard case .open = stage else {
            writer.blob.discard()
            throw StoreFailure.uploadIsNotReady
        }
        stage = body.map(Stage.finished) ?? .open(writer)
        if gathered.capacity == 0, !isLast {
            gathered = chunk
            gathered.clear()
        }
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

    /// Its blob; nil if the bytes are held in memory.
    var blob: PendingBlob? {
        if case .blob(let blob) = bytes { blob } else { nil }
    }

    /// Removes the file if there is one.
    func discard() {
        blob?.discard()
    }
}
