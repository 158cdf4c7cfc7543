/// One value of a checked JSON text: a slice of its bytes, opened only when asked.
package struct JSONValue: Sendable {
    /// What a value is, by its first byte.
    package enum Kind: Sendable {
        case null, boolean, number, string, array, object
    }

    /// A name and its value.
    package struct Member: Sendable {
        /// The decoded name.
        package let name: String
        /// The value.
        package let value: JSONValue
    }

    /// The value as it was sent, without whitespace outside strings.
    package let compact: ArraySlice<UInt8>

    /// Wraps a slice of a text that the scanner has checked.
    init(compact: ArraySlice<UInt8>) {
        self.compact = compact
    }

    /// What the value is.
    package var kind: Kind {
        switch compact.first {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    /// The decoded text of a string, or nil for anything else.
    package var string: String? {
        kind == .string ? JSONText.decodeString(compact) : nil
    }

    /// The values of an array in order, or nil for anything else.
    package var elements: [JSONValue]? {
        elements(atMost: .max)
    }

    /// The first values of an array in order, or nil for anything else.
    package func elements(atMost count: Int) -> [JSONValue]? {
        guard kind == .array else { return nil }
        var found: [JSONValue] = []
        var index = compact.startIndex + 1
        while found.count < count, let value = value(at: index) {
            found.append(value)
            index = value.compact.endIndex + 1
        }
        return found
    }

    /// The members of an object in order, doubled names included, or nil for anything else.
    package var members: [Member]? {
        guard kind == .object else { return nil }
        var found: [Member] = []
        forEachMember { name, value in
            found.append(Member(name: JSONText.decodeString(name), value: value))
        }
        return found
    }

    /// The last member of that name, or nil if there is none or the value is no object.
    ///
    /// Names are compared as bytes.
    package func last(_ name: String) -> JSONValue? {
        var found: JSONValue?
        forEachMember { token, value in
            if JSONText.isString(token, equalTo: name) { found = value }
        }
        return found
    }

    /// The last members of those names, found in one pass; nil for those that are not there.
    package func lastMembers(_ names: [String]) -> [String: JSONValue?] {
        var found: [String: JSONValue?] = [:]
        for name in names { found[name] = .some(nil) }
        forEachMember { token, value in
            if let name = names.first(where: { JSONText.isString(token, equalTo: $0) }) { found[name] = value }
        }
        return found
    }

    private func forEachMember(_ body: (ArraySlice<UInt8>, JSONValue) -> Void) {
        guard kind == .object else { return }
        var index = compact.startIndex + 1
        while index < compact.endIndex, compact[index] == UInt8(ascii: "\"") {
            let nameEnd = JSONText.endOfString(in: compact, from: index)
            guard let value = value(at: nameEnd + 1) else { return }
            body(compact[index..<nameEnd], value)
            index = value.compact.endIndex + 1
        }
    }

    /// The value that begins at an index inside this one, or nil at the closing bracket.
    private func value(at start: Int) -> JSONValue? {
        guard start < compact.endIndex - 1 else { return nil }
        var depth = 0
        var index = start
        while index < compact.endIndex {
            switch compact[index] {
            case UInt8(ascii: "\""):
                index = JSONText.endOfString(in: compact, from: index)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { return JSONValue(compact: compact[start..<index]) }
                depth -= 1
            case UInt8(ascii: ",") where depth == 0: return JSONValue(compact: compact[start..<index])
            default: break
            }
            index += 1
        }
        return nil
    }
}
