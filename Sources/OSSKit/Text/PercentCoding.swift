/// Percent-coding of URLs, done once in each direction.
///
/// Source: RFC 3986, section 2; oss-wire facts 0.1, 0.2 and 2.4.
public enum PercentCoding {
    /// Decodes a piece of a path: `%XX` becomes a byte, everything else stays, `+` too.
    ///
    /// - Returns: nil if a `%` is not followed by two hexadecimal digits.
    public static func decodePath(_ bytes: some Collection<UInt8>) -> [UInt8]? {
        decode(bytes, plusIsBlank: false)
    }

    /// Decodes a name or a value of a query string: as `decodePath(_:)`, and `+` is a blank.
    public static func decodeForm(_ bytes: some Collection<UInt8>) -> [UInt8]? {
        decode(bytes, plusIsBlank: true)
    }

    /// Encodes bytes; only `A-Z a-z 0-9 - _ . ~` stay as they are, the digits are in upper case.
    ///
    /// - Parameter keepingSlash: whether `/` stays as well, as it does in the path of a canonical request.
    public static func encode(_ bytes: some Sequence<UInt8>, keepingSlash: Bool = false) -> String {
        String(decoding: encodedBytes(bytes, keepingSlash: keepingSlash), as: UTF8.self)
    }

    /// Encodes a text's UTF-8, as `encode(_:keepingSlash:)`.
    public static func encode(_ text: String, keepingSlash: Bool = false) -> String {
        encode(text.utf8, keepingSlash: keepingSlash)
    }

    static func encodedBytes(_ bytes: some Sequence<UInt8>, keepingSlash: Bool = false) -> [UInt8] {
        var written: [UInt8] = []
        // Most bytes stay as they are; a key in Chinese grows to three times its length.
        written.reserveCapacity(bytes.underestimatedCount + bytes.underestimatedCount / 4)
        append(bytes, keepingSlash: keepingSlash, to: &written)
        return written
    }

    /// Encodes bytes as `encode(_:keepingSlash:)`, behind what was written before.
    static func append(_ bytes: some Sequence<UInt8>, keepingSlash: Bool = false, to written: inout [UInt8]) {
        for byte in bytes {
            if isUnreserved(byte) || (keepingSlash && byte == ASCII.slash) {
                written.append(byte)
            } else {
                written.append(ASCII.percent)
                Hexadecimal.appendUpper(byte, to: &written)
            }
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == ASCII.hyphen || byte == ASCII.underscore
            || byte == ASCII.period || byte == ASCII.tilde
    }

    private static func decode(_ bytes: some Collection<UInt8>, plusIsBlank: Bool) -> [UInt8]? {
        // Most names and values hold nothing that is encoded.
        guard bytes.contains(where: { $0 == ASCII.percent || (plusIsBlank && $0 == ASCII.plus) }) else {
            return Array(bytes)
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            if byte == ASCII.percent {
                guard let high = rest.next().flatMap(Hexadecimal.value(of:)),
                    let low = rest.next().flatMap(Hexadecimal.value(of:))
                else { return nil }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(plusIsBlank && byte == ASCII.plus ? ASCII.blank : byte)
            }
        }
        return decoded
    }
}
