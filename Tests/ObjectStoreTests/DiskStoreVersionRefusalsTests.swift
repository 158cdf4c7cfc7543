import OSSKit
import ObjectStore
import Testing

/// What is refused of versions, and what is not even noticed.
@Suite(.onEachDisk) struct DiskStoreVersionRefusalsTests {
    /// A version that a call names and that is not the one it means.
    enum Wrong: CaseIterable {
        case ofAnotherKey, ofAnotherBucket, removed, null, tampered, ofNobody, ofALaterNumber

        func id(_ store: DiskStore, _ bucket: BucketRecord) async throws -> VersionID {
            switch self {
            case .ofAnotherKey: return try await store.store([9], in: bucket, "other").version.id
            case .ofAnotherBucket:
                return try await store.store([9], in: store.makeVersionedBucket("other"), "key").version.id
            case .removed:
                let removed = try await store.store([9], in: bucket, "key")
                try await store.delete("key", removed.version.id, in: bucket)
                return removed.version.id
            case .null: return .null
            case .tampered:
                let text = try await store.object(in: bucket, key: ObjectKey("key")).version.id.text
                return try VersionID(String(text.dropLast(2)) + (text.hasSuffix("Aw") ? "Bw" : "Aw"))
            case .ofNobody: return try VersionID("CAEQNhiBgMDJgZCA0BYiIDc4MGZj")
            case .ofALaterNumber:
                return VersionID(number: 1_000_000, randomBytes: Array(repeating: 0, count: 16))
            }
        }
    }

