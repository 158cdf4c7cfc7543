import Foundation
import Glibc
import NIOCore
import OSSKit
import ObjectStore
import Synchronization
import Testing

/// What is kept in memory never differs from what was committed last.
@Suite struct DiskStoreCacheTests {
    /// Reads a key as a GET does, so that row and bytes are kept afterwards.
    private func warm(_ store: DiskStore, _ bucket: BucketRecord, _ key: String = "key") async throws -> [UInt8] {
        let name = try await store.bucket(bucket.name)
        return try await store.bytes(in: name, key)
    }

    @Test(arguments: [1, 20_000, 100_000])
    func anOverwriteIsSeenAtOnce(size: Int) async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            for seed in 1...5 {
                let bytes = someBytes(size, seed: UInt64(seed))
                try await store.store(bytes, in: bucket, "key")
                for _ in 0..<2 {
                    let read = try await warm(store, bucket)
                    #expect(read == bytes)
                }
            }
        }
    }

    @Test func aDeletionIsSeenAtOnce() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let keys = try (0..<20).map { try ObjectKey("key-\($0)") }
            for key in keys {
                try await store.store(someBytes(100), in: bucket, key.text)
                _ = try await warm(store, bucket, key.text)
            }
            try await store.delete(in: bucket, keys: keys)
            for key in keys {
                let found = await refusal { _ = try await store.object(in: bucket, key: key) }
                #expect(found == .noSuchKey)
            }
        }
    }

    @Test func aCopyOverACachedKeyIsSeenAtOnce() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let source = try await store.store(someBytes(100, seed: 1), in: bucket, "source")
            try await store.store(someBytes(100, seed: 2), in: bucket, "key")
            _ = try await warm(store, bucket)
            let copy = try await store.copy(source, to: bucket, key: ObjectKey("key"))
            let (record, read) = (
                try await store.object(in: bucket, key: ObjectKey("key")), try await warm(store, bucket)
            )
            #expect(record == copy)
            #expect(read == someBytes(100, seed: 1))
        }
    }

    @Test func aDeletedBucketIsGoneWithAllItHad() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            try await store.store(someBytes(100), in: bucket, "key")
            _ = try await warm(store, bucket)
            #expect(store.cachedBytes > 100)
            try await store.delete(in: bucket, keys: [ObjectKey("key")])
            try await store.deleteBucket(bucket.name, ownedBy: "alice")
            #expect(store.cachedBytes == 0)
            let found = await refusal { _ = try await store.bucket(bucket.name) }
            #expect(found == .noSuchBucket)
            let anew = try await store.makeBucket(owner: "bob")
            let looked = try await store.bucket(bucket.name)
            #expect(looked == anew)
            let object = await refusal { _ = try await store.object(in: looked, key: ObjectKey("key")) }
            #expect(object == .noSuchKey)
        }
    }

    @Test func aChangedBucketIsSeenAtOnce() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            _ = try await store.bucket(bucket.name)
            for acl in ["public-read", "private", "public-read-write"] {
                _ = try await store.createBucket(NewBucket(name: bucket.name, ownerID: "alice", acl: acl))
                let found = try await store.bucket(bucket.name)
                #expect(found.acl == acl)
            }
        }
    }

    @Test func aChangeThatIsRefusedChangesNothing() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let record = try await store.store(someBytes(100), in: bucket, "key")
            _ = try await warm(store, bucket)
            let found = await refusal {
                try await store.store(someBytes(200), in: bucket, "key", forbidsOverwrite: true)
            }
            let (after, read) = (
                try await store.object(in: bucket, key: ObjectKey("key")), try await warm(store, bucket)
            )
            #expect(found == .fileAlreadyExists)
            #expect(after == record)
            #expect(read == someBytes(100))
        }
    }

    @Test func aReaderOfAnOverwrittenRowNeverGetsTheNewBytes() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let old = try await store.store(someBytes(100, seed: 1), in: bucket, "key")
            try await store.store(someBytes(100, seed: 2), in: bucket, "key")
            _ = try await warm(store, bucket)
            let found = await storeFailure { _ = try await store.bytes(of: old) }
            #expect(found == .bodyIsGone)
        }
    }

    @Test(arguments: [0, 64 * 1_024, 1_024 * 1_024])
    func theLimitHolds(limitBytes: Int) async throws {
        try await withStore({ $0.cacheLimitBytes = limitBytes }) { store, _ in
            let bucket = try await store.makeBucket()
            for number in 0..<100 {
                let bytes = someBytes(20_000, seed: UInt64(number))
                try await store.store(bytes, in: bucket, "key-\(number)")
                for _ in 0..<2 {
                    let read = try await warm(store, bucket, "key-\(number)")
                    #expect(read == bytes)
                }
                #expect(store.cachedBytes <= limitBytes)
            }
        }
    }

    @Test func whatManyReadAtOnceIsKept() async throws {
        let folder = TestFolder()
        let first = try await folder.open()
        let bucket = try await first.makeBucket()
        try await first.store(someBytes(1_000), in: bucket, "key")
        try await first.close()
        let store = try await folder.open()
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<64 { group.addTask { try await warm(store, bucket) } }
            for try await read in group { #expect(read == someBytes(1_000)) }
        }
        // Both rows and the body are there.
        #expect(store.cachedBytes > 2_600)
        try await store.close()
        try folder.remove()
    }

    /// SQLite undoes a transaction that could not be committed by itself.
    @Test func aCommitThatFailsKeepsNothingOutAfterwards() async throws {
        let folder = TestFolder()
        let disk = SimulatedDisk(now: { folder.clock.milliseconds })
        let store = try await folder.open { $0.disk = disk }
        let bucket = try await store.makeBucket()
        try await store.store([1], in: bucket, "key")
        _ = try await warm(store, bucket)
        let kept = store.cachedBytes
        disk.setFault(.init(kind: .error(ENOSPC), operation: 0, lasts: true, calls: ["pwrite"]))
        for _ in 0..<3 {
            let found = await refusal { try await store.store([2], in: bucket, "key") }
            #expect(found == .serviceUnavailable)
            let read = try await warm(store, bucket)
            #expect(read == [1])
            let keptNow = store.cachedBytes
            #expect(keptNow == kept)
        }
        #expect(disk.faultCount > 0)
        disk.setFault(nil)
        try await store.store([3], in: bucket, "key")
        let read = try await warm(store, bucket)
        #expect(read == [3])
        try await store.close()
    }

    /// A commit is held open between its statements and its end, while readers look.
    @Test func whoReadsDuringACommitGetsTheOldRowAndDoesNotKeepIt() async throws {
        let (folder, gate) = (TestFolder(), CommitGate())
        let usual = folder.environment
        let environment = StoreEnvironment(
            now: {
                gate.passing(); return usual.now()
            }, randomBytes: usual.randomBytes, onFatal: usual.onFatal)
        let store = try await DiskStore.open(folder.configuration, environment: environment)
        let bucket = try await store.makeBucket()
        try await store.store([1], in: bucket, "key")
        for isWarm in [true, false] {
            if isWarm { _ = try await warm(store, bucket) }
            let upload = try await store.beginUpload()
            try await upload.append(ByteBuffer(bytes: [2]))
            _ = try await upload.finish()
            gate.close()
            async let put = store.put(upload, in: bucket, key: ObjectKey("key"), attributes: ObjectAttributes())
            await gate.untilSomebodyWaits()
            let during = try await warm(store, bucket)
            #expect(during == [1])
            gate.open()
            _ = try await put
            let after = try await warm(store, bucket)
            #expect(after == [2])
            try await store.store([1], in: bucket, "key")
        }
        try await store.close()
        try folder.remove()
    }

    /// Each writer counts up its own key; whoever was told of a number never reads a smaller one.
    @Test(arguments: [UInt64(1), 2])
    func noReaderGoesBackInTime(seed: UInt64) async throws {
        print("seed \(seed)")
        try await withStore({ $0.cacheLimitBytes = 256 * 1_024 }) { store, _ in
            let bucket = try await store.makeBucket()
            let counters = (0..<4).map { _ in Atomically(0) }
            for key in 0..<4 { try await store.store(number(0), in: bucket, "key-\(key)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for key in 0..<4 {
                    group.addTask {
                        for count in 1...60 {
                            try await change(store, bucket, "key-\(key)", to: count)
                            counters[key].raise(to: count)
                        }
                    }
                }
                for reader in 0..<8 {
                    group.addTask {
                        var generator = SeededGenerator(seed: seed &+ UInt64(reader))
                        for _ in 0..<300 {
                            let key = Int.random(in: 0..<4, using: &generator)
                            let known = counters[key].value
                            let found = try await current(store, bucket, "key-\(key)")
                            #expect(found >= known)
                            // What one reader saw, all later readers see.
                            counters[key].raise(to: found)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private func number(_ count: Int) -> [UInt8] { Array(String(count).utf8) }

    /// Writes a number by a put, or by a copy of a key that has it.
    private func change(_ store: DiskStore, _ bucket: BucketRecord, _ key: String, to count: Int) async throws {
        guard count % 3 == 0 else {
            try await store.store(number(count), in: bucket, key)
            return
        }
        let source = try await store.store(number(count), in: bucket, key + "-source")
        _ = try await store.copy(source, to: bucket, key: ObjectKey(key))
    }

    /// The number that a key has now, looked up again while it is overwritten.
    private func current(_ store: DiskStore, _ bucket: BucketRecord, _ key: String) async throws -> Int {
        // A row that outlives its overwriting in memory would lead to bytes that are gone each time.
        for _ in 0..<1_000 {
            do {
                return try #require(Int(String(decoding: try await store.bytes(in: bucket, key), as: UTF8.self)))
            } catch StoreFailure.bodyIsGone {
                continue
            }
        }
        throw StoreFailure.bodyIsGone
    }
}

/// A number that only grows.
private final class Atomically: Sendable {
    private let stored: Mutex<Int>

    init(_ value: Int) {
        stored = Mutex(value)
    }

    var value: Int { stored.withLock { $0 } }

    func raise(to value: Int) {
        stored.withLock { $0 = max($0, value) }
    }
}

/// Holds up the committer in the middle of a transaction, where it asks for the time.
private final class CommitGate: Sendable {
    private struct State {
        /// How many questions for the time pass before one is held up; nil lets all pass.
        var passes: Int?
        var isHeld = false
        var observer: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let opened = DispatchSemaphore(value: 0)

    /// Holds up the second question from now on: a put asks once before its transaction, for the free space.
    func close() {
        state.withLock { $0.passes = 1 }
    }

    func open() {
        opened.signal()
    }

    func passing() {
        let (isHeld, observer) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard let passes = state.passes else { return (false, nil) }
            state.passes = passes > 0 ? passes - 1 : nil
            guard passes == 0 else { return (false, nil) }
            defer { state.observer = nil }
            state.isHeld = state.observer == nil
            return (true, state.observer)
        }
        observer?.resume()
        if isHeld { opened.wait() }
    }

    func untilSomebodyWaits() async {
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                defer { state.isHeld = false }
                if !state.isHeld { state.observer = continuation }
                return state.isHeld
            }
            if isHeld { continuation.resume() }
        }
    }
}
