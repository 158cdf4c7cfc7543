import ObjectStore
import Testing

/// Every order in which a reader, a writer and a second reader can meet, one step after the other.
@Suite struct CoherentCacheTests {
    private let cache = CoherentCache<String, Int>(limitBytes: 1_000_000)

    private func keep(_ value: Int, _ key: String = "key", costBytes: Int = 100) {
        cache.end(cache.beginReading(key), with: value, costBytes: costBytes)
    }

    @Test func whatWasReadIsKept() {
        let before = cache.value(of: "key")
        keep(1)
        let after = cache.value(of: "key")
        #expect(before == nil)
        #expect(after == 1)
        #expect(cache.costBytes == 100)
    }

    @Test func whatIsAboutToChangeIsGoneAtOnce() {
        keep(1)
        cache.beginChange(of: ["key"])
        let during = cache.value(of: "key")
        cache.endChange(of: ["key"])
        let after = cache.value(of: "key")
        #expect(during == nil)
        #expect(after == nil)
        #expect(cache.costBytes == 0)
    }

    /// The places at which a change can begin and end, seen from a reading that takes four steps.
    @Test(arguments: (0...3).flatMap { begin in (begin...3).map { (begin, $0) } })
    func aReadingThatMeetsAChangeKeepsNothing(begin: Int, end: Int) {
        // Step 0 is before the reading, 1 after its announcement, 2 after its end, 3 later still.
        func step(_ number: Int) {
            if number == begin { cache.beginChange(of: ["key"]) }
            if number == end { cache.endChange(of: ["key"]) }
        }
        step(0)
        let reading = cache.beginReading("key")
        step(1)
        cache.end(reading, with: 1, costBytes: 100)
        step(2)
        let value = cache.value(of: "key")
        step(3)
        let later = cache.value(of: "key")
        // Only a reading that was announced after the change was over, or that nothing had changed since, is kept.
        let isKept = begin > 2 || end == 0
        #expect(value == (isKept ? 1 : nil))
        #expect(later == (end == 0 ? 1 : nil))
    }

    @Test func aReadingAfterTheChangeIsKeptAlthoughAnEarlierOneEndsLast() {
        let early = cache.beginReading("key")
        cache.beginChange(of: ["key"])
        cache.endChange(of: ["key"])
        let late = cache.beginReading("key")
        cache.end(late, with: 2, costBytes: 100)
        cache.end(early, with: 1, costBytes: 100)
        let value = cache.value(of: "key")
        #expect(value == 2)
    }

    @Test func anEarlierReadingThatEndsFirstIsNotTakenForTheLaterOne() {
        let early = cache.beginReading("key")
        cache.beginChange(of: ["key"])
        cache.endChange(of: ["key"])
        let late = cache.beginReading("key")
        cache.end(early, with: 1, costBytes: 100)
        let between = cache.value(of: "key")
        cache.end(late, with: 2, costBytes: 100)
        let after = cache.value(of: "key")
        #expect(between == nil)
        #expect(after == 2)
    }

    @Test func ofManyReadingsTheFirstThatEndsFillsTheCache() {
        let readings = (0..<3).map { _ in cache.beginReading("key") }
        for reading in readings {
            cache.end(reading, with: 1, costBytes: 100)
            let value = cache.value(of: "key")
            #expect(value == 1)
        }
        #expect(cache.costBytes == 100)
    }

    @Test func aReadingThatFailsLeavesTheOthersTheirs() {
        let (failed, other) = (cache.beginReading("key"), cache.beginReading("key"))
        cache.end(failed, with: nil)
        cache.end(other, with: 1, costBytes: 100)
        let value = cache.value(of: "key")
        #expect(value == 1)
    }

    @Test func aReadingThatEndsLateTakesNothingAway() {
        let (early, late) = (cache.beginReading("key"), cache.beginReading("key"))
        cache.end(early, with: 1, costBytes: 100)
        cache.extend("key", byBytes: 50) {
            $0 += 1; return true
        }
        cache.end(late, with: 1, costBytes: 100)
        let value = cache.value(of: "key")
        #expect(value == 2)
        #expect(cache.costBytes == 150)
    }

