/// What a JSON value is worth where a whole number is wanted.
///
/// Source: session-api.md facts 18 and 19.
enum LaxInteger: Equatable {
    case number(Int64)
    /// A whole number of more than 18 digits.
    case beyondReach(isNegative: Bool)
    /// A number with a part behind the decimal point.
    case fractional
    /// A string that holds no whole number.
    case unreadableText
    /// Null, an array or an object.
    case otherType

    init(_ value: JSONValue) {
        switch value.kind {
        case .number: self = Self.read(value.compact)
        case .boolean: self = .number(value.compact.first == UInt8(ascii: "t") ? 1 : 0)
        case .string: self = Self.read(text: value.string ?? "")
        case .null, .array, .object: self = .otherType
        }
    }

    private static func read(_ token: ArraySlice<UInt8>) -> LaxInteger {
        let isNegative = token.first == UInt8(ascii: "-")
        guard let number = JSONNumber(token) else { return .beyondReach(isNegative: isNegative) }
        if let integer = number.integer { return .number(integer) }
        return number.isFractional ? .fractional : .beyondReach(isNegative: isNegative)
    }

    private static func read(text: String) -> LaxInteger {
        var bytes = Array(text.utf8)[...]
        while let first = bytes.first, JSONText.isWhitespace(first) { bytes = bytes.dropFirst() }
        while let last = bytes.last, JSONText.isWhitespace(last) { bytes = bytes.dropLast() }
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative || bytes.first == UInt8(ascii: "+") { bytes = bytes.dropFirst() }
        let isDigits = bytes.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard !bytes.isEmpty, isDigits else { return .unreadableText }
        guard let value = JSONNumber(bytes)?.integer else { return .beyondReach(isNegative: isNegative) }
        return .number(isNegative ? -value : value)
    }
}
