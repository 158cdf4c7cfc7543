/// Bytes written as hexadecimal digits.
public enum Hexadecimal {
    /// The bytes of a text of hexadecimal digits in either case; nil if it is anything else.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(of: digits[index]), let low = value(of: digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// The digits in upper case, as in ETags.
    public static func upper(_ bytes: some Sequence<UInt8>) -> String {
        text(bytes, letterA: UInt8(ascii: "A"))
    }

    /// The digits in upper case of an array, which other modules get as fast as this one.
    public static func upper(_ bytes: [UInt8]) -> String {
        text(bytes, letterA: UInt8(ascii: "A"))
    }

    /// The digits in lower case, as in V4 signatures.
    public static func lower(_ bytes: some Sequence<UInt8>) -> String {
        text(bytes, letterA: UInt8(ascii: "a"))
    }

    /// Upper-case pairs, each with a blank after it, the last one too: the form of `StringToSignBytes`.
    static func spacedPairs(_ bytes: some Sequence<UInt8>) -> String {
        var written: [UInt8] = []
        for byte in bytes {
            append(byte, letterA: UInt8(ascii: "A"), to: &written)
            written.append(ASCII.blank)
        }
        return String(decoding: written, as: UTF8.self)
    }

    /// The value of a digit of either case; nil if it is none.
    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// The digits in lower case, behind what was written before.
    static func appendLower(_ bytes: some Sequence<UInt8>, to written: inout [UInt8]) {
        for byte in bytes {
            append(byte, letterA: UInt8(ascii: "a"), to: &written)
        }
    }

    /// One byte as two digits in upper case, behind what was written before.
    static func appendUpper(_ byte: UInt8, to written: inout [UInt8]) {
        append(byte, letterA: UInt8(ascii: "A"), to: &written)
    }

    private static func text(_ bytes: some Sequence<UInt8>, letterA: UInt8) -> String {
        var written: [UInt8] = []
        // A digest does not say how long it is; most are not longer than those of SHA-256.
        written.reserveCapacity(max(2 * bytes.underestimatedCount, 64))
        for byte in bytes {
            append(byte, letterA: letterA, to: &written)
        }
        return String(decoding: written, as: UTF8.self)
    }

    private static func append(_ byte: UInt8, letterA: UInt8, to written: inout [UInt8]) {
        written.append(digit(byte >> 4, letterA: letterA))
        written.append(digit(byte & 15, letterA: letterA))
    }

    private static func digit(_ value: UInt8, letterA: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : letterA + (value - 10)
    }
}
