import Foundation
import OSSKit
import ObjectStore
import Testing

@Suite(.onEachDisk) struct OrphanSweepTests {
    private static let day: Int64 = 24 * 60 * 60 * 1_000
    private static let orphan = "/data/blobs/000/00000000000000000000000000"

    @Test func aFileWithoutARowIsMarkedAndRemovedADayLater() async throws {
        try await withSweptStore { store, folder in
            try add(Self.orphan, to: folder, ageMilliseconds: Self.day + 2_000)
            let first = try await store.sweepOrphans()
            #expect(first == SweepOutcome(markedCount: 1))
            let marked = try folder.blobFiles()
            #expect(marked == [folder.path + Self.orphan + ".orphan"])
            folder.clock.advance(byMilliseconds: Self.day)
            let early = try await store.sweepOrphans()
            #expect(early == SweepOutcome())
            folder.clock.advance(byMilliseconds: 2_000)
            let second = try await store.sweepOrphans()
            #expect(second == SweepOutcome(removedCount: 1))
            let left = try folder.blobFiles()
            #expect(left.isEmpty)
        }
    }

    @Test func aYoungFileIsLeftAlone() async throws {
        try await withSweptStore { store, folder in
            try add(Self.orphan, to: folder, ageMilliseconds: Self.day)
            let outcome = try await store.sweepOrphans()
            #expect(outcome == SweepOutcome())
        }
    }

    @Test(arguments: [
        "/data/blobs/000/0000000000000000000000000", "/data/blobs/000/000000000000000000000000000",
        "/data/blobs/001/00000000000000000000000000", "/data/blobs/000/0000000000000000000000000u",
        "/data/blobs/000/0000000000000000000000000A", "/data/blobs/000/notes.orphan", "/data/blobs/000/.orphan",
    ])
    func aFileThatIsNotOursIsLeftAlone(path: String) async throws {
        try await withSweptStore { store, folder in
            try add(path, to: folder, ageMilliseconds: Self.day * 30)
            let outcome = try await store.sweepOrphans()
            #expect(outcome == SweepOutcome())
            let left = try folder.blobFiles()
            #expect(left == [folder.path + path])
        }
    }

    @Test func whatARowNamesOrAnUploadHasIsKept() async throws {
        try await withSweptStore { store, folder in
            let bucket = try await store.makeBucket()
            let record = try await store.store(someBytes(50_000), in: bucket, "key")
            let upload = try await store.beginUpload()
            try await upload.append(someBytes(1_500_000), pieceBytes: 65_536)
            let finished = try await store.beginUpload()
            try await finished.append(someBytes(50_000, seed: 2), pieceBytes: 65_536)
            _ = try await finished.finish()
            folder.clock.advance(byMilliseconds: Self.day * 3_650)
            let outcome = try await store.sweepOrphans()
            #expect(outcome == SweepOutcome())
            _ = try await store.put(finished, in: bucket, key: ObjectKey("late"), attributes: ObjectAttributes())
            let again = try await store.sweepOrphans()
            #expect(again == SweepOutcome())
            let late = try await store.bytes(in: bucket, "late")
            #expect(late == someBytes(50_000, seed: 2))
            let bytes = try await store.bytes(of: record)
            #expect(bytes == someBytes(50_000))
        }
    }

    @Test func aFileThatWasMarkedWronglyComesBack() async throws {
        try await withSweptStore { store, folder in
            let record = try await store.store(someBytes(50_000), in: try await store.makeBucket(), "key")
            let path = try #require(try folder.blobFiles().first)
            try folder.moveFile(path, to: path + ".orphan")
            folder.clock.advance(byMilliseconds: Self.day * 2)
            let outcome = try await store.sweepOrphans()
            #expect(outcome == SweepOutcome(restoredCount: 1))
            let bytes = try await store.bytes(of: record)
            #expect(bytes == someBytes(50_000))
        }
    }

    /// Opens a store whose clock begins at the present time, since files get their times from the machine.
    private func withSweptStore(_ body: (DiskStore, TestFolder) async throws -> Void) async throws {
        try await withStore { store, folder in
            let now = Int64(Date().timeIntervalSince1970) * 1_000
            folder.clock.advance(byMilliseconds: now - folder.clock.milliseconds)
            try await body(store, folder)
        }
    }

    private func add(_ path: String, to folder: TestFolder, ageMilliseconds: Int64) throws {
        let time = folder.clock.milliseconds - ageMilliseconds
        try folder.addFile(folder.path + path, modifiedAtMilliseconds: time)
    }
}
