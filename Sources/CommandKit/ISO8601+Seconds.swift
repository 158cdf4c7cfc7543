import OSSKit

extension ISO8601 {
    /// Writes unix seconds, whatever they are, as `2012-02-24T06:07:48.000Z`.
    ///
    /// A moment outside the years 1 to 9999 is written as the nearest one inside.
    package static func format(unixSeconds: Int64) -> String {
        let (milliseconds, isOverflow) = unixSeconds.multipliedReportingOverflow(by: 1_000)
        guard isOverflow else { return format(unixMilliseconds: milliseconds) }
        return format(unixMilliseconds: unixSeconds < 0 ? .min : .max)
    }
}
