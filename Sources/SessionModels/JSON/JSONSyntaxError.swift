/// Why a text is not JSON, and where.
///
/// The messages and positions are those of the parser of the plan's backend, so that a client sees the same 422.
/// Source: session-api.md 4.3, `json_invalid`; RFC 8259 where that parser is laxer (NaN, Infinity).
package struct JSONSyntaxError: Error, Sendable, Equatable {
    /// What was expected or wrong.
    package enum Reason: String, Sendable, CaseIterable {
        case expectingValue = "Expecting value"
        case expectingPropertyName = "Expecting property name enclosed in double quotes"
        case expectingColon = "Expecting ':' delimiter"
        case expectingComma = "Expecting ',' delimiter"
        case unterminatedString = "Unterminated string starting at"
        case invalidControlCharacter = "Invalid control character at"
        case invalidEscape = "Invalid \\escape"
        case invalidUnicodeEscape = "Invalid \\uXXXX escape"
        case extraText = "Extra data"
        case tooDeep = "Nested too deeply"
        case notUTF8 = "Invalid UTF-8"
    }

    /// The rule that was broken.
    package let reason: Reason
    /// The offset of the first wrong character, counted in Unicode code points.
    package let offset: Int

    /// Makes an error.
    package init(_ reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}
