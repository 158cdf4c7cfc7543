/// Checks a JSON text byte by byte and writes its compact form.
///
/// It never builds a tree, so that a small text cannot become a large one in memory.
struct JSONScanner {
    /// The deepest nesting of arrays and objects that is read.
    static let maximumDepth = SessionLimits.jsonDepth

    /// The text without insignificant whitespace.
    private(set) var compact: [UInt8] = []
    /// Whether something in a string was replaced by U+FFFD.
    private(set) var isSanitized = false

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
        compact.reserveCapacity(self.bytes.count)
    }

    /// Reads one value with nothing but whitespace around it.
    mutating func scanDocument() throws(JSONSyntaxError) {
        try checkEncoding()
        skipWhitespace()
        try scanValue(depth: 0)
        skipWhitespace()
        guard position == bytes.count else { throw failure(.extraText) }
    }

    private mutating func scanValue(depth: Int) throws(JSONSyntaxError) {
        switch peek {
        case UInt8(ascii: "{"): try scanObject(depth: depth + 1)
        case UInt8(ascii: "["): try scanArray(depth: depth + 1)
        case UInt8(ascii: "\""): try scanString()
        case UInt8(ascii: "t"): try scanWord("true")
        case UInt8(ascii: "f"): try scanWord("false")
        case UInt8(ascii: "n"): try scanWord("null")
        default: try scanNumber()
        }
    }

    private mutating func scanObject(depth: Int) throws(JSONSyntaxError) {
        guard depth <= Self.maximumDepth else { throw failure(.tooDeep) }
        keep()
        skipWhitespace()
        guard peek != UInt8(ascii: "}") else { return keep() }
        while true {
            guard peek == UInt8(ascii: "\"") else { throw failure(.expectingPropertyName) }
            try scanString()
            skipWhitespace()
            guard peek == UInt8(ascii: ":") else { throw failure(.expectingColon) }
            keep()
            skipWhitespace()
            try scanValue(depth: depth)
            skipWhitespace()
            guard peek != UInt8(ascii: "}") else { return keep() }
            guard peek == UInt8(ascii: ",") else { throw failure(.expectingComma) }
            keep()
            skipWhitespace()
        }
    }

    private mutating func scanArray(depth: Int) throws(JSONSyntaxError) {
        guard depth <= Self.maximumDepth else { throw failure(.tooDeep) }
        keep()
        skipWhitespace()
        guard peek != UInt8(ascii: "]") else { return keep() }
        while true {
            try scanValue(depth: depth)
            skipWhitespace()
            guard peek != UInt8(ascii: "]") else { return keep() }
            guard peek == UInt8(ascii: ",") else { throw failure(.expectingComma) }
            keep()
            skipWhitespace()
        }
    }

    private mutating func scanWord(_ word: StaticString) throws(JSONSyntaxError) {
        let wanted = word.description.utf8
        guard bytes[position...].starts(with: wanted) else { throw failure(.expectingValue) }
        keep(count: wanted.count)
    }

    /// Takes the longest number at the position, as the plan's parser does: `01` is `0` with something after it.
    private mutating func scanNumber() throws(JSONSyntaxError) {
        var end = position
        if byte(at: end) == UInt8(ascii: "-") { end += 1 }
        guard let first = byte(at: end), isDigit(first) else { throw failure(.expectingValue) }
        end = first == UInt8(ascii: "0") ? end + 1 : endOfDigits(from: end)
        if byte(at: end) == UInt8(ascii: "."), isDigit(byte(at: end + 1)) {
            end = endOfDigits(from: end + 1)
        }
        if byte(at: end) == UInt8(ascii: "e") || byte(at: end) == UInt8(ascii: "E") {
            let sign = byte(at: end + 1)
            let digits = sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") ? end + 2 : end + 1
            if isDigit(byte(at: digits)) { end = endOfDigits(from: digits) }
        }
        keep(count: end - position)
    }

    private func endOfDigits(from start: Int) -> Int {
        var end = start
        while isDigit(byte(at: end)) { end += 1 }
        return end
    }

    private mutating func scanString() throws(JSONSyntaxError) {
        let start = position
        keep()
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""): return keep()
            case UInt8(ascii: "\\"): try scanEscape(stringStart: start)
            case 0..<0x20: throw failure(.invalidControlCharacter)
            default: keep()
            }
        }
        throw failure(.unterminatedString, at: start)
    }

    private mutating func scanEscape(stringStart: Int) throws(JSONSyntaxError) {
        guard let kind = byte(at: position + 1) else { throw failure(.unterminatedString, at: stringStart) }
        switch kind {
        case UInt8(ascii: "u"):
            try scanUnicodeEscape()
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            keep(count: 2)
        default:
            throw failure(.invalidEscape)
        }
    }

    private mutating func scanUnicodeEscape() throws(JSONSyntaxError) {
        guard let unit = JSONText.unicodeEscape(in: bytes, at: position) else {
            throw failure(.invalidUnicodeEscape)
        }
        if UTF16.isLeadSurrogate(unit), let low = JSONText.unicodeEscape(in: bytes, at: position + 6),
            UTF16.isTrailSurrogate(low)
        {
            keep(count: 12)
        } else if unit == 0 || UTF16.isLeadSurrogate(unit) || UTF16.isTrailSurrogate(unit) {
            isSanitized = true
            compact.append(contentsOf: "\\ufffd".utf8)
            position += 6
        } else {
            keep(count: 6)
        }
    }
}

// MARK: - Bytes

extension JSONScanner {
    private var peek: UInt8? { byte(at: position) }

    private func byte(at index: Int) -> UInt8? {
        index < bytes.count ? bytes[index] : nil
    }

    private func isDigit(_ byte: UInt8?) -> Bool {
        byte.map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? false
    }

    private mutating func keep() {
        compact.append(bytes[position])
        position += 1
    }

    private mutating func keep(count: Int) {
        compact.append(contentsOf: bytes[position..<position + count])
        position += count
    }

    private mutating func skipWhitespace() {
        while let byte = peek, JSONText.isWhitespace(byte) { position += 1 }
    }

    private func checkEncoding() throws(JSONSyntaxError) {
        guard String(validating: bytes, as: UTF8.self) == nil else { return }
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var offset = 0
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue: offset += 1
            case .emptyInput: return
            case .error: throw JSONSyntaxError(.notUTF8, offset: offset)
            }
        }
    }

    private func failure(_ reason: JSONSyntaxError.Reason, at index: Int? = nil) -> JSONSyntaxError {
        let end = min(index ?? position, bytes.count)
        let offset = bytes[..<end].reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
        return JSONSyntaxError(reason, offset: offset)
    }
}
