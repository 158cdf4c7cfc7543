import Synchronization

/// Lets each key through a number of times at once, and then at a steady rate.
final class RateLimiter: Sendable {
    /// The most keys that are remembered; beyond it, those that have not been seen longest are forgotten.
    static let keyLimit = 20_000

    /// What one request takes; a microsecond gives back as many parts as requests pass in a minute.
    private static let cost: Int64 = 60_000_000

    private struct Bucket {
        /// Requests that may still pass, in parts of a `cost`.
        var allowance: Int64
        var updatedAtMicroseconds: Int64
    }

    private let burst: Int64
    private let perMinute: Int64
    private let buckets = Mutex<[String: Bucket]>([:])

    /// Makes a limiter.
    ///
    /// - Parameters:
    ///   - burst: how many may pass at once.
    ///   - perMinute: how many may pass in each minute after that.
    init(burst: Int, perMinute: Int) {
        self.burst = Int64(burst) * Self.cost
        self.perMinute = Int64(perMinute)
    }

    /// Lets a request pass.
    ///
    /// - Throws: `TOO_MANY_REQUESTS` with the time after which the next one passes.
    func admit(_ key: String, nowMicroseconds: Int64) throws(APIProblem) {
        let wait = buckets.withLock { buckets -> Int64? in
            if buckets.count >= Self.keyLimit, buckets[key] == nil { forget(&buckets, nowMicroseconds) }
            var bucket = buckets[key] ?? Bucket(allowance: burst, updatedAtMicroseconds: nowMicroseconds)
            refill(&bucket, nowMicroseconds)
            defer { buckets[key] = bucket }
            guard bucket.allowance >= Self.cost else {
                return ((Self.cost - bucket.allowance) / perMinute + 999_999) / 1_000_000
            }
            bucket.allowance -= Self.cost
            return nil
        }
        guard let wait else { return }
        throw APIProblem(
            .tooManyRequests, "Too many requests, try again later", retryAfterSeconds: Int(max(1, wait)))
    }

    private func refill(_ bucket: inout Bucket, _ nowMicroseconds: Int64) {
        let elapsed = min(max(0, nowMicroseconds - bucket.updatedAtMicroseconds), 3_600_000_000)
        bucket.allowance = min(burst, bucket.allowance + elapsed * perMinute)
        bucket.updatedAtMicroseconds = max(nowMicroseconds, bucket.updatedAtMicroseconds)
    }

    /// Drops the older half.
    private func forget(_ buckets: inout [String: Bucket], _ nowMicroseconds: Int64) {
        let times = buckets.values.map(\.updatedAtMicroseconds).sorted()
        let median = times[times.count / 2]
        buckets = buckets.filter { $0.value.updatedAtMicroseconds > median }
    }
}
