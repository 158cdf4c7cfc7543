import OSSKit
import ObjectStore
import Testing

/// Lists of versions, page by page, while versions come and go.
@Suite(.onEachDisk) struct DiskStoreVersionListTests {
    /// A bucket with versions, markers and folders, of which some keys have the version `null`.
    private func filled(_ store: DiskStore) async throws -> BucketRecord {
        let bucket = try await store.makeBucket()
        for key in ["a", "d/1", "d/2", "z"] { try await store.store([0], in: bucket, key) }
        try await store.setVersioning(.enabled, of: bucket)
        for key in ["a", "a", "b", "d/1", "e/1", "z"] { try await store.store([1, 2], in: bucket, key) }
        for key in ["a", "c", "e/1"] { try await store.delete(key, in: bucket) }
        try await store.store([3], in: bucket, "a")
        return bucket
    }

    private func pages(
        _ store: DiskStore, _ bucket: BucketRecord, _ query: VersionQuery,
        between: ([VersionEntry]) async throws -> Void = { _ in }
    ) async throws -> (entries: [VersionEntry], prefixes: [[UInt8]]) {
        var (query, entries, prefixes) = (query, [VersionEntry](), [[UInt8]]())
        while true {
            let page = try await store.versions(in: bucket, query)
            #expect(page.entries.count + page.commonPrefixes.count <= query.limit)
            entries += page.entries
            prefixes += page.commonPrefixes
            guard let next = page.next else { return (entries, prefixes) }
            try await between(page.entries)
            (query.keyMarker, query.versionMarker) = (next.key, next.version)
        }
    }

    @Test(arguments: 1...14)
    func pagesTogetherAreTheWholeList(limit: Int) async throws {
        try await withStore { store, _ in
            let bucket = try await filled(store)
            let all = try await pages(store, bucket, VersionQuery(limit: limit))
            let keys = all.entries.map(\.key.text).joined(separator: " ")
            #expect(keys == "a a a a a b c d/1 d/1 d/2 e/1 e/1 z z")
            let marked = all.entries.map { $0.object == nil }
            #expect(marked.enumerated().filter(\.element).map(\.offset) == [1, 6, 10])
            let latest = all.entries.enumerated().filter(\.element.isLatest).map(\.offset)
            #expect(latest == [0, 5, 6, 7, 9, 10, 12])
            let folded = try await pages(store, bucket, VersionQuery(delimiter: [0x2f], limit: limit))
            #expect(folded.prefixes == [Array("d/".utf8), Array("e/".utf8)])
            let unfolded = folded.entries.map(\.key.text).joined(separator: " ")
            #expect(unfolded == "a a a a a b c z z")
            let inside = try await pages(
                store, bucket, VersionQuery(prefix: Array("d/".utf8), delimiter: [0x2f], limit: limit))
            #expect(inside.entries.map(\.key.text) == ["d/1", "d/1", "d/2"])
        }
    }

    @Test(arguments: [1, 2, 3, 5])
    func whoDeletesEachPageMissesNothing(limit: Int) async throws {
        try await withStore { store, _ in
            let bucket = try await filled(store)
            let delete = { (entries: [VersionEntry]) in
                _ = try await store.delete(in: bucket, entries.map { Deletion(key: $0.key, version: $0.id) })
            }
            _ = try await pages(store, bucket, VersionQuery(limit: limit), between: delete)
            // The last page has no other behind it.
            let rest = try await store.versions(in: bucket, VersionQuery(limit: 1_000))
            #expect(rest.entries.count <= limit)
            try await delete(rest.entries)
            try await store.deleteBucket(bucket.name, ownedBy: "alice")
        }
    }

    @Test func theLatestIsToldRightInTheMiddleOfAKey() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            let (old, new) = (
                try await store.store([1], in: bucket, "key"), try await store.store([2], in: bucket, "key")
            )
            let query = VersionQuery(keyMarker: Array("key".utf8), versionMarker: new.version.id)
            let before = try await store.versions(in: bucket, query)
            #expect(before.entries.map(\.id) == [old.version.id])
            #expect(before.entries.map(\.isLatest) == [false])
            try await store.delete("key", new.version.id, in: bucket)
            let after = try await store.versions(in: bucket, query)
            #expect(after.entries.map(\.isLatest) == [true])
        }
    }

    @Test(arguments: [
        ("", "", 14), ("a", "", 9), ("a", "null", 9), ("c", "", 7), ("d/", "", 7), ("d/1", "", 5), ("d/1", "null", 5),
        ("y", "null", 2), ("z", "", 0), ("z", "null", 0), ("zz", "", 0), ("\u{10ffff}", "", 0),
    ])
    func aPageBeginsBehindItsMarker(key: String, version: String, count: Int) async throws {
        try await withStore { store, _ in
            let bucket = try await filled(store)
            let query = VersionQuery(
                keyMarker: key.isEmpty ? nil : Array(key.utf8),
                versionMarker: version.isEmpty ? nil : try VersionID(version), limit: 1_000)
            let page = try await store.versions(in: bucket, query)
            #expect(page.entries.count == count)
            #expect(page.next == nil)
        }
    }

    @Test(arguments: ["CAEQ", "CAEQ-none", "CAEQAA", "CAEQ____________AQ"])
    func aMarkerThatNoListGaveIsRefused(text: String) async throws {
        try await withStore { store, _ in
            let bucket = try await filled(store)
            let query = VersionQuery(keyMarker: Array("a".utf8), versionMarker: try VersionID(text))
            let found = await refusal { _ = try await store.versions(in: bucket, query) }
            #expect(found == .invalidArgument)
        }
    }
}
