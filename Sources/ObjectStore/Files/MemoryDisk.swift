import Glibc
import Synchronization

/// A disk in memory for servers whose objects need not outlive them, and for tests; everything on it goes with it.
///
/// It takes no more than its limit: a write beyond that is refused as on a full disk, and nothing else is harmed.
package final class MemoryDisk: Disk {
    package let path: String? = nil

    private enum Entry {
        case folder
        case file(MemoryFile)
    }

    private struct State {
        /// The entries of each folder by its path.
        var folders: [String: [String: Entry]] = ["": [:]]
        var isLocked = false
    }

    private let room: MemoryRoom
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    /// Takes the most bytes that all files may have together, and the clock from which they have their times.
    package init(limitBytes: Int64, now: @escaping @Sendable () -> Int64) {
        self.room = MemoryRoom(limitBytes: limitBytes)
        self.now = now
    }

    package func lock() throws(StoreFailure) {
        let isMine = state.withLock { state in
            defer { state.isLocked = true }
            return !state.isLocked
        }
        if !isMine { throw StoreFailure.folderIsInUse }
    }

    package func unlock() {
        state.withLock { $0.isLocked = false }
    }

    package func open(_ path: String, _ purpose: OpenPurpose) throws(StoreFailure) -> any DiskFile {
        let (folder, name) = Self.split(path)
        let (room, now) = (room, now)
        let outcome = state.withLock { state -> Result<MemoryFile, StoreFailure> in
            guard let entries = state.folders[folder] else { return .failure(Self.failure("openat", ENOENT)) }
            switch (entries[name], purpose) {
            case (.file(let file)?, .reading), (.file(let file)?, .writing): return .success(file)
            case (.file?, .creating): return .failure(Self.failure("openat", EEXIST))
            case (.folder?, _): return .failure(Self.failure("openat", EISDIR))
            case (nil, .reading): return .failure(Self.failure("openat", ENOENT))
            case (nil, .writing), (nil, .creating):
                guard let file = MemoryFile(room: room, now: now) else {
                    return .failure(Self.failure("openat", ENOSPC))
                }
                state.folders[folder]?[name] = .file(file)
                return .success(file)
            }
        }
        return try outcome.get()
    }

    package func makeFolder(_ path: String) throws(StoreFailure) {
        let (folder, name) = Self.split(path)
        let isMade = state.withLock { state in
            guard state.folders[folder] != nil else { return false }
            if state.folders[path] == nil {
                state.folders[folder]?[name] = .folder
                state.folders[path] = [:]
            }
            return true
        }
        if !isMade { throw Self.failure("mkdirat", ENOENT) }
    }

    package func syncFolder(_ path: String) throws(StoreFailure) {
        let isThere = state.withLock { $0.folders[path] != nil || path == ".." }
        if !isThere { throw Self.failure("openat", ENOENT) }
    }

    package func names(inFolder path: String) throws(StoreFailure) -> [String] {
        guard let names = state.withLock({ $0.folders[path].map { Array($0.keys) } }) else {
            throw Self.failure("openat", ENOENT)
        }
        return names
    }

    package func status(of path: String) throws(StoreFailure) -> FileStatus? {
        switch entry(path) {
        case .file(let file)?: file.status
        case .folder?: FileStatus(sizeBytes: 0, modifiedAtMilliseconds: 0, isFile: false)
        case nil: nil
        }
    }

    package func rename(_ path: String, to newPath: String) throws(StoreFailure) {
        let (folder, name) = Self.split(path)
        let (newFolder, newName) = Self.split(newPath)
        let isDone = state.withLock { state in
            guard case .file(let file)? = state.folders[folder]?[name], state.folders[newFolder] != nil else {
                return false
            }
            state.folders[folder]?[name] = nil
            state.folders[newFolder]?[newName] = .file(file)
            return true
        }
        if !isDone { throw Self.failure("renameat", ENOENT) }
    }

    package func remove(_ path: String) throws(StoreFailure) {
        let (folder, name) = Self.split(path)
        // The file is handed out so that its memory is freed after the lock.
        let removed = state.withLock { state -> MemoryFile? in
            guard case .file(let file)? = state.folders[folder]?[name] else { return nil }
            state.folders[folder]?[name] = nil
            return file
        }
        if removed == nil { throw Self.failure("unlinkat", ENOENT) }
    }

    package func setModificationTime(of path: String, toMilliseconds time: Int64) throws(StoreFailure) {
        guard case .file(let file)? = entry(path) else { throw Self.failure("utimensat", ENOENT) }
        file.setModificationTime(toMilliseconds: time)
    }

    package func space() -> DiskSpace {
        DiskSpace(freeBytes: room.freeBytes, totalBytes: room.limitBytes)
    }

    private func entry(_ path: String) -> Entry? {
        let (folder, name) = Self.split(path)
        return state.withLock { $0.folders[folder]?[name] }
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    private static func failure(_ call: String, _ errorNumber: Int32) -> StoreFailure {
        .system(call: call, errorNumber: errorNumber)
    }
}

/// How much memory the files of a disk take, and may take.
final class MemoryRoom: Sendable {
    /// The most.
    let limitBytes: Int64
    private let takenBytes = Mutex<Int64>(0)

    /// Takes the limit.
    init(limitBytes: Int64) {
        self.limitBytes = limitBytes
    }

    /// What is left.
    var freeBytes: Int64 { max(0, limitBytes - takenBytes.withLock { $0 }) }

    /// Takes more, if there is as much.
    func take(_ bytes: Int64) -> Bool {
        takenBytes.withLock { taken in
            let sum = taken.addingReportingOverflow(bytes)
            guard !sum.overflow, sum.partialValue <= limitBytes else { return false }
            taken = sum.partialValue
            return true
        }
    }

    /// Gives back what was taken.
    func give(_ bytes: Int64) {
        takenBytes.withLock { $0 -= bytes }
    }
}

/// A file of a `MemoryDisk`; its memory goes with its name and with the last who has it open.
final class MemoryFile: DiskFile {
    /// What the entry itself takes, about.
    private static let entryBytes: Int64 = 512

    private struct State {
        var contents = FileContents()
        var modifiedAtMilliseconds: Int64
    }

    private let room: MemoryRoom
    private let now: @Sendable () -> Int64
    private let state: Mutex<State>

    /// Makes an empty file; nil if there is no room for it.
    init?(room: MemoryRoom, now: @escaping @Sendable () -> Int64) {
        guard room.take(Self.entryBytes) else { return nil }
        self.room = room
        self.now = now
        self.state = Mutex(State(modifiedAtMilliseconds: now()))
    }

    deinit {
        room.give(Self.entryBytes + state.withLock { $0.contents.heldBytes })
    }

    /// What is known about the file.
    var status: FileStatus {
        state.withLock { state in
            FileStatus(
                sizeBytes: state.contents.sizeBytes, modifiedAtMilliseconds: state.modifiedAtMilliseconds,
                isFile: true)
        }
    }

    /// Says when the file was last written.
    func setModificationTime(toMilliseconds time: Int64) {
        state.withLock { $0.modifiedAtMilliseconds = time }
    }

    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreFailure) -> Int {
        let time = now()
        let isWritten = state.withLock { state in
            guard room.take(state.contents.growthBytes(writing: bytes.count, at: offset)) else { return false }
            state.contents.write(bytes, at: offset)
            state.modifiedAtMilliseconds = time
            return true
        }
        guard isWritten else { throw StoreFailure.system(call: "pwrite", errorNumber: ENOSPC) }
        return bytes.count
    }

    func readSome(into bytes: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreFailure) -> Int {
        state.withLock { $0.contents.read(into: bytes, at: offset) }
    }

    func sizeBytes() throws(StoreFailure) -> Int64 {
        state.withLock { $0.contents.sizeBytes }
    }

    /// Only looks whether there is room: setting it aside would be to take it.
    func reserve(_ count: Int64) throws(StoreFailure) {
        guard count <= room.freeBytes else { throw StoreFailure.system(call: "posix_fallocate", errorNumber: ENOSPC) }
    }

    func truncate(to sizeBytes: Int64) throws(StoreFailure) {
        state.withLock { state in
            let before = state.contents.heldBytes
            state.contents.truncate(to: sizeBytes)
            room.give(before - state.contents.heldBytes)
        }
    }

    func syncBytes() {}

    func syncEverything() {}
}
