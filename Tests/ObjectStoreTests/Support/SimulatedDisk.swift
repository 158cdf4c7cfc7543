import Glibc
import ObjectStore
import Synchronization

/// A disk that forgets what was not flushed, tears the last write, and fails when it is told to.
final class SimulatedDisk: Disk {
    let path: String? = nil

    /// What goes wrong, from which operation on.
    struct Fault: Sendable, CustomStringConvertible {
        /// How an operation fails.
        enum Kind: Sendable, Equatable {
            /// With this `errno`.
            case error(Int32)
            /// A write takes only the first half; other operations pass.
            case shortWrite
        }

        let kind: Kind
        /// The number of the operation, counted from 0 since the fault was set.
        let operation: Int
        /// Whether all later operations fail too.
        let lasts: Bool
        /// The system calls that are counted and fail; nil means all.
        var calls: Set<String>?

        var description: String { "\(kind) at operation \(operation) \(lasts ? "for ever" : "once")" }
    }

    private struct State {
        var image: DiskImage
        var isLocked = false
        var fault: Fault?
        var operationCount = 0
        var faultCount = 0
        var openFiles: [DiskImage.FileNumber: Int] = [:]
        var secondSyncs: [String] = []
        var freeBytes: Int64 = 1 << 40
    }

    private let now: @Sendable () -> Int64
    private let onChange: (@Sendable (DiskImage) -> Void)?
    private let state: Mutex<State>

    /// Takes what is on the disk, and who is shown it before each operation that changes anything.
    init(
        _ image: DiskImage = DiskImage(), now: @escaping @Sendable () -> Int64,
        onChange: (@Sendable (DiskImage) -> Void)? = nil
    ) {
        self.now = now
        self.onChange = onChange
        self.state = Mutex(State(image: image))
    }

    /// What is on it now.
    var image: DiskImage { state.withLock { $0.image } }
    /// How many operations there were since the fault was set.
    var operationCount: Int { state.withLock { $0.operationCount } }
    /// How often the fault struck.
    var faultCount: Int { state.withLock { $0.faultCount } }
    /// How many files are open.
    var openFileCount: Int { state.withLock { $0.openFiles.values.reduce(0, +) } }
    /// The flushes of files of which an earlier flush had failed: none are right.
    var secondSyncs: [String] { state.withLock { $0.secondSyncs } }

    /// The same disk once more, without its fault.
    func copy() -> SimulatedDisk { SimulatedDisk(image, now: now) }

    /// Sets a fault, or takes it away; operations are counted from here.
    func setFault(_ fault: Fault?) {
        state.withLock { state in
            state.fault = fault
            state.operationCount = 0
            state.faultCount = 0
        }
    }

    /// Says how much room there is; only `space()` knows of it.
    func setFreeBytes(_ bytes: Int64) {
        state.withLock { $0.freeBytes = bytes }
    }

    func lock() throws(StoreFailure) {
        let isMine = state.withLock { state in
            defer { state.isLocked = true }
            return !state.isLocked
        }
        if !isMine { throw StoreFailure.folderIsInUse }
    }

    func unlock() {
        state.withLock { $0.isLocked = false }
    }

    func open(_ path: String, _ purpose: OpenPurpose) throws(StoreFailure) -> any DiskFile {
        let place = DiskPath(path)
        let time = now()
        let number = try perform("openat", changes: purpose != .reading) { image in
            guard image.hasFolder(place.folder) else { return .failure(ENOENT) }
            if let number = image.number(of: place) {
                return purpose == .creating ? .failure(EEXIST) : .success(number)
            }
            guard purpose != .reading else { return .failure(ENOENT) }
            let number = image.nextNumber
            image.nextNumber += 1
            image.files[number] = DiskImage.File(modifiedAtMilliseconds: time)
            image.folders[place.folder, default: .init()].change([place.name: .file(number)])
            return .success(number)
        }
        state.withLock { $0.openFiles[number, default: 0] += 1 }
        return SimulatedFile(number, named: path, on: self)
    }

    func makeFolder(_ path: String) throws(StoreFailure) {
        let place = DiskPath(path)
        try perform("mkdirat") { image in
            guard image.hasFolder(place.folder) else { return .failure(ENOENT) }
            if image.hasFolder(path) { return .success(0) }
            image.folders[place.folder, default: .init()].change([place.name: .folder])
            return .success(0)
        }
    }

    func syncFolder(_ path: String) throws(StoreFailure) {
        try perform("openat", changes: false) { image in
            path == ".." || image.hasFolder(path) ? .success(0) : .failure(ENOENT)
        }
        try perform("fsync") { image in
            image.folders[path]?.sync()
            return .success(0)
        }
    }

    func names(inFolder path: String) throws(StoreFailure) -> [String] {
        try perform("openat", changes: false) { $0.hasFolder(path) ? .success(0) : .failure(ENOENT) }
        return image.folders[path].map { Array($0.names.keys) } ?? []
    }

    func status(of path: String) throws(StoreFailure) -> FileStatus? {
        let place = DiskPath(path)
        try perform("fstatat", changes: false) { _ in .success(0) }
        let image = image
        guard let number = image.number(of: place), let file = image.files[number] else {
            guard image.hasFolder(path) else { return nil }
            return FileStatus(sizeBytes: 0, modifiedAtMilliseconds: 0, isFile: false)
        }
        return FileStatus(
            sizeBytes: file.contents.sizeBytes, modifiedAtMilliseconds: file.modifiedAtMilliseconds, isFile: true)
    }

