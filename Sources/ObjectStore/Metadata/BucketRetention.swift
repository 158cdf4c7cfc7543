import Foundation
import GRDB
import OSSKit

/// How long a bucket keeps its objects from being overwritten and deleted.
///
/// It is judged in the transaction that would take an object away, so that nothing that was begun before it gets by.
/// Source: oss-wire facts 7.1 and 11.6; what is held, and by what, is assumption A-083.
package enum BucketRetention {
    /// How long a retention waits to be locked before it is given up, in milliseconds.
    package static let graceMilliseconds: Int64 = 24 * 3_600 * 1_000
    private static let dayMilliseconds: Int64 = 86_400_000

    /// Whether a retention was locked, or may still be.
    package static func isAlive(_ configuration: WormConfiguration, atMilliseconds now: Int64) -> Bool {
        configuration.state == .locked || now - configuration.createdAtMilliseconds < graceMilliseconds
    }

    /// The moment after which an object must have been changed for the bucket to hold it; nil if it holds none.
    ///
    /// A retention that cannot be read holds everything.
    static func heldSince(
        inBucket bucketID: Int64, atMilliseconds now: Int64, _ database: Database
    ) throws -> Int64? {
        let place = ConfigurationPlace(bucketID: bucketID, kind: .worm)
        guard let stored = try ConfigurationTable.find(place, in: database) else { return nil }
        guard let configuration = try? WormConfiguration(document: stored.bytes) else { return .min }
        guard isAlive(configuration, atMilliseconds: now) else { return nil }
        return now - Int64(configuration.retentionDays) * dayMilliseconds
    }
}
