import NIOCore
import OSSKit

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What tells a file, as it is now, from another one and from itself after a change.
struct FileIdentity: Sendable, Equatable, Codable {
    /// The file system.
    let device: UInt64
    /// The number of the file in it.
    let inode: UInt64
    /// The length.
    let sizeBytes: Int64
    /// When its content was last changed, in whole seconds.
    let modifiedSeconds: Int64
    /// The rest of that moment.
    let modifiedNanoseconds: Int64
    /// When anything about it was last changed, in whole seconds; unlike the time of its content, nobody can set it.
    let changedSeconds: Int64
    /// The rest of that moment.
    let changedNanoseconds: Int64

    /// Takes the facts of a file.
    init(_ facts: stat) {
        #if canImport(Darwin)
            let (modified, changed) = (facts.st_mtimespec, facts.st_ctimespec)
        #else
            let (modified, changed) = (facts.st_mtim, facts.st_ctim)
        #endif
        device = UInt64(truncatingIfNeeded: facts.st_dev)
        inode = UInt64(truncatingIfNeeded: facts.st_ino)
        sizeBytes = Int64(facts.st_size)
        modifiedSeconds = Int64(modified.tv_sec)
        modifiedNanoseconds = Int64(modified.tv_nsec)
        changedSeconds = Int64(changed.tv_sec)
        changedNanoseconds = Int64(changed.tv_nsec)
    }
}

/// What stands under a path or behind a descriptor.
enum FileFacts: Sendable, Equatable {
    /// A file with bytes of its own.
    case regular(FileIdentity)
    /// A folder, a pipe, a device.
    case other

    init(_ facts: stat) {
        self = facts.st_mode & S_IFMT == S_IFREG ? .regular(FileIdentity(facts)) : .other
    }
}

extension LocalFile {
    /// Whether a call failed because there is no such file.
    static func isMissing(_ errorNumber: Int32) -> Bool {
        errorNumber == ENOENT || errorNumber == ENOTDIR
    }

    /// What tells the file from others and from itself after a change, whatever kind of file it is.
    func identity() async throws -> FileIdentity {
        try await Self.onFileThread { [descriptor] in
            var facts = stat()
            _ = try Self.call("fstat") { Int(fstat(descriptor, &facts)) }
            return FileIdentity(facts)
        }
    }

    /// What the file is now.
    func facts() async throws -> FileFacts {
        try await Self.onFileThread { [descriptor] in
            var facts = stat()
            _ = try Self.call("fstat") { Int(fstat(descriptor, &facts)) }
            return FileFacts(facts)
        }
    }

    /// What stands under a path, links followed; nil if there is nothing.
    static func facts(at path: String) async throws -> FileFacts? {
        try await onFileThread {
            var facts = stat()
            do {
                _ = try call("stat", path) { Int(stat(path, &facts)) }
            } catch OSSClientError.file(_, _, errorNumber: ENOENT) {
                return nil
            }
            return FileFacts(facts)
        }
    }

    /// Opens a file that is there to read and to write it; nil if there is none.
    static func updating(_ path: String) async throws -> LocalFile? {
        try await onFileThread {
            do {
                return try LocalFile(opening: path, flags: O_RDWR | O_NOFOLLOW)
            } catch OSSClientError.file(_, _, errorNumber: ENOENT) {
                return nil
            }
        }
    }

    /// Keeps others who ask for it from using the file, as long as it is open; false if another one does.
    func lock() async throws -> Bool {
        try await Self.onFileThread { [descriptor] in
            do {
                _ = try Self.call("flock") { Int(flock(descriptor, LOCK_EX | LOCK_NB)) }
            } catch OSSClientError.file(_, _, errorNumber: EWOULDBLOCK) {
                return false
            }
            return true
        }
    }

    /// Gives the file its length, and takes the room for it on the disk where the file system can do that.
    func allocate(sizeBytes: Int64) async throws {
        try await Self.onFileThread { [descriptor] in
            #if canImport(Glibc)
                if sizeBytes > 0 {
                    // This call returns its error instead of setting `errno`.
                    var errorNumber = EINTR
                    while errorNumber == EINTR {
                        errorNumber = posix_fallocate(descriptor, 0, off_t(sizeBytes))
                    }
                    guard errorNumber == 0 else {
                        throw OSSClientError.file(call: "posix_fallocate", path: nil, errorNumber: errorNumber)
                    }
                    return
                }
            #endif
            _ = try Self.call("ftruncate") { Int(ftruncate(descriptor, off_t(sizeBytes))) }
        }
    }

    /// The checksum of some of the bytes; nil if the file ends before them.
    func crc64(of range: Range<Int64>) async throws -> UInt64? {
        var checksum = CRC64()
        var offset = range.lowerBound
        while offset < range.upperBound {
            try Task.checkCancellation()
            let wanted = Int(min(Int64(FilePieces.pieceBytes), range.upperBound - offset))
            let piece = try await read(at: offset, maximumBytes: wanted)
            guard piece.readableBytes == wanted else { return nil }
            checksum.update(piece)
            offset += Int64(wanted)
        }
        return checksum.value
    }

    /// Waits until the names in a file's folder are on the disk.
    static func synchronizeFolder(of path: String) async throws {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "."
        let opened = try await reading(String(folder))
        try await opened.synchronize()
    }
}
