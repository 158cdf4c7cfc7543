import NIOCore
import OSSKit
import ObjectStore
import Testing

@Suite(.onEachDisk) struct DiskStoreQuotaTests {
    private static let owner = "alice"
    private static let inlineLimitBytes = 300

    private func withLimit(
        _ limitBytes: Int64, _ body: (DiskStore, BucketRecord, TestFolder) async throws -> Void
    ) async throws {
        try await withStore({ $0.inlineLimitBytes = Self.inlineLimitBytes }) { store, folder in
            let bucket = try await store.makeBucket(owner: Self.owner)
            try await store.setLimit(limitBytes, ofAccount: Self.owner)
            try await body(store, bucket, folder)
        }
    }

    private func expect(
        _ store: DiskStore, used: Int64, reserved: Int64 = 0, at place: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await store.usage(ofAccount: Self.owner)
        #expect(found.usedBytes == used && found.reservedBytes == reserved, "\(found)", sourceLocation: place)
    }

    /// Small bodies are judged by the commit, large ones before their first byte.
    @Test(arguments: [100, 1_000])
    func exactlyTheLimitFitsAndAByteMoreDoesNot(_ size: Int) async throws {
        try await withLimit(Int64(size)) { store, bucket, _ in
            let over = await refusal { try await put(size + 1, in: bucket, "over", of: store) }
            #expect(over == .quotaExceeded)
            try await put(size, in: bucket, "exact", of: store)
            let more = await refusal { try await put(1, in: bucket, "more", of: store) }
            #expect(more == .quotaExceeded)
            try await put(0, in: bucket, "empty", of: store)
            try await expect(store, used: Int64(size))
        }
    }

    @Test func allBucketsOfAnOwnerCountAndThoseOfAnotherDoNot() async throws {
        try await withLimit(1_000) { store, bucket, _ in
            let second = try await store.makeBucket("second", owner: Self.owner)
            let foreign = try await store.makeBucket("foreign", owner: "bob")
            try await put(600, in: bucket, "a", of: store)
            try await put(5_000, in: foreign, "a", of: store)
            let found = await refusal { try await put(401, in: second, "b", of: store) }
            #expect(found == .quotaExceeded)
            try await put(400, in: second, "b", of: store)
            let bob = try await store.usage(ofAccount: "bob")
            #expect(bob == AccountUsage(usedBytes: 5_000))
            let carol = try await store.usage(ofAccount: "carol")
            #expect(carol == AccountUsage())
        }
    }

    @Test func whatIsUnderWayIsReservedAndGivenBack() async throws {
        try await withLimit(1_000) { store, bucket, _ in
            let first = try await store.beginUpload(expectedBytes: 700, in: bucket)
            try await expect(store, used: 0, reserved: 700)
            let second = await refusal { _ = try await store.beginUpload(expectedBytes: 400, in: bucket) }
            let small = await refusal { try await put(300, in: bucket, "small", of: store) }
            #expect(second == .quotaExceeded && small == nil)
            let tooMany = await refusal { try await put(1, in: bucket, "byte", of: store) }
            #expect(tooMany == .quotaExceeded)
            await first.discard()
            try await expect(store, used: 300)
            try await put(700, in: bucket, "now", of: store)
            try await expect(store, used: 1_000)
        }
    }

    @Test func aReservationEndsWithEveryWayToEnd() async throws {
        try await withLimit(100_000) { store, bucket, _ in
            let tooLong = try await store.beginUpload(expectedBytes: 1_000, in: bucket)
            let longer = await refusal { try await tooLong.append(someBytes(1_001), pieceBytes: 400) }
            #expect(longer == .incompleteBody)
            let tooShort = try await store.beginUpload(expectedBytes: 1_000, in: bucket)
            try await tooShort.append(someBytes(999), pieceBytes: 400)
            let shorter = await refusal { _ = try await tooShort.finish() }
            #expect(shorter == .incompleteBody)
            try await put(1_000, in: bucket, "there", of: store)
            let refused = await refusal {
                try await put(1_000, in: bucket, "there", of: store, forbidsOverwrite: true)
            }
            #expect(refused == .fileAlreadyExists)
            try await expect(store, used: 1_000)
        }
    }

    @Test func overwritingCountsTheDifference() async throws {
        try await withLimit(300) { store, bucket, _ in
            try await put(300, in: bucket, "a", of: store)
            try await put(299, in: bucket, "a", of: store)
            try await put(300, in: bucket, "a", of: store)
            try await expect(store, used: 300)
            try await store.delete(in: bucket, keys: [ObjectKey("a"), ObjectKey("none")])
            try await expect(store, used: 0)
        }
    }

    @Test func aCopyCountsAsMuchAsItsSource() async throws {
        try await withLimit(1_500) { store, bucket, _ in
            let source = try await put(1_000, in: bucket, "a", of: store)
            let found = await refusal { _ = try await store.copy(source, to: bucket, key: ObjectKey("b")) }
            #expect(found == .quotaExceeded)
            try await store.setLimit(2_000, ofAccount: Self.owner)
            _ = try await store.copy(source, to: bucket, key: ObjectKey("b"))
            _ = try await store.copy(source, to: bucket, key: ObjectKey("b"))
            try await expect(store, used: 2_000)
        }
    }

    @Test func appendedBytesCount() async throws {
        try await withLimit(500) { store, bucket, _ in
            let place = ObjectPlace(bucket: bucket, key: try ObjectKey("log"))
            try await append(200, at: 0, to: place, of: store)
            try await append(300, at: 200, to: place, of: store)
            let found = await refusal { try await append(1, at: 500, to: place, of: store) }
            #expect(found == .quotaExceeded)
            try await expect(store, used: 500)
        }
    }

