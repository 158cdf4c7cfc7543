import NIOCore
import OSSKit

/// What is left to be read of a body that is made of others.
///
/// Its segments are looked up a few at a time, so that memory does not grow with their number. The pin keeps all of them
/// in their place until the last chunk is out.
struct SegmentReader: ChunkSource {
    /// How many segments are looked up at once.
    private static let pageSize = 64

    /// Where segments and their bytes are found.
    struct Source: Sendable {
        /// The rows.
        let database: MetadataDatabase
        /// The files.
        let blobs: BlobFolder
        /// What keeps the body as it is.
        let pin: BodyPin
    }

    private let source: Source
    private var segments: ArraySlice<Segment>
    /// The blob that is being read.
    private var blob: BlobReader?
    /// What is left to be read of the whole body.
    private var range: Range<Int64>

    /// Looks up the first segments of a range.
    ///
    /// - Throws: `StoreFailure.bodyIsGone` if nothing names the body any more.
    static func open(_ source: Source, range: Range<Int64>) async throws -> SegmentReader {
        let bodyID = source.pin.bodyID
        let segments = try await source.database.read { database in
            guard try BodyTable.isNamed(bodyID, in: database) else { throw StoreFailure.bodyIsGone }
            return try SegmentTable.page(
                ofBody: bodyID, from: range.lowerBound, limit: pageSize, in: database)
        }
        return SegmentReader(source: source, segments: segments[...], blob: nil, range: range)
    }

    private init(source: Source, segments: ArraySlice<Segment>, blob: BlobReader?, range: Range<Int64>) {
        self.source = source
        self.segments = segments
        self.blob = blob
        self.range = range
    }

    var remainingBytes: Int64 { Int64(range.count) }

    func next(limitBytes: Int) async throws -> (chunk: ByteBuffer, rest: (any ChunkSource)?) {
        var left = self
        let chunk = try await left.advance(limitBytes: limitBytes)
        left.range = (range.lowerBound + Int64(chunk.readableBytes))..<range.upperBound
        return (chunk, left.range.isEmpty ? nil : left)
    }

    private mutating func advance(limitBytes: Int) async throws -> ByteBuffer {
        if let current = blob {
            let (chunk, rest) = try await source.blobs.threads.run { try current.nextChunk(limitBytes: limitBytes) }
            blob = rest
            return chunk
        }
        let segment = try await nextSegment()
        let start = segment.range.lowerBound
        let part = (range.lowerBound - start)..<(min(range.upperBound, segment.range.upperBound) - start)
        guard let id = segment.body.blob else { return try await inlineChunk() }
        let blobs = source.blobs
        let (chunk, rest) = try await blobs.threads.run {
            try BlobReader(id, segment.checks, range: part, in: blobs).nextChunk(limitBytes: limitBytes)
        }
        blob = rest
        return chunk
    }

    /// The bytes of the segment in which the range begins, and which is in the database.
    ///
    /// The object may have grown since its segments were looked up, and its last small ones been put together: so it is
    /// looked up with its bytes.
    private mutating func inlineChunk() async throws -> ByteBuffer {
        segments = []
        let (bodyID, range) = (source.pin.bodyID, range)
        return try await source.database.read { database in
            let segment = try SegmentTable.page(ofBody: bodyID, from: range.lowerBound, limit: 1, in: database).first
            guard let segment, segment.range.contains(range.lowerBound) else { throw StoreFailure.bodyIsDamaged }
            let bytes = try BodyTable.inlineBytes(segment.body, segment.checks, in: database)
            let start = segment.range.lowerBound
            let end = min(range.upperBound, segment.range.upperBound)
            return ByteBuffer(bytes: bytes.dropFirst(Int(range.lowerBound - start)).prefix(Int(end - range.lowerBound)))
        }
    }

    /// The segment in which the range begins; a gap means that rows were lost.
    private mutating func nextSegment() async throws -> Segment {
        if segments.isEmpty {
            let (bodyID, offset) = (source.pin.bodyID, range.lowerBound)
            segments = try await source.database.read { database in
                try SegmentTable.page(ofBody: bodyID, from: offset, limit: Self.pageSize, in: database)[...]
            }
        }
        guard let segment = segments.popFirst(), segment.range.contains(range.lowerBound) else {
            throw StoreFailure.bodyIsDamaged
        }
        return segment
    }
}
