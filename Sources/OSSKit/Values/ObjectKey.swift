/// The key of an object: 1 to 1,023 bytes of UTF-8 that do not begin with `/` or `\` and hold no NUL.
///
/// A key is bytes. Two keys are equal when their bytes are, and they are ordered as OSS lists them: bytewise.
/// Source: OSS API reference, "Object naming conventions"; EC pages 0016-00000001 to 0016-00000005.
public struct ObjectKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The greatest length of a key in bytes.
    public static let maximumLengthBytes = 1_023

    /// The key's bytes, percent-decoded exactly once.
    public let bytes: [UInt8]

    /// Takes a decoded key that came from outside.
    ///
    /// - Throws: `InvalidObjectName`, with the EC that names the broken rule.
    public init(bytes: [UInt8]) throws(OSSError) {
        guard let first = bytes.first else {
            throw OSSError(
                .invalidObjectName, message: "The Object name can not be empty.", ec: "0016-00000001")
        }
        guard bytes.count <= Self.maximumLengthBytes else {
            throw OSSError(
                .invalidObjectName, message: "The Length of Object name must be less than 1024.", ec: "0016-00000003")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw OSSError(.invalidObjectName, ec: "0016-00000004")
        }
        guard first != UInt8(ascii: "/"), first != UInt8(ascii: "\\") else {
            throw OSSError(.invalidObjectName, ec: "0016-00000005", fields: [("ObjectName", text)])
        }
        guard !bytes.contains(0) else {
            throw OSSError(.invalidObjectName, ec: "0016-00000002")
        }
        self.bytes = bytes
    }

    /// Takes a key given as text, such as one read from an XML document.
    ///
    /// - Throws: `InvalidObjectName`, as `init(bytes:)`.
    public init(_ text: String) throws(OSSError) {
        try self.init(bytes: Array(text.utf8))
    }

    /// The key as text.
    ///
    /// Never compare keys by it: Swift calls two spellings of one character equal.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    public var description: String { text }

    public static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
