import OSSKit
import ObjectStore
import Testing

/// Ends of one upload at the same time: one of them wins, and the sizes are exact.
@Suite struct MultipartConcurrencyTests {
    private static let rounds = 20

    /// Runs calls at the same time; returns for each whether it succeeded, and insists on the refusal otherwise.
    private func race(_ calls: [@Sendable () async throws -> Void]) async throws -> [Bool] {
        try await withThrowingTaskGroup(of: (Int, (any Error)?).self) { group in
            for (index, call) in calls.enumerated() {
                group.addTask { (index, await failure(call)) }
            }
            var won = Array(repeating: false, count: calls.count)
            for try await (index, error) in group {
                won[index] = error == nil
                #expect(error == nil || (error as? OSSError)?.code == .noSuchUpload)
            }
            return won
        }
    }

    @Test func ofManyCompletionsOneWins() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            for _ in 0..<Self.rounds {
                let multipart = try await store.begin(in: bucket, "key")
                let part = try await store.part(1, someBytes(50_000), of: multipart)
                let won = try await race(Array(repeating: { try await store.complete(multipart, [part]) }, count: 6))
                #expect(won.count { $0 } == 1)
                let usage = try await store.usage(of: bucket)
                #expect(usage == BucketUsage(objectCount: 1, sizeBytes: 50_000))
            }
        }
    }

    @Test func eitherTheCompletionOrTheAbortWins() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        var completedCount = 0
        for round in 0..<Self.rounds {
            let multipart = try await store.begin(in: bucket, "key-\(round)")
            let part = try await store.part(1, someBytes(50_000), of: multipart)
            let complete: @Sendable () async throws -> Void = { try await store.complete(multipart, [part]) }
            let abort: @Sendable () async throws -> Void = { try await store.abort(multipart) }
            let won = try await race(round % 2 == 0 ? [complete, abort] : [abort, complete])
            #expect(won.count { $0 } == 1)
            let isThere = await refusal { _ = try await store.object(in: bucket, key: multipart.key) } == nil
            #expect(isThere == won[round % 2 == 0 ? 0 : 1])
            completedCount += isThere ? 1 : 0
        }
        let usage = try await store.usage(of: bucket)
        #expect(usage == BucketUsage(objectCount: Int64(completedCount), sizeBytes: Int64(completedCount) * 50_000))
        await store.waitUntilCleared()
        try await store.close()
        let files = try folder.blobFiles().count
        #expect(files == completedCount)
        try folder.remove()
    }

    @Test func aPartComesBeforeTheEndOrIsRefused() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        for _ in 0..<Self.rounds {
            let multipart = try await store.begin(in: bucket, "key")
            try await store.part(1, someBytes(110_000), of: multipart)
            let won = try await race([
                { _ = try await store.complete(multipart, parts: nil) },
                { try await store.part(2, someBytes(40_000, seed: 2), of: multipart) },
            ])
            #expect(won[0])
            let record = try await store.object(in: bucket, key: multipart.key)
            #expect([110_000, 150_000].contains(record.sizeBytes))
            #expect(won[1] || record.sizeBytes == 110_000)
            let read = try await store.bytes(of: record)
            #expect(read == Array((someBytes(110_000) + someBytes(40_000, seed: 2)).prefix(Int(record.sizeBytes))))
            let usage = try await store.usage(of: bucket)
            #expect(usage == BucketUsage(objectCount: 1, sizeBytes: record.sizeBytes))
        }
        try await store.delete(in: bucket, keys: [ObjectKey("key")])
        await store.waitUntilCleared()
        try await store.close()
        let files = try folder.blobFiles()
        #expect(files.isEmpty)
        try folder.remove()
    }

    @Test func readersOfAnObjectInPartsSeeOneWholeVersion() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            _ = try await store.storeInParts([110_000, 120_000], in: bucket, "key", seed: 0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for seed in 1..<UInt64(Self.rounds) {
                        _ = try await store.storeInParts([110_000, 120_000], in: bucket, "key", seed: seed)
                    }
                }
                for _ in 0..<4 {
                    group.addTask {
                        var readCount = 0
                        while readCount < Self.rounds {
                            do {
                                let record = try await store.object(in: bucket, key: ObjectKey("key"))
                                let bytes = try await store.bytes(of: record)
                                #expect(CRC64.of(bytes) == record.crc64)
                                readCount += 1
                            } catch StoreFailure.bodyIsGone {
                                continue
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
