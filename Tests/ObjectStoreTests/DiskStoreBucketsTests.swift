import OSSKit
import ObjectStore
import Testing

@Suite(.onEachDisk) struct DiskStoreBucketsTests {
    @Test func aBucketIsFoundAsItWasMade() async throws {
        try await withStore { store, folder in
            let name = try BucketName("photos")
            let made = try await store.createBucket(
                NewBucket(
                    name: name, ownerID: "alice", acl: "public-read", storageClass: "IA", dataRedundancyType: "ZRS"))
            let found = try await store.bucket(name)
            #expect(found == made)
            #expect(found.name.text == "photos")
            #expect(found.ownerID == "alice")
            #expect(found.acl == "public-read")
            #expect(found.storageClass == "IA")
            #expect(found.dataRedundancyType == "ZRS")
            #expect(found.createdAtMilliseconds == folder.clock.milliseconds)
        }
    }

    @Test func aBucketThatIsNotThereIsRefusedByName() async throws {
        try await withStore { store, _ in
            let error = await failure { _ = try await store.bucket(BucketName("nobody")) } as? OSSError
            #expect(error?.code == .noSuchBucket)
            #expect(error?.fields == [OSSError.Field(name: "BucketName", value: "nobody")])
        }
    }

    @Test func theOwnerMayMakeABucketAgain() async throws {
        try await withStore { store, _ in
            let made = try await store.makeBucket()
            #expect(made.acl == "private")
            let again = try await store.createBucket(
                NewBucket(name: made.name, ownerID: "alice", acl: "public-read-write"))
            #expect(again.id == made.id)
            #expect(again.acl == "public-read-write")
            let unchanged = try await store.createBucket(NewBucket(name: made.name, ownerID: "alice"))
            #expect(unchanged == again)
        }
    }

    @Test func anOwnerWithoutWishesMayRepeatAnyBucket() async throws {
        try await withStore { store, _ in
            let name = try BucketName("photos")
            let made = try await store.createBucket(NewBucket(name: name, ownerID: "alice", storageClass: "IA"))
            let again = try await store.createBucket(NewBucket(name: name, ownerID: "alice"))
            #expect(again == made)
        }
    }

    @Test func aBucketThatIsThereIsFoundOnAFullDisk() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let made = try await store.makeBucket()
        try await store.close()
        let full = try await folder.open { $0.freeSpaceFloorBytes = Int64.max / 2 }
        let again = try await full.makeBucket()
        #expect(again == made)
        let other = await refusal { _ = try await full.makeBucket("another") }
        #expect(other == .serviceUnavailable)
        try await full.close()
        try folder.remove()
    }

    @Test(arguments: [("bob", "Standard", "LRS"), ("alice", "IA", "LRS"), ("alice", "Standard", "ZRS")])
    func aNameThatIsTakenOtherwiseIsRefused(owner: String, storageClass: String, redundancy: String) async throws {
        try await withStore { store, _ in
            let made = try await store.makeBucket()
            let error = await failure {
                _ = try await store.createBucket(
                    NewBucket(
                        name: made.name, ownerID: owner, acl: "public-read", storageClass: storageClass,
                        dataRedundancyType: redundancy))
            }
            let found = try #require(error as? OSSError)
            #expect(found.code == .bucketAlreadyExists)
            #expect(found.fields == [OSSError.Field(name: "BucketName", value: "photos")])
            let unchanged = try await store.bucket(made.name)
            #expect(unchanged == made)
        }
    }

    @Test func anOwnerHasAtMostSoManyBuckets() async throws {
        try await withStore({ $0.bucketsPerOwnerLimit = 2 }) { store, _ in
            _ = try await store.makeBucket("one")
            let second = try await store.makeBucket("two")
            let third = await refusal { _ = try await store.makeBucket("three") }
            #expect(third == .tooManyBuckets)
            _ = try await store.makeBucket("two")
            _ = try await store.makeBucket("three", owner: "bob")
            try await store.deleteBucket(second.name, ownedBy: "alice")
            _ = try await store.makeBucket("four")
        }
    }

    @Test(arguments: [
        ("", "", 10, ["a-1", "a-2", "b-1", "b-2"], false),
        ("", "", 4, ["a-1", "a-2", "b-1", "b-2"], false),
        ("", "", 3, ["a-1", "a-2", "b-1"], true),
        ("a", "", 2, ["a-1", "a-2"], false),
        ("a", "", 1, ["a-1"], true),
        ("", "a-2", 10, ["b-1", "b-2"], false),
        ("a", "a-1", 10, ["a-2"], false),
        ("b", "a-1", 10, ["b-1", "b-2"], false),
        ("a", "b-1", 10, [], false),
        ("é", "", 10, [], false),
        ("", "b-2", 10, [], false),
    ])
    func bucketsComeInPages(
        prefix: String, after: String, limit: Int, wanted: [String], isTruncated: Bool
    ) async throws {
        try await withStore { store, _ in
            for name in ["b-2", "a-2", "a-1", "b-1"] { _ = try await store.makeBucket(name) }
            _ = try await store.makeBucket("a-3", owner: "bob")
            let page = try await store.buckets(ownedBy: "alice", prefix: prefix, after: after, limit: limit)
            let found = page.records.map(\.name.text)
            #expect(found == wanted)
            #expect(page.isTruncated == isTruncated)
        }
    }

    @Test func onlyAnEmptyBucketOfOnesOwnIsDeleted() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            try await store.store([1], in: bucket, "key")
            let notEmpty = await failure { try await store.deleteBucket(bucket.name, ownedBy: "alice") } as? OSSError
            #expect(notEmpty?.code == .bucketNotEmpty)
            #expect(notEmpty?.fields == [OSSError.Field(name: "BucketName", value: "photos")])
            let foreign = await refusal { try await store.deleteBucket(bucket.name, ownedBy: "bob") }
            #expect(foreign == .accessDenied)
            try await store.delete(in: bucket, keys: [ObjectKey("key")])
            try await store.deleteBucket(bucket.name, ownedBy: "alice")
            let gone = await refusal { try await store.deleteBucket(bucket.name, ownedBy: "alice") }
            #expect(gone == .noSuchBucket)
        }
    }

    @Test func aBucketMadeAnewIsAnotherOne() async throws {
        try await withStore { store, _ in
            let old = try await store.makeBucket()
            let upload = try await store.beginUpload()
            try await upload.append([1, 2, 3], pieceBytes: 3)
            _ = try await upload.finish()
            try await store.deleteBucket(old.name, ownedBy: "alice")
            let new = try await store.makeBucket()
            #expect(new.id != old.id)
            let put = await refusal {
                _ = try await store.put(upload, in: old, key: ObjectKey("key"), attributes: ObjectAttributes())
            }
            #expect(put == .noSuchBucket)
            let list = await refusal { _ = try await store.list(in: old, ListQuery()) }
            #expect(list == .noSuchBucket)
            let delete = await refusal { try await store.delete(in: old, keys: [ObjectKey("key")]) }
            #expect(delete == .noSuchBucket)
            let usage = await refusal { _ = try await store.usage(of: old) }
            #expect(usage == .noSuchBucket)
            let page = try await store.list(in: new, ListQuery())
            #expect(page.entries.isEmpty)
        }
    }
}
