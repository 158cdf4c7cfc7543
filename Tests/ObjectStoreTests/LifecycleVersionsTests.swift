import OSSKit
import ObjectStore
import Testing

/// What rules do to older versions, delete markers and storage classes, and what they must leave alone.
@Suite struct LifecycleVersionsTests {
    private static let day: Int64 = 86_400_000

    /// Lets a time pass, and as much as is missing to the next midnight.
    private func pass(days: Int64, _ folder: TestFolder) {
        let now = folder.clock.milliseconds + days * Self.day
        folder.clock.advance(byMilliseconds: days * Self.day + (Self.day - now % Self.day))
    }

    private func rule(_ change: (inout LifecycleRule) -> Void) -> LifecycleRule {
        var rule = LifecycleRule()
        change(&rule)
        return rule
    }

    @Test func anOlderVersionGoesDaysAfterItWasReplacedNotAfterItWasWritten() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeVersionedBucket()
            let first = try await store.store([1], in: bucket, "key")
            pass(days: 10, folder)
            let second = try await store.store([2], in: bucket, "key")
            let rule = rule { $0.olderExpiration = .days(5) }
            pass(days: 3, folder)
            let early = try await store.apply([rule], to: bucket)
            #expect(early == LifecycleOutcome())
            pass(days: 3, folder)
            let due = try await store.apply([rule], to: bucket)
            #expect(due == LifecycleOutcome(versionCount: 1))
            let left = try await store.versions(of: "key", in: bucket).map(\.id)
            #expect(left == [second.version.id])
            #expect(!left.contains(first.version.id))
            pass(days: 100, folder)
            let shown = try await store.apply([rule], to: bucket)
            #expect(shown == LifecycleOutcome())
            let usage = try await store.usage(of: bucket)
            #expect(usage == BucketUsage(objectCount: 1, sizeBytes: 1))
        }
    }

    @Test func moreVersionsThanFitInOnePageAllGetTheirTurn() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeVersionedBucket()
            for number in 0..<1_102 { try await store.store([UInt8(number % 200)], in: bucket, "key/\(number % 2)") }
            pass(days: 9, folder)
            let rule = rule { $0.olderExpiration = .days(1) }
            let outcome = try await store.apply([rule], to: bucket)
            #expect(outcome == LifecycleOutcome(versionCount: 1_100))
            let left = try await store.versions(in: bucket, VersionQuery()).entries
            #expect(left.map(\.isLatest) == [true, true])
        }
    }

    @Test func aDeleteMarkerGoesOnlyOnceItHidesNothing() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeVersionedBucket()
            try await store.store([1], in: bucket, "key")
            try await store.delete("key", in: bucket)
            try await store.store([1], in: bucket, "shown")
            let markers = rule { $0.removesLoneMarkers = true }
            let kept = try await store.apply([markers], to: bucket)
            #expect(kept == LifecycleOutcome())
            pass(days: 3, folder)
            let both = [markers, rule { $0.olderExpiration = .days(1) }]
            let first = try await store.apply(both, to: bucket)
            let second = try await store.apply(both, to: bucket)
            #expect(first.versionCount == 1)
            #expect(first.markerCount + second.markerCount == 1)
            let left = try await store.versions(in: bucket, VersionQuery()).entries.map(\.key.text)
            #expect(left == ["shown"])
            let usage = try await store.usage(of: bucket)
            #expect(usage == BucketUsage(objectCount: 1, sizeBytes: 1))
        }
    }

    @Test func markersOfOtherKeysAndOfRulesWithTagsStay() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeVersionedBucket()
            try await store.delete("key", in: bucket)
            let rules: [LifecycleRule] = [
                rule {
                    $0.removesLoneMarkers = true; $0.prefix = Array("other".utf8)
                },
                rule {
                    $0.removesLoneMarkers = true; $0.tags = [Tag("a", "b")]
                },
                rule {
                    $0.removesLoneMarkers = true
                    $0.exclusions = [LifecycleRule.Exclusion(prefix: Array("ke".utf8))]
                },
            ]
            for rule in rules {
                let outcome = try await store.apply([rule], to: bucket)
                #expect(outcome == LifecycleOutcome(), "\(rule)")
            }
        }
    }

    @Test(arguments: [(1, "Standard"), (4, "IA"), (8, "Archive"), (40, "Archive")])
    func theClassBecomesTheColdestThatIsDueAndNothingElseChanges(days: Int64, wanted: String) async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            let written = try await store.store([1, 2], in: bucket, "key")
            let rule = rule {
                $0.transitions = [LifecycleRule.Transition(.days(7), to: "Archive"), .init(.days(3), to: "IA")]
            }
            pass(days: days, folder)
            let outcome = try await store.apply([rule], to: bucket)
            #expect(outcome.transitionCount == (wanted == "Standard" ? 0 : 1))
            let found = try await store.object(in: bucket, key: ObjectKey("key"))
            #expect(found.storageClass == wanted)
            #expect(found.lastModifiedMilliseconds == written.lastModifiedMilliseconds)
            #expect(found.etag == written.etag)
            let again = try await store.apply([rule], to: bucket)
            #expect(again == LifecycleOutcome())
        }
    }

    @Test func nothingBecomesWarmerByARule() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            try await store.store([1], in: bucket, "key", attributes: ObjectAttributes(storageClass: "ColdArchive"))
            pass(days: 30, folder)
            let rule = rule { $0.transitions = [LifecycleRule.Transition(.days(1), to: "IA")] }
            let outcome = try await store.apply([rule], to: bucket)
            #expect(outcome == LifecycleOutcome())
        }
    }

    @Test func anOlderVersionChangesItsClassByItsOwnRules() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeVersionedBucket()
            let first = try await store.store([1], in: bucket, "key")
            try await store.store([2], in: bucket, "key")
            pass(days: 4, folder)
            let rule = rule { $0.olderTransitions = [LifecycleRule.Transition(.days(3), to: "IA")] }
            let outcome = try await store.apply([rule], to: bucket)
            #expect(outcome == LifecycleOutcome(transitionCount: 1))
            let older = try await store.object(in: bucket, key: ObjectKey("key"), version: first.version.id)
            let shown = try await store.object(in: bucket, key: ObjectKey("key"))
            #expect([older.storageClass, shown.storageClass] == ["IA", "Standard"])
        }
    }

    // MARK: What must stay

    private func retain(days: Int, _ bucket: BucketRecord, _ store: DiskStore, at time: Int64) async throws {
        let worm = WormConfiguration(id: "W", state: .locked, retentionDays: days, createdAtMilliseconds: time)
        try await store.setConfiguration(.worm, of: bucket, to: Array(worm.write().utf8))
    }

    @Test func whatARetentionHoldsStaysUntilItIsOver() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            try await store.store([1], in: bucket, "key")
            try await retain(days: 20, bucket, store, at: folder.clock.milliseconds)
            pass(days: 5, folder)
            let rule = LifecycleRule(expiration: .days(1))
            let held = try await store.apply([rule], to: bucket)
            #expect(held == LifecycleOutcome())
            let isThere = try await store.object(in: bucket, key: ObjectKey("key")).sizeBytes
            #expect(isThere == 1)
            pass(days: 16, folder)
            let free = try await store.apply([rule], to: bucket)
            #expect(free == LifecycleOutcome(expiredCount: 1))
        }
    }

    @Test func aRetentionHoldsOlderVersionsToo() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeVersionedBucket()
            try await store.store([1], in: bucket, "key")
            try await store.store([2], in: bucket, "key")
            try await retain(days: 20, bucket, store, at: folder.clock.milliseconds)
            pass(days: 5, folder)
            let held = try await store.apply([rule { $0.olderExpiration = .days(1) }], to: bucket)
            #expect(held == LifecycleOutcome())
            let count = try await store.versions(of: "key", in: bucket).count
            #expect(count == 2)
        }
    }

    @Test func aRetentionThatCannotBeReadHoldsEverything() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            try await store.store([1], in: bucket, "key")
            try await store.setConfiguration(.worm, of: bucket, to: Array("<broken".utf8))
            pass(days: 5, folder)
            let held = try await store.apply([LifecycleRule(expiration: .days(1))], to: bucket)
            #expect(held == LifecycleOutcome())
            let size = try await store.object(in: bucket, key: ObjectKey("key")).sizeBytes
            #expect(size == 1)
        }
    }

    @Test func rulesThatWereReplacedOrRemovedDeleteNothing() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            try await store.store([1], in: bucket, "key")
            var documented = LifecycleConfiguration.Rule(id: "r", prefix: "")
            documented.expiration = .days(1)
            let document = Array(LifecycleConfiguration(rules: [documented]).write().utf8)
            try await store.setConfiguration(.lifecycle, of: bucket, to: document)
            let source = DocumentedLifecycleRules(of: store)
            let names = try await source.buckets()
            #expect(names == [bucket.name])
            let plan = try await source.plan(for: bucket)
            #expect(plan.rules == [LifecycleRule(documented)].compactMap { $0 })
            pass(days: 5, folder)
            try await store.removeConfiguration(.lifecycle, of: bucket)
            let removed = try await store.apply(plan, to: bucket)
            #expect(removed == LifecycleOutcome())
            try await store.setConfiguration(.lifecycle, of: bucket, to: document + [0x0A])
            let replaced = try await store.apply(plan, to: bucket)
            #expect(replaced == LifecycleOutcome())
            try await store.setConfiguration(.lifecycle, of: bucket, to: document)
            let standing = try await store.apply(plan, to: bucket)
            #expect(standing == LifecycleOutcome(expiredCount: 1))
        }
    }

    @Test func aDocumentThatCannotBeReadDoesNotKeepOtherBucketsFromTheirTurn() async throws {
        try await withStore { store, folder in
            let broken = try await store.makeBucket("broken")
            let bucket = try await store.makeBucket()
            try await store.store([1], in: bucket, "key")
            try await store.setConfiguration(.lifecycle, of: broken, to: Array("<no".utf8))
            var documented = LifecycleConfiguration.Rule(id: "r", prefix: "")
            documented.expiration = .days(1)
            let document = Array(LifecycleConfiguration(rules: [documented]).write().utf8)
            try await store.setConfiguration(.lifecycle, of: bucket, to: document)
            pass(days: 5, folder)
            let housekeeping = Housekeeping(
                store: store, settings: HousekeepingSettings(), rules: DocumentedLifecycleRules(of: store),
                pause: { _ in }, report: { _ in })
            try await housekeeping.expire()
            let counts = housekeeping.counts
            #expect(counts.expiredObjectCount == 1)
            #expect(counts.failureCount == 1)
        }
    }

    @Test func rulesByAccessTimeDoNothing() {
        var documented = LifecycleConfiguration.Rule(id: "r", prefix: "")
        var byAccess = LifecycleConfiguration.Transition(.days(1), storageClass: "IA")
        byAccess.isAccessTime = true
        byAccess.returnsToStandardWhenVisited = false
        documented.transitions = [byAccess, LifecycleConfiguration.Transition(.days(9), storageClass: "Archive")]
        documented.noncurrentExpirationDays = 4
        documented.expiration = .expiredObjectDeleteMarker
        let found = LifecycleRule(documented)
        #expect(found?.transitions == [LifecycleRule.Transition(.days(9), to: "Archive")])
        #expect(found?.olderExpiration == .days(4))
        #expect(found?.removesLoneMarkers == true)
        #expect(found?.expiration == nil)
    }
}
