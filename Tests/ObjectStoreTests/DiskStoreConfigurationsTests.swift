import OSSKit
import ObjectStore
import Synchronization
import Testing

@Suite(.onEachDisk) struct DiskStoreConfigurationsTests {
    private struct Unwanted: Error {}

    /// What the bucket says, in the form of a text.
    private func text(_ kind: ConfigurationKind, _ store: DiskStore, _ bucket: BucketRecord) async throws -> String? {
        try await store.configuration(kind, of: bucket) { String(decoding: $0, as: UTF8.self) }
    }

    @Test func whatIsSetIsFoundAndNothingElse() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            let before = try await text(.cors, store, bucket)
            #expect(before == nil)
            for value in ["one", "two", "a longer one"] {
                try await store.setConfiguration(.cors, of: bucket, to: Array(value.utf8))
                for _ in 0..<2 {
                    let found = try await text(.cors, store, bucket)
                    #expect(found == value)
                }
            }
            let stored = try await store.configuration(.cors, of: bucket)
            #expect(stored?.bytes == Array("a longer one".utf8))
            #expect(stored?.changedAtMilliseconds == folder.clock.milliseconds)
            let other = try await text(.lifecycle, store, bucket)
            #expect(other == nil)
        }
    }

    @Test func whatIsRemovedIsGoneAtOnceAndMayBeRemovedAgain() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            try await store.setConfiguration(.policy, of: bucket, to: [1])
            _ = try await text(.policy, store, bucket)
            for _ in 0..<2 {
                try await store.removeConfiguration(.policy, of: bucket)
                let found = try await text(.policy, store, bucket)
                #expect(found == nil)
            }
        }
    }

    @Test func itIsReadOnceUntilItChanges() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let count = Mutex(0)
            let read: @Sendable () async throws -> Int? = {
                try await store.configuration(.referer, of: bucket) { bytes in
                    count.withLock { $0 += 1 }
                    return Int(bytes[0])
                }
            }
            try await store.setConfiguration(.referer, of: bucket, to: [7])
            for _ in 0..<3 {
                let found = try await read()
                #expect(found == 7)
            }
            #expect(count.withLock { $0 } == 1)
            try await store.setConfiguration(.referer, of: bucket, to: [8])
            let changed = try await read()
            #expect(changed == 8)
            #expect(count.withLock { $0 } == 2)
            let another = try await text(.referer, store, bucket)
            #expect(another == "\u{8}")
        }
    }

    @Test func aChangeSeesWhatWasThereAndMayRefuse() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            try await store.setConfiguration(.inventory, named: "a", of: bucket, to: [1])
            try await store.changeConfiguration(.inventory, named: "b", of: bucket) { former in
                #expect(former.current == nil)
                #expect(former.otherCount == 1)
                return [2]
            }
            let refusal = await failure {
                try await store.changeConfiguration(.inventory, named: "b", of: bucket) { former in
                    #expect(former.current?.bytes == [2])
                    throw Unwanted()
                }
            }
            #expect(refusal is Unwanted)
            let kept = try await store.configuration(.inventory, named: "b", of: bucket)
            #expect(kept?.bytes == [2])
            try await store.changeConfiguration(.inventory, named: "b", of: bucket) { _ in nil }
            let gone = try await store.configuration(.inventory, named: "b", of: bucket)
            #expect(gone == nil)
        }
    }

    @Test func namedOnesAreListedInTheOrderOfTheirBytes() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            for name in ["b", "a", "ä", "B", "ab", "c"] {
                try await store.setConfiguration(.style, named: name, of: bucket, to: Array(name.utf8))
            }
            try await store.setConfiguration(.cname, named: "0", of: bucket, to: [0])
            var names: [String] = []
            var query = ConfigurationQuery(limit: 4)
            while true {
                let page = try await store.configurations(.style, of: bucket, query)
                names += page.configurations.map(\.name)
                guard page.isTruncated, let last = page.configurations.last else { break }
                query.after = last.name
            }
            #expect(names == ["B", "a", "ab", "b", "c", "ä"])
            query = ConfigurationQuery(limit: 10)
            query.prefix = "a"
            let some = try await store.configurations(.style, of: bucket, query)
            #expect(some.configurations.map(\.name) == ["a", "ab"])
            #expect(!some.isTruncated)
        }
    }

    @Test func theyGoWithTheBucketAndTheNextOfItsNameHasNone() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            try await store.setConfiguration(.website, of: bucket, to: [1])
            _ = try await text(.website, store, bucket)
            try await store.deleteBucket(bucket.name, ownedBy: bucket.ownerID)
            let gone = try await text(.website, store, bucket)
            #expect(gone == nil)
            let refusal = await failure { try await store.setConfiguration(.website, of: bucket, to: [2]) } as? OSSError
            #expect(refusal?.code == .noSuchBucket)
            let next = try await store.makeBucket()
            let found = try await text(.website, store, next)
            #expect(found == nil)
        }
    }

    @Test func theySurviveANewStart() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        for kind in ConfigurationKind.allCases {
            try await store.setConfiguration(kind, of: bucket, to: Array(kind.rawValue.utf8))
        }
        try await store.close()
        let again = try await folder.open()
        for kind in ConfigurationKind.allCases {
            let found = try await text(kind, again, bucket)
            #expect(found == kind.rawValue)
        }
        try await again.close()
    }
}
