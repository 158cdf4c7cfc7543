import Glibc
import Synchronization

/// A folder of the machine.
final class RealDisk: Disk {
    let path: String?
    private let root: OpenFile
    private let threads: WorkerThreads
    private let lockFile = Mutex<OpenFile?>(nil)

    /// Makes the folder if it is missing, and opens it; blocks.
    init(_ path: String, threads: WorkerThreads) throws(StoreFailure) {
        try Self.makeFolders(path)
        // The operator may give a link to the folder; nothing below it is followed.
        guard let resolved = realpath(path, nil) else {
            throw StoreFailure.system(call: "realpath", errorNumber: errno)
        }
        defer { free(resolved) }
        let absolute = String(cString: resolved)
        self.path = absolute
        self.root = try OpenFile.open(absolute, flags: O_RDONLY | O_DIRECTORY, threads: threads)
        self.threads = threads
    }

    func lock() throws(StoreFailure) {
        let file = try OpenFile.open("LOCK", in: root, flags: O_RDWR | O_CREAT, mode: 0o600, threads: threads)
        do {
            try systemCall("flock") { Int(flock(file.number, LOCK_EX | LOCK_NB)) }
        } catch .system(_, errorNumber: EWOULDBLOCK) {
            throw StoreFailure.folderIsInUse
        }
        lockFile.withLock { $0 = file }
    }

    func unlock() {
        lockFile.withLock { file in
            if let file { _ = flock(file.number, LOCK_UN) }
            file = nil
        }
    }

    func open(_ path: String, _ purpose: OpenPurpose) throws(StoreFailure) -> any DiskFile {
        let flags =
            switch purpose {
            case .reading: O_RDONLY
            case .writing: O_RDWR | O_CREAT
            case .creating: O_RDWR | O_CREAT | O_EXCL
            }
        return try OpenFile.open(path, in: root, flags: flags, mode: 0o600, threads: threads)
    }

    func makeFolder(_ path: String) throws(StoreFailure) {
        do {
            try systemCall("mkdirat") { Int(mkdirat(root.number, path, 0o700)) }
        } catch .system(_, errorNumber: EEXIST) {
            return
        }
    }

    func syncFolder(_ path: String) throws(StoreFailure) {
        try openFolder(path).syncEverything()
    }

    func names(inFolder path: String) throws(StoreFailure) -> [String] {
        let folder = try openFolder(path)
        // The stream closes its descriptor, so it gets one of its own.
        let number = Int32(truncatingIfNeeded: try systemCall("dup") { Int(fcntl(folder.number, F_DUPFD_CLOEXEC, 0)) })
        guard let stream = fdopendir(number) else {
            let errorNumber = errno
            _ = close(number)
            throw StoreFailure.system(call: "fdopendir", errorNumber: errorNumber)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let capacity = MemoryLayout.size(ofValue: entry.pointee.d_name)
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: capacity) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    func status(of path: String) throws(StoreFailure) -> FileStatus? {
        var status = stat()
        do {
            try systemCall("fstatat") { Int(fstatat(root.number, path, &status, AT_SYMLINK_NOFOLLOW)) }
        } catch .system(_, errorNumber: ENOENT) {
            return nil
        }
        let milliseconds = Int64(status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000)
        return FileStatus(
            sizeBytes: Int64(status.st_size),
            modifiedAtMilliseconds: milliseconds.overflow ? .max : milliseconds.partialValue,
            isFile: status.st_mode & S_IFMT == S_IFREG)
    }

    func rename(_ path: String, to newPath: String) throws(StoreFailure) {
        try systemCall("renameat") { Int(renameat(root.number, path, root.number, newPath)) }
    }

    func remove(_ path: String) throws(StoreFailure) {
        try systemCall("unlinkat") { Int(unlinkat(root.number, path, 0)) }
    }

    func setModificationTime(of path: String, toMilliseconds time: Int64) throws(StoreFailure) {
        let changed = timespec(tv_sec: Int(time / 1_000), tv_nsec: 0)
        try systemCall("utimensat") { Int(utimensat(root.number, path, [changed, changed], AT_SYMLINK_NOFOLLOW)) }
    }

    func space() throws(StoreFailure) -> DiskSpace {
        var status = statvfs()
        try systemCall("fstatvfs") { Int(fstatvfs(root.number, &status)) }
        let block = UInt64(status.f_frsize)
        let free = UInt64(status.f_bavail).multipliedReportingOverflow(by: block)
        let total = UInt64(status.f_blocks).multipliedReportingOverflow(by: block)
        return DiskSpace(
            freeBytes: free.overflow ? .max : Int64(clamping: free.partialValue),
            totalBytes: total.overflow ? .max : Int64(clamping: total.partialValue))
    }

    private func openFolder(_ path: String) throws(StoreFailure) -> OpenFile {
        let flags = O_RDONLY | O_DIRECTORY
        return path.isEmpty ? root : try OpenFile.open(path, in: root, flags: flags, threads: threads)
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
}
