import Glibc
import NIOCore
import OSSKit
import ObjectStore
import Synchronization
import Testing

/// The bytes of a large body are digested and written while the next ones come.
@Suite struct UploadPipelineTests {
    private static let mebibyte = 1_024 * 1_024

    @Test(arguments: [32_769, 262_143, 262_144, 262_145, 1_048_576, 1_048_577, 5_000_000])
    func digestsAndBytesAreThoseOfTheBody(size: Int) async throws {
        try await withStore { store, _ in
            let (bucket, bytes) = (try await store.makeBucket(), someBytes(size))
            for pieceBytes in [7_919, 65_536, 262_144, 3_000_000] {
                let record = try await store.store(bytes, in: bucket, "key", pieceBytes: pieceBytes)
                let read = try await store.bytes(of: record)
                #expect(read == bytes)
                #expect(record.crc64 == CRC64.of(bytes))
                #expect(record.etag == Hexadecimal.upper(MD5Digest.of(bytes)))
            }
        }
    }

    @Test(arguments: [0, 1, 5, 17])
    func aWriteThatFailsEndsTheUpload(number: Int) async throws {
        let folder = TestFolder()
        let disk = WatchedDisk(MemoryDisk(limitBytes: 64 << 20, now: { 0 }))
        let store = try await folder.open { $0.disk = disk }
        disk.failWrite(number: number)
        let bucket = try await store.makeBucket()
        let found = await storeFailure {
            try await store.store(someBytes(5 * Self.mebibyte), in: bucket, "key")
        }
        let object = await refusal { _ = try await store.object(in: bucket, key: ObjectKey("key")) }
        #expect(found == .system(call: "pwrite", errorNumber: EIO))
        #expect(object == .noSuchKey)
        try await store.store(someBytes(100_000), in: bucket, "key")
        let read = try await store.bytes(in: bucket, "key")
        #expect(read == someBytes(100_000))
        try await store.close()
    }

    /// Whenever a piece reaches the disk, no more than a fixed number of bytes behind it were taken in.
    @Test func aSlowDiskHoldsTheClientBack() async throws {
        let folder = TestFolder()
        let disk = WatchedDisk(MemoryDisk(limitBytes: 256 << 20, now: { 0 }))
        let store = try await folder.open { $0.disk = disk }
        let taken = Mutex(0)
        let ahead = Mutex(0)
        disk.onWrite { offset in
            let takenBytes = taken.withLock { $0 }
            ahead.withLock { $0 = max($0, takenBytes - Int(offset)) }
            // The other threads get a chance to run ahead.
            for _ in 0..<20 { sched_yield() }
        }
        let upload = try await store.beginUpload()
        let piece = ByteBuffer(bytes: someBytes(65_536))
        for _ in 0..<(32 * 16) {
            try await upload.append(piece)
            taken.withLock { $0 += 65_536 }
        }
        _ = try await upload.finish()
        let most = ahead.withLock { $0 }
        #expect(most > 0)
        #expect(most <= 5 * 262_144)
        await upload.discard()
        try await store.close()
    }

