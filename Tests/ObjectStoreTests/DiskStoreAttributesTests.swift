import OSSKit
import ObjectStore
import Testing

/// Tags and ACLs, which change without the object.
@Suite struct DiskStoreAttributesTests {
    @Test func tagsAndACLsChangeNothingElse() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            let attributes = ObjectAttributes(contentType: "text/plain", tags: [Tag("a", "1"), Tag("b", "")])
            let stored = try await store.store([1, 2], in: bucket, "key", attributes: attributes)
            folder.clock.advance(byMilliseconds: 1_000)
            try await store.setTags([Tag("é", "=&")], of: stored.key, in: bucket)
            try await store.setACL(ObjectACL.publicRead, of: stored.key, in: bucket)
            var wanted = attributes
            wanted.tags = [Tag("é", "=&")]
            wanted.acl = "public-read"
            let found = try await store.object(in: bucket, key: stored.key)
            #expect(found.attributes == wanted)
            #expect(found.lastModifiedMilliseconds == stored.lastModifiedMilliseconds)
            #expect(found.etag == stored.etag)
            let read = try await store.bytes(of: found)
            #expect(read == [1, 2])
            try await store.setTags([], of: stored.key, in: bucket)
            let untagged = try await store.object(in: bucket, key: stored.key)
            #expect(untagged.attributes.tags.isEmpty)
        }
    }

    @Test func tagsComeThroughAnUploadInPartsAndACopy() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let tags = [Tag("a", "1")]
            let multipart = try await store.begin(in: bucket, "key", attributes: ObjectAttributes(tags: tags))
            let part = try await store.part(1, [1], of: multipart)
            let record = try await store.complete(multipart, [part])
            #expect(record.attributes.tags == tags)
            let copy = try await store.copy(record, to: bucket, key: ObjectKey("copy"))
            #expect(copy.attributes.tags == tags)
            let found = try await store.object(in: bucket, key: copy.key)
            #expect(found == copy)
        }
    }

    @Test func whatIsNotThereIsRefused() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let key = try ObjectKey("none")
            let tags = await refusal { try await store.setTags([], of: key, in: bucket) }
            #expect(tags == .noSuchKey)
            let acl = await refusal { try await store.setACL(ObjectACL.private, of: key, in: bucket) }
            #expect(acl == .noSuchKey)
            try await store.setACL(BucketACL.publicReadWrite, of: bucket)
            let changed = try await store.bucket(bucket.name)
            #expect(changed.acl == "public-read-write")
            try await store.deleteBucket(bucket.name, ownedBy: "alice")
            let gone = await refusal { try await store.setACL(BucketACL.private, of: bucket) }
            #expect(gone == .noSuchBucket)
        }
    }
}