    @Test(arguments: Wrong.allCases)
    func aVersionThatIsNotThereIsRefusedAndNothingElseIsTouched(wrong: Wrong) async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            try await store.store([1], in: bucket, "key")
            let record = try await store.store([2], in: bucket, "key")
            let id = try await wrong.id(store, bucket)
            let before = try await store.versions(of: "key", in: bucket)
            let read = await refusal { _ = try await store.object(in: bucket, key: record.key, version: id) }
            let tags = await refusal {
                try await store.setTags([Tag("a", "1")], of: record.key, in: bucket, version: id)
            }
            let acl = await refusal {
                try await store.setACL(.publicRead, of: record.key, in: bucket, version: id)
            }
            #expect([read, tags, acl] == [.noSuchVersion, .noSuchVersion, .noSuchVersion])
            let outcome = try await store.delete("key", id, in: bucket)
            #expect(outcome == DeletionOutcome(version: id))
            let after = try await store.versions(of: "key", in: bucket)
            #expect(after == before)
            let shown = try await store.object(in: bucket, key: record.key)
            #expect(shown == record)
        }
    }

    @Test func aDeleteMarkerIsNoObject() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            let record = try await store.store([1], in: bucket, "key")
            let marker = try #require(try await store.delete("key", in: bucket)?.version)
            let refusals = [
                await failure { _ = try await store.object(in: bucket, key: record.key, version: marker) },
                await failure { try await store.setTags([], of: record.key, in: bucket, version: marker) },
                await failure { try await store.setACL(.private, of: record.key, in: bucket, version: marker) },
            ]
            for refusal in refusals.map({ $0 as? OSSError }) {
                #expect(refusal?.code == .methodNotAllowed)
                #expect(
                    refusal?.headers.map(\.name) == ["Allow", "x-oss-delete-marker", "x-oss-version-id"])
                #expect(refusal?.headers.map(\.value) == ["DELETE", "true", marker.text])
            }
            let hidden = [
                await refusal { try await store.setTags([], of: record.key, in: bucket) },
                await refusal { try await store.setACL(.private, of: record.key, in: bucket) },
            ]
            #expect(hidden == [.noSuchKey, .noSuchKey])
        }
    }

    @Test func aBucketThatIsGoneIsNamed() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            try await store.deleteBucket(bucket.name, ownedBy: "alice")
            let refusals = [
                await refusal { try await store.setVersioning(.enabled, of: bucket) },
                await refusal { _ = try await store.versions(in: bucket, VersionQuery()) },
                await refusal { try await store.delete("key", .null, in: bucket) },
                await refusal { try await store.store([1], in: bucket, "key") },
            ]
            #expect(refusals == [.noSuchBucket, .noSuchBucket, .noSuchBucket, .noSuchBucket])
        }
    }

    @Test(arguments: [VersioningConfiguration.Status.enabled, .suspended])
    func onlyACurrentAppendableObjectGrows(status: VersioningConfiguration.Status) async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket("photos", status)
            let first = try await store.append([1], to: bucket, "key", at: 0)
            let grown = try await store.append([2], to: bucket, "key", at: 1)
            #expect(first.version.id == .null)
            #expect(grown.version == first.version)
            let one = try await store.versions(of: "key", in: bucket)
            #expect(one.map(\.object?.sizeBytes) == [2])
            let forbidden = await refusal {
                try await store.append([2], to: bucket, "key", at: 0, forbidsOverwrite: true)
            }
            #expect(forbidden == .positionNotEqualToLength)
            try await store.delete("key", in: bucket)
            let hidden = await refusal { try await store.append([3], to: bucket, "key", at: 0) }
            #expect(hidden == .objectNotAppendable)
            let early = await refusal {
                try await store.requireAppendable(
                    at: 0, adding: 1, to: ObjectPlace(bucket: bucket, key: ObjectKey("key")),
                    condition: WriteCondition())
            }
            #expect(early == .objectNotAppendable)
            let written = try await store.store([4], in: bucket, "key")
            let other = await refusal { try await store.append([3], to: bucket, "key", at: 1) }
            #expect(other == .objectNotAppendable)
            let kept = try await store.bytes(of: written)
            #expect(kept == [4])
        }
    }

    @Test func anAppendableObjectGrowsAgainOnceItIsShownAgain() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            try await store.append([1], to: bucket, "key", at: 0)
            let over = try await store.store([9], in: bucket, "key")
            let null = try await store.bytes(in: bucket, "key", .null)
            #expect(null == [1])
            try await store.delete("key", over.version.id, in: bucket)
            let grown = try await store.append([2], to: bucket, "key", at: 1)
            let read = try await store.bytes(of: grown)
            #expect(read == [1, 2])
            let usage = try await store.usage(of: bucket)
            #expect(usage == BucketUsage(objectCount: 1, sizeBytes: 2))
        }
    }

    @Test func deletionsOfOneCallAreMadeInTheirOrder() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            let record = try await store.store([1], in: bucket, "key")
            let key = record.key
            let outcomes = try await store.delete(
                in: bucket,
                [Deletion(key: key), Deletion(key: key, version: record.version.id), Deletion(key: ObjectKey("none"))])
            #expect(outcomes.map(\.isDeleteMarker) == [true, false, true])
            #expect(outcomes[1].version == record.version.id)
            let usage = try await store.usage(of: bucket)
            #expect(usage == BucketUsage(objectCount: 0, sizeBytes: 0, markerCount: 2))
        }
    }

    @Test func whatIsCachedIsNeverAnOlderVersion() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            let first = try await store.store([1], in: bucket, "key")
            let second = try await store.store([2], in: bucket, "key")
            for _ in 0..<2 {
                let (old, new) = (
                    try await store.bytes(in: bucket, "key", first.version.id), try await store.bytes(in: bucket, "key")
                )
                #expect(old == [1])
                #expect(new == [2])
            }
            try await store.delete("key", second.version.id, in: bucket)
            let shown = try await store.bytes(in: bucket, "key")
            #expect(shown == [1])
            let gone = await refusal {
                _ = try await store.object(in: bucket, key: first.key, version: second.version.id)
            }
            #expect(gone == .noSuchVersion)
            try await store.delete("key", in: bucket)
            let hidden = await refusal { _ = try await store.object(in: bucket, key: first.key) }
            #expect(hidden == .noSuchKey)
            for status in [VersioningConfiguration.Status.suspended, .enabled] {
                try await store.setVersioning(status, of: bucket)
                let found = try await store.bucket(bucket.name)
                #expect(found.versioning == status)
            }
        }
    }
}
