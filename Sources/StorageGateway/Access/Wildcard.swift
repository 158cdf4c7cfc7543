/// Patterns in which `*` stands for any bytes and `?` for one.
enum Wildcard {
    private static let anyBytes = UInt8(ascii: "*")
    private static let anyByte = UInt8(ascii: "?")

    /// Whether a pattern fits the whole of a text; bytes are compared as they are.
    ///
    /// It takes at most as many steps as the product of both lengths.
    static func matches(_ pattern: some Sequence<UInt8>, _ text: some Sequence<UInt8>) -> Bool {
        let pattern = Array(pattern)
        let text = Array(text)
        var (inPattern, inText) = (0, 0)
        // Where to go on when the bytes behind the last `*` do not fit: it takes in one byte more.
        var retry: (pattern: Int, text: Int)?
        while inText < text.count {
            if inPattern < pattern.count, pattern[inPattern] == anyBytes {
                inPattern += 1
                retry = (inPattern, inText)
            } else if inPattern < pattern.count, pattern[inPattern] == anyByte || pattern[inPattern] == text[inText] {
                inPattern += 1
                inText += 1
            } else if let last = retry {
                retry = (last.pattern, last.text + 1)
                (inPattern, inText) = (last.pattern, last.text + 1)
            } else {
                return false
            }
        }
        return pattern[inPattern...].allSatisfy { $0 == anyBytes }
    }

    /// The bytes of a pattern before its first `*` or `?`; nil if it has none.
    static func literalStart(of pattern: [UInt8]) -> ArraySlice<UInt8>? {
        guard let end = pattern.firstIndex(where: { $0 == anyBytes || $0 == anyByte }) else { return nil }
        return pattern[..<end]
    }
}
