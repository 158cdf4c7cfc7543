import OSSKit
import ObjectStore
import Testing

/// Objects that grow: what they come to, who else holds their bytes, and what is refused.
@Suite struct DiskStoreAppendingTests {
    @Test(arguments: [0, 1_024, 32_768])
    func appendedBytesComeBackInOrder(inlineLimit: Int) async throws {
        let folder = TestFolder()
        let store = try await folder.open { $0.inlineLimitBytes = inlineLimit }
        let bucket = try await store.makeBucket()
        var bytes: [UInt8] = []
        var etags: Set<String> = []
        for (number, size) in [10, 1, 1, 5, 40_000, 3, 3, 700, 0, 2_000_000, 1].enumerated() {
            let more = someBytes(size, seed: UInt64(number))
            folder.clock.advance(byMilliseconds: 3)
            let record = try await store.append(more, to: bucket, "log", at: Int64(bytes.count))
            bytes += more
            #expect(record.sizeBytes == Int64(bytes.count))
            #expect(record.crc64 == CRC64.of(bytes))
            #expect(record.type == .appendable)
            #expect(record.entityTag.md5 == nil)
            #expect(record.etag.hasSuffix("00000000"))
            #expect(record.etag.utf8.count == 32)
            etags.insert(record.etag)
            let found = try await store.object(in: bucket, key: ObjectKey("log"))
            #expect(found == record)
            let read = try await store.bytes(of: found)
            #expect(read == bytes)
        }
        // Every append but the empty one changes the ETag.
        #expect(etags.count == 10)
        let usage = try await store.usage(of: bucket)
        #expect(usage == BucketUsage(objectCount: 1, sizeBytes: Int64(bytes.count)))
        let part = try await store.bytes(
            of: try await store.object(in: bucket, key: ObjectKey("log")), range: 9..<40_020)
        #expect(part == Array(bytes[9..<40_020]))
        try await store.delete(in: bucket, keys: [ObjectKey("log")])
        await store.waitUntilCleared()
        try await store.close()
        let files = try folder.blobFiles()
        #expect(files.isEmpty)
        try folder.remove()
    }

