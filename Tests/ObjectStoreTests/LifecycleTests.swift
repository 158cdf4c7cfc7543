import OSSKit
import ObjectStore
import Testing

/// What a rule deletes, and when.
@Suite(.onEachDisk) struct LifecycleTests {
    /// A midnight UTC.
    private static let midnight: Int64 = 1_700_006_400_000
    private static let day: Int64 = 86_400_000

    @Test(arguments: [
        // Written at noon, one day: due at the second midnight after it.
        (midnight + day / 2, 1, midnight + 2 * day - 1, false), (midnight + day / 2, 1, midnight + 2 * day, true),
        (midnight, 1, midnight + day - 1, false), (midnight, 1, midnight + day, true),
        (midnight + 1, 1, midnight + day, false), (midnight + 1, 1, midnight + 2 * day, true),
        (midnight - 1, 30, midnight + 30 * day, true), (midnight, 0, midnight, true),
        (midnight, Int.max, Int64.max, false),
    ])
    func daysEndAtTheNextMidnight(writtenAt: Int64, days: Int, now: Int64, isDue: Bool) async throws {
        let left = try await keysLeft(by: LifecycleRule(expiration: .days(days)), writtenAt: writtenAt, now: now)
        #expect(left == (isDue ? [] : ["a/1", "a/2", "b"]))
    }

    @Test func aDateIsWhenOrBeforeWhich() async throws {
        let now = Self.midnight + 5
        let cases: [(LifecycleRule.Term, Bool)] = [
            (.writtenBefore(Self.midnight + 5), false), (.writtenBefore(Self.midnight + 6), true),
            (.from(Self.midnight + 6), false), (.from(Self.midnight + 5), true),
        ]
        for (term, isDue) in cases {
            let left = try await keysLeft(by: LifecycleRule(expiration: term), writtenAt: now, now: now)
            #expect(left.isEmpty == isDue, "\(term)")
        }
    }

    @Test func onlyWhatTheRuleMeansIsDeleted() async throws {
        var longer = LifecycleRule(expiration: .days(0))
        longer.longerThan = 10
        var shorter = LifecycleRule(expiration: .days(0))
        shorter.shorterThan = 11
        let cases: [(LifecycleRule, [String])] = [
            (LifecycleRule(prefix: Array("a/".utf8), expiration: .days(0)), ["b"]),
            (LifecycleRule(tags: [Tag("kind", "old")], expiration: .days(0)), ["a/1", "b"]),
            (LifecycleRule(tags: [Tag("kind", "new")], expiration: .days(0)), ["a/1", "a/2", "b"]),
            (longer, ["a/1", "a/2"]), (shorter, ["b"]),
            (
                LifecycleRule(
                    exclusions: [LifecycleRule.Exclusion(prefix: Array("a/".utf8), tag: Tag("kind", "old"))],
                    expiration: .days(0)), ["a/2"]
            ),
            (LifecycleRule(prefix: Array("a".utf8)), ["a/1", "a/2", "b"]),
        ]
        for (rule, expected) in cases {
            let left = try await keysLeft(by: rule, writtenAt: Self.midnight, now: Self.midnight)
            #expect(left == expected, "\(rule)")
        }
    }

