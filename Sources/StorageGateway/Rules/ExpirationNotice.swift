import OSSKit
import ObjectStore

/// Tells when the rules of its bucket will delete an object.
///
/// Source: oss-wire fact 8.2; which rule is named, and for which requests, is assumption A-135.
enum ExpirationNotice {
    /// `x-oss-expiration` of what a key shows; none for a version that was named, for links, and where no rule deletes it.
    static func header(
        _ call: OSSCall, object: ObjectRecord, in bucket: BucketRecord
    ) async throws -> [(name: String, value: String)] {
        guard object.symlinkTarget == nil, try call.version() == nil else { return [] }
        let rules = try await call.store.configuration(.lifecycle, of: bucket) { document in
            try LifecycleConfiguration(document: document).rules.compactMap(LifecycleRule.init)
        }
        guard let rules else { return [] }
        var soonest: (time: Int64, id: String)?
        for rule in rules {
            guard let time = rule.expirationMilliseconds(of: object), time < soonest?.time ?? .max else { continue }
            soonest = (time, rule.id)
        }
        guard let soonest else { return [] }
        // An ID is any text; a header is not.
        let (date, id) = (HTTPDate.format(unixSeconds: soonest.time / 1_000), PercentCoding.encode(soonest.id))
        return [("x-oss-expiration", #"expiry-date="\#(date)", rule-id="\#(id)""#)]
    }
}
