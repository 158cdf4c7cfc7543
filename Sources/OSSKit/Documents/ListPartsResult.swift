/// The answer of ListParts: the parts that an upload has so far, in the order of their numbers.
///
/// Source: oss-wire facts 9 and 17.
public struct ListPartsResult: Sendable, Equatable {
    /// One part of the list.
    public struct Part: Sendable, Equatable {
        /// The part's number.
        public let number: PartNumber
        /// When it was written, in unix milliseconds.
        public let lastModifiedMilliseconds: Int64
        /// The ETag with its quotes.
        public let eTag: String
        /// The length of the part.
        public let sizeBytes: Int64
        /// The CRC-64 of the part; nil where the endpoint does not tell.
        public let crc64: UInt64?

        /// Makes an entry of the list.
        public init(
            number: PartNumber, lastModifiedMilliseconds: Int64, eTag: String, sizeBytes: Int64, crc64: UInt64?
        ) {
            self.number = number
            self.lastModifiedMilliseconds = lastModifiedMilliseconds
            self.eTag = eTag
            self.sizeBytes = sizeBytes
            self.crc64 = crc64
        }
    }

    /// What the request asked for.
    public struct Question: Sendable, Equatable {
        /// The most parts of one answer, unless the request says less.
        public static let usualMaximumParts = 1_000

        /// The bucket's name.
        public let bucket: String
        /// The key that the object will have.
        public let key: ObjectKey
        /// The upload.
        public let uploadID: UploadID
        /// The number after which the list begins; 0 for all.
        public let partNumberMarker: Int
        /// The most parts of one answer.
        public let maxParts: Int
        /// Whether the answer has its key percent-encoded.
        public var isURLEncoded = false

        /// Makes the head of a list.
        public init(
            bucket: String, key: ObjectKey, uploadID: UploadID, partNumberMarker: Int = 0,
            maxParts: Int = Question.usualMaximumParts
        ) {
            self.bucket = bucket
            self.key = key
            self.uploadID = uploadID
            self.partNumberMarker = partNumberMarker
            self.maxParts = maxParts
        }
    }

    /// What the request asked for.
    public let question: Question
    /// The storage class that the object will have, such as `Standard`.
    public var storageClass = "Standard"
    /// The parts, in order.
    public let parts: [Part]
    /// Whether there are more parts than those in this answer.
    public let isTruncated: Bool

    /// Makes an answer.
    public init(question: Question, parts: [Part], isTruncated: Bool) {
        self.question = question
        self.parts = parts
        self.isTruncated = isTruncated
    }

    /// Reads an answer.
    ///
    /// - Throws: `MalformedXML` if the document is not one, or says that more follows and lists nothing;
    ///   `InvalidObjectName`, `NoSuchUpload` and `InvalidArgument` if key, ID or a number cannot be one.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        let root = try XMLReader.read(document, root: "ListPartsResult")
        let decoder = KeyDecoder(encodingType: root.text(of: "EncodingType"))
        var question = Question(
            bucket: root.textOrEmpty(of: "Bucket"), key: try decoder.key(try root.requiredText(of: "Key")),
            uploadID: try UploadID(try root.requiredText(of: "UploadId")),
            partNumberMarker: try root.number(of: "PartNumberMarker") ?? 0,
            maxParts: try root.number(of: "MaxParts") ?? Question.usualMaximumParts)
        question.isURLEncoded = decoder.isURLEncoded
        var parts: [Part] = []
        for element in root.all("Part") {
            parts.append(try Part(element))
        }
        self.init(question: question, parts: parts, isTruncated: try root.flag(of: "IsTruncated") ?? false)
        storageClass = root.text(of: "StorageClass") ?? storageClass
        guard !isTruncated || !parts.isEmpty else {
            throw XMLReader.refusal("the list goes on, and there is nothing to go on from.")
        }
    }

    /// The number from which the next request goes on: that of the last part, and 0 if there is none.
    public var nextPartNumberMarker: Int { parts.last?.number.value ?? 0 }

    /// Writes the document.
    public func write() -> String {
        XMLWriter.document("ListPartsResult") { writer in
            writer.element("EncodingType", ifPresent: question.isURLEncoded ? "url" : nil)
            writer.element("Bucket", question.bucket)
            let key = question.key
            writer.element("Key", question.isURLEncoded ? PercentCoding.encode(key.bytes) : key.text)
            writer.element("UploadId", question.uploadID.text)
            writer.element("StorageClass", storageClass)
            writer.element("PartNumberMarker", question.partNumberMarker)
            writer.element("NextPartNumberMarker", nextPartNumberMarker)
            writer.element("MaxParts", question.maxParts)
            writer.element("IsTruncated", isTruncated)
            for part in parts {
                part.write(to: &writer)
            }
        }
    }
}

extension ListPartsResult.Part {
    init(_ element: XMLElement) throws(OSSError) {
        var crc64: UInt64?
        if let text = element.text(of: "HashCrc64ecma"), !text.isEmpty {
            guard let value = DecimalNumber.parseUnsigned64(text) else {
                throw XMLReader.refusal("the element HashCrc64ecma is not a checksum.")
            }
            crc64 = value
        }
        guard let size = try element.number(of: "Size") else {
            throw XMLReader.refusal("the element Size is missing.")
        }
        self.init(
            number: try PartNumber(try element.requiredText(of: "PartNumber")),
            lastModifiedMilliseconds: try element.date(of: "LastModified"),
            eTag: try element.requiredText(of: "ETag"), sizeBytes: Int64(size), crc64: crc64)
    }

    func write(to writer: inout XMLWriter) {
        writer.element("Part") { writer in
            writer.element("PartNumber", number.value)
            writer.element("LastModified", ISO8601.format(unixMilliseconds: lastModifiedMilliseconds))
            writer.element("ETag", eTag)
            writer.element("HashCrc64ecma", ifPresent: crc64.map { String($0) })
            writer.element("Size", sizeBytes)
        }
    }
}
