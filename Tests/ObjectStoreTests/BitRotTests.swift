import Foundation
import OSSKit
import ObjectStore
import Testing

/// One wrong bit on the disk, wherever it is, never reaches a reader.
@Suite struct BitRotTests {
    private static let size = 2_500_000

    @Test(arguments: [0, 1_048_575, 1_048_576, 2_097_152, 2_499_999])
    func aWrongBitInABlobIsNeverHandedOut(offset: Int) async throws {
        try await withDamagedBlob({ $0[offset] ^= 0x10 }) { store, record in
            var read: [UInt8] = []
            let error = await storeFailure {
                for try await chunk in try await store.read(record, range: 0..<record.sizeBytes) {
                    read += chunk.readableBytesView
                }
            }
            #expect(error == .bodyIsDamaged)
            #expect(read.count == offset / 1_048_576 * 1_048_576)
            #expect(read == Array(someBytes(Self.size).prefix(read.count)))
        }
    }

    @Test func damageElsewhereDoesNotHinderARange() async throws {
        try await withDamagedBlob({ $0[2_400_000] ^= 1 }) { store, record in
            let read = try await store.bytes(of: record, range: 1_000_000..<2_000_000)
            #expect(read == Array(someBytes(Self.size)[1_000_000..<2_000_000]))
            let error = await storeFailure { _ = try await store.read(record, range: 2_200_000..<2_200_001) }
            #expect(error == .bodyIsDamaged)
        }
    }

    @Test func aWrongBitAnywhereInTheTrailerIsFound() async throws {
        try await withStore { store, folder in
            let record = try await store.store(someBytes(Self.size), in: try await store.makeBucket(), "key")
            let file = URL(filePath: try #require(try folder.blobFiles().first))
            let whole = try Data(contentsOf: file)
            #expect(whole.count == Self.size + 64)
            for offset in Self.size..<whole.count {
                var damaged = whole
                damaged[offset] ^= UInt8(1) << UInt8(offset % 8)
                try damaged.write(to: file)
                let error = await storeFailure { _ = try await store.read(record, range: 0..<1) }
                #expect(error == .bodyIsDamaged, "\(offset)")
            }
            try whole.write(to: file)
            let read = try await store.bytes(of: record, range: 0..<1)
            #expect(read == Array(someBytes(1)))
        }
    }

    @Test(arguments: [0, 1, 1_048_576, 2_499_999, 2_500_000, 2_500_063])
    func aFileThatIsTooShortIsFound(length: Int) async throws {
        try await withDamagedBlob({ $0.removeLast($0.count - length) }) { store, record in
            let error = await storeFailure { _ = try await store.read(record, range: 0..<1) }
            #expect(error == .bodyIsDamaged)
        }
    }

    @Test func aFileThatIsTooLongIsFound() async throws {
        try await withDamagedBlob({ $0.append(0) }) { store, record in
            let error = await storeFailure { _ = try await store.read(record, range: 0..<1) }
            #expect(error == .bodyIsDamaged)
        }
    }

    @Test func aWholeFileInThePlaceOfAnotherIsFound() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            let first = try await store.store(someBytes(50_000, seed: 1), in: bucket, "first")
            let before = try folder.blobFiles()
            try await store.store(someBytes(50_000, seed: 2), in: bucket, "second")
            let path = try #require(before.first)
            let other = try #require(try folder.blobFiles().first { $0 != path })
            try Data(contentsOf: URL(filePath: other)).write(to: URL(filePath: path))
            let error = await storeFailure { _ = try await store.read(first, range: 0..<1) }
            #expect(error == .bodyIsDamaged)
        }
    }

    @Test(arguments: [0, 100, 19_999])
    func aWrongBitInARowIsNeverHandedOut(offset: Int) async throws {
        let folder = TestFolder()
        var store = try await folder.open()
        let record = try await store.store(someBytes(20_000), in: try await store.makeBucket(), "key")
        try await store.close()
        let url = URL(filePath: folder.path + "/data/meta.sqlite")
        var database = try Data(contentsOf: url)
        // A long row is cut into pages, so its bytes are sought by a few of them.
        let part = Data(someBytes(20_000)[max(0, offset - 4)..<min(20_000, max(0, offset - 4) + 8)])
        let found = try #require(database.range(of: part.prefix(min(part.count, offset < 4 ? 4 : 5))))
        database[found.lowerBound + min(offset, 4)] ^= 0x80
        try database.write(to: url)

        store = try await folder.open()
        let error = await storeFailure { _ = try await store.read(record, range: 0..<1) }
        #expect(error == .bodyIsDamaged)
        #expect(folder.reports.all.isEmpty)
        try await store.close()
        try folder.remove()
    }

    /// Stores an object, changes its file, and runs the test on it.
    private func withDamagedBlob(
        _ damage: (inout Data) -> Void, _ body: (DiskStore, ObjectRecord) async throws -> Void
    ) async throws {
        try await withStore { store, folder in
            let record = try await store.store(someBytes(Self.size), in: try await store.makeBucket(), "key")
            let path = try #require(try folder.blobFiles().first)
            var bytes = try Data(contentsOf: URL(filePath: path))
            damage(&bytes)
            try bytes.write(to: URL(filePath: path))
            try await body(store, record)
        }
    }
}
