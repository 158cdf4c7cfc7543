import OSSKit
import ObjectStore
import Testing

@Suite(.onEachDisk) struct DiskStoreCopyTests {
    @Test(arguments: [10, 100_000])
    func aCopySharesTheBytesUntilBothAreGone(size: Int) async throws {
        let folder = TestFolder()
        var store = try await folder.open()
        let (from, to) = (try await store.makeBucket("source"), try await store.makeBucket("target"))
        let source = try await store.store(someBytes(size), in: from, "source")
        folder.clock.advance(byMilliseconds: 5)
        let copy = try await store.copy(source, to: to, key: ObjectKey("copy"))
        #expect(copy.etag == source.etag)
        #expect(copy.lastModifiedMilliseconds == source.lastModifiedMilliseconds + 5)
        try await store.delete(in: from, keys: [source.key])
        try await store.close()
        let filesOfOne = try folder.blobFiles().count
        #expect(filesOfOne == (size > 32_768 ? 1 : 0))

        store = try await folder.open()
        let read = try await store.bytes(in: to, "copy")
        #expect(read == someBytes(size))
        try await store.delete(in: to, keys: [copy.key])
        try await store.close()
        let files = try folder.blobFiles()
        #expect(files.isEmpty)
        try folder.remove()
    }

    @Test func aCopyKeepsAttributesButNotTheACL() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let attributes = ObjectAttributes(
                contentType: "text/plain", userMetadata: [AttributePair(name: "a", value: "b")], acl: "public-read")
            let source = try await store.store([1], in: bucket, "source", attributes: attributes)
            let kept = try await store.copy(source, to: bucket, key: ObjectKey("kept"))
            #expect(kept.attributes.contentType == "text/plain")
            #expect(kept.attributes.userMetadata == attributes.userMetadata)
            #expect(kept.attributes.acl == "default")
            let other = ObjectAttributes(contentType: "image/png")
            _ = try await store.copy(source, to: bucket, key: ObjectKey("replaced"), attributes: other)
            let replaced = try await store.object(in: bucket, key: ObjectKey("replaced"))
            #expect(replaced.attributes == other)
        }
    }

    @Test(arguments: [10, 100_000])
    func aCopyOntoItselfChangesTheAttributesOnly(size: Int) async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        var record = try await store.store(someBytes(size), in: bucket, "key")
        for number in 0..<3 {
            record = try await store.copy(
                record, to: bucket, key: record.key, attributes: ObjectAttributes(contentType: "text/\(number)"))
        }
        let read = try await store.bytes(in: bucket, "key")
        #expect(read == someBytes(size))
        let found = try await store.object(in: bucket, key: record.key)
        #expect(found.attributes.contentType == "text/2")
        let usage = try await store.usage(of: bucket)
        #expect(usage == BucketUsage(objectCount: 1, sizeBytes: Int64(size)))
        try await store.delete(in: bucket, keys: [record.key])
        try await store.close()
        let files = try folder.blobFiles()
        #expect(files.isEmpty)
        try folder.remove()
    }

    @Test func aSourceThatChangedIsRefused() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let source = try await store.store([1], in: bucket, "source")
            try await store.store([2], in: bucket, "source")
            let overwritten = await storeFailure {
                _ = try await store.copy(source, to: bucket, key: ObjectKey("copy"))
            }
            #expect(overwritten == .bodyIsGone)
            try await store.delete(in: bucket, keys: [source.key])
            let deleted =
                await failure {
                    _ = try await store.copy(source, to: bucket, key: ObjectKey("copy"))
                } as? OSSError
            #expect(deleted?.code == .noSuchKey)
            #expect(deleted?.fields == [OSSError.Field(name: "Key", value: "source")])
            let copy = await refusal { _ = try await store.object(in: bucket, key: ObjectKey("copy")) }
            #expect(copy == .noSuchKey)
        }
    }

    @Test func aTargetThatIsTakenOrGoneIsRefused() async throws {
        try await withStore { store, _ in
            let (bucket, gone) = (try await store.makeBucket(), try await store.makeBucket("gone"))
            let source = try await store.store([1], in: bucket, "source")
            try await store.store([2], in: bucket, "taken")
            try await store.deleteBucket(gone.name, ownedBy: "alice")
            let taken = await refusal {
                _ = try await store.copy(
                    source, to: bucket, key: ObjectKey("taken"), condition: WriteCondition(forbidsOverwrite: true))
            }
            #expect(taken == .fileAlreadyExists)
            let noBucket = await refusal { _ = try await store.copy(source, to: gone, key: ObjectKey("copy")) }
            #expect(noBucket == .noSuchBucket)
            let unchanged = try await store.bytes(in: bucket, "taken")
            #expect(unchanged == [2])
        }
    }
}
