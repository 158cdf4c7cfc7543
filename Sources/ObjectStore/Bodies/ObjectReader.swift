import NIOCore
import OSSKit
import Synchronization

/// The bytes of an object on their way out, each block checked before any of it is handed out.
///
/// The first block was checked already, so that damage there is known before an answer begins. Later damage is thrown
/// by the iterator: whoever sends the bytes then breaks off, short of the length that was announced.
/// While the caller has a chunk the next one is read and checked, and no more than that one; and not even that while many
/// others have one read ahead. Where memory is short, chunks are small. It can be iterated once.
package struct ObjectReader: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    /// How many bytes all chunks have together.
    package let sizeBytes: Int64
    private let opening: Opening
    private let resources: ReadResources

    init(first: ReadStep, sizeBytes: Int64, resources: ReadResources) {
        self.opening = Opening(first)
        self.sizeBytes = sizeBytes
        self.resources = resources
    }

    /// All bytes, if they are in memory already: those of a small object or of a short range.
    package var wholeIfRead: ByteBuffer? { opening.whole }

    package func makeAsyncIterator() -> Iterator {
        Iterator(opening: opening, resources: resources)
    }

    /// Hands out chunks of at most 1 MiB.
    package struct Iterator: AsyncIteratorProtocol {
        private var opening: Opening?
        private var rest: (any ChunkSource)?
        /// What the chunk that the caller has takes in memory.
        private var room: ReadMemory.Room?
        private let resources: ReadResources
        /// The next step, and what it counts with as long as it is here.
        private var ahead: (step: Task<ReadStep, any Error>, place: ReadAhead.Place)?

        fileprivate init(opening: Opening, resources: ReadResources) {
            self.opening = opening
            self.resources = resources
        }

        /// The next chunk; nil after the last.
        ///
        /// - Throws: `StoreFailure.bodyIsDamaged` if the bytes on disk are not those that were written,
        ///   `StoreFailure.bodyIsGone` if somebody else iterates.
        package mutating func next() async throws -> ByteBuffer? {
            // The caller has passed the last chunk on.
            room = nil
            let step: ReadStep
            if let opening {
                guard let first = opening.take() else { throw StoreFailure.bodyIsGone }
                self.opening = nil
                step = first
            } else {
                guard let source = rest else { return nil }
                try Task.checkCancellation()
                step = if let ahead { try await ahead.step.value } else { try await resources.step(of: source) }
            }
            (rest, room) = (step.rest, step.room)
            begin()
            return step.chunk.readableBytes > 0 ? step.chunk : nil
        }

        /// Begins to read what comes next, if there is a place for it.
        private mutating func begin() {
            ahead = nil
            // Who got a small piece reads the rest of its block again; that is not done before it is wanted.
            guard let source = rest, room != nil, let place = resources.ahead.take() else { return }
            let step = Task { [resources] in
                // Somebody who goes away leaves the task to its end, and the place with it.
                defer { withExtendedLifetime(place) {} }
                return try await resources.step(of: source)
            }
            ahead = (step, place)
        }
    }

    /// The first chunk, which is kept until somebody takes it and no longer.
    fileprivate final class Opening: Sendable {
        private let first: Mutex<ReadStep?>

        init(_ first: ReadStep) {
            self.first = Mutex(first)
        }

        var whole: ByteBuffer? {
            first.withLock { first in
                guard let first, first.rest == nil else { return nil }
                return first.chunk
            }
        }

        func take() -> ReadStep? {
            first.withLock { first in
                defer { first = nil }
                return first
            }
        }
    }
}

/// A chunk of a body, and what comes after it.
struct ReadStep: Sendable {
    /// The chunk, which was checked.
    let chunk: ByteBuffer
    /// What is left; nil after the last chunk.
    let rest: (any ChunkSource)?
    /// What the chunk takes in memory; nil if it is a small one.
    let room: ReadMemory.Room?
}

/// What the readers of all bodies share.
struct ReadResources: Sendable {
    /// How many chunks may be read before anybody wants them.
    let ahead: ReadAhead
    /// How much there may be in memory.
    let memory: ReadMemory

    /// How much of a block is kept where memory is short.
    static let smallPieceBytes = 64 * 1_024

    /// Reads the next chunk of what is left, a small one where memory is short.
    func step(of source: any ChunkSource) async throws -> ReadStep {
        let (room, limitBytes) = room(for: source.remainingBytes)
        let (chunk, rest) = try await source.next(limitBytes: limitBytes)
        return ReadStep(chunk: chunk, rest: rest, room: room)
    }

    /// Room for the next chunk of so many bytes, and how many bytes it may have.
    func room(for remainingBytes: Int64) -> (room: ReadMemory.Room?, limitBytes: Int) {
        let count = Int(min(remainingBytes, Int64(BodyDigest.blockBytes)))
        let room = memory.take(count)
        return (room, room == nil ? Self.smallPieceBytes : BodyDigest.blockBytes)
    }
}

/// What is left to be read of a body.
protocol ChunkSource: Sendable {
    /// How many bytes are left.
    var remainingBytes: Int64 { get }

    /// Reads the next chunk and checks it, never on the caller's thread.
    ///
    /// - Parameter limitBytes: The most bytes of the chunk, which holds no more memory than about twice its size.
    /// - Returns: the chunk, and what is left after it, which is nil after the last.
    func next(limitBytes: Int) async throws -> (chunk: ByteBuffer, rest: (any ChunkSource)?)
}