    func rename(_ path: String, to newPath: String) throws(StoreFailure) {
        let (place, newPlace) = (DiskPath(path), DiskPath(newPath))
        try perform("renameat") { image in
            guard let number = image.number(of: place), place.folder == newPlace.folder else { return .failure(ENOENT) }
            image.folders[place.folder]?.change([place.name: nil, newPlace.name: .file(number)])
            return .success(0)
        }
    }

    func remove(_ path: String) throws(StoreFailure) {
        let place = DiskPath(path)
        try perform("unlinkat") { image in
            guard image.number(of: place) != nil else { return .failure(ENOENT) }
            image.folders[place.folder]?.change([place.name: nil])
            return .success(0)
        }
    }

    func setModificationTime(of path: String, toMilliseconds time: Int64) throws(StoreFailure) {
        let place = DiskPath(path)
        try perform("utimensat") { image in
            guard let number = image.number(of: place) else { return .failure(ENOENT) }
            image.files[number]?.modifiedAtMilliseconds = time
            return .success(0)
        }
    }

    func space() throws(StoreFailure) -> DiskSpace {
        try perform("fstatvfs", changes: false) { _ in .success(0) }
        return DiskSpace(freeBytes: state.withLock { $0.freeBytes }, totalBytes: 1 << 41)
    }

    /// Notes that a file is no longer open.
    fileprivate func close(_ number: DiskImage.FileNumber) {
        state.withLock { $0.openFiles[number, default: 1] -= 1 }
    }

    /// Notes a flush that cannot tell the truth.
    fileprivate func noteSecondSync(of path: String) {
        state.withLock { $0.secondSyncs.append(path) }
    }

    /// Runs one operation as a system call: counted, shown, failed if the fault says so, repeated on `EINTR`.
    ///
    /// - Parameter failing: what happens to the disk when the operation fails.
    @discardableResult
    fileprivate func perform(
        _ call: String, changes: Bool = true, failing: ((inout DiskImage) -> Void)? = nil,
        _ body: (inout DiskImage) -> OperationResult
    ) throws(StoreFailure) -> Int {
        try systemCall(call) {
            let result = state.withLock { state -> OperationResult in
                if changes { onChange?(state.image) }
                if case .error(let errorNumber)? = strike(call, &state) {
                    if errorNumber != EINTR { failing?(&state.image) }
                    return .failure(errorNumber)
                }
                return body(&state.image)
            }
            switch result {
            case .success(let value): return value
            case .failure(let errorNumber):
                errno = errorNumber
                return -1
            }
        }
    }

    /// Counts an operation, and says how it is to fail.
    private func strike(_ call: String, _ state: inout State) -> Fault.Kind? {
        if let calls = state.fault?.calls, !calls.contains(call) { return nil }
        let number = state.operationCount
        state.operationCount += 1
        guard let fault = state.fault, fault.lasts ? number >= fault.operation : number == fault.operation else {
            return nil
        }
        state.faultCount += 1
        return fault.kind
    }

    /// Whether the next operation is a write that is to be cut short.
    fileprivate var cutsNextWrite: Bool {
        state.withLock { state in
            guard let fault = state.fault, fault.kind == .shortWrite else { return false }
            return fault.lasts ? state.operationCount >= fault.operation : state.operationCount == fault.operation
        }
    }

    /// What an operation comes to: a number, or an `errno`.
    enum OperationResult {
        case success(Int)
        case failure(Int32)
    }
}

/// An open file of a simulated disk.
final class SimulatedFile: DiskFile {
    private let number: DiskImage.FileNumber
    private let path: String
    private let disk: SimulatedDisk
    private let hasFailedSync = Atomic<Bool>(false)

    init(_ number: DiskImage.FileNumber, named path: String, on disk: SimulatedDisk) {
        self.number = number
        self.path = path
        self.disk = disk
    }

    deinit {
        disk.close(number)
    }

    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreFailure) -> Int {
        let count = disk.cutsNextWrite ? (bytes.count + 1) / 2 : bytes.count
        let written = [UInt8](UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        return try disk.perform("pwrite") { [number] image in
            image.files[number]?.write(.bytes(written, at: offset))
            return .success(count)
        }
    }

    func readSome(into bytes: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreFailure) -> Int {
        try disk.perform("pread", changes: false) { [number] image in
            .success(image.files[number]?.contents.read(into: bytes, at: offset) ?? 0)
        }
    }

    func sizeBytes() throws(StoreFailure) -> Int64 {
        Int64(
            try disk.perform("fstat", changes: false) { [number] image in
                .success(Int(image.files[number]?.contents.sizeBytes ?? 0))
            })
    }

    func reserve(_ count: Int64) throws(StoreFailure) {
        try disk.perform("posix_fallocate", changes: false) { _ in .success(0) }
    }

    func truncate(to sizeBytes: Int64) throws(StoreFailure) {
        try disk.perform("ftruncate") { [number] image in
            image.files[number]?.write(.truncation(sizeBytes))
            return .success(0)
        }
    }

    func beginFlush(at offset: Int64, count: Int64) throws(StoreFailure) {
        try disk.perform("sync_file_range", changes: false) { _ in .success(0) }
    }

    func syncBytes() throws(StoreFailure) {
        try sync("fdatasync")
    }

    func syncEverything() throws(StoreFailure) {
        try sync("fsync")
    }

    private func sync(_ call: String) throws(StoreFailure) {
        // Who was told of a failure and tries again is told a lie; a program that opens the file anew cannot know.
        if hasFailedSync.load(ordering: .acquiring) { disk.noteSecondSync(of: path) }
        try disk.perform(
            call,
            failing: { image in
                self.hasFailedSync.store(true, ordering: .releasing)
                image.files[self.number]?.failToSync()
            },
            { [number] image in
                image.files[number]?.sync()
                return .success(0)
            })
    }
}
