/// The body of CompleteMultipartUpload: the parts that make the object, in ascending order.
///
/// Source: oss-wire facts 7.1 and 9.
public struct CompleteMultipartUpload: Sendable, Equatable {
    /// One part of the object.
    public struct Part: Sendable, Equatable {
        /// The part's number.
        public let number: PartNumber
        /// The part's ETag as it was sent: with its quotes or without.
        public let eTag: String

        /// Names a part.
        public init(number: PartNumber, eTag: String) {
            self.number = number
            self.eTag = eTag
        }
    }

    /// The parts, 1 to 10,000 of them, each number greater than the one before; gaps are allowed.
    public let parts: [Part]

    /// Makes a body.
    ///
    /// - Throws: `MalformedXML` for no parts and for too many; `InvalidPartOrder` if the numbers do not ascend.
    public init(parts: [Part]) throws(OSSError) {
        guard PartNumber.range.contains(parts.count) else {
            throw XMLReader.refusal("the number of parts is not between 1 and \(PartNumber.range.upperBound).")
        }
        for (part, next) in zip(parts, parts.dropFirst()) {
            guard part.number < next.number else { throw OSSError(.invalidPartOrder) }
        }
        self.parts = parts
    }

    /// Reads a body; nothing of it is taken unless all of it is right.
    ///
    /// - Throws: `MalformedXML` for another document, for no parts and for too many; `InvalidArgument` for a number
    ///   that no part can have; `InvalidPartOrder` if the numbers do not ascend.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        let root = try XMLReader.read(document, root: "CompleteMultipartUpload")
        var parts: [Part] = []
        for element in root.all("Part") {
            parts.append(
                Part(
                    number: try PartNumber(try element.requiredText(of: "PartNumber")),
                    eTag: try element.requiredText(of: "ETag")))
        }
        try self.init(parts: parts)
    }

    /// Writes the body.
    public func write() -> String {
        XMLWriter.document("CompleteMultipartUpload") { writer in
            for part in parts {
                writer.element("Part") { writer in
                    writer.element("PartNumber", part.number.value)
                    writer.element("ETag", part.eTag)
                }
            }
        }
    }
}

/// The answer of CompleteMultipartUpload, unless a callback's own body takes its place.
///
/// Source: oss-wire fact 9.
public struct CompleteMultipartUploadResult: Sendable, Equatable {
    /// The URL of the object.
    public let location: String
    /// The bucket's name.
    public let bucket: String
    /// The object's key.
    public let key: ObjectKey
    /// The object's ETag with its quotes.
    public let eTag: String
    /// Whether the answer has its key percent-encoded.
    public let isURLEncoded: Bool

    /// Makes an answer.
    public init(location: String, bucket: String, key: ObjectKey, eTag: String, isURLEncoded: Bool = false) {
        self.location = location
        self.bucket = bucket
        self.key = key
        self.eTag = eTag
        self.isURLEncoded = isURLEncoded
    }

    /// Reads an answer.
    ///
    /// - Throws: `MalformedXML` if the document is not one; `InvalidObjectName` if its key cannot be one.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        let root = try XMLReader.read(document, root: "CompleteMultipartUploadResult")
        let decoder = KeyDecoder(encodingType: root.text(of: "EncodingType"))
        self.init(
            location: root.textOrEmpty(of: "Location"), bucket: root.textOrEmpty(of: "Bucket"),
            key: try decoder.key(try root.requiredText(of: "Key")), eTag: try root.requiredText(of: "ETag"),
            isURLEncoded: decoder.isURLEncoded)
    }

    /// Writes the document.
    public func write() -> String {
        XMLWriter.document("CompleteMultipartUploadResult") { writer in
            writer.element("EncodingType", ifPresent: isURLEncoded ? "url" : nil)
            writer.element("Location", location)
            writer.element("Bucket", bucket)
            writer.element("Key", isURLEncoded ? PercentCoding.encode(key.bytes) : key.text)
            writer.element("ETag", eTag)
        }
    }
}
