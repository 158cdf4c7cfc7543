import NIOCore

/// A file that is sent, which has to stay as it was when it was opened.
struct SourceFile: Sendable {
    /// Where it is.
    let path: String
    /// What it was when it was opened.
    let identity: FileIdentity
    private let file: LocalFile

    /// Opens a file.
    ///
    /// - Throws: `TransferError.notARegularFile`; `OSSClientError.file`.
    init(opening path: String) async throws {
        // Opening a pipe would wait for its other end.
        guard try await LocalFile.facts(at: path) != .other else { throw TransferError.notARegularFile(path: path) }
        let file = try await LocalFile.reading(path)
        guard case .regular(let identity) = try await file.facts() else {
            throw TransferError.notARegularFile(path: path)
        }
        self.path = path
        self.identity = identity
        self.file = file
    }

    /// Sees to it that the file is what it was, and that it still stands under its path.
    ///
    /// - Throws: `TransferError.sourceFileChanged`.
    func requireUnchanged() async throws {
        guard try await LocalFile.facts(at: path) == .regular(identity) else {
            throw TransferError.sourceFileChanged(path: path)
        }
        try await requireContentUnchanged()
    }

    /// Sees to it that what is open is what it was.
    fileprivate func requireContentUnchanged() async throws {
        guard try await file.facts() == .regular(identity) else {
            throw TransferError.sourceFileChanged(path: path)
        }
    }

    /// The checksum of some of its bytes; nil if it ends before them.
    func crc64(of range: Range<Int64>) async throws -> UInt64? {
        try await file.crc64(of: range)
    }

    fileprivate func read(at offset: Int64, count: Int) async throws -> ByteBuffer {
        let piece = try await file.read(at: offset, maximumBytes: count)
        guard piece.readableBytes == count else { throw TransferError.sourceFileChanged(path: path) }
        return piece
    }
}

/// The bytes of one part of a file on their way out: paced, counted, and never complete if the file was changed.
struct SourcePieces: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let source: SourceFile
    let range: Range<Int64>
    let number: Int
    let transfers: OSSTransfers
    let meter: TransferMeter

    /// The pieces as a body, which begins anew for each attempt.
    var body: UploadBody {
        .replayable(lengthBytes: range.upperBound - range.lowerBound) { self }
    }

    func makeAsyncIterator() -> AsyncIterator {
        meter.beginPart(number)
        return AsyncIterator(pieces: self, offset: range.lowerBound)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pieces: SourcePieces
        fileprivate var offset: Int64

        mutating func next() async throws -> ByteBuffer? {
            let rest = pieces.range.upperBound - offset
            guard rest > 0 else { return nil }
            let longest = pieces.transfers.settings.bandwidthLimit?.pieceBytes ?? FilePieces.pieceBytes
            let count = Int(Swift.min(Int64(longest), rest))
            try await pieces.transfers.pace(count)
            let piece = try await pieces.source.read(at: offset, count: count)
            offset += Int64(count)
            if offset == pieces.range.upperBound {
                // Before the last bytes go: without them, the endpoint stores nothing.
                try await pieces.source.requireContentUnchanged()
            }
            pieces.meter.count(count, ofPart: pieces.number)
            return piece
        }
    }
}
