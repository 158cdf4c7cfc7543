/// From which pages a bucket's objects may be fetched.
///
/// Source: oss-wire facts 11.6 and 11.9.
public struct RefererConfiguration: WritableBucketDocument {
    public static let rootName = "RefererConfiguration"
    public static let subresource = "referer"

    /// Whether requests without `Referer` pass.
    public var allowsEmptyReferer: Bool
    /// Whether the query string of a `Referer` is passed over; nil if it is not told.
    public var truncatesQueryString: Bool?
    /// Whether the path of a `Referer` is passed over; nil if it is not told.
    public var truncatesPath: Bool?
    /// The referers that pass, with `*` and `?`; none for all.
    public var referers: [String]
    /// The referers that do not pass; nil if there is no such list.
    public var deniedReferers: [String]?

    /// Makes a document; an empty one is that of a bucket that lets everybody in.
    public init(allowsEmptyReferer: Bool = true, referers: [String] = []) {
        self.allowsEmptyReferer = allowsEmptyReferer
        self.referers = referers
    }

    public init(root: XMLElement) throws(OSSError) {
        self.init(
            allowsEmptyReferer: try root.requiredFlag(of: "AllowEmptyReferer"),
            referers: root.child("RefererList")?.texts("Referer") ?? [])
        truncatesQueryString = try root.flag(of: "AllowTruncateQueryString")
        truncatesPath = try root.flag(of: "TruncatePath")
        deniedReferers = root.child("RefererBlacklist")?.texts("Referer")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("AllowEmptyReferer", allowsEmptyReferer)
        writer.element("AllowTruncateQueryString", ifPresent: truncatesQueryString)
        writer.element("TruncatePath", ifPresent: truncatesPath)
        writer.element("RefererList") { $0.elements("Referer", referers) }
        if let deniedReferers {
            writer.element("RefererBlacklist") { $0.elements("Referer", deniedReferers) }
        }
    }
}