    @Test(arguments: [1, 2, 8])
    func uploadsShareFewThreadsAndThoseGivenUpHarmNoOther(threads: Int) async throws {
        let givenUp = someBytes(2 * Self.mebibyte, seed: 99)
        try await withStore({ $0.ioThreads = threads }) { store, _ in
            let bucket = try await store.makeBucket()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        let upload = try await store.beginUpload()
                        try await upload.append(givenUp, pieceBytes: 65_536)
                        await upload.discard()
                        let late = await storeFailure { try await upload.append(ByteBuffer(bytes: [1])) }
                        #expect(late == .uploadIsNotReady)
                    }
                    group.addTask {
                        let bytes = someBytes(1_300_000 + number, seed: UInt64(number))
                        let record = try await store.store(bytes, in: bucket, "key-\(number)")
                        let read = try await store.bytes(of: record)
                        #expect(read == bytes)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Bodies that never pause leave the threads to others between two of their pieces.
    @Test func aReadEndsWhileUploadsGoOn() async throws {
        let folder = TestFolder()
        let store = try await folder.open {
            $0.disk = MemoryDisk(limitBytes: 1 << 30, now: { 0 })
            $0.ioThreads = 2
        }
        let bucket = try await store.makeBucket()
        let bytes = someBytes(100_000)
        try await store.store(bytes, in: bucket, "key")
        let isRead = Flag()
        let longest = 128 * 16
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let upload = try await store.beginUpload()
                    let piece = ByteBuffer(repeating: 7, count: 65_536)
                    var count = 0
                    while count < longest, !isRead.isSet {
                        try await upload.append(piece)
                        count += 1
                    }
                    await upload.discard()
                    return count
                }
            }
            for _ in 0..<8 {
                let read = try await store.bytes(in: bucket, "key")
                #expect(read == bytes)
            }
            isRead.set()
            for try await count in group { #expect(count < longest) }
        }
        try await store.close()
    }

    @Test func afterTheStoreIsClosedNothingReachesTheFile() async throws {
        let folder = TestFolder()
        let disk = WatchedDisk(MemoryDisk(limitBytes: 64 << 20, now: { 0 }))
        let store = try await folder.open { $0.disk = disk }
        let written = Mutex(0)
        disk.onWrite { _ in written.withLock { $0 += 1 } }
        let upload = try await store.beginUpload()
        try await upload.append(someBytes(700_000), pieceBytes: 65_536)
        try await store.close()
        let before = written.withLock { $0 }
        let found = await storeFailure { try await upload.append(someBytes(2 * Self.mebibyte), pieceBytes: 65_536) }
        let after = written.withLock { $0 }
        #expect(found == .closed)
        #expect(after == before)
    }

    @Test func aLongBodyIsHandedToTheDiskInWindows() async throws {
        let folder = TestFolder()
        let disk = WatchedDisk(MemoryDisk(limitBytes: 64 << 20, now: { 0 }))
        let store = try await folder.open { $0.disk = disk }
        let bucket = try await store.makeBucket()
        try await store.store(someBytes(17 * Self.mebibyte), in: bucket, "key", pieceBytes: 1_000_000)
        let found = disk.flushes
        let window = Int64(8 * Self.mebibyte)
        #expect(found == [0..<window, window..<2 * window])
        try await store.close()
    }

    @Test(arguments: [EIO, ENOSPC, EDQUOT])
    func aWindowThatCannotBeWrittenEndsTheUpload(errorNumber: Int32) async throws {
        let folder = TestFolder()
        let disk = WatchedDisk(MemoryDisk(limitBytes: 64 << 20, now: { 0 }))
        let store = try await folder.open { $0.disk = disk }
        disk.failFlush(with: errorNumber)
        let bucket = try await store.makeBucket()
        let piece = ByteBuffer(bytes: someBytes(65_536))
        let found = await failure {
            let upload = try await store.beginUpload()
            for _ in 0..<(9 * 16) { try await upload.append(piece) }
            _ = try await upload.finish()
        }
        if errorNumber == EIO {
            let failure = found as? StoreFailure
            #expect(failure == .system(call: "sync_file_range", errorNumber: EIO))
        } else {
            let code = (found as? OSSError)?.code
            #expect(code == .serviceUnavailable)
        }
        // Nobody was promised these bytes, so nothing else stops.
        #expect(folder.reports.all == [])
        try await store.store([1], in: bucket, "key")
        try await store.close()
    }
}

/// Tells several tasks that something has happened.
private final class Flag: Sendable {
    private let stored = Atomic<Bool>(false)

    var isSet: Bool { stored.load(ordering: .relaxed) }

    func set() { stored.store(true, ordering: .relaxed) }
}

/// A disk that tells of writes to blobs, and lets one of them fail.
private final class WatchedDisk: Disk {
    private struct State {
        var writesUntilFailure: Int?
        var flushFailure: Int32?
        var flushes: [Range<Int64>] = []
        var onWrite: (@Sendable (Int64) -> Void)?
    }

