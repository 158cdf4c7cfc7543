/// A header value that has parameters, such as `form-data; name="key"`.
///
/// Source: RFC 9110, section 5.6.6; RFC 7578, section 4.2, for what browsers do to quotes.
struct HeaderParameters {
    /// What stands before the first semicolon, trimmed.
    let value: String
    private let parameters: [(name: String, value: String)]

    /// Reads a header value; nil if a parameter is malformed or its name is there twice.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        var position = bytes.firstIndex(of: ASCII.semicolon) ?? bytes.endIndex
        value = String(decoding: ASCII.trimmed(bytes[..<position]), as: UTF8.self)
        var parameters: [(name: String, value: String)] = []
        while position < bytes.endIndex {
            position += 1
            guard let next = Self.parameter(bytes, &position) else { return nil }
            let (name, value) = next
            // A semicolon at the end has nothing behind it.
            if name.isEmpty, value.isEmpty, position == bytes.endIndex { break }
            guard !name.isEmpty, !parameters.contains(where: { ASCII.isEqualIgnoringCase($0.name, name) }) else {
                return nil
            }
            parameters.append((name, value))
        }
        self.parameters = parameters
    }

    /// The value of a parameter; nil if it is not there.
    subscript(name: String) -> String? {
        parameters.first { ASCII.isEqualIgnoringCase($0.name, name) }?.value
    }

    /// Reads up to the next semicolon that stands in no quotes.
    private static func parameter(_ bytes: [UInt8], _ position: inout Int) -> (name: String, value: String)? {
        let end = bytes[position...].firstIndex { $0 == ASCII.equals || $0 == ASCII.semicolon } ?? bytes.endIndex
        let name = String(decoding: ASCII.trimmed(bytes[position..<end]), as: UTF8.self)
        position = end
        guard end < bytes.endIndex, bytes[end] == ASCII.equals else { return name.isEmpty ? ("", "") : nil }
        position += 1
        while position < bytes.endIndex, bytes[position] == ASCII.blank || bytes[position] == ASCII.tab {
            position += 1
        }
        guard position < bytes.endIndex, bytes[position] == UInt8(ascii: "\"") else {
            let valueEnd = bytes[position...].firstIndex(of: ASCII.semicolon) ?? bytes.endIndex
            let value = ASCII.trimmed(bytes[position..<valueEnd])
            position = valueEnd
            return String(validating: value, as: UTF8.self).map { (name, $0) }
        }
        guard let value = quoted(bytes, &position) else { return nil }
        // Nothing but blanks stands between the closing quote and the semicolon.
        let rest = bytes[position...].firstIndex(of: ASCII.semicolon) ?? bytes.endIndex
        guard ASCII.trimmed(bytes[position..<rest]).isEmpty else { return nil }
        position = rest
        return String(validating: value, as: UTF8.self).map { (name, $0) }
    }

    /// Reads a text in quotes; a backslash escapes a quote and itself, and is itself before all else, as in a path.
    private static func quoted(_ bytes: [UInt8], _ position: inout Int) -> [UInt8]? {
        let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        var value: [UInt8] = []
        position += 1
        while position < bytes.endIndex {
            let byte = bytes[position]
            position += 1
            if byte == quote { return value }
            if byte == backslash, position < bytes.endIndex, bytes[position] == quote || bytes[position] == backslash {
                value.append(bytes[position])
                position += 1
            } else {
                value.append(byte)
            }
        }
        return nil
    }
}
