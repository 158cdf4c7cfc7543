import Glibc

/// Where a store's files lie: the machine's disk, memory, or a disk of a test that forgets and fails.
///
/// Paths are relative to the store's folder and made by the store alone; an empty path is that folder itself, and `..`
/// the folder it lies in. All methods block and belong on worker threads. What they throw is a
/// `StoreFailure.system` with the `errno` that tells why, whatever the disk is made of.
package protocol Disk: Sendable {
    /// The absolute path of the store's folder; nil if the files are reached through this protocol alone.
    ///
    /// SQLite works by itself below a path, and through the disk otherwise.
    var path: String? { get }

    /// Takes the folder for this store alone.
    ///
    /// - Throws: `StoreFailure.folderIsInUse`.
    func lock() throws(StoreFailure)

    /// Gives the folder back.
    func unlock()

    /// Opens a file; a link is not followed.
    func open(_ path: String, _ purpose: OpenPurpose) throws(StoreFailure) -> any DiskFile

    /// Makes a folder; one that is there already is fine.
    func makeFolder(_ path: String) throws(StoreFailure)

    /// Flushes the entries of a folder: which names are in it, and which files they name.
    func syncFolder(_ path: String) throws(StoreFailure)

    /// The names in a folder, in no order.
    func names(inFolder path: String) throws(StoreFailure) -> [String]

    /// What is known about a file or folder without opening it; nil if there is none.
    func status(of path: String) throws(StoreFailure) -> FileStatus?

    /// Gives a file another name in the same folder, in the place of the file that has it.
    func rename(_ path: String, to newPath: String) throws(StoreFailure)

    /// Removes a file's name; whoever has it open keeps its bytes.
    func remove(_ path: String) throws(StoreFailure)

    /// Says when a file was last written.
    func setModificationTime(of path: String, toMilliseconds time: Int64) throws(StoreFailure)

    /// How much room there is.
    func space() throws(StoreFailure) -> DiskSpace
}

/// An open file of a disk, closed when the last reference goes.
package protocol DiskFile: AnyObject, Sendable {
    /// Writes bytes at an offset, maybe only the first of them.
    ///
    /// - Returns: how many were written.
    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreFailure) -> Int

    /// Reads bytes at an offset, maybe fewer than there is room for.
    ///
    /// - Returns: how many were read, 0 at the end of the file.
    func readSome(into bytes: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreFailure) -> Int

    /// The length of the file in bytes.
    func sizeBytes() throws(StoreFailure) -> Int64

    /// Sets room aside for so many bytes, if the disk can; the file may be that long afterwards.
    func reserve(_ count: Int64) throws(StoreFailure)

    /// Cuts the file off, or fills it up with zeros.
    func truncate(to sizeBytes: Int64) throws(StoreFailure)

    /// Lets the disk begin to write bytes that it has to write anyway; returns before it has, and promises nothing.
    ///
    /// - Throws: only what says that the bytes are lost; a disk that cannot begin early is fine.
    func beginFlush(at offset: Int64, count: Int64) throws(StoreFailure)

    /// Flushes the file's bytes and its length.
    func syncBytes() throws(StoreFailure)

    /// Flushes everything about the file.
    func syncEverything() throws(StoreFailure)
}

extension DiskFile {
    /// Leaves everything to the flush at the end.
    package func beginFlush(at offset: Int64, count: Int64) throws(StoreFailure) {}

    /// Writes all bytes at an offset.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreFailure) {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = try writeSome(rest, at: offset + Int64(written))
            guard count > 0 else { throw StoreFailure.system(call: "pwrite", errorNumber: EIO) }
            written += count
        }
    }

    /// Reads until the buffer is full or the file ends.
    ///
    /// - Returns: how many bytes were read.
    package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreFailure) -> Int {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
            let count = try readSome(into: rest, at: offset + Int64(done))
            if count == 0 { break }
            done += count
        }
        return done
    }
}

/// What a file is opened for.
package enum OpenPurpose: Sendable {
    /// To read a file that is there.
    case reading
    /// To read and write a file, which is made if it is missing.
    case writing
    /// To read and write a file that is not there yet.
    case creating
}

/// What a disk knows about a file.
package struct FileStatus: Sendable, Equatable {
    /// Its length.
    package let sizeBytes: Int64
    /// When it was last written, in milliseconds since 1970, UTC.
    package let modifiedAtMilliseconds: Int64
    /// Whether it is a file, and not a folder, a link or anything else.
    package let isFile: Bool

    /// Collects what is known.
    package init(sizeBytes: Int64, modifiedAtMilliseconds: Int64, isFile: Bool) {
        self.sizeBytes = sizeBytes
        self.modifiedAtMilliseconds = modifiedAtMilliseconds
        self.isFile = isFile
    }
}

/// How much room a disk has.
package struct DiskSpace: Sendable, Equatable {
    /// How many bytes we may still write.
    package let freeBytes: Int64
    /// How many bytes it has.
    package let totalBytes: Int64

    /// Collects both.
    package init(freeBytes: Int64, totalBytes: Int64) {
        self.freeBytes = freeBytes
        self.totalBytes = totalBytes
    }
}
