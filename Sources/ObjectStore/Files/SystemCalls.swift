import Glibc

/// Runs a system call again while a signal interrupts it.
///
/// - Throws: `StoreFailure.system` with the call's name and `errno`.
@discardableResult
func systemCall(_ name: String, _ call: () -> Int) throws(StoreFailure) -> Int {
    while true {
        let result = call()
        if result >= 0 { return result }
        let errorNumber = errno
        if errorNumber != EINTR {
            throw StoreFailure.system(call: name, errorNumber: errorNumber)
        }
    }
}

/// An open file or folder, closed when the last reference goes.
///
/// It is closed on the worker threads: closing the last descriptor of a removed file frees its blocks, which takes time.
final class OpenFile: Sendable {
    /// The descriptor's number, valid as long as this object lives.
    let number: Int32
    private let threads: WorkerThreads

    /// Takes over an open descriptor.
    init(number: Int32, threads: WorkerThreads) {
        self.number = number
        self.threads = threads
    }

    deinit {
        let number = number
        threads.start { _ = close(number) }
    }

    /// Opens a path, or a path below a folder; never follows a link in the last part, never passes it to a child.
    static func open(
        _ path: String, in folder: OpenFile? = nil, flags: Int32, mode: mode_t = 0, threads: WorkerThreads
    ) throws(StoreFailure) -> OpenFile {
        let start = folder?.number ?? AT_FDCWD
        let number = try systemCall("openat") {
            Int(openat(start, path, flags | O_NOFOLLOW | O_CLOEXEC, mode))
        }
        return OpenFile(number: Int32(truncatingIfNeeded: number), threads: threads)
    }

    /// Writes all bytes at an offset.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreFailure) {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let position = off_t(offset) + off_t(written)
            let count = try systemCall("pwrite") { pwrite(number, rest.baseAddress, rest.count, position) }
            guard count > 0 else { throw StoreFailure.system(call: "pwrite", errorNumber: EIO) }
            written += count
        }
    }

    /// Reads until the buffer is full or the file ends.
    ///
    /// - Returns: how many bytes were read.
    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreFailure) -> Int {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
            let position = off_t(offset) + off_t(done)
            let count = try systemCall("pread") { pread(number, rest.baseAddress, rest.count, position) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// The length of the file in bytes.
    func sizeBytes() throws(StoreFailure) -> Int64 {
        var status = stat()
        try systemCall("fstat") { Int(fstat(number, &status)) }
        return Int64(status.st_size)
    }

    /// Flushes a file's bytes and its length.
    func syncBytes() throws(StoreFailure) {
        try systemCall("fdatasync") { Int(fdatasync(number)) }
    }

    /// Flushes everything, which for a folder means its entries.
    func syncEverything() throws(StoreFailure) {
        try systemCall("fsync") { Int(fsync(number)) }
    }
}
