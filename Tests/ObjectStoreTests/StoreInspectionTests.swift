import OSSKit
import ObjectStore
import Testing

/// An inspection finds what does not agree, and changes nothing.
@Suite(.onEachDisk) struct StoreInspectionTests {
    @Test func aStoreOfEveryKindOfObjectAgrees() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let record = try await store.store(someBytes(50_000), in: bucket, "blob")
            _ = try await store.copy(record, to: bucket, key: ObjectKey("copy"))
            try await store.store(someBytes(500), in: bucket, "row")
            try await store.store([], in: bucket, "nothing")
            let (whole, _) = try await store.storeInParts([120_000, 110_000, 100], in: bucket, "parts")
            _ = try await store.copy(whole, to: bucket, key: ObjectKey("parts-too"))
            let multipart = try await store.begin(in: bucket, "unfinished")
            try await store.part(1, someBytes(70_000), of: multipart)
            let outcome = try await store.inspect { _ in }
            #expect(outcome.problems == [])
            #expect(outcome.objectCount == 6)
            #expect(outcome.bodyCount == 4)
            #expect(outcome.orphanCount == 0)
        }
    }

    @Test func versionsAndDeleteMarkersAgree() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeVersionedBucket()
            let first = try await store.store(someBytes(50_000), in: bucket, "key")
            try await store.store(someBytes(60_000), in: bucket, "key")
            try await store.store(someBytes(500), in: bucket, "hidden")
            try await store.delete("hidden", in: bucket)
            let whole = try await store.inspect { _ in }
            #expect(whole.problems == [])
            #expect(whole.objectCount == 3)
            try folder.damageFile(ofBytes: 50_048) { $0 = nil }
            let outcome = try await store.inspect { _ in }
            #expect(outcome.problems.map(\.name) == ["photos/key (version \(first.version.id.text))"])
        }
    }

    @Test(arguments: [true, false])
    func aFileThatIsGoneOrCutOffIsNamedWithItsObjects(isGone: Bool) async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            let record = try await store.store(someBytes(50_000), in: bucket, "first")
            _ = try await store.copy(record, to: bucket, key: ObjectKey("second"))
            try folder.damageFile(ofBytes: 50_048) { $0 = isGone ? nil : $0.map { $0.dropLast(9) } }
            let outcome = try await store.inspect { _ in }
            #expect(outcome.problems.map(\.name) == ["photos/first", "photos/second"])
            #expect(outcome.problems.map(\.subject) == ["object", "object"])
        }
    }

    @Test func aFileThatNoRowNamesIsCounted() async throws {
        try await withStore { store, folder in
            try await store.store(someBytes(50_000), in: try await store.makeBucket(), "key")
            let path = folder.path + "/data/blobs/000/00000000000000000000000000"
            try folder.addFile(path, modifiedAtMilliseconds: 0)
            let outcome = try await store.inspect { _ in }
            #expect(outcome.problems == [])
            #expect(outcome.orphanCount == 1)
            let left = try folder.blobFiles().count
            #expect(left == 2)
        }
    }
}
