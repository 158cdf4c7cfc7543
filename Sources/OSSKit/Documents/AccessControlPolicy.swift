/// Who may read and write a bucket and the objects in it that have no ACL of their own.
public enum BucketACL: String, Sendable, Hashable, CaseIterable {
    /// The owner, and whom a policy allows to.
    case `private`
    /// Everybody may read objects.
    case publicRead = "public-read"
    /// Everybody may read, write and delete objects.
    case publicReadWrite = "public-read-write"
}

/// Who may read and write an object.
public enum ObjectACL: String, Sendable, Hashable, CaseIterable {
    /// Whoever may by the bucket's ACL.
    case `default`
    /// The owner, and whom a policy allows to.
    case `private`
    /// Everybody may read it.
    case publicRead = "public-read"
    /// Everybody may read, write and delete it.
    case publicReadWrite = "public-read-write"
}

/// The answer of GetBucketAcl, and with `ObjectACL` that of GetObjectAcl.
///
/// Source: oss-wire facts 8.9 and 11.5.
public struct AccessControlPolicy<Grant: RawRepresentable & Sendable & Hashable>: XMLDocument
where Grant.RawValue == String {
    public static var rootName: String { "AccessControlPolicy" }

    /// The owner.
    public let owner: Owner
    /// What is granted.
    public let grant: Grant

    /// Makes an answer.
    public init(owner: Owner, grant: Grant) {
        self.owner = owner
        self.grant = grant
    }

    public init(root: XMLElement) throws(OSSError) {
        owner = root.child("Owner").map(Owner.init) ?? Owner(id: "", displayName: "")
        grant = try root.required("AccessControlList").requiredWord(of: "Grant")
    }

    public func writeContent(to writer: inout XMLWriter) {
        owner.write(to: &writer)
        writer.element("AccessControlList") { $0.element("Grant", grant.rawValue) }
    }
}
