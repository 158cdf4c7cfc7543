import NIOCore
import OSSKit

/// The bytes of an object on their way out, each block checked before any of it is handed out.
///
/// The first block was checked already, so that damage there is known before an answer begins. Later damage is thrown
/// by the iterator: whoever sends the bytes then breaks off, short of the length that was announced.
/// While the caller has a chunk the next one is read and checked, and no more than that one.
package struct ObjectReader: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    /// How many bytes all chunks have together.
    package let sizeBytes: Int64
    private let first: ByteBuffer
    private let rest: (any ChunkSource)?

    init(first: ByteBuffer, rest: (any ChunkSource)?, sizeBytes: Int64) {
        self.first = first
        self.rest = rest
        self.sizeBytes = sizeBytes
    }

    /// All bytes, if they are in memory already: those of a small object or of a short range.
    package var wholeIfRead: ByteBuffer? { rest == nil ? first : nil }

    package func makeAsyncIterator() -> Iterator {
        Iterator(first: first.readableBytes > 0 ? first : nil, rest: rest)
    }

    /// Hands out chunks of at most 1 MiB.
    package struct Iterator: AsyncIteratorProtocol {
        private typealias Step = (chunk: ByteBuffer, rest: (any ChunkSource)?)

        private var first: ByteBuffer?
        private var rest: (any ChunkSource)?
        private var ahead: Task<Step, any Error>?

        init(first: ByteBuffer?, rest: (any ChunkSource)?) {
            self.first = first
            self.rest = rest
        }

        /// The next chunk; nil after the last.
        ///
        /// - Throws: `StoreFailure.bodyIsDamaged` if the bytes on disk are not those that were written.
        package mutating func next() async throws -> ByteBuffer? {
            if let chunk = first {
                first = nil
                readAhead()
                return chunk
            }
            guard let ahead else { return nil }
            try Task.checkCancellation()
            let (chunk, next) = try await ahead.value
            rest = next
            readAhead()
            return chunk
        }

        private mutating func readAhead() {
            ahead = rest.map { source in Task { try await source.next() } }
        }
    }
}

/// What is left to be read of a body.
protocol ChunkSource: Sendable {
    /// Reads the next chunk and checks it, never on the caller's thread.
    ///
    /// - Returns: the chunk, and what is left after it, which is nil after the last.
    func next() async throws -> (chunk: ByteBuffer, rest: (any ChunkSource)?)
}
