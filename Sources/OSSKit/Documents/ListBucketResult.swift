/// The answer of ListObjects and of ListObjectsV2: keys of a bucket, in the order of their bytes.
///
/// Source: oss-wire facts 5, 11.3 and 17.
public struct ListBucketResult: Sendable, Equatable {
    /// Which of the two operations it is, with what is particular to each.
    public enum Paging: Sendable, Equatable {
        /// ListObjects: `marker` is where the list began, `next` where the next one begins.
        case markers(marker: String, next: String?)
        /// ListObjectsV2: tokens are opaque; nil is what the request did not give.
        case tokens(startAfter: String?, continuation: String?, next: String?)
    }

    /// One object of the list.
    public struct Object: Sendable, Equatable {
        /// The object's key.
        public let key: ObjectKey
        /// When it was written, in unix milliseconds.
        public let lastModifiedMilliseconds: Int64
        /// The ETag with its quotes.
        public let eTag: String
        /// The kind of object, such as `Normal`.
        public var type = "Normal"
        /// The length of the content.
        public let sizeBytes: Int64
        /// The storage class, such as `Standard`.
        public var storageClass = "Standard"
        /// Whether an archived object is restored, as the header `x-oss-restore` tells it; nil if it is not archived.
        public var restoreInformation: String?
        /// The owner; nil where it was not asked for.
        public let owner: Owner?

        /// Makes an entry of the list.
        public init(
            key: ObjectKey, lastModifiedMilliseconds: Int64, eTag: String, sizeBytes: Int64, owner: Owner?
        ) {
            self.key = key
            self.lastModifiedMilliseconds = lastModifiedMilliseconds
            self.eTag = eTag
            self.sizeBytes = sizeBytes
            self.owner = owner
        }
    }

    /// What the request asked for.
    public struct Question: Sendable, Equatable {
        /// The bucket's name.
        public let bucket: String
        /// The prefix of the keys that were asked for.
        public let prefix: String
        /// The text up to which keys are rolled up into common prefixes; nil if none was given.
        public let delimiter: String?
        /// The most entries of one answer, common prefixes included.
        public let maxKeys: Int
        /// Whether the answer has its keys percent-encoded.
        public let isURLEncoded: Bool

        /// Makes the head of a list.
        public init(
            bucket: String, prefix: String = "", delimiter: String? = nil, maxKeys: Int = 100,
            isURLEncoded: Bool = false
        ) {
            self.bucket = bucket
            self.prefix = prefix
            self.delimiter = delimiter
            self.maxKeys = maxKeys
            self.isURLEncoded = isURLEncoded
        }
    }

    /// What the request asked for.
    public let question: Question
    /// Which operation it is, and where the next request goes on.
    public let paging: Paging
    /// The objects, in order.
    public let objects: [Object]
    /// The common prefixes, in order.
    public let commonPrefixes: [String]

    /// Makes an answer.
    public init(question: Question, paging: Paging, objects: [Object], commonPrefixes: [String]) {
        self.question = question
        self.paging = paging
        self.objects = objects
        self.commonPrefixes = commonPrefixes
    }

    /// Whether there are more keys than those in this answer.
    public var isTruncated: Bool {
        switch paging {
        case .markers(_, let next), .tokens(_, _, let next): next != nil
        }
    }

    /// Writes the document.
    public func write() -> String {
        XMLWriter.document("ListBucketResult") { writer in
            writer.element("Name", question.bucket)
            writer.element("Prefix", encoded(question.prefix))
            writeHead(to: &writer)
            for object in objects {
                write(object, to: &writer)
            }
            for prefix in commonPrefixes {
                writer.element("CommonPrefixes") { $0.element("Prefix", encoded(prefix)) }
            }
            if case .tokens = paging {
                writer.element("KeyCount", objects.count + commonPrefixes.count)
            }
        }
    }

    private func writeHead(to writer: inout XMLWriter) {
        switch paging {
        case .markers(let marker, let next):
            writer.element("Marker", encoded(marker))
            writer.element("MaxKeys", question.maxKeys)
            writer.element("Delimiter", encoded(question.delimiter ?? ""))
            writer.element("EncodingType", ifPresent: question.isURLEncoded ? "url" : nil)
            writer.element("IsTruncated", next != nil)
            writer.element("NextMarker", ifPresent: next.map(encoded))
        case .tokens(let startAfter, let continuation, let next):
            writer.element("StartAfter", ifPresent: startAfter.map(encoded))
            writer.element("ContinuationToken", ifPresent: continuation)
            writer.element("MaxKeys", question.maxKeys)
            writer.element("Delimiter", ifPresent: question.delimiter.map(encoded))
            writer.element("EncodingType", ifPresent: question.isURLEncoded ? "url" : nil)
            writer.element("IsTruncated", next != nil)
            writer.element("NextContinuationToken", ifPresent: next)
        }
    }

    private func write(_ object: Object, to writer: inout XMLWriter) {
        writer.element("Contents") { writer in
            writer.element("Key", encoded(object.key.text))
            writer.element("LastModified", ISO8601.format(unixMilliseconds: object.lastModifiedMilliseconds))
            writer.element("ETag", object.eTag)
            writer.element("Type", object.type)
            writer.element("Size", object.sizeBytes)
            writer.element("StorageClass", object.storageClass)
            writer.element("RestoreInfo", ifPresent: object.restoreInformation)
            object.owner?.write(to: &writer)
        }
    }

    private func encoded(_ text: String) -> String {
        question.isURLEncoded ? PercentCoding.encode(text) : text
    }
}
