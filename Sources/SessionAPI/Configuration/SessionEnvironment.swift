#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The clock and the randomness of the session API, so that a test can choose both.
package struct SessionEnvironment: Sendable {
    /// Microseconds since 1970, UTC.
    package let nowMicroseconds: @Sendable () -> Int64
    /// That many bytes that nobody can guess.
    package let randomBytes: @Sendable (Int) -> [UInt8]

    /// Makes an environment.
    package init(
        nowMicroseconds: @escaping @Sendable () -> Int64, randomBytes: @escaping @Sendable (Int) -> [UInt8]
    ) {
        self.nowMicroseconds = nowMicroseconds
        self.randomBytes = randomBytes
    }

    /// The machine's clock and the kernel's randomness.
    package static let system = SessionEnvironment(
        nowMicroseconds: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
        },
        randomBytes: { count in
            var generator = SystemRandomNumberGenerator()
            return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        })

    /// Seconds since 1970, UTC.
    var nowSeconds: Int64 { nowMicroseconds() / 1_000_000 }
}
