import OSSKit
import ObjectStore
import Testing

/// A disk without room refuses writes; nothing is lost, reading and deleting go on.
@Suite struct FullDiskTests {
    private static let mebibyte: Int64 = 1_024 * 1_024

    @Test(arguments: [20_000, 500_000])
    func belowTheFloorOnlyWritesAreRefused(sizeBytes: Int) async throws {
        let folder = TestFolder()
        let disk = MemoryDisk(limitBytes: 16 * Self.mebibyte, now: { [clock = folder.clock] in clock.milliseconds })
        var store = try await open(disk, folder, floorBytes: nil)
        let bucket = try await store.makeBucket()
        let stored = try await fill(store, bucket, sizeBytes, folder)
        // A small object is in the log and in the database at the same time.
        let sizes = try sizes(disk)
        #expect(Int64(stored) * Int64(sizeBytes) > 4 * Self.mebibyte, "\(sizes)")
        #expect(disk.space().freeBytes > Self.mebibyte)
        for number in [0, stored / 2, stored - 1] {
            let bytes = try await store.bytes(in: bucket, "key-\(number)")
            #expect(bytes == someBytes(sizeBytes, seed: UInt64(number)))
        }
        // Each delete is a commit of its own, and all of them need room in the log.
        for number in 0..<stored / 2 { try await store.delete(in: bucket, keys: [ObjectKey("key-\(number)")]) }
        if sizeBytes > 100_000 {
            folder.clock.advance(byMilliseconds: 1_000)
            try await store.store(someBytes(sizeBytes), in: bucket, "again")
        }
        try await store.close()
        store = try await open(disk, folder, floorBytes: nil)
        let page = try await store.list(in: bucket, ListQuery(limit: 1_000))
        #expect(page.entries.count >= min(stored - stored / 2, 1_000))
        #expect(folder.reports.all.isEmpty)
        try await store.close()
    }

    @Test(arguments: [1_500, 20_000, 300_000])
    func aDiskThatIsFullToTheBrimKeepsWhatWasAnswered(sizeBytes: Int) async throws {
        let folder = TestFolder()
        let disk = MemoryDisk(limitBytes: 8 * Self.mebibyte, now: { [clock = folder.clock] in clock.milliseconds })
        var store = try await open(disk, folder, floorBytes: 0)
        let bucket = try await store.makeBucket()
        let stored = try await fill(store, bucket, sizeBytes, folder)
        #expect(stored > 3)
        for _ in 0..<2 {
            for number in stride(from: 0, to: stored, by: max(1, stored / 50)) {
                let bytes = try await store.bytes(in: bucket, "key-\(number)")
                #expect(bytes == someBytes(sizeBytes, seed: UInt64(number)))
            }
            let usage = try await store.usage(of: bucket)
            #expect(usage.objectCount == stored)
            try await store.close()
            store = try await open(disk, folder, floorBytes: 0)
        }
        #expect(folder.reports.all.isEmpty)
        try await store.close()
    }

    /// With a floor of 0 there is nothing for a delete to use but what was put aside.
    @Test(arguments: [1_500, 20_000, 300_000])
    func onADiskThatIsFullToTheBrimEveryDeleteSucceeds(sizeBytes: Int) async throws {
        let folder = TestFolder()
        let disk = MemoryDisk(limitBytes: 8 * Self.mebibyte, now: { [clock = folder.clock] in clock.milliseconds })
        let store = try await open(disk, folder, floorBytes: 0)
        let bucket = try await store.makeBucket()
        let stored = try await fill(store, bucket, sizeBytes, folder)
        for number in 0..<stored { try await store.delete(in: bucket, keys: [ObjectKey("key-\(number)")]) }
        let usage = try await store.usage(of: bucket)
        #expect(usage == BucketUsage(objectCount: 0, sizeBytes: 0))
        try await store.close()
        let again = try await open(disk, folder, floorBytes: 0)
        try await again.store(someBytes(sizeBytes), in: bucket, "again")
        #expect(folder.reports.all.isEmpty)
        try await again.close()
    }

    @Test func theUsualFloorIsAQuarterOfASmallDisk() async throws {
        let folder = TestFolder()
        let disk = MemoryDisk(limitBytes: 64 * Self.mebibyte, now: { [clock = folder.clock] in clock.milliseconds })
        let store = try await open(disk, folder, floorBytes: nil)
        let free = disk.space().freeBytes
        let fits = await refusal { _ = try await store.beginUpload(expectedBytes: free - 16 * Self.mebibyte) }
        #expect(fits == nil)
        let exceeds = await refusal { _ = try await store.beginUpload(expectedBytes: free - 16 * Self.mebibyte + 1) }
        #expect(exceeds == .serviceUnavailable)
        try await store.close()
    }

    /// As fast writes do, all of them come while the volume's last answer is still believed.
    @Test func writesThatFollowEachOtherAtOnceDoNotPassTheFloor() async throws {
        let folder = TestFolder()
        let disk = MemoryDisk(limitBytes: 16 * Self.mebibyte, now: { [clock = folder.clock] in clock.milliseconds })
        let store = try await open(disk, folder, floorBytes: nil)
        let bucket = try await store.makeBucket()
        let stored = try await fill(store, bucket, 500_000, folder, stepMilliseconds: 0)
        #expect(stored > 12)
        // The floor is 4 MiB; rows, the log and the rounding of memory go below it.
        #expect(disk.space().freeBytes >= 3 * Self.mebibyte)
        try await store.close()
    }

    /// How large the database and its log are.
    private func sizes(_ disk: MemoryDisk) throws -> String {
        try ["meta.sqlite", "meta.sqlite-wal"].map { "\($0) \(try disk.status(of: $0)?.sizeBytes ?? 0)" }
            .joined(separator: ", ")
    }

    private func open(_ disk: MemoryDisk, _ folder: TestFolder, floorBytes: Int64?) async throws -> DiskStore {
        var configuration = StoreConfiguration(disk: disk)
        configuration.freeSpaceFloorBytes = floorBytes
        return try await DiskStore.open(configuration, environment: folder.environment)
    }

    /// Stores objects until one is refused.
    ///
    /// - Returns: how many were stored.
    private func fill(
        _ store: DiskStore, _ bucket: BucketRecord, _ sizeBytes: Int, _ folder: TestFolder,
        stepMilliseconds: Int64 = 1_000
    ) async throws -> Int {
        for number in 0..<100_000 {
            folder.clock.advance(byMilliseconds: stepMilliseconds)
            let code = await refusal {
                try await store.store(someBytes(sizeBytes, seed: UInt64(number)), in: bucket, "key-\(number)")
            }
            if let code {
                #expect(code == .serviceUnavailable)
                return number
            }
        }
        return 100_000
    }
}
