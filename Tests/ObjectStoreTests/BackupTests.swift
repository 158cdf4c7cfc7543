import Foundation
import OSSKit
import ObjectStore
import Testing

/// A backup holds one moment of the store, and comes back as it was.
@Suite(.onEachDisk) struct BackupTests {
    @Test(arguments: [false, true])
    func aRestoredStoreHoldsWhatWasSaved(usesHardLinks: Bool) async throws {
        try await withPlace { place in
            try await withStore { store, _ in
                let bucket = try await store.makeBucket()
                try await store.store(someBytes(50_000), in: bucket, "blob")
                try await store.store(someBytes(500), in: bucket, "row")
                let (_, bytes) = try await store.storeInParts([120_000, 40_000], in: bucket, "parts")
                try await save(store, place + "/backup", usesHardLinks: usesHardLinks)
                // What happens to the store afterwards does not matter to the backup.
                try await store.delete(in: bucket, keys: [ObjectKey("blob"), ObjectKey("parts")])
                await store.waitUntilCleared()
                try await restored(place) { restored in
                    let bucket = try await restored.bucket(BucketName("photos"))
                    let blob = try await restored.bytes(in: bucket, "blob")
                    #expect(blob == someBytes(50_000))
                    let parts = try await restored.bytes(in: bucket, "parts")
                    #expect(parts == bytes)
                    let scrub = try await restored.scrub(ScrubRequest.now) { _ in }
                    #expect(scrub.damageCount == 0)
                    let inspection = try await restored.inspect { _ in }
                    #expect(inspection.problems == [])
                    #expect(inspection.orphanCount == 0)
                }
            }
        }
    }

