import ObjectStore

/// Everything on a simulated disk: what programs see, what is safe, and what lies between.
struct DiskImage: Sendable {
    /// The number of a file, whatever its name.
    typealias FileNumber = Int

    /// What a name in a folder stands for.
    enum Entry: Sendable, Hashable {
        case folder
        case file(FileNumber)
    }

    /// A folder: its names now, its names on the platter, and the changes that are not there yet.
    struct Folder: Sendable {
        var names: [String: Entry] = [:]
        var safeNames: [String: Entry] = [:]
        /// Each is one change as a whole; a nil takes the name away.
        var unsafeChanges: [[String: Entry?]] = []

        mutating func change(_ change: [String: Entry?]) {
            for (name, entry) in change { names[name] = entry }
            unsafeChanges.append(change)
        }

        mutating func sync() {
            safeNames = names
            unsafeChanges = []
        }
    }

    /// What was done to a file's bytes and not flushed.
    enum Write: Sendable {
        case bytes([UInt8], at: Int64)
        case truncation(Int64)
    }

    /// A file: its bytes now, its bytes on the platter, and the writes that are not there yet.
    struct File: Sendable {
        var contents = FileContents()
        var safeContents = FileContents()
        var unsafeWrites: [Write] = []
        var modifiedAtMilliseconds: Int64
        /// Whether a flush failed, so that what programs see and what is safe differ for good.
        var hasFailedSync = false

        mutating func write(_ write: Write) {
            contents.apply(write)
            unsafeWrites.append(write)
        }

        mutating func sync() {
            if hasFailedSync {
                for write in unsafeWrites { safeContents.apply(write) }
            } else {
                safeContents = contents
            }
            unsafeWrites = []
        }

        /// The kernel drops what it could not write and forgets that it had to.
        mutating func failToSync() {
            unsafeWrites = []
            hasFailedSync = true
        }
    }

    /// The folders by path; one without an entry here is empty.
    var folders: [String: Folder] = ["": Folder()]
    /// The files by number.
    var files: [FileNumber: File] = [:]
    /// The number of the next file.
    var nextNumber = 0

    /// The file of a path.
    func number(of path: DiskPath) -> FileNumber? {
        if case .file(let number)? = folders[path.folder]?.names[path.name] { number } else { nil }
    }

    /// Whether there is such a folder.
    func hasFolder(_ path: String) -> Bool {
        let place = DiskPath(path)
        return path.isEmpty || folders[place.folder]?.names[place.name] == .folder
    }

    /// The same with everything flushed.
    func settled() -> DiskImage {
        var image = self
        for path in image.folders.keys { image.folders[path]?.sync() }
        for number in image.files.keys { image.files[number]?.sync() }
        return image.collected()
    }

    /// What is there after the power was cut and came back, as the dice will have it.
    ///
    /// Of each folder's unflushed changes any part is there. Of each file's unflushed writes there are none, all, the
    /// first ones, or any; the last one that is there may be torn at a sector of 512 bytes.
    func crashed(keeping keeps: Keeping, using dice: inout some RandomNumberGenerator) -> DiskImage {
        var image = self
        for path in folders.keys.sorted() {
            guard var folder = image.folders[path] else { continue }
            folder.names = folder.safeNames
            for change in folder.unsafeChanges where keeps.decide(using: &dice) {
                for (name, entry) in change { folder.names[name] = entry }
            }
            folder.sync()
            image.folders[path] = folder
        }
        for number in files.keys.sorted() {
            guard var file = image.files[number], !file.unsafeWrites.isEmpty else { continue }
            file.contents = file.safeContents
            for write in Self.survivors(of: file.unsafeWrites, keeping: keeps, using: &dice) {
                file.contents.apply(write)
            }
            file.sync()
            image.files[number] = file
        }
        return image.collected()
    }

    /// What a crash keeps of everything that was not flushed.
    enum Keeping: Sendable {
        case nothing, everything, some

        func decide(using dice: inout some RandomNumberGenerator) -> Bool {
            switch self {
            case .nothing: false
            case .everything: true
            case .some: Bool.random(using: &dice)
            }
        }
    }

    private static func survivors(
        of writes: [Write], keeping keeps: Keeping, using dice: inout some RandomNumberGenerator
    ) -> [Write] {
        var kept: [Write]
        switch keeps {
        case .nothing: return []
        case .everything: return writes
        case .some:
            let isInOrder = Bool.random(using: &dice)
            kept =
                isInOrder
                ? Array(writes.prefix(Int.random(in: 0...writes.count, using: &dice)))
                : writes.filter { _ in Bool.random(using: &dice) }
        }
        if case .bytes(let bytes, let offset)? = kept.last, Bool.random(using: &dice) {
            kept.removeLast()
            let whole = (offset + Int64(bytes.count)) / 512 - offset / 512
            let sectors = Int64.random(in: 0...max(0, whole), using: &dice)
            let end = sectors == 0 ? 0 : (offset / 512 + sectors) * 512 - offset
            kept.append(.bytes(Array(bytes.prefix(Int(end))), at: offset))
        }
        return kept
    }

    /// The same without files that have no name and folders that are not there.
    private func collected() -> DiskImage {
        var image = self
        for path in folders.keys where !image.hasFolder(path) { image.folders[path] = nil }
        let named = image.folders.values.flatMap { folder in
            folder.names.values.compactMap { if case .file(let number) = $0 { number } else { nil } }
        }
        let kept = Set(named)
        image.files = image.files.filter { kept.contains($0.key) }
        return image
    }
}

extension DiskImage {
    /// A number that is the same for images with the same names and bytes, in one run of the tests.
    var fingerprint: Int {
        var hasher = Hasher()
        for (path, folder) in folders.sorted(by: { $0.key < $1.key }) where path != "blobs" && !folder.names.isEmpty {
            hasher.combine(path)
            for (name, entry) in folder.names.sorted(by: { $0.key < $1.key }) {
                hasher.combine(name)
                // Room that is put aside has nothing in it.
                guard name != "RESERVE", case .file(let number) = entry, let file = files[number] else { continue }
                file.contents.hash(into: &hasher)
            }
        }
        return hasher.finalize()
    }
}

extension FileContents {
    fileprivate mutating func apply(_ write: DiskImage.Write) {
        switch write {
        case .bytes(let bytes, let offset): bytes.withUnsafeBytes { self.write($0, at: offset) }
        case .truncation(let sizeBytes): truncate(to: sizeBytes)
        }
    }

    fileprivate func hash(into hasher: inout Hasher) {
        hasher.combine(sizeBytes)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(sizeBytes), alignment: 8)
        defer { bytes.deallocate() }
        _ = read(into: bytes, at: 0)
        hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
    }
}

/// A path, taken apart.
struct DiskPath: Sendable, Hashable {
    /// Everything before the last slash.
    let folder: String
    /// Everything behind it.
    let name: String

    /// Takes a path apart.
    init(_ path: String) {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        folder = slash.map { String(path[..<$0]) } ?? ""
        name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    }
}
