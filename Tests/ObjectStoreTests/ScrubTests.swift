import Foundation
import OSSKit
import ObjectStore
import Synchronization
import Testing

/// A scrub names what is damaged, and nothing else.
@Suite(.onEachDisk) struct ScrubTests {
    @Test func aHealthyStoreIsReadToItsLastByte() async throws {
        try await withStore { store, _ in
            let sizes = try await fill(store)
            let outcome = try await store.scrub(ScrubRequest.now) { _ in }
            // The copy shares its body and is not read twice.
            #expect(outcome.readBytes == sizes.reduce(0, +))
            #expect(outcome.objectCount == 7)
            #expect(outcome.damageCount == 0)
            let damage = try await store.damage()
            #expect(damage == [])
            let last = try await store.lastScrub()
            #expect(last == outcome)
        }
    }

    @Test(arguments: [0, 1_048_575, 1_048_576, 2_499_999, 2_500_000, 2_500_063])
    func aWrongBitAnywhereInAFileIsNamed(offset: Int) async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            try await store.store(someBytes(2_500_000), in: bucket, "photos/a b")
            try await store.store(someBytes(40_000, seed: 2), in: bucket, "healthy")
            try folder.damageFile(ofBytes: 2_500_064) { $0[offset] ^= 0x04 }
            let found = try await scrubbed(store)
            #expect(found.map(\.place) == [Damage.Place(bucket: "photos", key: Array("photos/a b".utf8))])
            #expect(found.map(\.kind) == [offset < 2_500_000 ? .wrongBlock : .wrongTrailer])
            let kept = try await store.damage()
            #expect(kept == found)
        }
    }

    @Test(arguments: [Damage.Kind.missing, .wrongLength])
    func aFileThatIsGoneOrCutOffIsNamed(kind: Damage.Kind) async throws {
        try await withStore { store, folder in
            try await store.store(someBytes(50_000), in: try await store.makeBucket(), "key")
            try folder.damageFile(ofBytes: 50_048) { $0 = kind == .missing ? nil : $0.map { $0.dropLast() } }
            let found = try await scrubbed(store)
            #expect(found.map(\.kind) == [kind])
        }
    }

    @Test func aWholeFileInThePlaceOfAnotherIsNamed() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            try await store.store(someBytes(50_000, seed: 1), in: bucket, "first")
            let first = try #require(try folder.blobFiles().first)
            try await store.store(someBytes(50_000, seed: 2), in: bucket, "second")
            let second = try #require(try folder.blobFiles().first { $0 != first })
            try folder.replaceFile(first, with: try folder.bytes(ofFile: second))
            let found = try await scrubbed(store)
            #expect(found.map(\.kind) == [.wrongChecksum])
            #expect(found.map(\.place.key) == [Array("first".utf8)])
        }
    }

    @Test func everyoneWhoNamesADamagedPartIsNamed() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            let (record, _) = try await store.storeInParts([150_000, 160_000], in: bucket, "whole")
            _ = try await store.copy(record, to: bucket, key: ObjectKey("copy"))
            let multipart = try await store.begin(in: bucket, "unfinished")
            try await store.part(3, someBytes(170_000, seed: 9), of: multipart)
            try folder.damageFile(ofBytes: 160_048) { $0[5] ^= 1 }
            try folder.damageFile(ofBytes: 170_048) { $0[5] ^= 1 }
            let found = try await scrubbed(store)
            let places = found.map { "\(String(decoding: $0.place.key, as: UTF8.self)) \($0.place.item)" }
            #expect(places == ["copy ", "whole ", "unfinished upload \(multipart.id.text) part 3"])
            #expect(found.first?.detail.contains("150000 to 309999") == true)
        }
    }

    @Test func olderVersionsAreReadAndNamed() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeVersionedBucket()
            var records: [ObjectRecord] = []
            for size in [50_000, 60_000, 70_000, 80_000] {
                records.append(try await store.store(someBytes(size), in: bucket, "key"))
            }
            try await store.store(someBytes(90_000), in: bucket, "hidden")
            try await store.delete("hidden", in: bucket)
            let healthy = try await store.scrub(ScrubRequest.now) { _ in }
            #expect([healthy.objectCount, healthy.readBytes, healthy.damageCount] == [5, 350_000, 0])
            for size in [50_048, 70_048, 90_048] { try folder.damageFile(ofBytes: size) { $0[5] ^= 1 } }
            let found = try await scrubbed(store)
            let items = found.map { "\(String(decoding: $0.place.key, as: UTF8.self)) \($0.place.item)" }
            #expect(Array(items.suffix(2)) == [2, 0].map { "key version \(records[$0].version.id.text)" })
            #expect(items.first?.hasPrefix("hidden version ") == true)
            #expect(items.count == 3)
        }
    }

    @Test func whatIsMendedIsForgottenByTheNextScrub() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            try await store.store(someBytes(50_000), in: bucket, "key")
            try folder.damageFile(ofBytes: 50_048) { $0[5] ^= 1 }
            let before = try await scrubbed(store).count
            #expect(before == 1)
            folder.clock.advance(byMilliseconds: 1_000)
            try await store.store(someBytes(50_000, seed: 4), in: bucket, "key")
            let found = try await scrubbed(store)
            #expect(found == [])
            let kept = try await store.damage()
            #expect(kept == [])
        }
    }

    @Test func whatIsWrittenMeanwhileIsNeverTakenForDamage() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            for number in 0..<20 { try await store.store(someBytes(60_000), in: bucket, "key-\(number)") }
            let damaged = Shared(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for round in 0..<10 {
                        for number in 0..<20 {
                            let key = try ObjectKey("key-\(number)")
                            if (round + number).isMultiple(of: 3) {
                                try await store.delete(in: bucket, keys: [key])
                            } else {
                                try await store.store(
                                    someBytes(60_000 + round, seed: UInt64(round)), in: bucket, key.text)
                            }
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<10 {
                        let count = try await scrubbed(store).count
                        damaged.change { $0 += count }
                    }
                }
                try await group.waitForAll()
            }
            #expect(damaged.value == 0)
        }
    }

    @Test func itReadsNoFasterThanItMay() async throws {
        try await withStore { store, _ in
            try await store.store(someBytes(3_000_000), in: try await store.makeBucket(), "key")
            let waited = Shared(Duration.zero)
            var request = ScrubRequest { pause in waited.change { $0 += pause } }
            request.bytesPerSecond = 1_000_000
            _ = try await store.scrub(request) { _ in }
            let seconds = waited.value
            #expect(seconds >= .seconds(3))
            #expect(seconds < .milliseconds(3_100))
        }
    }

    @Test func itGoesOnWhereItStoppedAfterARestart() async throws {
        let folder = TestFolder()
        var store = try await folder.open()
        let bucket = try await store.makeBucket()
        for number in 0..<200 {
            try await store.store(someBytes(100, seed: UInt64(number)), in: bucket, "key-\(number)")
        }
        struct Stop: Error {}
        var request = ScrubRequest.now
        request.resumes = true
        let error = await failure { _ = try await store.scrub(request) { _ in throw Stop() } }
        #expect(error is Stop)
        try await store.close()
        store = try await folder.open()
        let counts = Shared<[Int64]>([])
        let outcome = try await store.scrub(request) { event in
            if case .progress(let outcome) = event { counts.change { $0.append(outcome.objectCount) } }
        }
        #expect(outcome.objectCount == 200)
        #expect(outcome.readBytes == 20_000)
        #expect(counts.value.first == 128)
        let again = try await store.scrub(request) { _ in }
        #expect(again.objectCount == 200)
        try await store.close()
        try folder.remove()
    }

    /// Stores one of each kind; returns how many bytes each has on its own.
    private func fill(_ store: DiskStore) async throws -> [Int64] {
        let bucket = try await store.makeBucket()
        let record = try await store.store(someBytes(50_000), in: bucket, "blob")
        _ = try await store.copy(record, to: bucket, key: ObjectKey("copy"))
        try await store.store(someBytes(5_000), in: bucket, "row")
        try await store.store([], in: bucket, "nothing")
        _ = try await store.storeInParts([120_000, 100], in: bucket, "parts")
        let multipart = try await store.begin(in: bucket, "unfinished")
        try await store.part(1, someBytes(30), of: multipart)
        try await store.part(2, someBytes(70_000), of: multipart)
        return [50_000, 5_000, 120_100, 70_030]
    }

    private func scrubbed(_ store: DiskStore) async throws -> [Damage] {
        let found = Shared<[Damage]>([])
        _ = try await store.scrub(ScrubRequest.now) { event in
            if case .damage(let damage) = event { found.change { $0.append(damage) } }
        }
        return found.value
    }
}

