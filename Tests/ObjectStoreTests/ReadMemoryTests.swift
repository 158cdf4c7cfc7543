import NIOCore
import ObjectStore
import Testing

/// Readers together hold so many bytes of bodies, and whoever comes when that is reached gets small pieces.
@Suite struct ReadMemoryTests {
    private static let bytes = someBytes(3_500_000)
    private static let blockBytes = 1_048_576

    @Test(arguments: [0, 1, 1_048_575, 1_048_576, 2_100_000, .max])
    func bytesAreTheSameHoweverLittleMemoryThereIs(limitBytes: Int) async throws {
        try await withStore({ $0.readMemoryLimitBytes = limitBytes }) { store, _ in
            let bucket = try await store.makeBucket()
            let record = try await store.store(Self.bytes, in: bucket, "key", pieceBytes: 1_000_000)
            for range in [0..<3_500_000, 5..<6, 1_000_000..<1_100_000, 1_048_575..<2_097_153, 65_535..<3_499_999] {
                let reader = try await store.read(record, range: Int64(range.lowerBound)..<Int64(range.upperBound))
                var found: [UInt8] = []
                for try await chunk in reader { found += chunk.readableBytesView }
                let isEqual = found == Array(Self.bytes[range])
                #expect(isEqual, "\(range)")
            }
            let left = store.readBytes
            #expect(left == 0)
        }
    }

    @Test func readersWhoDoNotComeBackHoldNoMoreThanTheLimitAndSmallPieces() async throws {
        let limit = 4 * Self.blockBytes
        try await withStore({ $0.readMemoryLimitBytes = limit }) { store, _ in
            let bucket = try await store.makeBucket()
            let record = try await store.store(Self.bytes, in: bucket, "key", pieceBytes: 1_000_000)
            var iterators: [ObjectReader.Iterator] = []
            var chunks: [ByteBuffer] = []
            for _ in 0..<20 {
                var iterator = try await store.read(record, range: 0..<record.sizeBytes).makeAsyncIterator()
                chunks.append(try #require(try await iterator.next()))
                iterators.append(iterator)
            }
            let held = store.readBytes
            #expect(held <= limit)
            let small = chunks.filter { $0.readableBytes == 65_536 }
            #expect(small.count >= 16)
            // A small piece does not keep the block from which it was taken.
            #expect(small.allSatisfy { $0.storageCapacity <= 131_072 })
            let read = try await store.bytes(of: record)
            #expect(read == Self.bytes)
            iterators = []
            while store.readBytes > 0 { await Task.yield() }
        }
    }

    @Test func whatIsBeingSentCounts() async throws {
        let settings: (inout StoreConfiguration) -> Void = {
            $0.readMemoryLimitBytes = 10_000_000
            $0.bytesBeingSent = { 9_000_000 }
        }
        try await withStore(settings) { store, _ in
            let bucket = try await store.makeBucket()
            let record = try await store.store(Self.bytes, in: bucket, "key", pieceBytes: 1_000_000)
            var iterator = try await store.read(record, range: 0..<record.sizeBytes).makeAsyncIterator()
            let chunk = try #require(try await iterator.next())
            #expect(chunk.readableBytes == 65_536)
        }
    }

    @Test func aReaderIsNotReadTwice() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let record = try await store.store(Self.bytes, in: bucket, "key", pieceBytes: 1_000_000)
            let reader = try await store.read(record, range: 0..<record.sizeBytes)
            var first = reader.makeAsyncIterator()
            _ = try await first.next()
            let error = await storeFailure {
                var second = reader.makeAsyncIterator()
                _ = try await second.next()
            }
            #expect(error == .bodyIsGone)
        }
    }
}
