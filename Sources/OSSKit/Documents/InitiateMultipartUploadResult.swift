/// The answer of InitiateMultipartUpload.
///
/// Source: oss-wire fact 9.
public struct InitiateMultipartUploadResult: Sendable, Equatable {
    /// The bucket's name.
    public let bucket: String
    /// The key that the object will have.
    public let key: ObjectKey
    /// The ID under which parts are sent.
    public let uploadID: UploadID
    /// Whether the answer has its key percent-encoded.
    public let isURLEncoded: Bool

    /// Makes an answer.
    public init(bucket: String, key: ObjectKey, uploadID: UploadID, isURLEncoded: Bool = false) {
        self.bucket = bucket
        self.key = key
        self.uploadID = uploadID
        self.isURLEncoded = isURLEncoded
    }

    /// Reads an answer.
    ///
    /// - Throws: `MalformedXML` if the document is not one; `InvalidObjectName` and `NoSuchUpload` if key or ID cannot
    ///   be one.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        let root = try XMLReader.read(document, root: "InitiateMultipartUploadResult")
        let decoder = KeyDecoder(encodingType: root.text(of: "EncodingType"))
        self.init(
            bucket: root.textOrEmpty(of: "Bucket"), key: try decoder.key(try root.requiredText(of: "Key")),
            uploadID: try UploadID(try root.requiredText(of: "UploadId")), isURLEncoded: decoder.isURLEncoded)
    }

    /// Writes the document.
    public func write() -> String {
        XMLWriter.document("InitiateMultipartUploadResult") { writer in
            writer.element("EncodingType", ifPresent: isURLEncoded ? "url" : nil)
            writer.element("Bucket", bucket)
            writer.element("Key", isURLEncoded ? PercentCoding.encode(key.bytes) : key.text)
            writer.element("UploadId", uploadID.text)
        }
    }
}
