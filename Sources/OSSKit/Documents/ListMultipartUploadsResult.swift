/// The answer of ListMultipartUploads: uploads that were begun, by the bytes of their keys and then by their IDs.
///
/// Source: oss-wire facts 9 and 17.
public struct ListMultipartUploadsResult: Sendable, Equatable {
    /// One upload of the list.
    public struct Upload: Sendable, Equatable {
        /// The key that the object will have.
        public let key: ObjectKey
        /// The upload's ID.
        public let uploadID: UploadID
        /// When it was begun, in unix milliseconds.
        public let initiatedMilliseconds: Int64
        /// The storage class that the object will have, such as `Standard`.
        public let storageClass: String

        /// Makes an entry of the list.
        public init(
            key: ObjectKey, uploadID: UploadID, initiatedMilliseconds: Int64, storageClass: String = "Standard"
        ) {
            self.key = key
            self.uploadID = uploadID
            self.initiatedMilliseconds = initiatedMilliseconds
            self.storageClass = storageClass
        }
    }

    /// A place in the list: that behind an upload, or behind a whole key or common prefix if there is no ID.
    public struct Marker: Sendable, Equatable {
        /// The beginning of all lists.
        public static let start = Marker(key: "", uploadID: "")

        /// The key; empty at the beginning.
        public let key: String
        /// The upload's ID; without a key it has no meaning.
        public let uploadID: String

        /// Makes a place.
        public init(key: String, uploadID: String = "") {
            self.key = key
            self.uploadID = uploadID
        }
    }

    /// What the request asked for.
    public struct Question: Sendable, Equatable {
        /// The most uploads of one answer, unless the request says less.
        public static let usualMaximumUploads = 1_000

        /// The bucket's name.
        public let bucket: String
        /// The prefix of the keys that were asked for.
        public let prefix: String
        /// The text up to which keys are rolled up into common prefixes; nil if none was given.
        public let delimiter: String?
        /// Behind which the list begins.
        public let marker: Marker
        /// The most entries of one answer, common prefixes included.
        public let maxUploads: Int
        /// Whether the answer has its keys percent-encoded.
        public var isURLEncoded = false

        /// Makes the head of a list.
        public init(
            bucket: String, prefix: String = "", delimiter: String? = nil, marker: Marker = .start,
            maxUploads: Int = Question.usualMaximumUploads
        ) {
            self.bucket = bucket
            self.prefix = prefix
            self.delimiter = delimiter
            self.marker = marker
            self.maxUploads = maxUploads
        }
    }

    /// What the request asked for.
    public let question: Question
    /// The uploads, in order.
    public let uploads: [Upload]
    /// The common prefixes, in order.
    public let commonPrefixes: [String]
    /// Where the next request goes on; nil if the list is complete.
    public let next: Marker?

    /// Makes an answer.
    public init(question: Question, uploads: [Upload], commonPrefixes: [String] = [], next: Marker? = nil) {
        self.question = question
        self.uploads = uploads
        self.commonPrefixes = commonPrefixes
        self.next = next
    }

    /// Whether there are more uploads than those in this answer.
    public var isTruncated: Bool { next != nil }
}

extension ListMultipartUploadsResult {
    /// Reads an answer and decodes its keys if it says that they are encoded.
    ///
    /// - Throws: `MalformedXML` if the document is not one; `InvalidObjectName` and `NoSuchUpload` if a key or an ID in
    ///   it cannot be one.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        let root = try XMLReader.read(document, root: "ListMultipartUploadsResult")
        let decoder = KeyDecoder(encodingType: root.text(of: "EncodingType"))
        let delimiter = try decoder.text(root.textOrEmpty(of: "Delimiter"))
        var question = Question(
            bucket: root.textOrEmpty(of: "Bucket"), prefix: try decoder.text(root.textOrEmpty(of: "Prefix")),
            delimiter: delimiter.isEmpty ? nil : delimiter,
            marker: Marker(
                key: try decoder.text(root.textOrEmpty(of: "KeyMarker")),
                uploadID: root.textOrEmpty(of: "UploadIdMarker")),
            maxUploads: try root.number(of: "MaxUploads") ?? Question.usualMaximumUploads)
        question.isURLEncoded = decoder.isURLEncoded
        var uploads: [Upload] = []
        for element in root.all("Upload") {
            uploads.append(
                Upload(
                    key: try decoder.key(try element.requiredText(of: "Key")),
                    uploadID: try UploadID(try element.requiredText(of: "UploadId")),
                    initiatedMilliseconds: try element.date(of: "Initiated"),
                    storageClass: element.text(of: "StorageClass") ?? "Standard"))
        }
        var prefixes: [String] = []
        for element in root.all("CommonPrefixes") {
            for prefix in element.all("Prefix") {
                prefixes.append(try decoder.text(prefix.text))
            }
        }
        self.init(
            question: question, uploads: uploads, commonPrefixes: prefixes, next: try Self.next(root, decoder))
    }

    /// Writes the document.
    public func write() -> String {
        XMLWriter.document("ListMultipartUploadsResult") { writer in
            writer.element("EncodingType", ifPresent: question.isURLEncoded ? "url" : nil)
            writer.element("Bucket", question.bucket)
            writer.element("KeyMarker", encoded(question.marker.key))
            writer.element("UploadIdMarker", question.marker.uploadID)
            // Always there, and empty at the end: clients of OSS want them.
            writer.element("NextKeyMarker", encoded(next?.key ?? ""))
            writer.element("NextUploadIdMarker", next?.uploadID ?? "")
            writer.element("Delimiter", encoded(question.delimiter ?? ""))
            writer.element("Prefix", encoded(question.prefix))
            writer.element("MaxUploads", question.maxUploads)
            writer.element("IsTruncated", isTruncated)
            for upload in uploads {
                write(upload, to: &writer)
            }
            for prefix in commonPrefixes {
                writer.element("CommonPrefixes") { $0.element("Prefix", encoded(prefix)) }
            }
        }
    }

    private static func next(_ root: XMLElement, _ decoder: KeyDecoder) throws(OSSError) -> Marker? {
        guard try root.flag(of: "IsTruncated") ?? false else { return nil }
        let key = try decoder.text(try root.requiredText(of: "NextKeyMarker"))
        guard !key.isEmpty else {
            throw XMLReader.refusal("the list goes on, and there is nothing to go on from.")
        }
        return Marker(key: key, uploadID: root.textOrEmpty(of: "NextUploadIdMarker"))
    }

    private func write(_ upload: Upload, to writer: inout XMLWriter) {
        writer.element("Upload") { writer in
            writer.element("Key", encoded(upload.key.text))
            writer.element("UploadId", upload.uploadID.text)
            writer.element("StorageClass", upload.storageClass)
            writer.element("Initiated", ISO8601.format(unixMilliseconds: upload.initiatedMilliseconds))
        }
    }

    private func encoded(_ text: String) -> String {
        question.isURLEncoded ? PercentCoding.encode(text) : text
    }
}
