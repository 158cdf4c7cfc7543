/// What a text field may hold.
package struct TextRule: Sendable {
    /// The number of code points; outside it the answer is 422.
    ///
    /// Nil means any.
    package var characters: ClosedRange<Int>?
    /// The most UTF-8 bytes; above it the answer is 413.
    ///
    /// Nil means any.
    package var maximumBytes: Int?
    /// Whether U+0000 to U+001F and U+007F are allowed.
    package var allowsControlCharacters = true

    /// Any text of at most that many bytes.
    package static func text(maximumBytes: Int) -> TextRule {
        TextRule(maximumBytes: maximumBytes)
    }

    /// A line without control characters.
    package static func line(_ characters: ClosedRange<Int>) -> TextRule {
        TextRule(characters: characters, allowsControlCharacters: false)
    }

    /// The first rule that a text breaks, as the parts of a row, or nil.
    package func offence(of text: String) -> (type: String, message: String, context: [(String, JSONOutput)])? {
        let count = text.unicodeScalars.count
        if let characters, count > characters.upperBound {
            let limit = characters.upperBound
            return (
                "string_too_long", "String should have at most \(limit) characters",
                [("max_length", .integer(Int64(limit)))]
            )
        }
        if let characters, count < characters.lowerBound {
            let limit = characters.lowerBound
            return (
                "string_too_short", "String should have at least \(limit) character\(limit == 1 ? "" : "s")",
                [("min_length", .integer(Int64(limit)))]
            )
        }
        if !allowsControlCharacters, text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            return ("value_error", "Value error, control characters are not allowed", [])
        }
        return nil
    }
}
