/// Why a request's body is refused.
package indirect enum RequestFault: Error, Sendable {
    /// Some fields are missing or wrong: 422.
    case invalid([ValidationIssue])
    /// A field is longer than its limit, both in bytes: 413.
    case tooLarge(field: String, limit: Int, got: Int)
    /// An element of a list is refused, counted from 0.
    case element(index: Int, RequestFault)
}
