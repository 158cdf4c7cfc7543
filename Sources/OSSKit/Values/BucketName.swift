/// The name of a bucket: 3 to 63 bytes of `a-z`, `0-9` and `-`, beginning and ending with a letter or a digit.
///
/// Source: OSS API reference, "Bucket naming conventions".
public struct BucketName: Hashable, Sendable, CustomStringConvertible {
    /// The least and the greatest length of a name in bytes.
    public static let lengthRange = 3...63

    /// The name as it stands in URLs and documents; always ASCII.
    public let text: String

    /// Takes a name that came from outside.
    ///
    /// - Throws: `InvalidBucketName` with the name as its `BucketName` field.
    public init(_ text: some StringProtocol) throws(OSSError) {
        guard Self.isValid(text) else {
            throw OSSError(.invalidBucketName, fields: [("BucketName", String(text))])
        }
        self.text = String(text)
    }

    public var description: String { text }

    private static func isValid(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        guard lengthRange.contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        guard isLetterOrDigit(first), isLetterOrDigit(last) else { return false }
        return bytes.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
