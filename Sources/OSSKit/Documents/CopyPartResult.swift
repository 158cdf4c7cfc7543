/// The answer of UploadPartCopy.
///
/// Source: oss-wire fact 9.
public struct CopyPartResult: Sendable, Equatable {
    /// The ETag of the part, with its quotes.
    public let eTag: String
    /// When the part was written, in unix milliseconds.
    public let lastModifiedMilliseconds: Int64

    /// Makes an answer.
    public init(eTag: String, lastModifiedMilliseconds: Int64) {
        self.eTag = eTag
        self.lastModifiedMilliseconds = lastModifiedMilliseconds
    }

    /// Reads an answer.
    ///
    /// - Throws: `MalformedXML` if the document is not one.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        let root = try XMLReader.read(document, root: "CopyPartResult")
        self.init(
            eTag: try root.requiredText(of: "ETag"), lastModifiedMilliseconds: try root.date(of: "LastModified"))
    }

    /// Writes the document.
    public func write() -> String {
        XMLWriter.document("CopyPartResult") { writer in
            writer.element("LastModified", ISO8601.format(unixMilliseconds: lastModifiedMilliseconds))
            writer.element("ETag", eTag)
        }
    }
}
