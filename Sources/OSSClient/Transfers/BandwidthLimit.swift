import Synchronization

/// How many bytes a second may pass: one limit for all parts, and for all transfers that share it.
public final class BandwidthLimit: Sendable {
    /// The least limit, in bytes a second.
    public static let leastBytesPerSecond: Int64 = 1_024

    /// The bytes a second.
    public let bytesPerSecond: Int64
    private let bucket: Mutex<TokenBucket>

    /// Makes a limit; less than 1,024 bytes a second counts as 1,024.
    public init(bytesPerSecond: Int64) {
        self.bytesPerSecond = max(bytesPerSecond, Self.leastBytesPerSecond)
        bucket = Mutex(TokenBucket(bytesPerSecond: Double(self.bytesPerSecond)))
    }

    /// The longest piece that may be sent at once, so that no connection falls silent between two pieces.
    var pieceBytes: Int {
        Int(min(max(bytesPerSecond / 8, 1_024), Int64(FilePieces.pieceBytes)))
    }

    /// Takes bytes out of the bucket, and tells how long to wait before they may pass.
    func take(_ bytes: Int, now: Duration) -> Duration {
        bucket.withLock { $0.take(bytes, now: now) }
    }
}

/// A bucket of bytes that fills at a constant rate and can be overdrawn by who then waits.
///
/// Who comes while it is overdrawn waits behind those who came before: so nobody is starved.
package struct TokenBucket: Sendable {
    private let bytesPerSecond: Double
    private let capacity: Double
    private var level: Double
    private var filledAt: Duration?

    /// Makes a full bucket, which holds what a tenth of a second brings.
    package init(bytesPerSecond: Double) {
        self.bytesPerSecond = bytesPerSecond
        capacity = bytesPerSecond / 10
        level = capacity
    }

    /// Takes bytes out and tells how long to wait for them.
    ///
    /// - Parameter now: the time since any fixed moment; one before the last one counts as that.
    package mutating func take(_ bytes: Int, now: Duration) -> Duration {
        if let filledAt, now > filledAt {
            level = min(capacity, level + (now - filledAt) / .seconds(1) * bytesPerSecond)
        }
        filledAt = max(filledAt ?? now, now)
        level -= Double(bytes)
        return level >= 0 ? .zero : .seconds(-level / bytesPerSecond)
    }
}
