import Foundation
import OSSKit
import ObjectStore
import Testing

/// Bodies that are made of others: who shares them, when they go, and damage in them.
@Suite struct SegmentedBodyTests {
    private static let sizes = [150_000, 120_000, 30_000]

    @Test func aCopySharesThePartsUntilBothAreGone() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let (bucket, other) = (try await store.makeBucket(), try await store.makeBucket("other"))
        let (record, bytes) = try await store.storeInParts(Self.sizes, in: bucket, "key")
        let copy = try await store.copy(record, to: other, key: ObjectKey("copy"))
        #expect(copy.etag == record.etag)
        try await store.delete(in: bucket, keys: [record.key])
        await store.waitUntilCleared()
        let read = try await store.bytes(in: other, "copy")
        #expect(read == bytes)
        try await store.delete(in: other, keys: [copy.key])
        await store.waitUntilCleared()
        try await store.close()
        let files = try folder.blobFiles()
        #expect(files.isEmpty)
        try folder.remove()
    }

    @Test func aReaderKeepsAllPartsThatItHasNotReadYet() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        let (record, bytes) = try await store.storeInParts(Self.sizes, in: bucket, "key")
        var iterator: ObjectReader.Iterator? = try await store.read(record, range: 0..<record.sizeBytes)
            .makeAsyncIterator()
        var read = Array(try #require(try await iterator?.next()).readableBytesView)
        try await store.store([1], in: bucket, "key")
        await store.waitUntilCleared()
        let late = await storeFailure { _ = try await store.read(record, range: 0..<1) }
        #expect(late == .bodyIsGone)
        while let chunk = try await iterator?.next() { read += chunk.readableBytesView }
        #expect(read == bytes)
        iterator = nil
        await store.waitUntilCleared()
        try await store.close()
        let files = try folder.blobFiles()
        #expect(files.isEmpty)
        try folder.remove()
    }

    @Test func whatWasNotClearedAwayIsClearedAfterTheNextStart() async throws {
        let folder = TestFolder()
        var store = try await folder.open()
        let bucket = try await store.makeBucket()
        let (record, _) = try await store.storeInParts(Self.sizes, in: bucket, "key")
        let reader = try await store.read(record, range: 0..<record.sizeBytes)
        try await store.delete(in: bucket, keys: [record.key])
        await store.waitUntilCleared()
        try await store.close()
        let before = try folder.blobFiles().count
        #expect(before == 2)
        #expect(reader.sizeBytes == record.sizeBytes)
        store = try await folder.open()
        await store.waitUntilCleared()
        try await store.close()
        let files = try folder.blobFiles()
        #expect(files.isEmpty)
        try folder.remove()
    }

    @Test func anAbortedUploadOfManyPartsLeavesNothing() async throws {
        let folder = TestFolder()
        let store = try await folder.open { $0.inlineLimitBytes = 0 }
        let bucket = try await store.makeBucket()
        let multipart = try await store.begin(in: bucket, "key")
        for number in 1...300 {
            try await store.part(number, [UInt8(number % 251)], of: multipart)
        }
        try await store.abort(multipart)
        await store.waitUntilCleared()
        try await store.close()
        let files = try folder.blobFiles()
        #expect(files.isEmpty)
        try folder.remove()
    }

    @Test func aWholeObjectIsSharedWithAPart() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        let source = try await store.store(someBytes(200_000), in: bucket, "source")
        let multipart = try await store.begin(in: bucket, "key")
        let number = try #require(PartNumber(1))
        let part = try await store.copyPart(source, range: 0..<200_000, number: number, of: multipart)
        #expect(part.etag == source.etag)
        let shared = try folder.blobFiles().count
        #expect(shared == 1)
        let other = try await store.copyPart(
            source, range: 1..<150_001, number: try #require(PartNumber(2)), of: multipart)
        #expect(other.md5 == MD5Digest.of(someBytes(200_000)[1..<150_001]))
        try await store.delete(in: bucket, keys: [source.key])
        let record = try await store.complete(multipart, [part, other])
        let read = try await store.bytes(of: record)
        #expect(read == someBytes(200_000) + someBytes(200_000)[1..<150_001])
        let gone = await refusal {
            _ = try await store.copyPart(source, range: 0..<200_000, number: number, of: multipart)
        }
        #expect(gone == .noSuchUpload)
        try await store.close()
        try folder.remove()
    }

    @Test func aSourceThatIsGoneMakesNoPart() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let source = try await store.store(someBytes(200_000), in: bucket, "source")
            let multipart = try await store.begin(in: bucket, "key")
            try await store.delete(in: bucket, keys: [source.key])
            let number = try #require(PartNumber(1))
            let gone = await refusal {
                _ = try await store.copyPart(source, range: 0..<200_000, number: number, of: multipart)
            }
            #expect(gone == .noSuchKey)
            let parts = try await store.parts(of: multipart, limit: 1).parts
            #expect(parts.isEmpty)
        }
    }

    @Test func aWrongBitInAnyPartIsNeverHandedOut() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            let (record, bytes) = try await store.storeInParts([150_000, 120_000, 110_000], in: bucket, "key")
            for path in try folder.blobFiles() {
                let url = URL(filePath: path)
                let whole = try Data(contentsOf: url)
                var damaged = whole
                damaged[77_777] ^= 4
                try damaged.write(to: url)
                var read: [UInt8] = []
                let error = await storeFailure {
                    for try await chunk in try await store.read(record, range: 0..<record.sizeBytes) {
                        read += chunk.readableBytesView
                    }
                }
                #expect(error == .bodyIsDamaged)
                #expect([0, 150_000, 270_000].contains(read.count))
                #expect(read == Array(bytes.prefix(read.count)))
                try whole.write(to: url)
            }
            let read = try await store.bytes(of: record)
            #expect(read == bytes)
        }
    }
}
