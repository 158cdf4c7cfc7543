/// Whether a bucket keeps the versions of its objects.
///
/// Source: oss-wire facts 10 and 11.6.
public struct VersioningConfiguration: WritableBucketDocument {
    public static let rootName = "VersioningConfiguration"
    public static let subresource = "versioning"

    /// What a bucket does with versions once it has kept any.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// Every write makes a version.
        case enabled = "Enabled"
        /// Writes replace the version `null`.
        case suspended = "Suspended"
    }

    /// The status; nil for a bucket that never kept versions.
    ///
    /// It cannot be set to nil.
    public let status: Status?

    /// Makes a document.
    public init(_ status: Status?) {
        self.status = status
    }

    public init(root: XMLElement) throws(OSSError) {
        status = root.child("Status") == nil ? nil : try root.requiredWord(of: "Status")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Status", ifPresent: status?.rawValue)
    }

    /// The status that a request wants to set.
    ///
    /// - Throws: `InvalidArgument` if it names none.
    public func wantedStatus() throws(OSSError) -> Status {
        guard let status else {
            throw OSSError(.invalidArgument, message: "The Versioning element must be specified.")
        }
        return status
    }
}
