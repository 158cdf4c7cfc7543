import Glibc
import Synchronization

/// The folder of all blob files; its methods block and belong on the worker threads.
///
/// A blob is written straight under its final random name. Until a row names it, it does not exist for anybody.
final class BlobFolder: Sendable {
    /// What is appended to the name of a file that no row names, a day before it is removed.
    static let orphanSuffix = ".orphan"

    /// How many bytes of a file are handed to the disk together before the file is whole.
    private static let earlyFlushBytes: Int64 = 8 * 1_024 * 1_024

    /// The disk that the folder `blobs` lies on.
    let disk: any Disk
    /// The threads that descriptors are closed on.
    let threads: WorkerThreads
    private let randomBytes: @Sendable (Int) -> [UInt8]
    private let fatality: Fatality
    private let pendingIDs = Mutex<Set<BlobID>>([])
    private let removals = Mutex(Removals())

    /// What is to be removed while somebody keeps all files in their place.
    private struct Removals {
        var holdCount = 0
        var waiting: [BlobID] = []
    }

    /// Takes the disk of the store.
    init(
        disk: any Disk, threads: WorkerThreads, randomBytes: @escaping @Sendable (Int) -> [UInt8], fatality: Fatality
    ) {
        self.disk = disk
        self.threads = threads
        self.randomBytes = randomBytes
        self.fatality = fatality
    }

    /// Makes an empty file under a new name, with room for the given number of bytes if it is known.
    func create(reservingBytes: Int64?) throws -> PendingBlob {
        let id = BlobID(randomBytes: randomBytes(BlobID.randomByteCount))
        let file = try disk.open(id.path, .creating)
        pendingIDs.withLock { _ = $0.insert(id) }
        let blob = PendingBlob(id: id, file: file, folder: self)
        if let reservingBytes, reservingBytes > 0 {
            try file.reserve(reservingBytes)
        }
        return blob
    }

    /// Opens the blob of a row for reading.
    ///
    /// - Throws: `StoreFailure.bodyIsGone` if the file is not there.
    func open(_ id: BlobID) throws(StoreFailure) -> any DiskFile {
        do {
            return try disk.open(id.path, .reading)
        } catch .system(_, errorNumber: ENOENT) {
            throw StoreFailure.bodyIsGone
        }
    }

    /// Lets the disk begin with what was written so far, so that the flush at the end has little left to do.
    ///
    /// It promises nothing. If it tells of a failure the body cannot be kept: the flush at the end may not tell of it again.
    func beginFlush(of blob: PendingBlob, writtenFrom start: Int64, to end: Int64) throws(StoreFailure) {
        let (first, last) = (start / Self.earlyFlushBytes, end / Self.earlyFlushBytes)
        guard last > first else { return }
        try blob.file.beginFlush(at: first * Self.earlyFlushBytes, count: (last - first) * Self.earlyFlushBytes)
    }

    /// Flushes a new file and the folder that it lies in.
    ///
    /// A failed flush is final: the kernel may have dropped the bytes, and a second flush would not say so.
    func sync(_ blob: PendingBlob) throws(StoreFailure) {
        do {
            try blob.file.syncBytes()
            try disk.syncFolder(blob.id.folderPath)
        } catch {
            if error.isFailedFlush { fatality.report("a blob could not be flushed to disk: \(error)") }
            throw error
        }
    }

    /// Removes the file of a blob that no row names.
    ///
    /// A file that is gone already is fine. Any other failure leaves an orphan, which the next sweep finds.
    func remove(_ id: BlobID) {
        let isHeld = removals.withLock { removals in
            guard removals.holdCount > 0 else { return false }
            removals.waiting.append(id)
            return true
        }
        if !isHeld { try? disk.remove(id.path) }
    }

    /// Keeps every file in its place until the hold ends; what is to be removed meanwhile is removed then.
    func holdRemovals() -> RemovalHold {
        removals.withLock { $0.holdCount += 1 }
        return RemovalHold(folder: self)
    }

    /// Whether the file of a blob is there only because of a hold.
    func isHeld(_ id: BlobID) -> Bool {
        removals.withLock { $0.waiting.contains(id) }
    }

    fileprivate func endHold() {
        let due = removals.withLock { removals -> [BlobID] in
            removals.holdCount -= 1
            guard removals.holdCount == 0 else { return [] }
            defer { removals.waiting = [] }
            return removals.waiting
        }
        guard !due.isEmpty else { return }
        threads.start { [self] in
            for id in due { remove(id) }
        }
    }

    /// Whether an upload of this process still has the blob.
    func isPending(_ id: BlobID) -> Bool {
        pendingIDs.withLock { $0.contains(id) }
    }

    /// Notes that the blob belongs to a row, or to nobody, from now on.
    fileprivate func endPending(_ id: BlobID) {
        pendingIDs.withLock { _ = $0.remove(id) }
    }
}

/// A blob file that no row names yet; unless it is kept, its file goes with the last reference.
final class PendingBlob: Sendable {
    /// Its name.
    let id: BlobID
    /// The open file, which stays open as long as anybody writes to it.
    let file: any DiskFile
    private let folder: BlobFolder
    private let isSettled = Atomic<Bool>(false)

    fileprivate init(id: BlobID, file: any DiskFile, folder: BlobFolder) {
        self.id = id
        self.file = file
        self.folder = folder
    }

    deinit {
        discard()
    }

    /// Leaves the file where it is: a row names it, or may name it after a commit whose end is unknown.
    func keep() {
        guard !isSettled.exchange(true, ordering: .acquiringAndReleasing) else { return }
        folder.endPending(id)
    }

    /// Removes the file; does nothing after `keep()` or a second time.
    func discard() {
        guard !isSettled.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let folder = folder
        let id = id
        folder.threads.start {
            folder.remove(id)
            folder.endPending(id)
        }
    }
}

/// Keeps the files of blobs in their place, as long as it lives.
final class RemovalHold: Sendable {
    private let folder: BlobFolder

    fileprivate init(folder: BlobFolder) {
        self.folder = folder
    }

    deinit {
        folder.endHold()
    }
}
