/// Bytes written as hexadecimal digits.
public enum Hexadecimal {
    /// The digits in upper case, as in ETags.
    public static func upper(_ bytes: some Sequence<UInt8>) -> String {
        text(bytes, digits: upperDigits)
    }

    /// The digits in lower case, as in V4 signatures.
    public static func lower(_ bytes: some Sequence<UInt8>) -> String {
        text(bytes, digits: lowerDigits)
    }

    /// Upper-case pairs, each with a blank after it, the last one too: the form of `StringToSignBytes`.
    static func spacedPairs(_ bytes: some Sequence<UInt8>) -> String {
        var written: [UInt8] = []
        for byte in bytes {
            written.append(upperDigits[Int(byte >> 4)])
            written.append(upperDigits[Int(byte & 15)])
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

    static let upperDigits = Array("0123456789ABCDEF".utf8)
    private static let lowerDigits = Array("0123456789abcdef".utf8)

    private static func text(_ bytes: some Sequence<UInt8>, digits: [UInt8]) -> String {
        var written: [UInt8] = []
        for byte in bytes {
            written.append(digits[Int(byte >> 4)])
            written.append(digits[Int(byte & 15)])
        }
        return String(decoding: written, as: UTF8.self)
    }
}
