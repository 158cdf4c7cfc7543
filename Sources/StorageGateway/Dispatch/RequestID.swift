/// The id of one request: 24 upper-case hexadecimal digits, of which the first 8 are the Unix time.
///
/// Source: oss-wire fact 5, checked there on captures.
package struct RequestID: Sendable, CustomStringConvertible {
    private let text: String

    /// Makes an id from the time and 8 random bytes' worth of randomness.
    package init(unixSeconds: Int64, random: UInt64) {
        text =
            Self.hexadecimal(UInt64(truncatingIfNeeded: unixSeconds), digits: 8)
            + Self.hexadecimal(random, digits: 16)
    }

    package var description: String { text }

    private static func hexadecimal(_ value: UInt64, digits: Int) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.count)) + text.suffix(digits)
    }
}