    @Test func manySmallAppendsAreReadAsOne() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            var bytes: [UInt8] = []
            for number in 0..<400 {
                let more = someBytes(number % 7 + 1, seed: UInt64(number))
                try await store.append(more, to: bucket, "log", at: Int64(bytes.count))
                bytes += more
            }
            let record = try await store.object(in: bucket, key: ObjectKey("log"))
            var (read, chunkCount) = ([UInt8](), 0)
            for try await chunk in try await store.read(record, range: 0..<record.sizeBytes) {
                read += chunk.readableBytesView
                chunkCount += 1
            }
            #expect(read == bytes)
            // One for each bit of the number of appends, about.
            #expect(chunkCount < 20)
        }
    }

    @Test func aReaderSeesTheObjectAsItWasWhileItGrows() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let old = someBytes(40_000) + someBytes(300, seed: 2)
            try await store.append(someBytes(40_000), to: bucket, "log", at: 0)
            try await store.append(someBytes(300, seed: 2), to: bucket, "log", at: 40_000)
            let record = try await store.object(in: bucket, key: ObjectKey("log"))
            var iterator = try await store.read(record, range: 0..<record.sizeBytes).makeAsyncIterator()
            var read = Array(try #require(try await iterator.next()).readableBytesView)
            // The small segment at the end is swallowed by a larger one.
            try await store.append(someBytes(5_000, seed: 3), to: bucket, "log", at: 40_300)
            while let chunk = try await iterator.next() { read += chunk.readableBytesView }
            #expect(read == old)
            let all = try await store.bytes(in: bucket, "log")
            #expect(all == old + someBytes(5_000, seed: 3))
        }
    }

    @Test func aCopyStaysAsItIsWhenItsSourceGrows() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        let old = someBytes(50_000) + [1, 2, 3]
        try await store.append(someBytes(50_000), to: bucket, "log", at: 0)
        let source = try await store.append([1, 2, 3], to: bucket, "log", at: 50_000)
        let copy = try await store.copy(source, to: bucket, key: ObjectKey("copy"))
        #expect(copy.type == .normal)
        try await store.append([4, 5, 6, 7], to: bucket, "log", at: 50_003)
        let (copied, grown) = (try await store.bytes(in: bucket, "copy"), try await store.bytes(in: bucket, "log"))
        #expect(copied == old)
        #expect(grown == old + [4, 5, 6, 7])
        let refused = await refusal { try await store.append([9], to: bucket, "copy", at: 50_003) }
        #expect(refused == .objectNotAppendable)
        try await store.delete(in: bucket, keys: [ObjectKey("log")])
        await store.waitUntilCleared()
        let kept = try await store.bytes(in: bucket, "copy")
        #expect(kept == old)
        try await store.delete(in: bucket, keys: [ObjectKey("copy")])
        await store.waitUntilCleared()
        try await store.close()
        let files = try folder.blobFiles()
        #expect(files.isEmpty)
        try folder.remove()
    }

    @Test(arguments: [-1, 0, 2, 4, Int64.max])
    func anotherPositionIsRefusedAndTheRightOneTold(position: Int64) async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            try await store.append([1, 2, 3], to: bucket, "log", at: 0)
            let error = await failure { try await store.append([4], to: bucket, "log", at: position) } as? OSSError
            #expect(error?.code == .positionNotEqualToLength)
            #expect(
                error?.headers == [
                    OSSError.Field(name: "x-oss-next-append-position", value: "3"),
                    OSSError.Field(name: "x-oss-hash-crc64ecma", value: String(CRC64.of([1, 2, 3] as [UInt8]))),
                ])
            let read = try await store.bytes(in: bucket, "log")
            #expect(read == [1, 2, 3])
        }
    }

    @Test func aNewObjectBeginsAtZero() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let late = await refusal { try await store.append([1], to: bucket, "log", at: 1) }
            #expect(late == .positionNotEqualToLength)
            let empty = try await store.append([], to: bucket, "log", at: 0)
            #expect(empty.sizeBytes == 0)
            let first = try await store.append([1], to: bucket, "log", at: 0, forbidsOverwrite: false)
            #expect(first.sizeBytes == 1)
            let taken = await refusal {
                try await store.append([1], to: bucket, "log", at: 0, forbidsOverwrite: true)
            }
            #expect(taken == .fileAlreadyExists)
        }
    }

    @Test func objectsOfOtherKindsDoNotGrow() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            try await store.store([1], in: bucket, "normal")
            _ = try await store.storeInParts([1], in: bucket, "parts")
            for key in ["normal", "parts"] {
                for position: Int64 in [0, 1] {
                    let code = await refusal { try await store.append([2], to: bucket, key, at: position) }
                    #expect(code == .objectNotAppendable)
                }
            }
            // A put takes the place of an object that grew.
            try await store.append([1], to: bucket, "log", at: 0)
            let record = try await store.store([2], in: bucket, "log")
            #expect(record.type == .normal)
        }
    }

    @Test func anObjectGrowsToFiveGibibytesAndNotOneByteMore() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            try await store.append([1], to: bucket, "log", at: 0)
            let place = ObjectPlace(bucket: bucket, key: try ObjectKey("log"))
            let rest = DiskStore.appendableLimitBytes - 1
            try await store.requireAppendable(at: 1, adding: rest, to: place, condition: WriteCondition())
            for more in [rest + 1, Int64.max] {
                let code = await refusal {
                    try await store.requireAppendable(at: 1, adding: more, to: place, condition: WriteCondition())
                }
                #expect(code == .entityTooLarge)
            }
        }
    }

    @Test func ofManyAppendsAtOnePlaceOneWins() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            for round in 0..<20 {
                let wins = await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<5 {
                        group.addTask {
                            let error = await failure {
                                try await store.append([UInt8(round)], to: bucket, "log", at: Int64(round))
                            }
                            return error == nil
                        }
                    }
                    return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect(wins == 1)
            }
            let read = try await store.bytes(in: bucket, "log")
            #expect(read == (0..<20).map { UInt8($0) })
        }
    }

    @Test func attributesAreThoseOfTheFirstAppend() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let attributes = ObjectAttributes(contentType: "text/plain", tags: [Tag("a", "b")])
            try await store.append([1], to: bucket, "log", at: 0, attributes: attributes)
            let grown = try await store.append([2], to: bucket, "log", at: 1)
            #expect(grown.attributes == attributes)
        }
    }
}

extension DiskStore {
    /// Uploads bytes and puts them behind those of an object.
    @discardableResult
    func append(
        _ bytes: [UInt8], to bucket: BucketRecord, _ key: String, at position: Int64, forbidsOverwrite: Bool = false,
        attributes: ObjectAttributes = ObjectAttributes()
    ) async throws -> ObjectRecord {
        let upload = try await beginUpload(expectedBytes: Int64(bytes.count))
        try await upload.append(bytes, pieceBytes: 65_536)
        _ = try await upload.finish()
        return try await append(
            upload, at: position, to: ObjectPlace(bucket: bucket, key: ObjectKey(key)), attributes: attributes,
            condition: WriteCondition(forbidsOverwrite: forbidsOverwrite))
    }
}
