import NIOCore
import Synchronization

/// Writes one blob file from front to end and digests it on the way; its methods block.
final class BlobWriter: Sendable {
    /// The file.
    let blob: PendingBlob
    private let folder: BlobFolder
    private let digest = Mutex(BodyDigest())

    /// The most bytes that are set aside before any has come: whoever announces much has sent nothing yet.
    private static let reservedBytes: Int64 = 64 * 1_024 * 1_024

    /// Makes the file, with room for the body and its trailer if the length is known and moderate.
    init(in folder: BlobFolder, expectedBytes: Int64?) throws {
        let reservingBytes = expectedBytes.flatMap { bytes -> Int64? in
            let sum = bytes.addingReportingOverflow(BlobTrailer.lengthBytes(forBodyBytes: bytes))
            return sum.overflow ? nil : min(sum.partialValue, Self.reservedBytes)
        }
        self.blob = try folder.create(reservingBytes: reservingBytes)
        self.folder = folder
    }

    /// Writes the next bytes.
    func write(_ chunk: ByteBuffer) throws {
        try digest.withLock { digest in
            try chunk.withUnsafeReadableBytes { bytes in
                try blob.file.write(bytes, at: digest.sizeBytes)
                digest.update(bytes)
            }
        }
    }

    /// Writes the trailer and flushes the file and its folder.
    func seal() throws -> FinishedBody {
        let (summary, blockChecksums) = digest.withLock { ($0.summary, $0.blockChecksums) }
        let trailer = BlobTrailer(
            blockChecksums: blockChecksums, sizeBytes: summary.sizeBytes, crc64: summary.crc64)
        try trailer.encoded().withUnsafeBytes { try blob.file.write($0, at: summary.sizeBytes) }
        try folder.sync(blob)
        return FinishedBody(summary: summary, bytes: .blob(blob))
    }
}
