import OSSKit
import ObjectStore
import Testing

/// Lists of uploads and of parts, page by page.
@Suite struct DiskStoreUploadListTests {
    @Test(arguments: [1, 2, 3, 100])
    func partsComeInTheOrderOfTheirNumbers(limit: Int) async throws {
        try await withStore { store, _ in
            let multipart = try await store.begin(in: try await store.makeBucket(), "key")
            for number in [10_000, 2, 7, 1, 300] {
                try await store.part(number, [UInt8(number % 251)], of: multipart)
            }
            var (numbers, after, isTruncated) = ([Int](), 0, true)
            while isTruncated {
                let page = try await store.parts(of: multipart, after: after, limit: limit)
                #expect(page.parts.count <= limit)
                numbers += page.parts.map(\.number.value)
                after = page.parts.last?.number.value ?? 0
                isTruncated = page.isTruncated
            }
            #expect(numbers == [1, 2, 7, 300, 10_000])
            let behind = try await store.parts(of: multipart, after: 10_000, limit: limit)
            #expect(behind.parts.isEmpty)
            #expect(!behind.isTruncated)
        }
    }

    @Test(arguments: [1, 2, 3, 1_000])
    func uploadsComeByKeyAndThenByID(limit: Int) async throws {
        try await withStore { store, _ in
            let (bucket, other) = (try await store.makeBucket(), try await store.makeBucket("other"))
            var wanted: [String] = []
            for key in ["b", "a/2", "a", "b", "a/1", "b", "é"] {
                let upload = try await store.begin(in: bucket, key)
                wanted.append("\(key) \(upload.id)")
            }
            _ = try await store.begin(in: other, "a")
            wanted.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            let found = try await pages(of: bucket, UploadQuery(limit: limit), in: store)
            #expect(found.uploads == wanted)
            #expect(found.prefixes.isEmpty)
        }
    }

    @Test(arguments: [1, 2, 3, 1_000])
    func keysWithADelimiterAreRolledUp(limit: Int) async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            for key in ["p/a/1", "p/a/2", "p/b", "p/c/1", "q/1", "p/c/2", "p/b"] {
                _ = try await store.begin(in: bucket, key)
            }
            let query = UploadQuery(prefix: Array("p/".utf8), delimiter: Array("/".utf8), limit: limit)
            let found = try await pages(of: bucket, query, in: store)
            #expect(found.prefixes == ["p/a/", "p/c/"])
            #expect(found.uploads.map { $0.prefix(4) } == ["p/b ", "p/b "])
        }
    }

    @Test func aMarkerOfAKeySkipsAllItsUploads() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            for key in ["a", "a", "b"] { _ = try await store.begin(in: bucket, key) }
            let page = try await store.multipartUploads(in: bucket, UploadQuery(keyMarker: Array("a".utf8)))
            #expect(page.uploads.map(\.key.text) == ["b"])
            let first = try await store.multipartUploads(in: bucket, UploadQuery(limit: 1))
            let second = try await store.multipartUploads(
                in: bucket, UploadQuery(keyMarker: Array("a".utf8), uploadIDMarker: first.uploads.first?.id.text))
            #expect(second.uploads.map(\.key.text) == ["a", "b"])
            #expect(second.next == nil)
        }
    }

    @Test func aBucketThatIsGoneHasNoList() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            try await store.deleteBucket(bucket.name, ownedBy: "alice")
            let code = await refusal { _ = try await store.multipartUploads(in: bucket, UploadQuery()) }
            #expect(code == .noSuchBucket)
        }
    }

    /// All pages of a list: each upload as its key and ID.
    private func pages(
        of bucket: BucketRecord, _ query: UploadQuery, in store: DiskStore
    ) async throws -> (uploads: [String], prefixes: [String]) {
        var query = query
        var (uploads, prefixes) = ([String](), [String]())
        while true {
            let page = try await store.multipartUploads(in: bucket, query)
            #expect(page.uploads.count + page.commonPrefixes.count <= query.limit)
            uploads += page.uploads.map { "\($0.key) \($0.id)" }
            prefixes += page.commonPrefixes.map { String(decoding: $0, as: UTF8.self) }
            guard let next = page.next else { return (uploads, prefixes) }
            query.keyMarker = next.key
            query.uploadIDMarker = next.uploadID
        }
    }
}