    private let inner: any Disk
    private let state = Mutex(State())

    init(_ inner: any Disk) {
        self.inner = inner
    }

    func failWrite(number: Int) {
        state.withLock { $0.writesUntilFailure = number }
    }

    func failFlush(with errorNumber: Int32) {
        state.withLock { $0.flushFailure = errorNumber }
    }

    /// The ranges that the disk was asked to begin with.
    var flushes: [Range<Int64>] { state.withLock { $0.flushes } }

    fileprivate func flushing(_ range: Range<Int64>) throws(StoreFailure) {
        let errorNumber = state.withLock { state in
            state.flushes.append(range)
            return state.flushFailure
        }
        if let errorNumber { throw StoreFailure.system(call: "sync_file_range", errorNumber: errorNumber) }
    }

    func onWrite(_ hook: @escaping @Sendable (Int64) -> Void) {
        state.withLock { $0.onWrite = hook }
    }

    fileprivate func writing(at offset: Int64) throws(StoreFailure) {
        let (fails, hook) = state.withLock { state -> (Bool, (@Sendable (Int64) -> Void)?) in
            let fails = state.writesUntilFailure == 0
            state.writesUntilFailure = state.writesUntilFailure.flatMap { $0 > 0 ? $0 - 1 : nil }
            return (fails, state.onWrite)
        }
        if fails { throw StoreFailure.system(call: "pwrite", errorNumber: EIO) }
        hook?(offset)
    }

    func open(_ path: String, _ purpose: OpenPurpose) throws(StoreFailure) -> any DiskFile {
        let file = try inner.open(path, purpose)
        return path.hasPrefix("blobs/") ? WatchedFile(file, self) : file
    }

    var path: String? { inner.path }
    func lock() throws(StoreFailure) { try inner.lock() }
    func unlock() { inner.unlock() }
    func makeFolder(_ path: String) throws(StoreFailure) { try inner.makeFolder(path) }
    func syncFolder(_ path: String) throws(StoreFailure) { try inner.syncFolder(path) }
    func names(inFolder path: String) throws(StoreFailure) -> [String] { try inner.names(inFolder: path) }
    func status(of path: String) throws(StoreFailure) -> FileStatus? { try inner.status(of: path) }
    func rename(_ path: String, to newPath: String) throws(StoreFailure) { try inner.rename(path, to: newPath) }
    func remove(_ path: String) throws(StoreFailure) { try inner.remove(path) }
    func space() throws(StoreFailure) -> DiskSpace { try inner.space() }

    func setModificationTime(of path: String, toMilliseconds time: Int64) throws(StoreFailure) {
        try inner.setModificationTime(of: path, toMilliseconds: time)
    }
}

/// A blob on a watched disk.
private final class WatchedFile: DiskFile {
    private let inner: any DiskFile
    private let disk: WatchedDisk

    init(_ inner: any DiskFile, _ disk: WatchedDisk) {
        self.inner = inner
        self.disk = disk
    }

    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreFailure) -> Int {
        try disk.writing(at: offset)
        return try inner.writeSome(bytes, at: offset)
    }

    func readSome(into bytes: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreFailure) -> Int {
        try inner.readSome(into: bytes, at: offset)
    }

    func sizeBytes() throws(StoreFailure) -> Int64 { try inner.sizeBytes() }
    func reserve(_ count: Int64) throws(StoreFailure) { try inner.reserve(count) }
    func truncate(to sizeBytes: Int64) throws(StoreFailure) { try inner.truncate(to: sizeBytes) }
    func beginFlush(at offset: Int64, count: Int64) throws(StoreFailure) {
        try disk.flushing(offset..<(offset + count))
    }

    func syncBytes() throws(StoreFailure) { try inner.syncBytes() }
    func syncEverything() throws(StoreFailure) { try inner.syncEverything() }
}
