#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What changes when a file is written or replaced.
struct FileStamp: Sendable, Equatable {
    let inode: UInt64
    let sizeBytes: Int64
    let seconds: Int64
    let nanoseconds: Int64

    init(_ facts: stat) {
        #if canImport(Darwin)
            let written = facts.st_mtimespec
        #else
            let written = facts.st_mtim
        #endif
        inode = UInt64(truncatingIfNeeded: facts.st_ino)
        sizeBytes = Int64(facts.st_size)
        seconds = Int64(written.tv_sec)
        nanoseconds = Int64(written.tv_nsec)
    }
}

extension LocalFile {
    /// Whether a call failed because there is no such file.
    static func isMissing(_ errorNumber: Int32) -> Bool {
        errorNumber == ENOENT || errorNumber == ENOTDIR
    }
}
