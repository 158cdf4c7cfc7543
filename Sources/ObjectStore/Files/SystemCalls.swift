import CFileRange
import Glibc

/// Runs a system call again while a signal interrupts it.
///
/// - Throws: `StoreFailure.system` with the call's name and `errno`.
@discardableResult
package func systemCall(_ name: String, _ call: () -> Int) throws(StoreFailure) -> Int {
    while true {
        let result = call()
        if result >= 0 { return result }
        let errorNumber = errno
        if errorNumber != EINTR {
            throw StoreFailure.system(call: name, errorNumber: errorNumber)
        }
    }
}

/// An open file or folder of the machine.
///
/// It is closed on the worker threads: closing the last descriptor of a removed file frees its blocks, which takes time.
final class OpenFile: DiskFile {
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

    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreFailure) -> Int {
        try systemCall("pwrite") { pwrite(number, bytes.baseAddress, bytes.count, off_t(offset)) }
    }

    func readSome(into bytes: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreFailure) -> Int {
        try systemCall("pread") { pread(number, bytes.baseAddress, bytes.count, off_t(offset)) }
    }

    func sizeBytes() throws(StoreFailure) -> Int64 {
        var status = stat()
        try systemCall("fstat") { Int(fstat(number, &status)) }
        return Int64(status.st_size)
    }

    func reserve(_ count: Int64) throws(StoreFailure) {
        let errorNumber = posix_fallocate(number, 0, off_t(count))
        // A file system that cannot reserve space says so; the writes themselves then find out.
        if errorNumber == ENOSPC || errorNumber == EDQUOT || errorNumber == EFBIG || errorNumber == EIO {
            throw StoreFailure.system(call: "posix_fallocate", errorNumber: errorNumber)
        }
    }

    func truncate(to sizeBytes: Int64) throws(StoreFailure) {
        try systemCall("ftruncate") { Int(ftruncate(number, off_t(sizeBytes))) }
    }

    func beginFlush(at offset: Int64, count: Int64) throws(StoreFailure) {
        guard begin_writing_range(number, offset, count) != 0 else { return }
        let errorNumber = errno
        // Anything else says that the file system does not do this, and leaves it to the flush.
        if errorNumber == EIO || errorNumber == ENOSPC || errorNumber == EDQUOT {
            throw StoreFailure.system(call: "sync_file_range", errorNumber: errorNumber)
        }
    }

    func syncBytes() throws(StoreFailure) {
        try systemCall("fdatasync") { Int(fdatasync(number)) }
    }

    func syncEverything() throws(StoreFailure) {
        try systemCall("fsync") { Int(fsync(number)) }
    }
}
