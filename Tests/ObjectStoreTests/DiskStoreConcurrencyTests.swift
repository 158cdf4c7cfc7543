import OSSKit
import ObjectStore
import Testing

@Suite(.onEachDisk) struct DiskStoreConcurrencyTests {
    @Test func putsAtTheSameTimeShareCommits() async throws {
        let folder = TestFolder(isOnDisk: true)
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        let before = store.commitCounts
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let bytes = someBytes(4_096, seed: UInt64(number))
                    let record = try await store.store(bytes, in: bucket, "key-\(number)")
                    let read = try await store.bytes(of: record)
                    #expect(read == bytes)
                }
            }
            try await group.waitForAll()
        }
        let after = store.commitCounts
        #expect(after.changes - before.changes == 64)
        #expect(after.commits - before.commits < 64)
        let usage = try await store.usage(of: bucket)
        #expect(usage == BucketUsage(objectCount: 64, sizeBytes: 64 * 4_096))
        try await store.close()
        try folder.remove()
    }

    @Test(arguments: [10, 100_000])
    func oneOfManyWritersWinsAFreeKey(size: Int) async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        for round in 0..<10 {
            let outcomes = await withTaskGroup(of: (Int, OSSErrorCode?).self) { group in
                for writer in 0..<16 {
                    group.addTask {
                        let code = await refusal {
                            try await store.store(
                                someBytes(size, seed: UInt64(writer)), in: bucket, "key-\(round)",
                                forbidsOverwrite: true)
                        }
                        return (writer, code)
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let winners = outcomes.filter { $0.1 == nil }.map(\.0)
            let winner = try #require(winners.first)
            #expect(winners.count == 1)
            #expect(outcomes.count { $0.1 == .fileAlreadyExists } == 15)
            let bytes = try await store.bytes(in: bucket, "key-\(round)")
            #expect(bytes == someBytes(size, seed: UInt64(winner)))
        }
        try await store.close()
        let files = try folder.blobFiles().count
        #expect(files == (size > 32_768 ? 10 : 0))
        try folder.remove()
    }

    @Test func aReaderSeesOneWholeVersion() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        let sizes = [20_000, 1_200_000, 2_300_000]
        let versions = sizes.enumerated().map { someBytes($1, seed: UInt64($0)) }
        try await store.store(versions[0], in: bucket, "key")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<2 {
                group.addTask {
                    for round in 0..<12 { try await store.store(versions[(round + writer) % 3], in: bucket, "key") }
                }
            }
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<20 { try await expectOneVersion(store, bucket, versions) }
                }
            }
            try await group.waitForAll()
        }
        try await store.close()
        let files = try folder.blobFiles().count
        #expect(files <= 1)
        try folder.remove()
    }

    private func expectOneVersion(_ store: DiskStore, _ bucket: BucketRecord, _ versions: [[UInt8]]) async throws {
        while true {
            let record = try await store.object(in: bucket, key: ObjectKey("key"))
            do {
                let bytes = try await store.bytes(of: record)
                #expect(versions.contains(bytes))
                #expect(Int64(bytes.count) == record.sizeBytes)
                return
            } catch StoreFailure.bodyIsGone {
                continue
            }
        }
    }

    @Test func aReaderKeepsItsVersionWhileItIsDeleted() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            let bytes = someBytes(3_000_000)
            let record = try await store.store(bytes, in: bucket, "key")
            let reader = try await store.read(record, range: 0..<record.sizeBytes)
            try await store.delete(in: bucket, keys: [record.key])
            var read: [UInt8] = []
            for try await chunk in reader { read += chunk.readableBytesView }
            #expect(read == bytes)
        }
    }

    @Test func whatIsThereAllTheTimeIsListedOnce() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let steady = (0..<60).map { "steady/\($0 + 100)" }
            for key in steady { try await store.store([], in: bucket, key) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for round in 0..<25 {
                            let key = "steady/\(100 + round * 2)-\(writer)"
                            try await store.store([], in: bucket, key)
                            try await store.delete(in: bucket, keys: [ObjectKey(key)])
                        }
                    }
                }
                for _ in 0..<2 {
                    group.addTask {
                        for _ in 0..<10 {
                            var (found, after, isTruncated) = ([String](), [UInt8]?.none, true)
                            while isTruncated {
                                let page = try await store.list(in: bucket, ListQuery(after: after, limit: 7))
                                found += page.entries.map(\.key.text)
                                (after, isTruncated) = (page.next, page.isTruncated)
                            }
                            let steadyFound = found.filter { !$0.contains("-") }
                            #expect(steadyFound == steady)
                            #expect(found == found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func aBucketIsNeverDeletedUnderAnAcknowledgedPut() async throws {
        try await withStore { store, _ in
            for round in 0..<20 {
                let bucket = try await store.makeBucket("bucket-\(round)")
                async let put = refusal { try await store.store([1], in: bucket, "key") }
                async let delete = refusal { try await store.deleteBucket(bucket.name, ownedBy: "alice") }
                let outcome = (await put, await delete)
                let isOneOfTwo = outcome == (nil, .bucketNotEmpty) || outcome == (.noSuchBucket, nil)
                #expect(isOneOfTwo, "\(outcome)")
            }
        }
    }

    @Test func whatFindsNoPlaceToWaitIsToldToComeBack() async throws {
        try await withStore({ $0.waitingLimitRequests = 0 }) { store, _ in
            let found = await refusal { _ = try await store.makeBucket() }
            #expect(found == .serviceUnavailable)
        }
    }
}
