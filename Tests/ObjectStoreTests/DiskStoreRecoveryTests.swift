import Foundation
import OSSKit
import ObjectStore
import Testing

@Suite struct DiskStoreRecoveryTests {
    @Test func aClosedStoreOpensWithAllItHeld() async throws {
        let folder = TestFolder()
        var store = try await folder.open()
        let bucket = try await store.makeBucket()
        var records: [ObjectRecord] = []
        for size in [0, 5, 32_768, 32_769, 1_500_000] {
            let attributes = ObjectAttributes(userMetadata: [AttributePair(name: "size", value: "\(size)")])
            let record = try await store.store(
                someBytes(size), in: bucket, "key-\(size)", attributes: attributes)
            records.append(record)
        }
        try await store.close()
        store = try await folder.open()
        let found = try await store.bucket(bucket.name)
        #expect(found == bucket)
        for record in records {
            let again = try await store.object(in: bucket, key: record.key)
            #expect(again == record)
            let bytes = try await store.bytes(of: again)
            #expect(bytes == someBytes(Int(record.sizeBytes)))
        }
        try await store.close()
        try folder.remove()
    }

    @Test func whatWasAcknowledgedIsThereAfterAKill() async throws {
        let folder = TestFolder()
        let copy = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        for number in 0..<40 {
            try await store.store(someBytes(number * 2_000, seed: UInt64(number)), in: bucket, "key-\(number)")
        }
        try await store.store(someBytes(90_000, seed: 99), in: bucket, "key-39")
        try await store.delete(in: bucket, keys: [ObjectKey("key-38"), ObjectKey("key-1")])
        let unfinished = try await store.beginUpload()
        try await unfinished.append(someBytes(2_500_000), pieceBytes: 65_536)
        // The files as they are now are what a killed process leaves behind.
        try FileManager.default.createDirectory(atPath: copy.path, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: folder.path + "/data", toPath: copy.path + "/data")

        let again = try await copy.open()
        let page = try await again.list(in: bucket, ListQuery(limit: 1_000))
        #expect(page.entries.count == 38)
        for number in 0..<40 where number != 38 && number != 1 {
            let bytes = try await again.bytes(in: bucket, "key-\(number)")
            let wanted = number == 39 ? someBytes(90_000, seed: 99) : someBytes(number * 2_000, seed: UInt64(number))
            #expect(bytes == wanted)
        }
        try await again.close()
        try await store.close()
        try folder.remove()
        try copy.remove()
    }

