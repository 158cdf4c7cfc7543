/// Base64 with the standard alphabet and padding.
///
/// Source: RFC 4648, section 4.
public enum Base64 {
    /// Writes bytes in base64, padded, on one line.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        var written: [UInt8] = []
        written.reserveCapacity((bytes.count + 2) / 3 * 4)
        var group: UInt32 = 0
        var groupLength = 0
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            groupLength += 1
            if groupLength == 3 {
                append(group, digits: 4, to: &written)
                group = 0
                groupLength = 0
            }
        }
        if groupLength > 0 {
            append(group << UInt32(8 * (3 - groupLength)), digits: groupLength + 1, to: &written)
            written.append(contentsOf: repeatElement(ASCII.equals, count: 3 - groupLength))
        }
        return String(decoding: written, as: UTF8.self)
    }

    /// Reads padded base64.
    ///
    /// - Returns: nil unless the text is exactly what `encode(_:)` writes for some bytes: no line breaks, no missing
    ///   padding, no stray bits in the last digit.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 4) else { return nil }
        let paddingLength = digits.reversed().prefix(2).prefix { $0 == ASCII.equals }.count
        var read: [UInt8] = []
        read.reserveCapacity(digits.count / 4 * 3)
        var bits: UInt32 = 0
        var bitCount = 0
        for digit in digits.dropLast(paddingLength) {
            guard let value = value(of: digit) else { return nil }
            bits = (bits << 6 | UInt32(value)) & 0xFFFF
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                read.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        let strayBits = bits & (1 << UInt32(bitCount) - 1)
        guard strayBits == 0, bitCount < 6 else { return nil }
        return read
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func append(_ group: UInt32, digits count: Int, to written: inout [UInt8]) {
        for position in 0..<count {
            written.append(alphabet[Int(group >> UInt32(18 - 6 * position) & 63)])
        }
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
        case ASCII.plus: 62
        case ASCII.slash: 63
        default: nil
        }
    }
}
