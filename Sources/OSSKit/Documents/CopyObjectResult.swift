/// The answer of CopyObject.
///
/// Source: oss-wire fact 8.5.
public struct CopyObjectResult: Sendable, Equatable {
    /// The ETag of the copy, with its quotes.
    public let eTag: String
    /// When the copy was written, in unix milliseconds.
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
        let root = try XMLReader.read(document, root: "CopyObjectResult")
        self.init(
            eTag: try root.requiredText(of: "ETag"), lastModifiedMilliseconds: try root.date(of: "LastModified"))
    }

    /// Writes the document.
    public func write() -> String {
        XMLWriter.document("CopyObjectResult") { writer in
            writer.element("ETag", eTag)
            writer.element("LastModified", ISO8601.format(unixMilliseconds: lastModifiedMilliseconds))
        }
    }
}
