/// The one parser of numbers that come from outside.
public enum DecimalNumber {
    /// The most digits that are read: every number of 18 digits fits `Int64`.
    public static let maximumDigits = 18

    /// Reads an unsigned decimal number: ASCII digits only, no sign, no blanks, 1 to 18 of them.
    ///
    /// - Returns: nil if the text is anything else. Leading zeros are read as digits.
    public static func parse(_ text: some StringProtocol) -> Int64? {
        parse(bytes: text.utf8)
    }

    /// Reads an unsigned decimal number from bytes, as `parse(_:)`.
    public static func parse(bytes: some Collection<UInt8>) -> Int64? {
        guard !bytes.isEmpty, bytes.count <= maximumDigits else { return nil }
        var value: Int64 = 0
        for byte in bytes {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// Reads an unsigned decimal number of 64 bits, such as a CRC-64: 1 to 20 ASCII digits and nothing else.
    ///
    /// - Returns: nil if the text is anything else or the number is too great.
    public static func parseUnsigned64(_ text: some StringProtocol) -> UInt64? {
        guard (1...20).contains(text.utf8.count) else { return nil }
        var value: UInt64 = 0
        for byte in text.utf8 {
            guard ASCII.isDigit(byte) else { return nil }
            let (product, isProductTooGreat) = value.multipliedReportingOverflow(by: 10)
            let (sum, isSumTooGreat) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !isProductTooGreat, !isSumTooGreat else { return nil }
            value = sum
        }
        return value
    }
}
