import NIOCore
import OSSKit
import ObjectStore
import Testing

/// Every call that writes makes the caches forget what it changed.
@Suite struct ChangeObserverTests {
    /// The object that is written, and its bucket.
    struct Target: Sendable {
        let bucket: BucketRecord
        let key: ObjectKey
        var place: ObjectPlace { ObjectPlace(bucket: bucket, key: key) }
    }

    /// A write to a bucket that holds an appendable object `key` of 10 bytes and an object `source`.
    struct Write: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (DiskStore, Target) async throws -> Void

        init(_ name: String, _ make: @escaping @Sendable (DiskStore, Target) async throws -> Void) {
            testDescription = name
            self.make = make
        }
    }

    private static let writesToObjects = [
        Write("put") { try await $0.store([1], in: $1.bucket, "key") },
        Write("put of a blob") { try await $0.store(someBytes(100_000), in: $1.bucket, "key") },
        Write("copy") { store, target in
            let source = try await store.object(in: target.bucket, key: ObjectKey("source"))
            _ = try await store.copy(source, to: target.bucket, key: target.key)
        },
        Write("append") { try await $0.append([1], to: $1.bucket, "key", at: 10) },
        Write("complete") { store, target in
            let multipart = try await store.begin(in: target.bucket, "key")
            try await store.complete(multipart, [try await store.part(1, [1], of: multipart)])
        },
        Write("put a symbolic link") { store, target in
            _ = try await store.putSymlink(to: ObjectKey("source"), at: target.place, attributes: ObjectAttributes())
        },
        Write("set tags") { try await $0.setTags([Tag("a", "1")], of: $1.key, in: $1.bucket) },
        Write("remove tags") { try await $0.setTags([], of: $1.key, in: $1.bucket) },
        Write("set the ACL") { try await $0.setACL(ObjectACL.publicRead, of: $1.key, in: $1.bucket) },
        Write("delete") { try await $0.delete(in: $1.bucket, keys: [$1.key]) },
    ]

    /// Writes to a bucket that keeps versions.
    private static let writesToVersions = [
        Write("put") { try await $0.store([1], in: $1.bucket, "key") },
        Write("put in a suspended bucket") { store, target in
            try await store.setVersioning(.suspended, of: target.bucket)
            try await store.store([1], in: target.bucket, "key")
            try await store.setVersioning(.enabled, of: target.bucket)
        },
        Write("hide") { try await $0.delete("key", in: $1.bucket) },
        Write("remove what is shown") { try await $0.delete("key", .null, in: $1.bucket) },
        Write("show again what is older") { store, target in
            let record = try await store.store([1], in: target.bucket, "key")
            try await store.setTags([Tag("a", "1")], of: target.key, in: target.bucket, version: .null)
            _ = try await store.object(in: target.bucket, key: target.key)
            try await store.delete("key", record.version.id, in: target.bucket)
        },
        Write("show again what was hidden") { store, target in
            let marker = try #require(try await store.delete("key", in: target.bucket)?.version)
            try await store.setACL(.private, of: target.key, in: target.bucket, version: .null)
            try await store.delete("key", marker, in: target.bucket)
        },
        Write("set the tags of a version") { store, target in
            try await store.setTags([Tag("a", "1")], of: target.key, in: target.bucket, version: .null)
        },
    ]

    private static let writesToBuckets = [
        Write("keep versions") { try await $0.setVersioning(.enabled, of: $1.bucket) },
        Write("keep versions no more") { try await $0.setVersioning(.suspended, of: $1.bucket) },
        Write("make it again with an ACL") { store, target in
            _ = try await store.createBucket(
                NewBucket(name: target.bucket.name, ownerID: "alice", acl: "public-read"))
        },
        Write("set the ACL") { try await $0.setACL(BucketACL.publicReadWrite, of: $1.bucket) },
        Write("delete") { store, target in
            try await store.delete(in: target.bucket, keys: [target.key, ObjectKey("source")])
            try await store.deleteBucket(target.bucket.name, ownedBy: "alice")
        },
        Write("delete and make it anew") { store, target in
            try await store.delete(in: target.bucket, keys: [target.key, ObjectKey("source")])
            try await store.deleteBucket(target.bucket.name, ownedBy: "alice")
            _ = try await store.createBucket(NewBucket(name: target.bucket.name, ownerID: "bob"))
        },
    ]

    /// What a reader is told of the object and its bucket; nil for what is not there.
    private struct Told: Equatable {
        var bucket: BucketRecord?
        var object: ObjectRecord?
        var bytes: [UInt8]?
    }

    private func ask(_ store: DiskStore, _ name: BucketName) async throws -> Told {
        var told = Told()
        do {
            let bucket = try await store.bucket(name)
            told.bucket = bucket
            let object = try await store.object(in: bucket, key: ObjectKey("key"))
            told.object = object
            told.bytes = try await store.bytes(of: object)
        } catch let error as OSSError {
            let found = error.code
            #expect([OSSErrorCode.noSuchBucket, .noSuchKey].contains(found))
        }
        return told
    }

    @Test(arguments: writesToObjects)
    func aWriteToAnObjectIsSeenAtOnceAndAfterAStart(write: Write) async throws {
        let (before, after) = try await told(around: write)
        #expect(before.object != after.object)
        #expect(before.bucket == after.bucket)
    }

    @Test(arguments: writesToVersions)
    func aWriteToVersionsIsSeenAtOnceAndAfterAStart(write: Write) async throws {
        let (before, after) = try await told(around: write, keepsVersions: true)
        #expect(before.object != after.object)
        #expect(before.bucket == after.bucket)
    }

    @Test(arguments: writesToBuckets)
    func aWriteToABucketIsSeenAtOnceAndAfterAStart(write: Write) async throws {
        let (before, after) = try await told(around: write)
        #expect(before.bucket != after.bucket)
    }

    /// Makes a write between two questions, the first of which fills the caches, and asks again after a start.
    private func told(
        around write: Write, keepsVersions: Bool = false
    ) async throws -> (before: Told, after: Told) {
        let folder = TestFolder()
        let store = try await folder.open()
        let target = Target(bucket: try await store.makeBucket(), key: try ObjectKey("key"))
        try await store.store([7, 8, 9], in: target.bucket, "source")
        try await store.append(someBytes(10), to: target.bucket, "key", at: 0)
        try await store.setTags([Tag("b", "2")], of: target.key, in: target.bucket)
        if keepsVersions { try await store.setVersioning(.enabled, of: target.bucket) }
        let before = try await ask(store, target.bucket.name)
        let kept = store.cachedBytes
        #expect(kept > 0)
        folder.clock.advance(byMilliseconds: 1_000)
        try await write.make(store, target)
        let after = try await ask(store, target.bucket.name)
        let again = try await ask(store, target.bucket.name)
        try await store.close()
        let anew = try await folder.open()
        let committed = try await ask(anew, target.bucket.name)
        #expect(after == committed)
        #expect(again == committed)
        try await anew.close()
        try folder.remove()
        return (before, after)
    }
}
