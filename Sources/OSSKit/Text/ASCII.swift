/// Bytes of ASCII that the protocol gives a meaning, and the few things done with ASCII text.
///
/// Text from outside is compared as bytes: Swift calls the Kelvin sign and the letter K equal.
enum ASCII {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let blank = UInt8(ascii: " ")
    static let percent = UInt8(ascii: "%")
    static let ampersand = UInt8(ascii: "&")
    static let plus = UInt8(ascii: "+")
    static let comma = UInt8(ascii: ",")
    static let hyphen = UInt8(ascii: "-")
    static let period = UInt8(ascii: ".")
    static let slash = UInt8(ascii: "/")
    static let colon = UInt8(ascii: ":")
    static let semicolon = UInt8(ascii: ";")
    static let equals = UInt8(ascii: "=")
    static let question = UInt8(ascii: "?")
    static let underscore = UInt8(ascii: "_")
    static let tilde = UInt8(ascii: "~")
    static let delete: UInt8 = 0x7F

    static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
    }

    /// Whether all bytes are ASCII, and the text is UTF-8 without further ado.
    static func isASCII(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 < 0x80 }
    }

    /// The bytes as text; nil if they are not UTF-8.
    static func text(_ bytes: [UInt8]) -> String? {
        isASCII(bytes) ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
    }

    /// The byte in lower case; only `A-Z` change.
    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    /// The text's bytes in lower case; only `A-Z` change.
    static func lowercased(_ text: some StringProtocol) -> [UInt8] {
        text.utf8.map { lowercased($0) }
    }

    /// Whether a text has these bytes.
    static func isEqual(_ bytes: [UInt8], _ text: some StringProtocol) -> Bool {
        guard bytes.count == text.utf8.count else { return false }
        return bytes.withUnsafeBufferPointer { isEqual($0, text) }
    }

    /// Whether two texts have the same bytes, which is less than that Swift calls them equal.
    static func isEqual(_ left: String, _ right: some StringProtocol) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        return left.utf8.withContiguousStorageIfAvailable { isEqual($0, right) } ?? left.utf8.elementsEqual(right.utf8)
    }

    /// Whether a text of as many bytes has these.
    ///
    /// Names of the protocol begin alike, so that they are compared from their ends.
    private static func isEqual(_ bytes: UnsafeBufferPointer<UInt8>, _ text: some StringProtocol) -> Bool {
        let found = text.utf8.withContiguousStorageIfAvailable { wanted in
            var position = wanted.count
            while position > 0 {
                position -= 1
                guard bytes[position] == wanted[position] else { return false }
            }
            return true
        }
        return found ?? bytes.elementsEqual(text.utf8)
    }

    /// Whether two texts are the same but for the case of `A-Z`.
    static func isEqualIgnoringCase(_ left: some StringProtocol, _ right: some StringProtocol) -> Bool {
        left.utf8.count == right.utf8.count
            && left.utf8.elementsEqual(right.utf8) { lowercased($0) == lowercased($1) }
    }

    /// The bytes without the blanks and tabs at both ends.
    static func trimmed<Bytes: BidirectionalCollection>(_ bytes: Bytes) -> Bytes.SubSequence
    where Bytes.Element == UInt8 {
        let isSpace: (UInt8) -> Bool = { $0 == blank || $0 == tab }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }),
            let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return bytes[bytes.startIndex..<bytes.startIndex] }
        return bytes[first...last]
    }
}