    /// Readings from before and after a change end in each order that begins with one or the other.
    @Test(arguments: [true, false])
    func ofManyReadingsThoseFromBeforeAChangeKeepNothing(oldFirst: Bool) {
        let old = (0..<3).map { _ in cache.beginReading("key") }
        cache.beginChange(of: ["key"])
        cache.endChange(of: ["key"])
        let new = (0..<3).map { _ in cache.beginReading("key") }
        func endOld() { for reading in old { cache.end(reading, with: 1, costBytes: 100) } }
        if oldFirst {
            endOld()
            let between = cache.value(of: "key")
            #expect(between == nil)
        }
        cache.end(new[0], with: 2, costBytes: 100)
        if !oldFirst { endOld() }
        let value = cache.value(of: "key")
        #expect(value == 2)
        // A change while the others still read drives it out, and they do not bring it back.
        cache.beginChange(of: ["key"])
        cache.endChange(of: ["key"])
        for reading in new.dropFirst() { cache.end(reading, with: 2, costBytes: 100) }
        let after = cache.value(of: "key")
        #expect(after == nil)
    }

    @Test func aKeyStaysOutUntilTheLastOfItsChangesIsOver() {
        cache.beginChange(of: ["key"])
        cache.beginChange(of: ["key"])
        cache.endChange(of: ["key"])
        keep(1)
        let between = cache.value(of: "key")
        cache.endChange(of: ["key"])
        keep(2)
        let after = cache.value(of: "key")
        #expect(between == nil)
        #expect(after == 2)
    }

    @Test func aChangeConcernsItsOwnKeyAlone() {
        keep(1, "other")
        let reading = cache.beginReading("third")
        cache.beginChange(of: ["key"])
        cache.end(reading, with: 3, costBytes: 100)
        let (other, third) = (cache.value(of: "other"), cache.value(of: "third"))
        #expect(other == 1)
        #expect(third == 3)
    }

    @Test func aFailedReadingKeepsNothingAndHindersNobody() async {
        await #expect(throws: StoreFailure.bodyIsDamaged) {
            try await cache.value(of: "key", costBytes: { _ in 100 }, orRead: { throw StoreFailure.bodyIsDamaged })
        }
        let failed = cache.value(of: "key")
        keep(1)
        let after = cache.value(of: "key")
        #expect(failed == nil)
        #expect(after == 1)
    }

    @Test func aChangeDuringTheReadOfAMissKeepsItOut() async throws {
        let value = try await cache.value(of: "key", costBytes: { _ in 100 }) {
            cache.beginChange(of: ["key"])
            cache.endChange(of: ["key"])
            return 1
        }
        let kept = cache.value(of: "key")
        #expect(value == 1)
        #expect(kept == nil)
    }

    @Test(arguments: [0, 1, 50, 10_000, 1_000_000])
    func theLimitHoldsWhateverComes(limitBytes: Int) {
        let cache = CoherentCache<Int, Int>(limitBytes: limitBytes)
        var generator = SeededGenerator(seed: 7)
        for number in 0..<20_000 {
            let key = Int.random(in: 0..<5_000, using: &generator)
            switch number % 4 {
            case 0: _ = cache.value(of: key)
            case 1:
                cache.extend(key, byBytes: 300) {
                    $0 += 1; return true
                }
            default:
                cache.end(cache.beginReading(key), with: key, costBytes: Int.random(in: 1...2_000, using: &generator))
            }
            #expect(cache.costBytes <= limitBytes)
        }
    }

    @Test func whatIsUsedOutlivesWhatIsNot() {
        keep(1, "used", costBytes: 10_000)
        for number in 0..<500 {
            keep(number, "passing \(number)", costBytes: 10_000)
            _ = cache.value(of: "used")
        }
        let (used, first) = (cache.value(of: "used"), cache.value(of: "passing 0"))
        #expect(used == 1)
        #expect(first == nil)
    }

    @Test func anEntryGrowsOnlyIfItIsThere() {
        cache.extend("key", byBytes: 50) {
            $0 += 1; return true
        }
        let missing = cache.value(of: "key")
        keep(1)
        cache.extend("key", byBytes: 50) {
            $0 += 1; return true
        }
        cache.extend("key", byBytes: 50) { _ in false }
        let value = cache.value(of: "key")
        #expect(missing == nil)
        #expect(value == 2)
        #expect(cache.costBytes == 150)
    }
}