    @Test func aFolderBelongsToOneStoreAtATime() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let second = await storeFailure { _ = try await folder.open() }
        #expect(second == .folderIsInUse)
        try await store.close()
        let third = try await folder.open()
        try await third.close()
        try folder.remove()
    }

    @Test func commitsAreOnDiskWhenTheyReturn() async throws {
        try await withStore { store, _ in
            let settings = try await store.databaseSettings()
            #expect(settings == DatabaseSettings(synchronous: 2, journalMode: "wal", pageSizeBytes: 4_096))
        }
    }

    @Test(arguments: [(2, "delete"), (1, "wal"), (0, "wal"), (-1, "wal"), (2, "WAL2"), (2, "")])
    func settingsThatCouldLoseACommitAreRefused(synchronous: Int, journalMode: String) {
        let settings = DatabaseSettings(synchronous: synchronous, journalMode: journalMode, pageSizeBytes: 4_096)
        #expect(throws: StoreFailure.self) { try settings.requireDurable() }
    }

    @Test(arguments: ["", "1", "2\n", "1\n\n", "one\n", String(repeating: "1", count: 100)])
    func aFolderOfAnotherFormatIsRefused(version: String) async throws {
        let folder = TestFolder()
        try await folder.open().close()
        try Data(version.utf8).write(to: URL(filePath: folder.path + "/data/VERSION"))
        let found = await storeFailure { _ = try await folder.open() }
        #expect(found == .unknownFormat("VERSION is not 1"))
        try folder.remove()
    }

    @Test func aDatabaseWithoutItsVersionIsRefused() async throws {
        let folder = TestFolder()
        try await folder.open().close()
        try FileManager.default.removeItem(atPath: folder.path + "/data/VERSION")
        let found = await storeFailure { _ = try await folder.open() }
        #expect(found == .unknownFormat("meta.sqlite without VERSION"))
        try folder.remove()
    }

    @Test func aFolderThatWasNeverFinishedIsMadeAnew() async throws {
        let folder = TestFolder()
        for part in ["/data/blobs/000", "/data/blobs/abc"] {
            try FileManager.default.createDirectory(atPath: folder.path + part, withIntermediateDirectories: true)
        }
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        for number in 0..<20 { try await store.store(someBytes(40_000), in: bucket, "\(number)") }
        try await store.close()
        let folders = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/data/blobs").count
        #expect(folders == 4_096)
        try folder.remove()
    }

    @Test func nobodyElseMayReadTheFolder() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        try await store.store(someBytes(40_000), in: bucket, "key")
        let data = folder.path + "/data"
        for path in [data, data + "/blobs", data + "/blobs/000", data + "/blobs/fff"] {
            let mode = try mode(of: path)
            #expect(mode == 0o700, "\(path)")
        }
        let files = ["/VERSION", "/LOCK", "/meta.sqlite", "/meta.sqlite-wal", "/meta.sqlite-shm"].map { data + $0 }
        for path in try files + folder.blobFiles() {
            let mode = try mode(of: path)
            #expect(mode == 0o600, "\(path)")
        }
        try await store.close()
        try folder.remove()
    }

    @Test func aClosedStoreRefusesEverything() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        let record = try await store.store(someBytes(3_000_000), in: bucket, "key")
        let reader = try await store.read(record, range: 0..<record.sizeBytes)
        let upload = try await store.beginUpload()
        try await upload.append(someBytes(1_500_000), pieceBytes: 65_536)
        try await store.close()
        try await store.close()
        let calls: [(String, () async throws -> Void)] = [
            ("createBucket", { _ = try await store.makeBucket("other") }),
            ("bucket", { _ = try await store.bucket(bucket.name) }),
            ("buckets", { _ = try await store.buckets(ownedBy: "alice", limit: 1) }),
            ("deleteBucket", { try await store.deleteBucket(bucket.name, ownedBy: "alice") }),
            ("usage", { _ = try await store.usage(of: bucket) }),
            ("beginUpload", { _ = try await store.beginUpload() }),
            ("finish", { _ = try await upload.finish() }),
            ("object", { _ = try await store.object(in: bucket, key: record.key) }),
            ("read", { _ = try await store.read(record, range: 0..<1) }),
            ("next", { for try await _ in reader {} }),
            ("copy", { _ = try await store.copy(record, to: bucket, key: ObjectKey("copy")) }),
            ("delete", { try await store.delete(in: bucket, keys: [record.key]) }),
            ("list", { _ = try await store.list(in: bucket, ListQuery()) }),
            ("databaseSettings", { _ = try await store.databaseSettings() }),
            ("sweepOrphans", { _ = try await store.sweepOrphans() }),
        ]
        for (name, call) in calls {
            let found = await storeFailure(call)
            #expect(found == .closed, "\(name)")
        }
        let files = try folder.blobFiles().count
        #expect(files == 1)
        // A reading connection that closes last leaves the file of the log, but everything in it was moved.
        let log = FileManager.default.contents(atPath: folder.path + "/data/meta.sqlite-wal") ?? Data()
        #expect(log.isEmpty)
        try folder.remove()
    }

    @Test func damageToTheDatabaseStopsAllWrites() async throws {
        let folder = TestFolder()
        var store = try await folder.open()
        let bucket = try await store.makeBucket()
        for number in 0..<300 { try await store.store(someBytes(10_000), in: bucket, "key-\(number)") }
        try await store.close()
        // The first pages hold the schema and the roots of the tables; opening needs no others.
        try overwriteDatabase(of: folder, fromPage: 40)

        store = try await folder.open()
        let read = await storeFailure { _ = try await store.object(in: bucket, key: ObjectKey("key-7")) }
        #expect(read == .database(resultCode: 11))
        #expect(folder.reports.all == ["the database failed with SQLite result code 11"])
        let upload = await storeFailure { _ = try await store.beginUpload() }
        #expect(upload == .writesStopped)
        let put = await storeFailure { _ = try await store.makeBucket("other") }
        #expect(put == .writesStopped)
        let delete = await storeFailure { try await store.delete(in: bucket, keys: [ObjectKey("key-7")]) }
        #expect(delete == .writesStopped)
        #expect(folder.reports.all.count == 1)
        try await store.close()
        try folder.remove()
    }

    @Test func aDatabaseThatIsNoneIsRefused() async throws {
        let folder = TestFolder()
        try await folder.open().close()
        try overwriteDatabase(of: folder, fromPage: 0)
        let found = await storeFailure { _ = try await folder.open() }
        #expect(found == .database(resultCode: 26))
        try folder.remove()
    }

    private func overwriteDatabase(of folder: TestFolder, fromPage page: UInt64) throws {
        let database = try FileHandle(forUpdating: URL(filePath: folder.path + "/data/meta.sqlite"))
        let length = try database.seekToEnd()
        try database.seek(toOffset: page * 4_096)
        try database.write(contentsOf: Data(repeating: 0xa5, count: Int(length - page * 4_096)))
        try database.close()
    }

    private func mode(of path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }
}