    @Test func aBackupUnderLoadIsOneMomentOfTheStore() async throws {
        try await withPlace { place in
            try await withStore { store, _ in
                let bucket = try await store.makeBucket()
                // Each round writes both keys of a pair in order: in every moment the second is as old, or one older.
                let isDone = Shared(false)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        var round = 0
                        while !isDone.value || round < 3 {
                            round += 1
                            for key in ["first", "second"] {
                                try await store.store(Array("\(round)".utf8) + someBytes(60_000), in: bucket, key)
                            }
                        }
                    }
                    try await save(store, place + "/backup")
                    isDone.change { $0 = true }
                    try await group.waitForAll()
                }
                try await restored(place) { restored in
                    let bucket = try await restored.bucket(BucketName("photos"))
                    var rounds: [Int] = []
                    for key in ["first", "second"] {
                        let object = try? await restored.object(in: bucket, key: ObjectKey(key))
                        guard let object else { continue }
                        let bytes = try await restored.bytes(of: object)
                        rounds.append(Int(String(decoding: bytes.dropLast(60_000), as: UTF8.self)) ?? 0)
                    }
                    if rounds.count == 2 { #expect((0...1).contains(rounds[0] - rounds[1]), "\(rounds)") }
                    let inspection = try await restored.inspect { _ in }
                    #expect(inspection.problems == [])
                }
            }
        }
    }

    @Test func damageIsNamedAndTheRestIsSaved() async throws {
        try await withPlace { place in
            try await withStore { store, folder in
                let bucket = try await store.makeBucket()
                try await store.store(someBytes(50_000), in: bucket, "bad")
                try await store.store(someBytes(60_000), in: bucket, "gone")
                try await store.store(someBytes(70_000), in: bucket, "good")
                try folder.damageFile(ofBytes: 50_048) { $0[9] ^= 1 }
                try folder.damageFile(ofBytes: 60_048) { $0 = nil }
                let outcome = try await save(store, place + "/backup")
                let keys = outcome.damage.map { String(decoding: $0.place.key, as: UTF8.self) }.sorted()
                #expect(keys == ["bad", "gone"])
                try await restored(place) { restored in
                    let good = try await restored.bytes(in: try await restored.bucket(BucketName("photos")), "good")
                    #expect(good == someBytes(70_000))
                }
            }
        }
    }

    @Test func aFolderWithSomethingInItIsLeftAlone() async throws {
        try await withPlace { place in
            try FileManager.default.createDirectory(atPath: place + "/backup", withIntermediateDirectories: true)
            try Data([1]).write(to: URL(filePath: place + "/backup/mine"))
            let problem = await failure { _ = try await BackupWriter.begin(place + "/backup") } as? BackupProblem
            #expect(problem?.kind == .notEmpty)
        }
    }

    @Test(arguments: ["no list", "list cut off", "list changed", "file changed", "file gone"])
    func whatIsNoWholeBackupIsNotRestored(damage: String) async throws {
        try await withPlace { place in
            try await withStore { store, _ in
                try await store.store(someBytes(50_000), in: try await store.makeBucket(), "key")
                try await save(store, place + "/backup")
                let list = URL(filePath: place + "/backup/MANIFEST")
                var bytes = try Data(contentsOf: list)
                let blob = try #require(
                    try FileManager.default.subpathsOfDirectory(atPath: place + "/backup/objects/blobs").first {
                        $0.contains("/")
                    })
                let file = URL(filePath: place + "/backup/objects/blobs/" + blob)
                switch damage {
                case "no list": try FileManager.default.removeItem(at: list)
                case "list cut off": try bytes.prefix(bytes.count - 3).write(to: list)
                case "list changed":
                    bytes[bytes.count / 2] ^= 1
                    try bytes.write(to: list)
                case "file changed":
                    var content = try Data(contentsOf: file)
                    content[7] ^= 1
                    try content.write(to: file)
                default: try FileManager.default.removeItem(at: file)
                }
                let error = await failure {
                    let backup = try await BackupRestore.open(place + "/backup")
                    let outcome = try await backup.run(
                        into: place + "/restored", stores: ["objects"], takesDamaged: false, report: { _ in })
                    #expect(outcome.damagedPaths == ["objects/blobs/" + blob])
                    throw BackupProblem(.damaged, "")
                }
                let kind = (error as? BackupProblem)?.kind
                #expect(kind == (damage.hasPrefix("file") ? .damaged : .incomplete))
                let isStore = FileManager.default.fileExists(atPath: place + "/restored/objects/VERSION")
                #expect(!isStore)
            }
        }
    }

    @Test(arguments: ["../outside", "/etc/passwd", "objects/../../x", "objects//x", "./x", ""])
    func aListThatLeadsOutOfTheFolderIsRefused(path: String) throws {
        let header = BackupManifest.Header(version: "1", startedAtMilliseconds: 0, takenAtMilliseconds: 0)
        let entry = BackupManifest.Entry(path: path, sizeBytes: 1, crc64: 1)
        let bytes = try BackupManifest(header: header, entries: [entry]).encoded()
        #expect(throws: BackupProblem.self) { try BackupManifest(bytes) }
    }

    @discardableResult
    private func save(_ store: DiskStore, _ path: String, usesHardLinks: Bool = false) async throws -> BackupOutcome {
        let writer = try await BackupWriter.begin(path)
        let outcome = try await store.backUp(into: writer, as: "objects", usesHardLinks: usesHardLinks) { _ in }
        _ = try await writer.finish(
            version: "1", startedAtMilliseconds: 0, takenAtMilliseconds: outcome.takenAtMilliseconds)
        return outcome
    }

    private func restored(_ place: String, _ body: (DiskStore) async throws -> Void) async throws {
        let backup = try await BackupRestore.open(place + "/backup")
        let outcome = try await backup.run(
            into: place + "/restored", stores: ["objects"], takesDamaged: false, report: { _ in })
        #expect(outcome.damagedPaths == [])
        var configuration = StoreConfiguration(folder: place + "/restored/objects")
        configuration.freeSpaceFloorBytes = 0
        let store = try await DiskStore.open(configuration, environment: TestFolder().environment)
        do {
            try await body(store)
        } catch {
            try await store.close()
            throw error
        }
        try await store.close()
    }

    private func withPlace(_ body: (String) async throws -> Void) async throws {
        let place = URL(filePath: "/dev/shm").appending(path: "backup-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        try await body(place)
    }
}
