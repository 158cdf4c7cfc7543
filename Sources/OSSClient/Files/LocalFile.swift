import NIOCore
import NIOPosix

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// An open file on this side; it is read and written on threads of its own, and closed when the last reference goes.
final class LocalFile: Sendable {
    let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        _ = close(descriptor)
    }

    /// Opens a file to read it.
    ///
    /// - Throws: `OSSClientError.file`, as all methods here.
    static func reading(_ path: String) async throws -> LocalFile {
        try await onFileThread { try LocalFile(opening: path, flags: O_RDONLY) }
    }

    /// Makes a file that was not there, which only its owner may read.
    static func creating(_ path: String) async throws -> LocalFile {
        try await onFileThread { try LocalFile(opening: path, flags: O_WRONLY | O_CREAT | O_EXCL) }
    }

    convenience init(opening path: String, flags: Int32) throws {
        self.init(descriptor: Int32(try Self.call("open", path) { Int(open(path, flags | O_CLOEXEC, 0o600)) }))
    }

    /// The length of the file.
    func sizeBytes() async throws -> Int64 {
        try await Self.onFileThread { [descriptor] in
            var facts = stat()
            _ = try Self.call("fstat") { Int(fstat(descriptor, &facts)) }
            return Int64(facts.st_size)
        }
    }

    /// Reads at an offset; fewer bytes than asked for, and none at all, mean the end of the file.
    func read(at offset: Int64, maximumBytes: Int) async throws -> ByteBuffer {
        try await Self.onFileThread { [descriptor] in
            var buffer = ByteBufferAllocator().buffer(capacity: maximumBytes)
            while buffer.readableBytes < maximumBytes {
                let start = off_t(offset) + off_t(buffer.readableBytes)
                let wanted = maximumBytes - buffer.readableBytes
                let count = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { space in
                    try Self.call("pread") { pread(descriptor, space.baseAddress, min(wanted, space.count), start) }
                }
                guard count > 0 else { break }
            }
            return buffer
        }
    }

    /// Writes a whole buffer at an offset.
    func write(_ buffer: ByteBuffer, at offset: Int64) async throws {
        try await Self.onFileThread { [descriptor] in
            try buffer.withUnsafeReadableBytes { bytes in
                var written = 0
                while written < bytes.count {
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                    let start = off_t(offset) + off_t(written)
                    written += try Self.call("pwrite") { pwrite(descriptor, rest.baseAddress, rest.count, start) }
                }
            }
        }
    }

    /// Waits until the bytes are on the disk.
    func synchronize() async throws {
        try await Self.onFileThread { [descriptor] in
            _ = try Self.call("fsync") { Int(fsync(descriptor)) }
        }
    }

    /// Gives a file another name; a file of that name is replaced.
    static func rename(_ path: String, to other: String) async throws {
        try await onFileThread {
            #if canImport(Darwin)
                _ = try call("rename", other) { Int(Darwin.rename(path, other)) }
            #elseif canImport(Musl)
                _ = try call("rename", other) { Int(Musl.rename(path, other)) }
            #else
                _ = try call("rename", other) { Int(Glibc.rename(path, other)) }
            #endif
        }
    }

    /// Removes a file; one that is not there is removed too.
    static func remove(_ path: String) async throws {
        try await onFileThread {
            do {
                _ = try call("unlink", path) { Int(unlink(path)) }
            } catch OSSClientError.file(_, _, errorNumber: ENOENT) {
                return
            }
        }
    }

    /// Runs calls that block, to their end: whoever is cancelled still has to tidy up.
    static func onFileThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            NIOThreadPool.singleton.submit { state in
                guard case .active = state else {
                    continuation.resume(throwing: CancellationError())
                    return
                }
                continuation.resume(with: Swift.Result { try body() })
            }
        }
    }

    /// Runs a system call again while a signal interrupts it.
    static func call(_ name: String, _ path: String? = nil, _ call: () -> Int) throws(OSSClientError) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            let errorNumber = errno
            if errorNumber != EINTR {
                throw .file(call: name, path: path, errorNumber: errorNumber)
            }
        }
    }
}

extension UploadBody {
    /// Takes the bytes of a file, as many as it has now.
    ///
    /// - Throws: `OSSClientError.file` if it cannot be opened.
    public static func file(_ path: String) async throws -> UploadBody {
        let file = try await LocalFile.reading(path)
        return .file(file, range: 0..<(try await file.sizeBytes()))
    }

    /// Takes a part of a file that is open.
    static func file(_ file: LocalFile, range: Range<Int64>) -> UploadBody {
        .replayable(lengthBytes: Int64(range.count)) { FilePieces(file: file, range: range) }
    }
}

/// The bytes of a part of a file, piece by piece.
struct FilePieces: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let file: LocalFile
    let range: Range<Int64>

    /// The length of a piece: long enough that reading it costs more than asking for it.
    static let pieceBytes = 262_144

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(file: file, rest: range)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let file: LocalFile
        fileprivate var rest: Range<Int64>

        mutating func next() async throws -> ByteBuffer? {
            guard !rest.isEmpty else { return nil }
            let wanted = Int(Swift.min(Int64(FilePieces.pieceBytes), Int64(rest.count)))
            let piece = try await file.read(at: rest.lowerBound, maximumBytes: wanted)
            // A file that lost bytes while it was sent would leave the request without its end.
            guard piece.readableBytes == wanted else { throw OSSClientError.sourceChanged }
            rest = (rest.lowerBound + Int64(wanted))..<rest.upperBound
            return piece
        }
    }
}
