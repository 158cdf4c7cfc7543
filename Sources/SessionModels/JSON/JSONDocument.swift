/// A JSON text that was read once, checked whole, and kept as it was sent.
///
/// Numbers, escapes, the order of keys and doubled keys stay byte for byte. Only whitespace outside strings is dropped,
/// and text that no database takes (U+0000, half a surrogate pair) becomes U+FFFD.
/// Source: RFC 8259; session-api.md 5.10.
package struct JSONDocument: Sendable {
    /// The value at the root.
    package let root: JSONValue
    /// Whether U+0000 or a lone surrogate was replaced by U+FFFD.
    package let isSanitized: Bool

    /// Reads a text.
    ///
    /// - Throws: the first offence against RFC 8259, the depth limit included.
    package init(_ bytes: some Sequence<UInt8>) throws(JSONSyntaxError) {
        var scanner = JSONScanner(bytes)
        try scanner.scanDocument()
        root = JSONValue(compact: scanner.compact[...])
        isSanitized = scanner.isSanitized
    }
}
