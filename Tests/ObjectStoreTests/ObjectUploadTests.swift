import NIOCore
import OSSKit
import ObjectStore
import Testing

@Suite(.onEachDisk) struct ObjectUploadTests {
    @Test(arguments: [(10, 9), (10, 11), (0, 1), (100_000, 99_999), (100_000, 100_001), (3_000_000, 2_999_999)])
    func anotherLengthThanAnnouncedIsRefused(expected: Int, sent: Int) async throws {
        try await expectNoFile { store in
            let upload = try await store.beginUpload(expectedBytes: Int64(expected))
            let found = await refusal {
                try await upload.append(someBytes(sent), pieceBytes: 1_000)
                _ = try await upload.finish()
            }
            #expect(found == .incompleteBody)
            let after = await storeFailure { try await upload.append([1], pieceBytes: 1) }
            #expect(after == .uploadIsNotReady)
        }
    }

    @Test(arguments: [10, 100_000, 2_500_000])
    func whatIsDiscardedLeavesNoFile(size: Int) async throws {
        for isFinished in [false, true] {
            try await expectNoFile { store in
                let upload = try await store.beginUpload()
                try await upload.append(someBytes(size), pieceBytes: 65_536)
                if isFinished { _ = try await upload.finish() }
                await upload.discard()
                await upload.discard()
                let bucket = try await store.makeBucket()
                let put = await storeFailure {
                    _ = try await store.put(upload, in: bucket, key: ObjectKey("key"), attributes: ObjectAttributes())
                }
                #expect(put == .uploadIsNotReady)
            }
        }
    }

    @Test func whatIsDroppedLeavesNoFile() async throws {
        try await expectNoFile { store in
            try await store.beginUpload().append(someBytes(2_500_000), pieceBytes: 65_536)
            let finished = try await store.beginUpload()
            try await finished.append(someBytes(100_000), pieceBytes: 65_536)
            _ = try await finished.finish()
        }
    }

    @Test func whatIsCancelledLeavesNoFile() async throws {
        try await expectNoFile { store in
            let upload = try await store.beginUpload()
            try await upload.append(someBytes(2_500_000), pieceBytes: 65_536)
            let error = await withTaskGroup(of: (any Error)?.self) { group in
                group.cancelAll()
                group.addTask { await failure { try await upload.append(someBytes(10), pieceBytes: 10) } }
                return await group.next() ?? nil
            }
            #expect(error is CancellationError)
        }
    }

    @Test func whatIsRefusedLeavesNoFile() async throws {
        try await expectNoFile { store in
            let bucket = try await store.makeBucket()
            try await store.store([1], in: bucket, "key")
            let put = await refusal {
                try await store.store(someBytes(100_000), in: bucket, "key", forbidsOverwrite: true)
            }
            #expect(put == .fileAlreadyExists)
        }
    }

    @Test func anUploadIsStoredOnceAndOnlyWhenFinished() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let upload = try await store.beginUpload()
            try await upload.append([1, 2], pieceBytes: 1)
            func put(_ key: String) async -> StoreFailure? {
                await storeFailure {
                    _ = try await store.put(upload, in: bucket, key: ObjectKey(key), attributes: ObjectAttributes())
                }
            }
            let early = await put("early")
            #expect(early == .uploadIsNotReady)
            let summary = try await upload.finish()
            #expect(summary.sizeBytes == 2)
            let twice = await storeFailure { _ = try await upload.finish() }
            #expect(twice == .uploadIsNotReady)
            let first = await put("first")
            #expect(first == nil)
            let second = await put("second")
            #expect(second == .uploadIsNotReady)
            let page = try await store.list(in: bucket, ListQuery())
            #expect(page.entries.map(\.key.text) == ["first"])
        }
    }

    @Test func nothingIsTakenInWhileTheDiskIsNearlyFull() async throws {
        try await withStore({ $0.freeSpaceFloorBytes = .max }) { store, _ in
            let upload = await refusal { _ = try await store.beginUpload() }
            #expect(upload == .serviceUnavailable)
            let bucket = await refusal { _ = try await store.makeBucket() }
            #expect(bucket == .serviceUnavailable)
            let buckets = try await store.buckets(ownedBy: "alice", limit: 10)
            #expect(buckets.records.isEmpty)
        }
    }

    @Test func whatCannotFitIsRefusedBeforeItsFirstByte() async throws {
        try await withStore { store, _ in
            let found = await refusal { _ = try await store.beginUpload(expectedBytes: .max) }
            #expect(found == .serviceUnavailable)
        }
    }

    @Test func readingAndDeletingGoOnWhileTheDiskIsNearlyFull() async throws {
        let folder = TestFolder()
        var store = try await folder.open()
        let bucket = try await store.makeBucket()
        let record = try await store.store(someBytes(100_000), in: bucket, "key")
        try await store.close()
        store = try await folder.open { $0.freeSpaceFloorBytes = .max }
        let read = try await store.bytes(of: record)
        #expect(read == someBytes(100_000))
        let copy = await refusal { _ = try await store.copy(record, to: bucket, key: ObjectKey("copy")) }
        #expect(copy == .serviceUnavailable)
        try await store.delete(in: bucket, keys: [record.key])
        try await store.deleteBucket(bucket.name, ownedBy: "alice")
        try await store.close()
        try folder.remove()
    }

    private func expectNoFile(_ body: (DiskStore) async throws -> Void) async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        try await body(store)
        try await store.close()
        let files = try folder.blobFiles()
        #expect(files.isEmpty)
        try folder.remove()
    }
}
