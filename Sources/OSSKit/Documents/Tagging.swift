/// One tag of an object or a bucket.
public struct Tag: Sendable, Hashable {
    /// The tag's key: 1 to 128 characters for an object, 1 to 64 bytes for a bucket.
    public let key: String
    /// The tag's value: up to 256 characters for an object, up to 128 bytes for a bucket.
    public let value: String

    /// Makes a tag; `Tagging.check(for:)` tells whether OSS takes it.
    public init(_ key: String, _ value: String) {
        self.key = key
        self.value = value
    }

    init(_ element: XMLElement) throws(OSSError) {
        self.init(try element.requiredText(of: "Key"), element.textOrEmpty(of: "Value"))
    }

    func write(to writer: inout XMLWriter) {
        writer.element("Tag") { writer in
            writer.element("Key", key)
            writer.element("Value", value)
        }
    }
}

/// The tags of an object or a bucket.
///
/// Source: oss-wire facts 8.9 and 11.6.
public struct Tagging: XMLDocument {
    public static let rootName = "Tagging"

    /// The tags, in the order in which they were given.
    public let tags: [Tag]

    /// Makes a set of tags.
    public init(_ tags: [Tag]) {
        self.tags = tags
    }

    public init(root: XMLElement) throws(OSSError) {
        tags = try root.required("TagSet").values("Tag") { element throws(OSSError) in try Tag(element) }
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("TagSet") { writer in
            for tag in tags {
                tag.write(to: &writer)
            }
        }
    }

    /// The tags as the header `x-oss-tagging` holds them: a query string.
    public var headerValue: String {
        tags.map { PercentCoding.encode($0.key) + "=" + PercentCoding.encode($0.value) }.joined(separator: "&")
    }

    /// Reads the header `x-oss-tagging`.
    ///
    /// - Throws: `InvalidArgument` for what is not such a query string, and for a key that is there twice.
    public init(headerValue: String) throws(OSSError) {
        var tags: [Tag] = []
        for part in Substring(headerValue).utf8.split(separator: UInt8(ascii: "&")) {
            let equals = part.firstIndex(of: ASCII.equals) ?? part.endIndex
            let value = equals == part.endIndex ? part[equals...] : part[part.index(after: equals)...]
            guard let key = Self.decoded(part[..<equals]), !key.isEmpty, let value = Self.decoded(value) else {
                throw Self.refusal(ofHeader: headerValue)
            }
            tags.append(Tag(key, value))
        }
        guard Set(tags.map { Array($0.key.utf8) }).count == tags.count else {
            throw Self.refusal(ofHeader: headerValue)
        }
        self.init(tags)
    }

    private static func decoded(_ text: Substring.UTF8View) -> String? {
        PercentCoding.decodeForm(text).flatMap { String(validating: $0, as: UTF8.self) }
    }

    private static func refusal(ofHeader value: String) -> OSSError {
        .invalidArgument(
            "x-oss-tagging", value,
            message: "The header 'x-oss-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters"
                + " without tag name duplicates.", ec: "0010-00000219")
    }
}

extension Tagging {
    /// What tags are for; the limits differ.
    public enum Target: Sendable, CaseIterable {
        /// An object: 10 tags.
        case object
        /// A bucket: 20 tags.
        case bucket
    }

    /// Checks that OSS takes these tags.
    ///
    /// - Throws: `TooManyTags`; `RepeatedTags`; `InvalidTag` for a key or a value that is too long or, for an object,
    ///   holds a character that OSS does not take.
    public func check(for target: Target) throws(OSSError) {
        guard tags.count <= (target == .object ? 10 : 20) else { throw OSSError(.tooManyTags) }
        guard Set(tags.map { Array($0.key.utf8) }).count == tags.count else { throw OSSError(.repeatedTags) }
        for tag in tags {
            let isGood =
                switch target {
                case .object: Self.isObjectText(tag.key, 1...128) && Self.isObjectText(tag.value, 0...256)
                case .bucket: Self.isBucketKey(tag.key) && tag.value.utf8.count <= 128
                }
            guard isGood else { throw OSSError(.invalidTag) }
        }
    }

    private static func isObjectText(_ text: String, _ lengths: ClosedRange<Int>) -> Bool {
        lengths.contains(text.unicodeScalars.count)
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || " +-=._:/".unicodeScalars.contains(scalar)
            }
    }

    private static func isBucketKey(_ key: String) -> Bool {
        let lowered = ASCII.lowercased(key)
        return (1...64).contains(key.utf8.count)
            && !["http://", "https://", "aliyun"].contains { lowered.starts(with: $0.utf8) }
    }
}
