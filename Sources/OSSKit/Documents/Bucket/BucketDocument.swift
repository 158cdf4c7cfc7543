/// A document about a bucket that a sub-resource answers to GET.
public protocol BucketDocument: XMLDocument {
    /// The sub-resource, such as `cors`.
    static var subresource: String { get }
}

/// A document about a bucket that PUT can set as well.
public protocol WritableBucketDocument: BucketDocument {}

/// A document about a bucket that DELETE can remove as well.
public protocol RemovableBucketDocument: WritableBucketDocument {}

/// Whether something that can be switched is on.
public enum FeatureStatus: String, Sendable, Hashable, CaseIterable {
    /// It is on.
    case enabled = "Enabled"
    /// It is off.
    case disabled = "Disabled"
}

extension Tagging: RemovableBucketDocument {
    public static let subresource = "tagging"
}
