/// The number of a part of a multipart upload: 1 to 10,000.
///
/// Source: oss-wire facts 7.2, 9 and 15.
public struct PartNumber: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The least and the greatest number.
    public static let range = 1...10_000

    /// The number.
    public let value: Int

    /// Takes a number; nil if no part can have it.
    public init?(_ value: Int) {
        guard Self.range.contains(value) else { return nil }
        self.value = value
    }

    /// Takes a number as it was sent.
    ///
    /// - Throws: `InvalidArgument` for anything but a decimal number from 1 to 10,000.
    public init(_ text: String) throws(OSSError) {
        guard let value = DecimalNumber.parse(text).flatMap({ Int(exactly: $0) }), let number = PartNumber(value) else {
            throw .invalidArgument(
                "PartNumber", text, message: "Part number must be an integer between 1 and 10000, inclusive.",
                ec: "0017-00000220")
        }
        self = number
    }

    public var description: String { String(value) }

    public static func < (left: PartNumber, right: PartNumber) -> Bool {
        left.value < right.value
    }
}
