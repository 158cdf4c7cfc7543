import OSSKit

/// Reads a blob's file block by block and compares it with its checksums and with what its row says.
///
/// It blocks and belongs on the worker threads, one block at a time.
struct BlobExamination: Sendable {
    private let file: any DiskFile
    private let trailer: BlobTrailer
    private var nextBlock = 0

    /// Opens the file and checks all but the bytes of the body.
    ///
    /// - Throws: `BodyFault`, `StoreFailure.bodyIsGone`, or another failure of the disk.
    init(_ id: BlobID, _ checks: BodyChecks, in folder: BlobFolder) throws {
        let file = try folder.open(id)
        let lengthBytes = BlobTrailer.lengthBytes(forBodyBytes: checks.sizeBytes)
        let (found, wanted) = (try file.sizeBytes(), checks.sizeBytes + lengthBytes)
        guard found == wanted else {
            throw BodyFault(.wrongLength, "the file has \(found) bytes in the place of \(wanted)")
        }
        var bytes = [UInt8](repeating: 0, count: Int(lengthBytes))
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: checks.sizeBytes) }
        guard count == bytes.count, let trailer = BlobTrailer(bytes, sizeBytes: checks.sizeBytes) else {
            throw BodyFault(.wrongTrailer, "the checksums behind the bytes are damaged")
        }
        guard trailer.crc64 == checks.crc64, trailer.crc64OfBlocks == checks.crc64 else {
            throw BodyFault(.wrongChecksum, "the file is that of another body")
        }
        self.file = file
        self.trailer = trailer
    }

    /// Reads and checks the next block.
    ///
    /// - Returns: how many bytes it has; nil behind the last.
    /// - Throws: `BodyFault`, or a failure of the disk.
    mutating func checkNextBlock() throws -> Int? {
        guard nextBlock < trailer.blockChecksums.count else { return nil }
        let start = Int64(nextBlock) * Int64(BodyDigest.blockBytes)
        let count = Int(min(Int64(BodyDigest.blockBytes), trailer.sizeBytes - start))
        let checksum = try withUnsafeTemporaryAllocation(byteCount: count, alignment: 16) { bytes in
            let read = try file.read(into: bytes, at: start)
            var checksum = CRC64()
            checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<read]))
            return checksum.value
        }
        guard checksum == trailer.blockChecksums[nextBlock] else {
            throw BodyFault(.wrongBlock, "block \(nextBlock + 1) of \(trailer.blockChecksums.count)")
        }
        nextBlock += 1
        return count
    }
}
