import NIOCore
import ObjectStore
import Testing

/// The next chunk is read before it is wanted, of as many bodies as there are places for.
@Suite struct ReadAheadTests {
    private static let bytes = someBytes(3_500_000)

    @Test(arguments: [Int.min, 0, 1, 64])
    func bytesAreTheSameWithAnyNumberOfPlaces(limit: Int) async throws {
        try await withStore({ $0.chunksAheadLimit = limit }) { store, _ in
            let bucket = try await store.makeBucket()
            let record = try await store.store(Self.bytes, in: bucket, "key", pieceBytes: 1_000_000)
            // Two readers take turns, so that one has the place when the other wants it.
            var readers = [[UInt8]](repeating: [], count: 2)
            var iterators = [
                try await store.read(record, range: 0..<record.sizeBytes).makeAsyncIterator(),
                try await store.read(record, range: 0..<record.sizeBytes).makeAsyncIterator(),
            ]
            for _ in 0..<4 {
                for number in 0..<2 {
                    let chunk = try #require(try await iterators[number].next())
                    readers[number] += chunk.readableBytesView
                }
            }
            for number in 0..<2 {
                let end = try await iterators[number].next()
                #expect(end == nil)
                #expect(readers[number] == Self.bytes)
            }
            let ahead = store.chunksAhead
            #expect(ahead == 0)
        }
    }

    @Test func readersThatDoNotComeBackHoldNoMoreThanThePlaces() async throws {
        try await withStore({ $0.chunksAheadLimit = 2 }) { store, _ in
            let bucket = try await store.makeBucket()
            let record = try await store.store(Self.bytes, in: bucket, "key", pieceBytes: 1_000_000)
            var iterators: [ObjectReader.Iterator] = []
            for _ in 0..<5 {
                var iterator = try await store.read(record, range: 0..<record.sizeBytes).makeAsyncIterator()
                _ = try await iterator.next()
                iterators.append(iterator)
            }
            let ahead = store.chunksAhead
            #expect(ahead == 2)
            // Who comes when all places are taken is served all the same.
            let read = try await store.bytes(of: record)
            #expect(read == Self.bytes)
            iterators = []
            while store.chunksAhead > 0 { await Task.yield() }
        }
    }
}
