import OSSKit

/// What a bucket's retention holds from being taken away.
///
/// Source: oss-wire fact 11.6; what is held, and by what, is assumption A-083.
package struct Retention: Sendable, Equatable {
    /// How long a configuration waits to be locked before it is given up.
    package static let graceMilliseconds: Int64 = 24 * 3_600 * 1_000
    private static let dayMilliseconds: Int64 = 86_400_000

    /// What was written after this moment is held, in milliseconds since 1970, UTC.
    private let heldAfter: Int64

    /// The retention of a configuration at a moment; nil if it was given up.
    package init?(_ configuration: WormConfiguration, nowMilliseconds: Int64) {
        guard Self.isAlive(configuration, nowMilliseconds) else { return nil }
        let length = Int64(configuration.retentionDays).multipliedReportingOverflow(by: Self.dayMilliseconds)
        let start = nowMilliseconds.subtractingReportingOverflow(length.partialValue)
        heldAfter = length.overflow || start.overflow ? .min : start.partialValue
    }

    /// Whether an object is held.
    package func holds(_ object: ObjectRecord) -> Bool { object.lastModifiedMilliseconds > heldAfter }

    /// Whether a configuration was locked, or may still be.
    package static func isAlive(_ configuration: WormConfiguration, _ nowMilliseconds: Int64) -> Bool {
        configuration.state == .locked
            || nowMilliseconds - configuration.createdAtMilliseconds < graceMilliseconds
    }
}
