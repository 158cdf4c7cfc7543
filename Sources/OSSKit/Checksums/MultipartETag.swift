/// The ETag of an object that was made of parts: the MD5 of its parts' ETags as text, and their number.
///
/// Source: oss-wire fact 0.4. It is not the rule of S3, which takes the bytes of the digests.
public enum MultipartETag {
    /// The ETag with its quotes; nil if there are no parts.
    ///
    /// - Parameter eTags: the parts' ETags in order, each with its quotes or without.
    public static func of(_ eTags: some Collection<String>) -> String? {
        guard !eTags.isEmpty else { return nil }
        var text: [UInt8] = []
        for eTag in eTags {
            text += digits(eTag).map { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f") ? $0 & 0xDF : $0 }
        }
        return "\"" + Hexadecimal.upper(MD5Digest.of(text)) + "-\(eTags.count)\""
    }

    /// Whether two ETags are the same but for quotes and the case of their digits.
    public static func isEqual(_ left: String, _ right: String) -> Bool {
        digits(left).elementsEqual(digits(right)) { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }

    private static func digits(_ eTag: String) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        guard eTag.utf8.count >= 2, eTag.utf8.first == quote, eTag.utf8.last == quote else { return Array(eTag.utf8) }
        return Array(eTag.utf8.dropFirst().dropLast())
    }
}
