/// The rules of JSON's text that the scanner, the values and the canonical form share.
enum JSONText {
    /// Whether a byte is whitespace between tokens.
    static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\t")
    }

    /// The UTF-16 unit of the escape `\uXXXX` that begins at an index, or nil if none does.
    static func unicodeEscape(in bytes: some RandomAccessCollection<UInt8>, at index: Int) -> UInt16? {
        let offset = index
        guard bytes.count >= offset + 6 else { return nil }
        let start = bytes.index(bytes.startIndex, offsetBy: offset)
        let escape = bytes[start...].prefix(6)
        guard escape.starts(with: "\\u".utf8) else { return nil }
        var unit: UInt16 = 0
        for byte in escape.dropFirst(2) {
            guard let digit = hexadecimalDigit(byte) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// The text of a checked string token, quotes included in `token`.
    static func decodeString(_ token: ArraySlice<UInt8>) -> String {
        let content = Array(token.dropFirst().dropLast())
        guard content.contains(UInt8(ascii: "\\")) else { return String(decoding: content, as: UTF8.self) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(content.count)
        var index = 0
        while index < content.count {
            guard content[index] == UInt8(ascii: "\\"), index + 1 < content.count else {
                decoded.append(content[index])
                index += 1
                continue
            }
            index += decodeEscape(in: content, at: index, into: &decoded)
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// Whether a checked string token stands for exactly these bytes.
    static func isString(_ token: ArraySlice<UInt8>, equalTo text: String) -> Bool {
        let content = token.dropFirst().dropLast()
        guard content.contains(UInt8(ascii: "\\")) else { return content.elementsEqual(text.utf8) }
        return decodeString(token).utf8.elementsEqual(text.utf8)
    }

    /// The index after the string token that begins at `start` in a checked text.
    static func endOfString(in bytes: ArraySlice<UInt8>, from start: Int) -> Int {
        var index = start + 1
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "\""): return index + 1
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return bytes.endIndex
    }

    /// Appends what an escape stands for and returns its length in bytes.
    private static func decodeEscape(in content: [UInt8], at index: Int, into decoded: inout [UInt8]) -> Int {
        switch content[index + 1] {
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"): return decodeUnicode(in: content, at: index, into: &decoded)
        case let other: decoded.append(other)
        }
        return 2
    }

    private static func decodeUnicode(in content: [UInt8], at index: Int, into decoded: inout [UInt8]) -> Int {
        guard let unit = unicodeEscape(in: content, at: index) else { return 2 }
        var scalar = UInt32(unit)
        var length = 6
        if UTF16.isLeadSurrogate(unit), let low = unicodeEscape(in: content, at: index + 6) {
            scalar = 0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(low & 0x3FF))
            length = 12
        }
        decoded.append(contentsOf: String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
        return length
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
