import CFileAttributes
import CommandKit
import Foundation
import NIOCore
import NIOPosix

/// A file that is read into the store.
final class ImportedFile: Sendable {
    /// The attribute by which desktops, and exports, note the content type of a file.
    static let typeAttribute = "user.mime_type"

    /// How many bytes it had when it was opened.
    let sizeBytes: Int64
    /// When it was last written, in milliseconds since 1970, UTC; not before that.
    let writtenAtMilliseconds: Int64
    /// The content type that is noted with it; nil if there is none.
    let contentType: String?
    private let descriptor: Int32

    /// Opens a regular file.
    ///
    /// - Throws: `FailureReport`.
    static func open(_ path: String) async throws -> ImportedFile {
        try await NIOThreadPool.singleton.runIfActive { try ImportedFile(path) }
    }

    private init(_ path: String) throws {
        // Without O_NONBLOCK a pipe that took the file's place would hold the thread.
        descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FailureReport(.inputOutput, SystemError.text(errno)) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FailureReport(.refused, "it is not a regular file")
        }
        sizeBytes = Int64(status.st_size)
        writtenAtMilliseconds = Self.milliseconds(status)
        contentType = Self.contentType(of: descriptor)
    }

    deinit {
        close(descriptor)
    }

    /// Reads bytes at an offset, fewer at the end.
    func read(at offset: Int64, count: Int) async throws -> ByteBuffer {
        try await NIOThreadPool.singleton.runIfActive { [descriptor] in
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            _ = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                let found = pread(descriptor, bytes.baseAddress, count, off_t(offset))
                guard found >= 0 else { throw FailureReport(.inputOutput, SystemError.text(errno)) }
                return found
            }
            return buffer
        }
    }

    /// Whether length and time are those with which it was opened.
    func isUnchanged() async throws -> Bool {
        try await NIOThreadPool.singleton.runIfActive { [self] in
            var status = stat()
            return fstat(descriptor, &status) == 0 && Int64(status.st_size) == sizeBytes
                && Self.milliseconds(status) == writtenAtMilliseconds
        }
    }

    private static func milliseconds(_ status: stat) -> Int64 {
        let seconds = min(max(Int64(status.st_mtim.tv_sec), 0), 253_402_300_799)
        return seconds * 1_000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
    }

    private static func contentType(of descriptor: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = fgetxattr(descriptor, typeAttribute, &bytes, bytes.count)
        guard count > 0 else { return nil }
        let isPlain = bytes[..<count].allSatisfy { (0x20..<0x7F).contains($0) }
        return isPlain ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
