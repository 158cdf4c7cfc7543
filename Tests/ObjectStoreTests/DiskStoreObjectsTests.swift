import NIOCore
import OSSKit
import ObjectStore
import Testing

@Suite(.onEachDisk) struct DiskStoreObjectsTests {
    static let sizes = [
        0, 1, 32_767, 32_768, 32_769, 1_048_575, 1_048_576, 1_048_577, 2_097_152, 3_145_733,
    ]

    @Test(arguments: sizes, [1_000, 65_536, 1_048_576, 5_000_000])
    func bytesComeBackAsTheyWere(size: Int, pieceBytes: Int) async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            let bytes = someBytes(size)
            let put = try await store.store(bytes, in: bucket, "a/key", pieceBytes: pieceBytes)
            let found = try await store.object(in: bucket, key: ObjectKey("a/key"))
            #expect(found == put)
            #expect(found.sizeBytes == Int64(size))
            #expect(found.lastModifiedMilliseconds == folder.clock.milliseconds)
            let read = try await store.bytes(of: found)
            #expect(read == bytes)
            let files = try folder.blobFiles().count
            #expect(files == (size > 32_768 ? 1 : 0))
        }
    }

    @Test func digestsAreThoseOfTheProtocol() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let hello = try await store.store(Array("hello".utf8), in: bucket, "hello")
            #expect(hello.etag == "5D41402ABC4B2A76B9719D911017C592")
            #expect(hello.crc64 == 11_177_612_005_948_864_433)
            let empty = try await store.store([], in: bucket, "empty")
            #expect(empty.etag == "D41D8CD98F00B204E9800998ECF8427E")
            #expect(empty.crc64 == 0)
        }
    }

    @Test func aBlobHasTheDigestsOfTheSameBytesInARow() async throws {
        let bytes = someBytes(1_048_576)
        var digests: [ObjectRecord] = []
        for limit in [0, 2_000_000] {
            try await withStore({ $0.inlineLimitBytes = limit }) { store, folder in
                digests.append(try await store.store(bytes, in: try await store.makeBucket(), "key"))
                let files = try folder.blobFiles().count
                #expect(files == (limit == 0 ? 1 : 0))
            }
        }
        #expect(digests.map(\.etag) == [digests[0].etag, digests[0].etag])
        #expect(digests.map(\.crc64) == [digests[0].crc64, digests[0].crc64])
    }

    @Test(arguments: [100, 3_145_733])
    func anyRangeIsCutOutRight(size: Int) async throws {
        try await withStore { store, _ in
            let bytes = someBytes(size)
            let record = try await store.store(bytes, in: try await store.makeBucket(), "key")
            let edges = [0, 1, 50, 99, 100, 1_048_575, 1_048_576, 1_048_577, 2_097_152, size - 1, size]
                .filter { $0 <= size }
            for lower in edges {
                for upper in edges where lower <= upper {
                    let read = try await store.bytes(of: record, range: Int64(lower)..<Int64(upper))
                    #expect(read == Array(bytes[lower..<upper]), "\(lower)..<\(upper)")
                }
            }
        }
    }

    @Test(arguments: [100, 100_000])
    func aRangeBeyondTheObjectIsRefused(size: Int) async throws {
        try await withStore { store, _ in
            let record = try await store.store(someBytes(size), in: try await store.makeBucket(), "key")
            for range in [-1..<5, 0..<Int64(size) + 1, Int64(size)..<Int64(size) + 1, 0..<Int64.max, .min..<0] {
                let found = await storeFailure { _ = try await store.read(record, range: range) }
                #expect(found == .rangeIsOutside)
            }
        }
    }

    @Test func chunksHaveAtMostOneMiB() async throws {
        try await withStore { store, _ in
            let record = try await store.store(someBytes(3_145_733), in: try await store.makeBucket(), "key")
            let reader = try await store.read(record, range: 5..<3_145_730)
            #expect(reader.sizeBytes == 3_145_725)
            var sizes: [Int] = []
            for try await chunk in reader { sizes.append(chunk.readableBytes) }
            #expect(sizes == [1_048_571, 1_048_576, 1_048_576, 2])
        }
    }

    @Test func attributesComeBackInOrder() async throws {
        try await withStore { store, _ in
            let attributes = ObjectAttributes(
                contentType: "text/plain; charset=\"utf-8\"",
                headers: [
                    AttributePair(name: "expires", value: "never"),
                    AttributePair(name: "cache-control", value: "no-cache"),
                ],
                userMetadata: [
                    AttributePair(name: "z", value: "\u{e9} \u{65}\u{301} \u{1F600} \\ \" \u{1} \t"),
                    AttributePair(name: "a", value: ""), AttributePair(name: "m", value: "[]"),
                ],
                storageClass: "IA", acl: "private")
            let bucket = try await store.makeBucket()
            try await store.store([1], in: bucket, "key", attributes: attributes)
            let found = try await store.object(in: bucket, key: ObjectKey("key"))
            #expect(found.attributes == attributes)
            let scalars = found.attributes.userMetadata.map { Array($0.value.utf8) }
            #expect(scalars == attributes.userMetadata.map { Array($0.value.utf8) })
            #expect(found.storageClass == "IA")
        }
    }

    @Test func keysAreBytes() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let longest = String(repeating: "k", count: 1_023)
            let keys = ["\u{e9}", "e\u{301}", "E\u{301}", "a", "A", "a%", "a_", "%", "1", "01", longest]
            for (number, key) in keys.enumerated() { try await store.store([UInt8(number)], in: bucket, key) }
            for (number, key) in keys.enumerated() {
                let read = try await store.bytes(in: bucket, key)
                #expect(read == [UInt8(number)])
            }
            let usage = try await store.usage(of: bucket)
            #expect(usage == BucketUsage(objectCount: Int64(keys.count), sizeBytes: Int64(keys.count)))
        }
    }

    @Test func aKeyThatIsFreeIsRefusedByName() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let other = try await store.makeBucket("other")
            try await store.store([1], in: other, "key")
            let error = await failure { _ = try await store.object(in: bucket, key: ObjectKey("key")) } as? OSSError
            #expect(error?.code == .noSuchKey)
            #expect(error?.fields == [OSSError.Field(name: "Key", value: "key")])
        }
    }

    @Test(arguments: [(10, 20), (10, 100_000), (100_000, 10), (100_000, 200_000)])
    func anOverwriteLeavesOnlyTheNewBytes(before: Int, after: Int) async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        let old = try await store.store(someBytes(before, seed: 1), in: bucket, "key")
        folder.clock.advance(byMilliseconds: 1_234)
        let new = try await store.store(someBytes(after, seed: 2), in: bucket, "key")
        #expect(new.lastModifiedMilliseconds == old.lastModifiedMilliseconds + 1_234)
        let read = try await store.bytes(in: bucket, "key")
        #expect(read == someBytes(after, seed: 2))
        let usage = try await store.usage(of: bucket)
        #expect(usage == BucketUsage(objectCount: 1, sizeBytes: Int64(after)))
        try await store.close()
        let files = try folder.blobFiles().count
        #expect(files == (after > 32_768 ? 1 : 0))
        try folder.remove()
    }

    @Test(arguments: [10, 100_000])
    func aRowThatWasReadBeforeItsDeletionSaysSo(size: Int) async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        let record = try await store.store(someBytes(size), in: bucket, "key")
        try await store.delete(in: bucket, keys: [ObjectKey("key"), ObjectKey("never"), ObjectKey("key")])
        try await store.close()
        let again = try await folder.open()
        let found = await storeFailure { _ = try await again.read(record, range: 0..<Int64(size)) }
        #expect(found == .bodyIsGone)
        let lookup = await refusal { _ = try await again.object(in: bucket, key: record.key) }
        #expect(lookup == .noSuchKey)
        let usage = try await again.usage(of: bucket)
        #expect(usage == BucketUsage(objectCount: 0, sizeBytes: 0))
        try await again.close()
        let files = try folder.blobFiles()
        #expect(files.isEmpty)
        try folder.remove()
    }

    @Test(arguments: [10, 100_000])
    func aKeyThatIsTakenIsNotOverwrittenIfForbidden(size: Int) async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        try await store.store(someBytes(size, seed: 1), in: bucket, "key", forbidsOverwrite: true)
        let second = await refusal {
            try await store.store(someBytes(size, seed: 2), in: bucket, "key", forbidsOverwrite: true)
        }
        #expect(second == .fileAlreadyExists)
        let read = try await store.bytes(in: bucket, "key")
        #expect(read == someBytes(size, seed: 1))
        let usage = try await store.usage(of: bucket)
        #expect(usage == BucketUsage(objectCount: 1, sizeBytes: Int64(size)))
        try await store.close()
        let files = try folder.blobFiles().count
        #expect(files == (size > 32_768 ? 1 : 0))
        try folder.remove()
    }
}
