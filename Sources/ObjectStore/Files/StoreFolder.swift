import Glibc

/// The folder of a store: what lies where, and the lock that keeps a second process out; its methods block.
struct StoreFolder: Sendable {
    /// The mark of the format that this version reads and writes.
    static let version = "1"

    /// The absolute path of the folder.
    let path: String
    /// The open folder.
    let root: OpenFile
    /// The open folder of all blobs.
    let blobs: OpenFile
    private let lock: OpenFile

    /// The path of the database file.
    var databasePath: String { path + "/meta.sqlite" }

    /// Makes the folder if it is missing, locks it, and makes what is missing in it.
    ///
    /// `VERSION` is written last: a folder without it was never finished, and is made anew unless it has a database.
    /// - Throws: `StoreFailure.folderIsInUse`, `StoreFailure.unknownFormat`, or the failed system call.
    static func open(_ path: String, threads: WorkerThreads) throws -> StoreFolder {
        try makeFolders(path)
        // The operator may give a link to the folder; nothing below it is followed.
        guard let resolved = realpath(path, nil) else {
            throw StoreFailure.system(call: "realpath", errorNumber: errno)
        }
        defer { free(resolved) }
        let absolute = String(cString: resolved)
        let root = try OpenFile.open(absolute, flags: O_RDONLY | O_DIRECTORY, threads: threads)
        let lock = try takeLock(in: root, threads: threads)
        if try !hasVersion(root, threads: threads) {
            try initialise(root, threads: threads)
        }
        let blobs = try OpenFile.open("blobs", in: root, flags: O_RDONLY | O_DIRECTORY, threads: threads)
        // SQLite makes its file with the usual mode; the log and the shared memory take over the mode of this one.
        _ = try OpenFile.open("meta.sqlite", in: root, flags: O_RDWR | O_CREAT, mode: 0o600, threads: threads)
        return StoreFolder(path: absolute, root: root, blobs: blobs, lock: lock)
    }

    /// Gives the lock back.
    func unlock() {
        _ = flock(lock.number, LOCK_UN)
    }

    /// How many bytes are free for us on the volume, and how many it has.
    func space() throws(StoreFailure) -> (freeBytes: Int64, totalBytes: Int64) {
        var status = statvfs()
        try systemCall("fstatvfs") { Int(fstatvfs(root.number, &status)) }
        let block = UInt64(status.f_frsize)
        let free = UInt64(status.f_bavail).multipliedReportingOverflow(by: block)
        let total = UInt64(status.f_blocks).multipliedReportingOverflow(by: block)
        return (
            free.overflow ? .max : Int64(clamping: free.partialValue),
            total.overflow ? .max : Int64(clamping: total.partialValue)
        )
    }

    private static func makeFolders(_ path: String) throws(StoreFailure) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            let folder = made
            do {
                try systemCall("mkdir") { Int(mkdir(folder, 0o700)) }
            } catch .system(_, errorNumber: EEXIST) {
                continue
            }
        }
    }

    private static func takeLock(in root: OpenFile, threads: WorkerThreads) throws(StoreFailure) -> OpenFile {
        let lock = try OpenFile.open("LOCK", in: root, flags: O_RDWR | O_CREAT, mode: 0o600, threads: threads)
        do {
            try systemCall("flock") { Int(flock(lock.number, LOCK_EX | LOCK_NB)) }
        } catch .system(_, errorNumber: EWOULDBLOCK) {
            throw StoreFailure.folderIsInUse
        }
        return lock
    }

    private static func hasVersion(_ root: OpenFile, threads: WorkerThreads) throws -> Bool {
        do {
            let file = try OpenFile.open("VERSION", in: root, flags: O_RDONLY, threads: threads)
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = try bytes.withUnsafeMutableBytes { buffer in
                try file.read(into: buffer, at: 0)
            }
            let text = String(decoding: bytes[..<count], as: UTF8.self)
            guard text == version + "\n" else { throw StoreFailure.unknownFormat("VERSION is not \(version)") }
            return true
        } catch StoreFailure.system(_, errorNumber: ENOENT) {
            guard faccessat(root.number, "meta.sqlite", F_OK, 0) != 0 else {
                throw StoreFailure.unknownFormat("meta.sqlite without VERSION")
            }
            return false
        }
    }

    private static func initialise(_ root: OpenFile, threads: WorkerThreads) throws {
        try makeFolder("blobs", in: root)
        let blobs = try OpenFile.open("blobs", in: root, flags: O_RDONLY | O_DIRECTORY, threads: threads)
        for number in 0..<BlobID.folderCount {
            try makeFolder(BlobID.folderName(number), in: blobs)
        }
        try blobs.syncEverything()
        let file = try OpenFile.open(
            "VERSION.new", in: root, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600, threads: threads)
        try Array((version + "\n").utf8).withUnsafeBytes { bytes in
            try file.write(bytes, at: 0)
        }
        try file.syncEverything()
        // The file is there whole or not at all: an empty one would lock the folder for ever.
        try systemCall("renameat") { Int(renameat(root.number, "VERSION.new", root.number, "VERSION")) }
        try root.syncEverything()
        let parent = try OpenFile.open("..", in: root, flags: O_RDONLY | O_DIRECTORY, threads: threads)
        try parent.syncEverything()
    }

    private static func makeFolder(_ name: String, in folder: OpenFile) throws(StoreFailure) {
        do {
            try systemCall("mkdirat") { Int(mkdirat(folder.number, name, 0o700)) }
        } catch .system(_, errorNumber: EEXIST) {
            return
        }
    }
}
