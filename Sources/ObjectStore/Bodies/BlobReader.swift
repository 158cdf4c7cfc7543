import NIOCore
import OSSKit

/// What is left to be read of a blob.
struct BlobReader: ChunkSource {
    private let folder: BlobFolder
    private let file: any DiskFile
    private let trailer: BlobTrailer
    private let range: Range<Int64>

    /// Opens the blob and reads its trailer; the file stays readable although the object may be overwritten from now on.
    ///
    /// It blocks.
    ///
    /// - Throws: `StoreFailure.bodyIsGone`, or `StoreFailure.bodyIsDamaged`.
    init(_ id: BlobID, _ checks: BodyChecks, range: Range<Int64>, in folder: BlobFolder) throws {
        self.folder = folder
        self.file = try folder.open(id)
        self.range = range
        let length = BlobTrailer.lengthBytes(forBodyBytes: checks.sizeBytes)
        guard try file.sizeBytes() == checks.sizeBytes + length else { throw StoreFailure.bodyIsDamaged }
        var bytes = [UInt8](repeating: 0, count: Int(length))
        let count = try bytes.withUnsafeMutableBytes { [file] in try file.read(into: $0, at: checks.sizeBytes) }
        guard count == bytes.count,
            let trailer = BlobTrailer(bytes, sizeBytes: checks.sizeBytes, crc64: checks.crc64)
        else { throw StoreFailure.bodyIsDamaged }
        self.trailer = trailer
    }

    private init(_ earlier: BlobReader, range: Range<Int64>) {
        self.folder = earlier.folder
        self.file = earlier.file
        self.trailer = earlier.trailer
        self.range = range
    }

    var remainingBytes: Int64 { Int64(range.count) }

    func next(limitBytes: Int) async throws -> (chunk: ByteBuffer, rest: (any ChunkSource)?) {
        try await folder.threads.run { try nextChunk(limitBytes: limitBytes) }
    }

    /// Reads the block in which the range begins, checks it, and cuts out what was asked for; it blocks.
    ///
    /// - Parameter limitBytes: The most bytes of the chunk.
    /// - Returns: the chunk and what is left after it, which is nil after the last.
    func nextChunk(limitBytes: Int) throws -> (chunk: ByteBuffer, rest: BlobReader?) {
        let blockBytes = Int64(BodyDigest.blockBytes)
        let number = range.lowerBound / blockBytes
        let start = number * blockBytes
        let end = min(start + blockBytes, trailer.sizeBytes)
        var block = try checkedBlock(Int(number), start: start, count: Int(end - start))
        let chunkEnd = min(end, range.upperBound, range.lowerBound + Int64(limitBytes))
        block.moveReaderIndex(forwardBy: Int(range.lowerBound - start))
        var chunk = block.readSlice(length: Int(chunkEnd - range.lowerBound)) ?? ByteBuffer()
        // A slice keeps all of its block in memory.
        if chunk.readableBytes * 2 < end - start {
            var copy = ByteBufferAllocator().buffer(capacity: chunk.readableBytes)
            copy.writeBuffer(&chunk)
            chunk = copy
        }
        let rest = chunkEnd < range.upperBound ? BlobReader(self, range: chunkEnd..<range.upperBound) : nil
        return (chunk, rest)
    }

    private func checkedBlock(_ number: Int, start: Int64, count: Int) throws -> ByteBuffer {
        var block = ByteBufferAllocator().buffer(capacity: count)
        var checksum = CRC64()
        let read = try block.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            let target = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
            let read = try file.read(into: target, at: start)
            checksum.update(UnsafeRawBufferPointer(rebasing: target[..<read]))
            return read
        }
        guard read == count, checksum.value == trailer.blockChecksums[number] else {
            throw StoreFailure.bodyIsDamaged
        }
        return block
    }
}
