import Glibc

extension BlobFolder {
    /// A file in one of the folders of blobs, as the sweep finds it.
    struct FoundFile: Sendable {
        /// The blob that the file's name is made of.
        let id: BlobID
        /// Whether it was marked as an orphan before.
        let isMarked: Bool
        /// When it was last written, or marked, in milliseconds since 1970, UTC.
        let changedAtMilliseconds: Int64
    }

    /// The blob files of one folder; files with other names are not ours and left alone.
    func files(inFolder number: Int) throws -> [FoundFile] {
        let name = BlobID.folderName(number)
        let folder = try OpenFile.open(name, in: root, flags: O_RDONLY | O_DIRECTORY, threads: threads)
        return try Self.names(in: folder).compactMap { name in
            let isMarked = name.hasSuffix(Self.orphanSuffix)
            let text = isMarked ? String(name.dropLast(Self.orphanSuffix.count)) : name
            guard let id = BlobID(text: text), id.folderNumber == number else { return nil }
            var status = stat()
            guard fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
            guard status.st_mode & S_IFMT == S_IFREG else { return nil }
            let seconds = Int64(status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000)
            guard !seconds.overflow else { return nil }
            return FoundFile(id: id, isMarked: isMarked, changedAtMilliseconds: seconds.partialValue)
        }
    }

    /// What the sweep did with a file.
    enum SweepAction: Sendable {
        case left
        case marked
        case removed
        case restored
    }

    /// Marks a file that no row names, removes it if it was marked before, and gives a file with a row its name back.
    func sweep(_ file: FoundFile, isNamed: Bool, atMilliseconds time: Int64) throws -> SweepAction {
        do {
            switch (isNamed, file.isMarked) {
            case (true, false):
                return .left
            case (true, true):
                try rename(file.id.orphanPath, to: file.id.path)
                return .restored
            case (false, false):
                // The time comes first: cut short between the two, the file is found again, and not removed too early.
                try setTime(of: file.id.path, toMilliseconds: time)
                try rename(file.id.path, to: file.id.orphanPath)
                return .marked
            case (false, true):
                try unlink(file.id.orphanPath)
                return .removed
            }
        } catch StoreFailure.system(_, errorNumber: ENOENT) {
            // It was removed after the commit that left it without a row.
            return .left
        }
    }

    private func rename(_ path: String, to newPath: String) throws(StoreFailure) {
        try systemCall("renameat") { Int(renameat(root.number, path, root.number, newPath)) }
    }

    private func unlink(_ path: String) throws(StoreFailure) {
        try systemCall("unlinkat") { Int(unlinkat(root.number, path, 0)) }
    }

    private func setTime(of path: String, toMilliseconds time: Int64) throws(StoreFailure) {
        let changed = timespec(tv_sec: Int(time / 1_000), tv_nsec: 0)
        try systemCall("utimensat") { Int(utimensat(root.number, path, [changed, changed], AT_SYMLINK_NOFOLLOW)) }
    }

    private static func names(in folder: OpenFile) throws(StoreFailure) -> [String] {
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
            names.append(name)
        }
        return names
    }
}
