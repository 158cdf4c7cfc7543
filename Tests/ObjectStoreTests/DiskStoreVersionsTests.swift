import OSSKit
import ObjectStore
import Testing

/// Versions and delete markers: what a key shows, what is kept behind it, and what is gone for good.
@Suite(.onEachDisk) struct DiskStoreVersionsTests {
    @Test func everyWriteIsAVersionThatStaysReadable() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeVersionedBucket()
            var records: [ObjectRecord] = []
            for (number, size) in [10, 0, 40_000, 1_200_000].enumerated() {
                folder.clock.advance(byMilliseconds: 5)
                let bytes = someBytes(size, seed: UInt64(number))
                let record = try await store.store(bytes, in: bucket, "key", forbidsOverwrite: true)
                records.append(record)
            }
            for (number, record) in records.enumerated() {
                let found = try await store.object(in: bucket, key: record.key, version: record.version.id)
                #expect(found == record)
                let read = try await store.bytes(of: found)
                #expect(read == someBytes(Int(record.sizeBytes), seed: UInt64(number)))
            }
            let ids = records.map(\.version.id)
            #expect(Set(ids).count == 4)
            let shown = try await store.object(in: bucket, key: records[0].key)
            #expect(shown == records[3])
            let listed = try await store.versions(of: "key", in: bucket)
            #expect(listed.map(\.id) == ids.reversed())
            #expect(listed.map(\.isLatest) == [true, false, false, false])
            #expect(listed.compactMap { $0.object?.etag } == records.reversed().map(\.etag))
            let usage = try await store.usage(of: bucket)
            #expect(usage == BucketUsage(objectCount: 4, sizeBytes: 1_240_010))
            let plain = try await store.list(in: bucket, ListQuery())
            #expect(plain.entries.count == 1)
        }
    }

    @Test func aDeletionHidesAndIsTakenBackByRemovingItsMarker() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            let record = try await store.store([1], in: bucket, "key")
            let outcome = try #require(try await store.delete("key", in: bucket))
            #expect(outcome.isDeleteMarker)
            let marker = try #require(outcome.version)
            let hidden = await failure { _ = try await store.object(in: bucket, key: record.key) } as? OSSError
            #expect(hidden?.code == .noSuchKey)
            #expect(hidden?.headers.map(\.value) == ["true", marker.text])
            let empty = try await store.list(in: bucket, ListQuery())
            #expect(empty.entries.isEmpty)
            let kept = try await store.bytes(in: bucket, "key", record.version.id)
            #expect(kept == [1])
            let again = try #require(try await store.delete("key", in: bucket))
            #expect(again.isDeleteMarker && again.version != marker)
            let usage = try await store.usage(of: bucket)
            #expect(usage == BucketUsage(objectCount: 1, sizeBytes: 1, markerCount: 2))
            let older = try await store.delete("key", marker, in: bucket)
            #expect(older == DeletionOutcome(version: marker, isDeleteMarker: true))
            let stillHidden = await refusal { _ = try await store.object(in: bucket, key: record.key) }
            #expect(stillHidden == .noSuchKey)
            try await store.delete("key", try #require(again.version), in: bucket)
            let shown = try await store.object(in: bucket, key: record.key)
            #expect(shown == record)
            let after = try await store.usage(of: bucket)
            #expect(after == BucketUsage(objectCount: 1, sizeBytes: 1))
        }
    }

    @Test func whatIsLeftIsShownWhenTheNewestIsRemoved() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            let first = try await store.store([1], in: bucket, "key")
            try await store.delete("key", in: bucket)
            let third = try await store.store([3], in: bucket, "key")
            let fourth = try await store.store([4], in: bucket, "key")
            let removed = try await store.delete("key", fourth.version.id, in: bucket)
            #expect(removed == DeletionOutcome(version: fourth.version.id))
            let shown = try await store.object(in: bucket, key: first.key)
            #expect(shown == third)
            // Below it is a delete marker, so that nothing is shown any more.
            try await store.delete("key", third.version.id, in: bucket)
            let hidden = await refusal { _ = try await store.object(in: bucket, key: first.key) }
            #expect(hidden == .noSuchKey)
            let listed = try await store.versions(of: "key", in: bucket)
            #expect(listed.map { $0.object == nil } == [true, false])
            #expect(listed.map(\.isLatest) == [true, false])
            // One in the middle changes nothing that is shown.
            try await store.delete("key", first.version.id, in: bucket)
            let left = try await store.versions(of: "key", in: bucket)
            #expect(left.map(\.isLatest) == [true])
        }
    }

    @Test func aSuspendedBucketReplacesTheVersionNullAlone() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let before = try await store.store([0], in: bucket, "key")
            try await store.setVersioning(.enabled, of: bucket)
            let numbered = try await store.store([1], in: bucket, "key")
            let null = try await store.bytes(in: bucket, "key", .null)
            #expect(null == [0])
            try await store.setVersioning(.suspended, of: bucket)
            for number in 2...4 {
                let written = try await store.store([UInt8(number)], in: bucket, "key", forbidsOverwrite: true)
                #expect(written.version.id == .null)
            }
            #expect(before.version.id == .null)
            let listed = try await store.versions(of: "key", in: bucket)
            #expect(listed.map(\.id) == [.null, numbered.version.id])
            let shown = try await store.bytes(in: bucket, "key")
            #expect(shown == [4])
            let outcome = try await store.delete("key", in: bucket)
            #expect(outcome == DeletionOutcome(version: .null, isDeleteMarker: true))
            let marked = try await store.versions(of: "key", in: bucket)
            #expect(marked.map { $0.object == nil } == [true, false])
            try await store.delete("key", in: bucket)
            let usage = try await store.usage(of: bucket)
            #expect(usage == BucketUsage(objectCount: 1, sizeBytes: 1, markerCount: 1))
            // The bucket keeps versions again; the marker `null` is one of them.
            try await store.setVersioning(.enabled, of: bucket)
            try await store.store([5], in: bucket, "key")
            try await store.delete("key", .null, in: bucket)
            let last = try await store.versions(of: "key", in: bucket)
            #expect(last.map { $0.object?.sizeBytes } == [1, 1])
        }
    }

    @Test(arguments: [VersioningConfiguration.Status.enabled, .suspended])
    func everythingOfAKeyCanBeRemovedForGood(status: VersioningConfiguration.Status) async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        _ = try await store.storeInParts([102_400, 5], in: bucket, "key")
        try await store.setVersioning(.enabled, of: bucket)
        try await store.store(someBytes(50_000), in: bucket, "key")
        _ = try await store.storeInParts([102_400, 7], in: bucket, "key", seed: 2)
        try await store.setVersioning(status, of: bucket)
        try await store.store(someBytes(60_000), in: bucket, "key")
        try await store.delete("key", in: bucket)
        let notEmpty = await refusal { try await store.deleteBucket(bucket.name, ownedBy: "alice") }
        #expect(notEmpty == .bucketNotEmpty)
        for entry in try await store.versions(of: "key", in: bucket) {
            try await store.delete("key", entry.id, in: bucket)
        }
        let usage = try await store.usage(of: bucket)
        #expect(usage == BucketUsage(objectCount: 0, sizeBytes: 0))
        try await store.deleteBucket(bucket.name, ownedBy: "alice")
        await store.waitUntilCleared()
        try await store.close()
        let files = try folder.blobFiles()
        #expect(files.isEmpty)
        try folder.remove()
    }

    @Test func anOldVersionIsRestoredByACopyThatSharesItsBytes() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            let old = try await store.store(someBytes(90_000, seed: 1), in: bucket, "key")
            try await store.store([2], in: bucket, "key")
            let source = try await store.object(in: bucket, key: old.key, version: old.version.id)
            let copy = try await store.copy(source, to: bucket, key: old.key)
            #expect(copy.body == old.body)
            #expect(copy.version.id != old.version.id)
            try await store.delete("key", old.version.id, in: bucket)
            let read = try await store.bytes(in: bucket, "key")
            #expect(read == someBytes(90_000, seed: 1))
            try await store.delete("key", copy.version.id, in: bucket)
            let gone = await storeFailure { _ = try await store.copy(source, to: bucket, key: ObjectKey("other")) }
            #expect(gone == .bodyIsGone)
        }
    }

    @Test func partsLinksAndCopiesAreVersionsToo() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            let key = try ObjectKey("key")
            let link = try await store.putSymlink(
                to: ObjectKey("other"), at: ObjectPlace(bucket: bucket, key: key), attributes: ObjectAttributes(),
                condition: WriteCondition(forbidsOverwrite: true))
            let (parts, _) = try await store.storeInParts([102_400, 1], in: bucket, "key")
            let copy = try await store.copy(link, to: bucket, key: key)
            let listed = try await store.versions(of: "key", in: bucket)
            #expect(listed.map(\.id) == [copy, parts, link].map(\.version.id))
            #expect(listed.map { $0.object?.type } == [.symlink, .multipart, .symlink])
        }
    }

    @Test func tagsAndACLsBelongToTheirVersion() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            let old = try await store.store([1], in: bucket, "key")
            let new = try await store.store([2], in: bucket, "key")
            let tagged = try await store.setTags([Tag("a", "1")], of: old.key, in: bucket, version: old.version.id)
            #expect(tagged == old.version)
            let current = try await store.setACL(.private, of: old.key, in: bucket)
            #expect(current == new.version)
            let found = try await store.object(in: bucket, key: old.key, version: old.version.id)
            let shown = try await store.object(in: bucket, key: old.key)
            #expect(found.attributes.tags == [Tag("a", "1")])
            #expect(found.attributes.acl == "default")
            #expect(shown.attributes.tags.isEmpty)
            #expect(shown.attributes.acl == "private")
        }
    }

    @Test func aStoreThatIsOpenedAgainHasAllVersions() async throws {
        let folder = TestFolder()
        var store = try await folder.open()
        let bucket = try await store.makeVersionedBucket()
        let record = try await store.store(someBytes(70_000), in: bucket, "key")
        try await store.delete("key", in: bucket)
        let listed = try await store.versions(of: "key", in: bucket)
        try await store.close()
        store = try await folder.open()
        let found = try await store.bucket(bucket.name)
        #expect(found.versioning == .enabled)
        let again = try await store.versions(of: "key", in: found)
        #expect(again == listed)
        let read = try await store.bytes(in: found, "key", record.version.id)
        #expect(read == someBytes(70_000))
        // The next version is numbered behind those of before.
        let next = try await store.store([1], in: found, "key")
        let newest = try await store.versions(of: "key", in: found)
        #expect(newest.first?.id == next.version.id)
        try await store.close()
        try folder.remove()
    }

    @Test func aBucketWithoutVersionsHasTheVersionNullOfEachKey() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            #expect(bucket.versioning == nil)
            let record = try await store.store([1], in: bucket, "key")
            let found = try await store.object(in: bucket, key: record.key, version: .null)
            #expect(found == record)
            let listed = try await store.versions(of: "key", in: bucket)
            #expect(listed.map(\.id) == [.null])
            #expect(listed.map(\.isLatest) == [true])
            let outcome = try await store.delete("key", .null, in: bucket)
            #expect(outcome == DeletionOutcome())
            let nothing = try await store.delete("key", in: bucket)
            #expect(nothing == DeletionOutcome())
            try await store.deleteBucket(bucket.name, ownedBy: "alice")
        }
    }

    @Test func whoReadsAVersionThatIsRemovedReadsItToItsEnd() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            let (record, bytes) = try await store.storeInParts([2_000_000, 2_000_000, 3], in: bucket, "key")
            try await store.store([1], in: bucket, "key")
            let old = try await store.object(in: bucket, key: record.key, version: record.version.id)
            var iterator = try await store.read(old, range: 0..<old.sizeBytes).makeAsyncIterator()
            var read = Array(try #require(try await iterator.next()).readableBytesView)
            try await store.delete("key", old.version.id, in: bucket)
            await store.waitUntilCleared()
            while let chunk = try await iterator.next() { read += chunk.readableBytesView }
            #expect(read == bytes)
        }
    }

    @Test(arguments: [UInt64(1), 2])
    func writersAndDeletersAtOnceLeaveExactCounts(seed: UInt64) async throws {
        print("seed \(seed)")
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<6 {
                    group.addTask {
                        var dice = SeededGenerator(seed: seed &* 100 &+ UInt64(worker))
                        for _ in 0..<40 { try await change(store, bucket, &dice) }
                    }
                }
                try await group.waitForAll()
            }
            let page = try await store.versions(in: bucket, VersionQuery(limit: 1_000))
            let objects = page.entries.compactMap(\.object)
            let usage = try await store.usage(of: bucket)
            #expect(
                usage
                    == BucketUsage(
                        objectCount: Int64(objects.count), sizeBytes: objects.reduce(0) { $0 + $1.sizeBytes },
                        markerCount: Int64(page.entries.count - objects.count)))
            let shown = try await store.list(in: bucket, ListQuery(limit: 1_000)).entries.map(\.key)
            #expect(shown == page.entries.filter { $0.isLatest && $0.object != nil }.map(\.key))
            for entry in page.entries where entry.object != nil {
                let read = try await store.bytes(in: bucket, entry.key.text, entry.id)
                #expect(Int64(read.count) == entry.object?.sizeBytes)
            }
        }
    }

    private func change(_ store: DiskStore, _ bucket: BucketRecord, _ dice: inout SeededGenerator) async throws {
        let key = "key-\(Int.random(in: 0..<3, using: &dice))"
        switch Int.random(in: 0..<6, using: &dice) {
        case 0: try await store.delete(key, in: bucket)
        case 1, 2:
            let entries = try await store.versions(of: key, in: bucket)
            guard let entry = entries.randomElement(using: &dice) else { return }
            try await store.delete(key, entry.id, in: bucket)
        case 3:
            let status: VersioningConfiguration.Status = Bool.random(using: &dice) ? .enabled : .suspended
            try await store.setVersioning(status, of: bucket)
        default: try await store.store(someBytes(Int.random(in: 0..<50_000, using: &dice)), in: bucket, key)
        }
    }
}
