import OSSKit

/// A name and a value of an object's metadata, as they were given.
package struct AttributePair: Sendable, Equatable {
    /// The name, in lower case.
    package let name: String
    /// The value, unchanged.
    package let value: String

    /// Makes a pair.
    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// What the writer of an object says about it beside its bytes.
package struct ObjectAttributes: Sendable, Equatable {
    /// The `Content-Type`; nil if none was given.
    package var contentType: String?
    /// Response headers to give back as they came, in order: `cache-control`, `content-disposition`,
    /// `content-encoding`, `content-language`, `expires`.
    package var headers: [AttributePair]
    /// User metadata in order, the names without `x-oss-meta-` and in lower case.
    package var userMetadata: [AttributePair]
    /// The storage class, such as `Standard`.
    package var storageClass: String
    /// The object's own ACL; `default` means that the bucket's counts.
    package var acl: String
    /// The object's tags, in the order in which they were given.
    package var tags: [Tag]

    /// Collects the attributes.
    package init(
        contentType: String? = nil, headers: [AttributePair] = [], userMetadata: [AttributePair] = [],
        storageClass: String = "Standard", acl: String = "default", tags: [Tag] = []
    ) {
        self.contentType = contentType
        self.headers = headers
        self.userMetadata = userMetadata
        self.storageClass = storageClass
        self.acl = acl
        self.tags = tags
    }
}
