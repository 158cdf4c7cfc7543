/// The fields that only requests about sessions have.
///
/// Source: session-api.md 4.4.
extension ModelReader {
    /// Whether a text can be the id of a session: 1 to 64 letters, digits, `-` and `_`.
    package static func isSessionID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// The id of a session that may be absent or null.
    mutating func optionalSessionID(_ name: String) -> String? {
        guard let id = optionalText(name, TextRule()) else { return nil }
        if !Self.isSessionID(id) { refuse(name, "not an id of a session") }
        return id
    }

    /// The id of a session that must be there.
    mutating func sessionID(_ name: String) -> String {
        let id = text(name, TextRule())
        if !id.isEmpty, !Self.isSessionID(id) { refuse(name, "not an id of a session") }
        return id
    }

    /// A time of RFC 3339 that may be absent or null, in microseconds since 1970.
    mutating func optionalTime(_ name: String) -> Int64? {
        guard let text = optionalText(name, .line(0...64)) else { return nil }
        let time = Timestamp.parse(text)
        if time == nil { refuse(name, "not a time of RFC 3339") }
        return time
    }

    /// A SHA-256 in hexadecimal digits that may be absent or null.
    mutating func optionalHash(_ name: String) -> [UInt8]? {
        guard let text = optionalText(name, .line(0...128)) else { return nil }
        let hash = Self.hash(text)
        if hash == nil { refuse(name, "not 64 hexadecimal digits") }
        return hash
    }

    /// A SHA-256 in hexadecimal digits that must be there.
    mutating func hash(_ name: String) -> [UInt8] {
        let text = text(name, .line(0...128))
        let hash = Self.hash(text)
        if hash == nil, !text.isEmpty || member(name)?.kind == .string { refuse(name, "not 64 hexadecimal digits") }
        return hash ?? []
    }

    private static func hash(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: 64, by: 2) {
            guard let high = Character(Unicode.Scalar(digits[start])).hexDigitValue,
                let low = Character(Unicode.Scalar(digits[start + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
