import NIOCore
import OSSKit

/// The bytes of an object on their way out, each block checked before any of it is handed out.
///
/// The first block was checked already, so that damage there is known before an answer begins. Later damage is thrown
/// by the iterator: whoever sends the bytes then breaks off, short of the length that was announced.
/// The next block is read when it is asked for; nothing is read ahead.
package struct ObjectReader: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    /// How many bytes all chunks have together.
    package let sizeBytes: Int64
    private let first: ByteBuffer
    private let rest: BlobReader?

    init(first: ByteBuffer, rest: BlobReader?, sizeBytes: Int64) {
        self.first = first
        self.rest = rest
        self.sizeBytes = sizeBytes
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(first: first.readableBytes > 0 ? first : nil, rest: rest)
    }

    /// Hands out chunks of at most 1 MiB.
    package struct Iterator: AsyncIteratorProtocol {
        private var first: ByteBuffer?
        private var rest: BlobReader?

        init(first: ByteBuffer?, rest: BlobReader?) {
            self.first = first
            self.rest = rest
        }

        /// The next chunk; nil after the last.
        ///
        /// - Throws: `StoreFailure.bodyIsDamaged` if the bytes on disk are not those that were written.
        package mutating func next() async throws -> ByteBuffer? {
            if let chunk = first {
                first = nil
                return chunk
            }
            guard let reader = rest else { return nil }
            try Task.checkCancellation()
            let (chunk, next) = try await reader.folder.threads.run { try reader.nextChunk() }
            rest = next
            return chunk
        }
    }
}

/// What is left to be read of a blob; its methods block.
struct BlobReader: Sendable {
    /// The folder of the blob.
    let folder: BlobFolder
    private let file: any DiskFile
    private let trailer: BlobTrailer
    private let range: Range<Int64>

    /// Opens the blob and reads its trailer; the file stays readable although the object may be overwritten from now on.
    ///
    /// - Throws: `StoreFailure.bodyIsGone`, or `StoreFailure.bodyIsDamaged`.
    init(_ id: BlobID, of record: ObjectRecord, range: Range<Int64>, in folder: BlobFolder) throws {
        self.folder = folder
        self.file = try folder.open(id)
        self.range = range
        let length = BlobTrailer.lengthBytes(forBodyBytes: record.sizeBytes)
        guard try file.sizeBytes() == record.sizeBytes + length else { throw StoreFailure.bodyIsDamaged }
        var bytes = [UInt8](repeating: 0, count: Int(length))
        let count = try bytes.withUnsafeMutableBytes { [file] in try file.read(into: $0, at: record.sizeBytes) }
        guard count == bytes.count,
            let trailer = BlobTrailer(bytes, sizeBytes: record.sizeBytes, crc64: record.crc64)
        else { throw StoreFailure.bodyIsDamaged }
        self.trailer = trailer
    }

    private init(_ earlier: BlobReader, range: Range<Int64>) {
        self.folder = earlier.folder
        self.file = earlier.file
        self.trailer = earlier.trailer
        self.range = range
    }

    /// Reads the block in which the range begins, checks it, and cuts out what was asked for.
    ///
    /// - Returns: the chunk and what is left after it, which is nil after the last.
    func nextChunk() throws -> (chunk: ByteBuffer, rest: BlobReader?) {
        let blockBytes = Int64(BodyDigest.blockBytes)
        let number = range.lowerBound / blockBytes
        let start = number * blockBytes
        let end = min(start + blockBytes, trailer.sizeBytes)
        var block = try checkedBlock(Int(number), start: start, count: Int(end - start))
        let chunkEnd = min(end, range.upperBound)
        block.moveReaderIndex(forwardBy: Int(range.lowerBound - start))
        let chunk = block.readSlice(length: Int(chunkEnd - range.lowerBound)) ?? ByteBuffer()
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