    @Test func whereVersionsAreKeptADeleteMarkerHidesWhatExpires() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeVersionedBucket()
            let record = try await store.store([1], in: bucket, "key")
            folder.clock.advance(byMilliseconds: 3 * Self.day)
            let rule = LifecycleRule(expiration: .days(1))
            let outcome = try await store.apply([rule], to: bucket)
            #expect(outcome == LifecycleOutcome(expiredCount: 1))
            let again = try await store.apply([rule], to: bucket)
            #expect(again == LifecycleOutcome())
            let hidden = await refusal { _ = try await store.object(in: bucket, key: record.key) }
            #expect(hidden == .noSuchKey)
            let kept = try await store.bytes(in: bucket, "key", record.version.id)
            #expect(kept == [1])
            let usage = try await store.usage(of: bucket)
            #expect(usage == BucketUsage(objectCount: 1, sizeBytes: 1, markerCount: 1))
        }
    }

    @Test func uploadsThatNobodyCompletesAreEnded() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            folder.clock.advance(byMilliseconds: Self.midnight - folder.clock.milliseconds)
            let old = try await store.begin(in: bucket, "old")
            try await store.part(1, someBytes(50_000), of: old)
            let elsewhere = try await store.begin(in: bucket, "other")
            folder.clock.advance(byMilliseconds: 3 * Self.day)
            let young = try await store.begin(in: bucket, "old")
            let rule = LifecycleRule(prefix: Array("old".utf8), abortUploads: .days(3))
            let outcome = try await store.apply([rule], to: bucket)
            #expect(outcome == LifecycleOutcome(abortedCount: 1))
            let states = [await store.hasUpload(old), await store.hasUpload(elsewhere), await store.hasUpload(young)]
            #expect(states == [false, true, true])
            await store.waitUntilCleared()
            let count = try await store.abortUploads(olderThanMilliseconds: Self.day)
            #expect(count == 1)
            let isLeft = await store.hasUpload(young)
            #expect(isLeft)
        }
    }

    @Test func aRuleOfADocumentIsTaken() throws {
        var rule = LifecycleConfiguration.Rule(prefix: "logs/")
        rule.tags = [Tag("kind", "old")]
        rule.expiration = .days(7)
        rule.abortMultipartUpload = .createdBefore(Self.midnight)
        let found = LifecycleRule(rule)
        #expect(
            found
                == LifecycleRule(
                    prefix: Array("logs/".utf8), tags: [Tag("kind", "old")], expiration: .days(7),
                    abortUploads: .writtenBefore(Self.midnight)))
        rule.status = .disabled
        let disabled = LifecycleRule(rule)
        #expect(disabled == nil)
    }

    /// Stores three objects at a moment, applies a rule at another, and returns what is left.
    private func keysLeft(by rule: LifecycleRule, writtenAt: Int64, now: Int64) async throws -> [String] {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        folder.clock.advance(byMilliseconds: writtenAt - folder.clock.milliseconds)
        try await store.store(someBytes(10), in: bucket, "a/1")
        try await store.store(
            someBytes(10), in: bucket, "a/2", attributes: ObjectAttributes(tags: [Tag("kind", "old")]))
        try await store.store(someBytes(11), in: bucket, "b")
        folder.clock.advance(byMilliseconds: now - folder.clock.milliseconds)
        _ = try await store.apply([rule], to: bucket)
        let left = try await store.list(in: bucket, ListQuery()).entries.map(\.key.text)
        let usage = try await store.usage(of: bucket).objectCount
        #expect(usage == Int64(left.count))
        try await store.close()
        try folder.remove()
        return left
    }
}

/// What housekeeping does by itself, with a clock of its own.
@Suite struct HousekeepingTests {
    private struct Rules: LifecycleRules {
        func buckets() async throws -> [BucketName] { [try BucketName("gone"), try BucketName("photos")] }
        func plan(for bucket: BucketRecord) async throws -> LifecyclePlan {
            LifecyclePlan([LifecycleRule(expiration: .days(1))])
        }
    }

    @Test func everythingIsDoneInItsTurn() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            try await store.store(someBytes(50_000), in: bucket, "key")
            let clock = folder.clock
            struct Enough: Error {}
            let start = clock.milliseconds
            let housekeeping = Housekeeping(
                store: store, settings: HousekeepingSettings(), rules: Rules(),
                pause: { pause in
                    // Whoever waits moves the clock; after forty days it is enough.
                    clock.advance(byMilliseconds: pause.components.seconds * 1_000)
                    if clock.milliseconds - start > 40 * 86_400_000 { throw Enough() }
                    await Task.yield()
                }, report: { _ in })
            await housekeeping.run()
            let counts = housekeeping.counts
            #expect(counts.expiredObjectCount == 1)
            #expect(counts.failureCount == 0)
            #expect(counts.damageCount == 0)
            #expect(counts.scrubCount >= 1)
        }
    }

    @Test func allBytesAreReadOnceInAPeriod() async throws {
        try await withStore { store, folder in
            try await store.store(someBytes(50_000), in: try await store.makeBucket(), "key")
            let housekeeping = Housekeeping(
                store: store, settings: HousekeepingSettings(), rules: NoLifecycleRules(), pause: { _ in },
                report: { _ in })
            for day in 0..<61 {
                try await housekeeping.scrub(everyDays: 30)
                #expect(housekeeping.counts.scrubCount == Int64(day / 30 + 1))
                folder.clock.advance(byMilliseconds: 86_400_000)
            }
            #expect(housekeeping.counts.scrubbedBytes == 150_000)
        }
    }
}
