import OSSClient
import Testing

@Suite struct PartPlanTests {
    private static let most: Int64 = 5_368_709_120 * 10_000

    @Test(
        arguments: [
            (0, 102_400, 102_400, 0), (1, 102_400, 102_400, 1), (102_400, 102_400, 102_400, 1),
            (102_401, 102_400, 102_400, 2), (1_000_000, 1, 102_400, 10), (1_000_000, -5, 102_400, 10),
            (1_000_000, Int64.max, 5_368_709_120, 1), (1_024_000_000, 102_400, 102_400, 10_000),
            (1_024_000_001, 102_400, 1_048_576, 977), (5_368_709_120, 8_388_608, 8_388_608, 640),
            (1 << 40, 8_388_608, 110_100_480, 9_987), (most, 102_400, 5_368_709_120, 10_000),
        ] as [(Int64, Int64, Int64, Int)])
    func tenThousandPartsSuffice(size: Int64, preferred: Int64, partSize: Int64, count: Int) throws {
        let plan = try PartPlan(sizeBytes: size, preferredPartSizeBytes: preferred)
        #expect(plan.partSizeBytes == partSize)
        #expect(plan.count == count)
        var end: Int64 = 0
        for number in plan.numbers {
            let range = plan.range(of: number)
            #expect(range.lowerBound == end && !range.isEmpty)
            end = range.upperBound
        }
        #expect(end == size)
    }

    @Test(arguments: [most + 1, Int64.max])
    func whatNoObjectHoldsIsRefused(size: Int64) {
        let found = #expect(throws: TransferError.self) {
            try PartPlan(sizeBytes: size, preferredPartSizeBytes: 102_400)
        }
        #expect(found == .tooLong(sizeBytes: size))
    }
}

@Suite struct TokenBucketTests {
    @Test func bytesPassAtTheRate() {
        var bucket = TokenBucket(bytesPerSecond: 1_000)
        let found = [
            bucket.take(100, now: .seconds(5)), bucket.take(500, now: .seconds(5)),
            // Who comes later waits behind who came before.
            bucket.take(500, now: .seconds(5)), bucket.take(1_000, now: .seconds(6)),
        ]
        #expect(found == [.zero, .milliseconds(500), .seconds(1), .seconds(1)])
    }

    @Test func timeThatPassedUnusedIsNotSaved() {
        var bucket = TokenBucket(bytesPerSecond: 1_000)
        _ = bucket.take(0, now: .zero)
        let found = bucket.take(1_100, now: .seconds(3_600))
        #expect(found == .seconds(1))
    }

    @Test func aClockThatGoesBackGivesNothing() {
        var bucket = TokenBucket(bytesPerSecond: 1_000)
        _ = bucket.take(1_100, now: .seconds(10))
        let found = [bucket.take(0, now: .seconds(1)), bucket.take(0, now: .seconds(10))]
        #expect(found == [.seconds(1), .seconds(1)])
    }

    @Test(arguments: [Int64.min, 0, 1, 1_023])
    func theLeastLimitHolds(bytesPerSecond: Int64) {
        #expect(BandwidthLimit(bytesPerSecond: bytesPerSecond).bytesPerSecond == 1_024)
    }
}

@Suite struct TransferRateTests {
    @Test func theRateIsThatOfTheLastSeconds() {
        var rate = TransferRate()
        var found: [Double] = []
        for second in 0...10 {
            let bytes = second <= 5 ? 100 * second : 500 + 1_000 * (second - 5)
            found.append(rate.note(Int64(bytes), at: .seconds(second)))
        }
        #expect(found.first == 0)
        #expect(found[5] == 100)
        #expect(found[10] == 1_000)
    }

    @Test func bytesThatAreTakenBackAreNoRate() {
        var rate = TransferRate()
        _ = rate.note(1_000, at: .zero)
        let found = rate.note(0, at: .seconds(1))
        #expect(found == 0)
    }
}