/// A flipped bit in a row of bytes is named too; its file is read and written as a whole, which only a folder has.
@Suite struct RowScrubTests {
    @Test func aWrongBitInARowIsNamed() async throws {
        let folder = TestFolder()
        var store = try await folder.open()
        let bucket = try await store.makeBucket()
        let bytes = someBytes(2_000)
        try await store.store(bytes, in: bucket, "row")
        try await store.store(someBytes(1_500, seed: 2), in: bucket, "other")
        try await store.close()
        let url = URL(filePath: folder.path + "/data/meta.sqlite")
        var database = try Data(contentsOf: url)
        let found = try #require(database.range(of: Data(bytes)))
        database[found.lowerBound + 700] ^= 0x20
        try database.write(to: url)
        store = try await folder.open()
        _ = try await store.scrub(ScrubRequest.now) { _ in }
        let damage = try await store.damage()
        #expect(damage.map(\.place.key) == [Array("row".utf8)])
        #expect(damage.map(\.kind) == [.wrongBlock])
        let problems = try await store.quickCheck()
        #expect(problems == [])
        try await store.close()
        try folder.remove()
    }
}

/// A value that several tasks of a test change.
final class Shared<Value: Sendable>: Sendable {
    private let content: Mutex<Value>

    init(_ value: Value) {
        content = Mutex(value)
    }