    @Test func partsCountUntilTheirUploadEndsAndTheObjectAfterwards() async throws {
        try await withLimit(250_000) { store, bucket, _ in
            let multipart = try await store.begin(in: bucket, "large")
            let parts = [
                try await part(1, 102_400, of: multipart, store), try await part(2, 102_400, of: multipart, store),
            ]
            try await expect(store, used: 204_800)
            let third = await refusal { _ = try await part(3, 50_000, of: multipart, store) }
            #expect(third == .quotaExceeded)
            _ = try await part(3, 200, of: multipart, store)
            _ = try await part(3, 300, of: multipart, store)
            try await expect(store, used: 205_100)
            _ = try await store.complete(multipart, parts)
            try await expect(store, used: 204_800)
            let aborted = try await store.begin(in: bucket, "other")
            _ = try await part(1, 40_000, of: aborted, store)
            try await store.abort(aborted)
            try await expect(store, used: 204_800)
        }
    }

    @Test func aBodyOfUnknownLengthIsJudgedOnItsWayAndAtItsEnd() async throws {
        try await withLimit(10_000_000) { store, bucket, _ in
            let endless = try await store.beginUpload(in: bucket)
            var appended = 0
            let found = await refusal {
                while appended < 40_000_000 {
                    try await endless.append(ByteBuffer(repeating: 7, count: 1_000_000))
                    appended += 1_000_000
                }
            }
            #expect(found == .quotaExceeded && appended < 20_000_000)
            try await expect(store, used: 0)
            try await store.setLimit(1_000, ofAccount: Self.owner)
            let upload = try await store.beginUpload(in: bucket)
            try await upload.append(someBytes(1_001), pieceBytes: 400)
            _ = try await upload.finish()
            let end = await refusal {
                _ = try await store.put(upload, in: bucket, key: ObjectKey("a"), attributes: ObjectAttributes())
            }
            #expect(end == .quotaExceeded)
        }
    }

    @Test func whatTogetherFitsOnceFitsOnce() async throws {
        try await withLimit(5_000) { store, bucket, _ in
            let granted = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    group.addTask { await refusal { try await put(1_000, in: bucket, "\(number)", of: store) } == nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            // A large one is refused also for the sake of one that is refused itself later on; none is here.
            #expect(granted == 5)
            try await expect(store, used: 5_000)
        }
    }

    @Test func aLimitOutlivesARestartAndReservationsDoNot() async throws {
        let folder = TestFolder()
        let store = try await folder.open { $0.inlineLimitBytes = Self.inlineLimitBytes }
        let bucket = try await store.makeBucket(owner: Self.owner)
        try await store.setLimit(1_000, ofAccount: Self.owner)
        try await put(400, in: bucket, "a", of: store)
        let upload = try await store.beginUpload(expectedBytes: 600, in: bucket)
        try await store.close()
        let again = try await folder.open { $0.inlineLimitBytes = Self.inlineLimitBytes }
        try await expect(again, used: 400)
        try await put(600, in: bucket, "b", of: again)
        await upload.discard()
        try await again.close()
        try folder.remove()
    }

    @Test func aLowerLimitTakesNothingAwayAndAddsNothing() async throws {
        try await withLimit(1_000) { store, bucket, _ in
            let record = try await put(800, in: bucket, "a", of: store)
            try await store.setLimit(0, ofAccount: Self.owner)
            let carol0 = try await store.bytes(of: record)
            #expect(carol0 == someBytes(800))
            let carol1 = await refusal { try await put(1, in: bucket, "b", of: store) }
            #expect(carol1 == .quotaExceeded)
            try await put(200, in: bucket, "a", of: store)
            try await store.setLimit(nil, ofAccount: Self.owner)
            try await put(5_000, in: bucket, "b", of: store)
            try await expect(store, used: 5_200)
        }
    }

    @Test func theSumOfAllSizesDoesNotOverflow() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket(owner: Self.owner)
            try await store.setLimit(.max, ofAccount: Self.owner)
            let upload = try await store.beginUpload(expectedBytes: 600_000, in: bucket)
            try await put(5, in: bucket, "a", of: store)
            await upload.discard()
            try await expect(store, used: 5)
        }
    }
}

@discardableResult
private func put(
    _ count: Int, in bucket: BucketRecord, _ key: String, of store: DiskStore, forbidsOverwrite: Bool = false
) async throws -> ObjectRecord {
    let upload = try await store.beginUpload(expectedBytes: Int64(count), in: bucket)
    try await upload.append(someBytes(count), pieceBytes: 65_536)
    _ = try await upload.finish()
    return try await store.put(
        upload, in: bucket, key: ObjectKey(key), attributes: ObjectAttributes(),
        condition: WriteCondition(forbidsOverwrite: forbidsOverwrite))
}

private func append(_ count: Int, at position: Int64, to place: ObjectPlace, of store: DiskStore) async throws {
    let upload = try await store.beginUpload(expectedBytes: Int64(count))
    try await upload.append(someBytes(count), pieceBytes: 65_536)
    _ = try await upload.finish()
    _ = try await store.append(upload, at: position, to: place, attributes: ObjectAttributes())
}

private func part(
    _ number: Int, _ count: Int, of multipart: MultipartUpload, _ store: DiskStore
) async throws -> PartRecord {
    let upload = try await store.beginUpload(expectedBytes: Int64(count), in: multipart.bucket)
    try await upload.append(someBytes(count), pieceBytes: 65_536)
    _ = try await upload.finish()
    return try await store.putPart(upload, number: try #require(PartNumber(number)), of: multipart)
}
