/// The ID of a multipart upload, as the endpoint gave it: 1 to 256 visible ASCII characters.
///
/// Only the endpoint knows more about its form; OSS makes 32 hexadecimal digits in upper case.
public struct UploadID: Hashable, Sendable, CustomStringConvertible {
    /// The greatest length of an ID in bytes.
    public static let maximumLengthBytes = 256

    /// The ID as it stands in URLs and documents; always ASCII.
    public let text: String

    /// Takes an ID that came from outside.
    ///
    /// - Throws: `NoSuchUpload`, since no upload can have any other ID.
    public init(_ text: String) throws(OSSError) {
        guard (1...Self.maximumLengthBytes).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0 > ASCII.blank && $0 < ASCII.delete })
        else { throw OSSError(.noSuchUpload) }
        self.text = text
    }

    public var description: String { text }
}