    var value: Value { content.withLock { $0 } }

    func change(_ body: (inout Value) -> Void) {
        content.withLock { body(&$0) }
    }
}

extension ScrubRequest {
    /// All at once.
    static var now: ScrubRequest { ScrubRequest { _ in } }
}

extension TestFolder {
    /// The content of a file of the store, by its path.
    func bytes(ofFile path: String) throws -> [UInt8] {
        guard let memory else { return Array(try Data(contentsOf: URL(filePath: path))) }
        let file = try memory.open(inMemory(path), .reading)
        var bytes = [UInt8](repeating: 0, count: Int(try file.sizeBytes()))
        _ = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        return bytes
    }

    /// Writes a file anew; nil removes it.
    func replaceFile(_ path: String, with bytes: [UInt8]?) throws {
        guard let memory else {
            guard let bytes else { return try FileManager.default.removeItem(atPath: path) }
            return try Data(bytes).write(to: URL(filePath: path))
        }
        try memory.remove(inMemory(path))
        guard let bytes else { return }
        let file = try memory.open(inMemory(path), .creating)
        try bytes.withUnsafeBytes { try file.write($0, at: 0) }
    }

    /// Changes the only file of a length.
    func damageFile(ofBytes length: Int, _ change: (inout [UInt8]) -> Void) throws {
        try damageFile(ofBytes: length) { (bytes: inout [UInt8]?) in
            guard var changed = bytes else { return }
            change(&changed)
            bytes = changed
        }
    }

    /// Changes the only file of a length, or removes it.
    func damageFile(ofBytes length: Int, _ change: (inout [UInt8]?) -> Void) throws {
        let path = try #require(try blobFiles().first { try bytes(ofFile: $0).count == length })
        var changed: [UInt8]? = try bytes(ofFile: path)
        change(&changed)
        try replaceFile(path, with: changed)
    }

    private func inMemory(_ path: String) -> String { String(path.dropFirst(self.path.count + "/data/".count)) }
}
