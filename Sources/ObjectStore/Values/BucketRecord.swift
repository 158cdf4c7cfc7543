import OSSKit

/// A bucket as it stands in the database.
package struct BucketRecord: Sendable, Equatable {
    /// The bucket's number, never given to another bucket, even after it is deleted.
    package let id: Int64
    /// The bucket's name.
    package let name: BucketName
    /// Who made it.
    package let ownerID: String
    /// When it was made, in milliseconds since 1970, UTC.
    package let createdAtMilliseconds: Int64
    /// `private`, `public-read` or `public-read-write`.
    package let acl: String
    /// The storage class of objects that name none, such as `Standard`.
    package let storageClass: String
    /// `LRS` or `ZRS`, as the creator asked; it changes nothing here.
    package let dataRedundancyType: String
    /// Whether the bucket keeps the versions of its objects; nil if it never did.
    package let versioning: VersioningConfiguration.Status?
}

/// What the creator of a bucket asks for.
package struct NewBucket: Sendable {
    /// The bucket's name.
    package var name: BucketName
    /// Who makes it.
    package var ownerID: String
    /// `private`, `public-read` or `public-read-write`; nil is `private` for a new bucket, and no change for an old one.
    package var acl: String?
    /// The storage class of objects that name none; nil is `Standard` for a new bucket, and no wish for an old one.
    package var storageClass: String?
    /// `LRS` or `ZRS`; nil is `LRS` for a new bucket, and no wish for an old one.
    package var dataRedundancyType: String?

    /// Collects what was asked.
    package init(
        name: BucketName, ownerID: String, acl: String? = nil, storageClass: String? = nil,
        dataRedundancyType: String? = nil
    ) {
        self.name = name
        self.ownerID = ownerID
        self.acl = acl
        self.storageClass = storageClass
        self.dataRedundancyType = dataRedundancyType
    }
}

/// One page of the buckets of an owner, in the order of their names.
package struct BucketPage: Sendable, Equatable {
    /// The buckets.
    package let records: [BucketRecord]
    /// Whether more follow after the last one.
    package let isTruncated: Bool
}

/// How much a bucket holds.
package struct BucketUsage: Sendable, Equatable {
    /// How many objects there are, older versions with them, delete markers without them.
    package let objectCount: Int64
    /// The sum of their sizes; a copy counts as much as its source, although they share the bytes on disk.
    package let sizeBytes: Int64
    /// How many delete markers there are.
    package let markerCount: Int64

    /// Makes a sum.
    package init(objectCount: Int64, sizeBytes: Int64, markerCount: Int64 = 0) {
        self.objectCount = objectCount
        self.sizeBytes = sizeBytes
        self.markerCount = markerCount
    }
}
