/// What the store takes from outside instead of asking the machine for it.
package struct StoreEnvironment: Sendable {
    /// The time now, in milliseconds since 1970, UTC.
    package let now: @Sendable () -> Int64
    /// As many random bytes as asked for, from a generator that nobody can predict.
    package let randomBytes: @Sendable (Int) -> [UInt8]
    /// Told once when the store can no longer promise durability; every later write is refused.
    ///
    /// The text is for the log. The caller is expected to stop the process, so that recovery runs at the next start.
    package let onFatal: @Sendable (String) -> Void

    /// Collects the three.
    package init(
        now: @escaping @Sendable () -> Int64,
        randomBytes: @escaping @Sendable (Int) -> [UInt8],
        onFatal: @escaping @Sendable (String) -> Void
    ) {
        self.now = now
        self.randomBytes = randomBytes
        self.onFatal = onFatal
    }
}
