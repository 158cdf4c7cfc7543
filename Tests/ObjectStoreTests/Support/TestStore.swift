import Foundation
import NIOCore
import OSSKit
import ObjectStore
import Synchronization

/// A clock that stands still until a test moves it.
final class TestClock: Sendable {
    private let time: Mutex<Int64>

    init(milliseconds: Int64 = 1_700_000_000_000) {
        self.time = Mutex(milliseconds)
    }

    var milliseconds: Int64 { time.withLock { $0 } }

    func advance(byMilliseconds more: Int64) {
        time.withLock { $0 += more }
    }
}

/// What the store reported as fatal.
final class FatalReports: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ text: String) {
        texts.withLock { $0.append(text) }
    }
}

/// A temporary folder of one test, or a disk in memory, with the edges of the store faked and everything else real.
struct TestFolder: Sendable {
    let path: String
    let clock: TestClock
    /// The disk in memory that stands in the place of the folder; nil on the machine's disk.
    let memory: MemoryDisk?
    let reports = FatalReports()

    /// Names a folder that is not there yet, in memory if there is such a place.
    ///
    /// Making 4,096 folders on a disk takes
    /// longer than most tests. Those that measure flushes ask for the disk.
    init(isOnDisk: Bool = false) {
        let shared = "/dev/shm"
        let usesMemory = !isOnDisk && FileManager.default.isWritableFile(atPath: shared)
        let parent = usesMemory ? URL(filePath: shared) : FileManager.default.temporaryDirectory
        path = parent.appending(path: "store-" + UUID().uuidString).path
        let clock = TestClock()
        self.clock = clock
        let isReal = isOnDisk || TestDiskKind.current == .folder
        memory = isReal ? nil : MemoryDisk(limitBytes: 256 * 1_024 * 1_024, now: { clock.milliseconds })
    }

    var environment: StoreEnvironment {
        let (clock, reports) = (clock, reports)
        return StoreEnvironment(
            now: { clock.milliseconds },
            randomBytes: { count in
                var generator = SystemRandomNumberGenerator()
                return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            },
            onFatal: { reports.add($0) })
    }

    var configuration: StoreConfiguration {
        var configuration = memory.map(StoreConfiguration.init(disk:)) ?? StoreConfiguration(folder: path + "/data")
        configuration.freeSpaceFloorBytes = 0
        return configuration
    }

    func open(_ change: (inout StoreConfiguration) -> Void = { _ in }) async throws -> DiskStore {
        var configuration = configuration
        change(&configuration)
        return try await DiskStore.open(configuration, environment: environment)
    }

    func remove() throws {
        guard memory == nil else { return }
        try FileManager.default.removeItem(atPath: path)
    }

    /// Puts a file of one byte beside the store's own.
    func addFile(_ path: String, modifiedAtMilliseconds time: Int64) throws {
        if let memory {
            let file = try memory.open(relative(path), .writing)
            try [UInt8(1)].withUnsafeBytes { try file.write($0, at: 0) }
            return try memory.setModificationTime(of: relative(path), toMilliseconds: time)
        }
        try Data([1]).write(to: URL(filePath: path))
        let date = Date(timeIntervalSince1970: Double(time) / 1_000)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
    }

    /// Gives a file another name.
    func moveFile(_ path: String, to newPath: String) throws {
        if let memory { return try memory.rename(relative(path), to: relative(newPath)) }
        try FileManager.default.moveItem(atPath: path, toPath: newPath)
    }

    private func relative(_ path: String) -> String { String(path.dropFirst(self.path.count + "/data/".count)) }

    /// The paths of all files below the folder of blobs.
    func blobFiles() throws -> [String] {
        if let memory {
            return try memory.names(inFolder: "blobs").flatMap { folder in
                try memory.names(inFolder: "blobs/" + folder).map { path + "/data/blobs/" + folder + "/" + $0 }
            }
        }
        let blobs = path + "/data/blobs"
        return try FileManager.default.subpathsOfDirectory(atPath: blobs)
            .filter { $0.contains("/") }
            .map { blobs + "/" + $0 }
    }
}

/// Opens a store in a folder of its own, runs the test, closes the store and removes the folder.
func withStore(
    _ change: (inout StoreConfiguration) -> Void = { _ in },
    _ body: (DiskStore, TestFolder) async throws -> Void
) async throws {
    let folder = TestFolder()
    do {
        let store = try await folder.open(change)
        do {
            try await body(store, folder)
            try await store.close()
        } catch {
            try await store.close()
            throw error
        }
    } catch {
        try folder.remove()
        throw error
    }
    try folder.remove()
}

extension DiskStore {
    /// Makes a bucket with the usual values.
    func makeBucket(_ name: String = "photos", owner: String = "alice") async throws -> BucketRecord {
        try await createBucket(NewBucket(name: BucketName(name), ownerID: owner))
    }

    /// Uploads bytes in pieces and stores them.
    @discardableResult
    func store(
        _ bytes: [UInt8], in bucket: BucketRecord, _ key: String, pieceBytes: Int = 65_536,
        attributes: ObjectAttributes = ObjectAttributes(), forbidsOverwrite: Bool = false
    ) async throws -> ObjectRecord {
        let upload = try await beginUpload(expectedBytes: Int64(bytes.count))
        try await upload.append(bytes, pieceBytes: pieceBytes)
        _ = try await upload.finish()
        return try await put(
            upload, in: bucket, key: ObjectKey(key), attributes: attributes,
            condition: WriteCondition(forbidsOverwrite: forbidsOverwrite))
    }

    /// Reads bytes of an object, all of them by default.
    func bytes(of record: ObjectRecord, range: Range<Int64>? = nil) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in try await read(record, range: range ?? 0..<record.sizeBytes) {
            chunk.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// Reads an object by its key.
    func bytes(in bucket: BucketRecord, _ key: String) async throws -> [UInt8] {
        try await bytes(of: try await object(in: bucket, key: ObjectKey(key)))
    }
}

extension ObjectUpload {
    /// Appends bytes in pieces.
    func append(_ bytes: [UInt8], pieceBytes: Int) async throws {
        var start = 0
        while start < bytes.count {
            let end = min(start + pieceBytes, bytes.count)
            try await append(ByteBuffer(bytes: bytes[start..<end]))
            start = end
        }
    }
}

/// A generator of which every test prints the seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Bytes that look random and differ in every block, the same for the same seed.
func someBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) }
    }
    return Array(bytes.prefix(count))
}

/// Runs a body and returns what it threw.
func failure(_ body: () async throws -> Void) async -> (any Error)? {
    do {
        try await body()
        return nil
    } catch {
        return error
    }
}

/// The code of the refusal that a body threw; nil if it threw something else or nothing.
func refusal(_ body: () async throws -> Void) async -> OSSErrorCode? {
    await (failure(body) as? OSSError)?.code
}

/// The failure of the store that a body threw; nil if it threw something else or nothing.
func storeFailure(_ body: () async throws -> Void) async -> StoreFailure? {
    await failure(body) as? StoreFailure
}
