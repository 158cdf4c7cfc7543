import NIOCore
import OSSKit

/// The bytes of an object on their way out, each block checked before any of it is handed out.
///
/// The first block was checked already, so that damage there is known before an answer begins. Later damage is thrown
/// by the iterator: whoever sends the bytes then breaks off, short of the length that was announced.
/// While the caller has a chunk the next one is read and checked, and no more than that one; and not even that while many
/// others have one read ahead.
package struct ObjectReader: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    /// How many bytes all chunks have together.
    package let sizeBytes: Int64
    private let first: ByteBuffer
    private let rest: (any ChunkSource)?
    private let readAhead: ReadAhead

    init(first: ByteBuffer, rest: (any ChunkSource)?, sizeBytes: Int64, readAhead: ReadAhead) {
        self.first = first
        self.rest = rest
        self.sizeBytes = sizeBytes
        self.readAhead = readAhead
    }

    /// All bytes, if they are in memory already: those of a small object or of a short range.
    package var wholeIfRead: ByteBuffer? { rest == nil ? first : nil }

    package func makeAsyncIterator() -> Iterator {
        Iterator(first: first.readableBytes > 0 ? first : nil, rest: rest, readAhead: readAhead)
    }

    /// Hands out chunks of at most 1 MiB.
    package struct Iterator: AsyncIteratorProtocol {
        private typealias Step = (chunk: ByteBuffer, rest: (any ChunkSource)?)

        private var first: ByteBuffer?
        private var rest: (any ChunkSource)?
        private let readAhead: ReadAhead
        /// The next step, and what it counts with as long as it is here.
        private var ahead: (step: Task<Step, any Error>, place: ReadAhead.Place)?

        init(first: ByteBuffer?, rest: (any ChunkSource)?, readAhead: ReadAhead) {
            self.first = first
            self.rest = rest
            self.readAhead = readAhead
        }

        /// The next chunk; nil after the last.
        ///
        /// - Throws: `StoreFailure.bodyIsDamaged` if the bytes on disk are not those that were written.
        package mutating func next() async throws -> ByteBuffer? {
            if let chunk = first {
                first = nil
                begin()
                return chunk
            }
            guard let source = rest else { return nil }
            try Task.checkCancellation()
            let step = if let ahead { try await ahead.step.value } else { try await source.next() }
            rest = step.rest
            begin()
            return step.chunk
        }

        /// Begins to read what comes next, if there is a place for it.
        private mutating func begin() {
            ahead = nil
            guard let source = rest, let place = readAhead.take() else { return }
            let step = Task {
                // Somebody who goes away leaves the task to its end, and the place with it.
                defer { withExtendedLifetime(place) {} }
                return try await source.next()
            }
            ahead = (step, place)
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
