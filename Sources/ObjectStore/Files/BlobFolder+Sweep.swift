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
        let folder = BlobID.folderPath(number)
        return try disk.names(inFolder: folder).compactMap { name in
            let isMarked = name.hasSuffix(Self.orphanSuffix)
            let text = isMarked ? String(name.dropLast(Self.orphanSuffix.count)) : name
            guard let id = BlobID(text: text), id.folderNumber == number else { return nil }
            guard let status = try disk.status(of: folder + "/" + name), status.isFile else { return nil }
            return FoundFile(id: id, isMarked: isMarked, changedAtMilliseconds: status.modifiedAtMilliseconds)
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
                try disk.rename(file.id.orphanPath, to: file.id.path)
                return .restored
            case (false, false):
                // The time comes first: cut short between the two, the file is found again, and not removed too early.
                try disk.setModificationTime(of: file.id.path, toMilliseconds: time)
                try disk.rename(file.id.path, to: file.id.orphanPath)
                return .marked
            case (false, true):
                try disk.remove(file.id.orphanPath)
                return .removed
            }
        } catch StoreFailure.system(_, errorNumber: ENOENT) {
            // It was removed after the commit that left it without a row.
            return .left
        }
    }
}
