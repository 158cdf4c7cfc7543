/// The ID of a version of an object, as the endpoint gave it.
///
/// Source: oss-wire fact 10; which texts are well-formed is assumption A-062.
public struct VersionID: Hashable, Sendable, CustomStringConvertible {
    /// The greatest length of an ID in bytes.
    public static let maximumLengthBytes = 128

    /// What every ID but `null` begins with.
    static let beginning = "CAEQ"

    /// The version that is written where no versions are kept; a key has at most one of it.
    public static let null = VersionID(checked: "null")

    /// The ID as it stands in URLs, headers and documents; always ASCII.
    public let text: String

    /// Takes an ID that came from outside.
    ///
    /// - Parameter argument: where it stood, for the refusal.
    /// - Throws: `InvalidArgument` for a text that no endpoint gives.
    public init(_ text: String, argument: String = "versionId") throws(OSSError) {
        guard !text.isEmpty else {
            throw .invalidArgument(argument, "", message: "Version id can not be the empty string.")
        }
        let isMade = text.utf8.starts(with: Self.beginning.utf8) && text.utf8.count <= Self.maximumLengthBytes
        guard text.utf8.elementsEqual(Self.null.text.utf8) || isMade && text.utf8.allSatisfy(Self.isLetter) else {
            throw .invalidArgument(argument, text, message: "Invalid version id specified.")
        }
        self.text = text
    }

    private init(checked text: String) {
        self.text = text
    }

    /// Makes an ID of a number and of bytes that nobody can predict, in the form of OSS's.
    public init(number: UInt64, randomBytes: [UInt8]) {
        let digits = Array(Hexadecimal.lower(randomBytes).utf8.prefix(Self.digitCount))
        let message = Self.numberTag + Self.variableLength(number) + [Self.textTag, UInt8(digits.count)] + digits
        let text = Base64.encode(message).utf8.prefix { $0 != ASCII.equals }.map { byte -> UInt8 in
            switch byte {
            case ASCII.plus: UInt8(ascii: "-")
            case ASCII.slash: UInt8(ascii: "_")
            default: byte
            }
        }
        self.init(checked: String(decoding: text, as: UTF8.self))
    }

    /// The number of an ID that `init(number:randomBytes:)` could have made; nil for any other, and for `null`.
    public var number: UInt64? {
        var digits = text.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "-"): ASCII.plus
            case UInt8(ascii: "_"): ASCII.slash
            default: byte
            }
        }
        digits += Array(repeating: ASCII.equals, count: (4 - digits.count % 4) % 4)
        guard let message = Base64.decode(String(decoding: digits, as: UTF8.self)),
            message.starts(with: Self.numberTag)
        else { return nil }
        var (value, shift) = (UInt64(0), UInt64(0))
        for byte in message.dropFirst(Self.numberTag.count) {
            guard shift < UInt64.bitWidth - 1 else { return nil }
            value |= UInt64(byte & 0x7f) << shift
            shift += 7
            if byte < 0x80 { return value }
        }
        return nil
    }

    public var description: String { text }

    /// How many digits of randomness an ID has.
    private static let digitCount = 32
    /// A first field of 1, and the tag of the second: in base64 what every ID begins with.
    private static let numberTag: [UInt8] = [0x08, 0x01, 0x10]
    /// The tag of the fourth field, which is a text.
    private static let textTag: UInt8 = 0x22

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Seven bits in each byte, the lowest first; the top bit says that more follow.
    private static func variableLength(_ number: UInt64) -> [UInt8] {
        var (bytes, rest) = ([UInt8](), number)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(truncatingIfNeeded: rest)]
    }
}
