import OSSKit

/// Which version of its key an object or a delete marker is.
package struct ObjectVersion: Sendable, Equatable {
    /// What was written in a bucket that had not kept versions yet.
    static let unversioned = ObjectVersion(sequence: 0, id: .null)

    /// Of two versions of a key the later has the greater number; 0 for one of a bucket that had not kept versions yet.
    let sequence: Int64
    /// The ID by which clients name it.
    package let id: VersionID

    /// Whether the bucket kept versions, or had kept some, when it was written.
    package var isOfVersionedBucket: Bool { sequence > 0 }

    /// Whether it is the one version of its key that later writes of a suspended bucket replace.
    var isNull: Bool { id == .null }
}

/// What is to be deleted.
package struct Deletion: Sendable, Equatable {
    /// The key.
    package let key: ObjectKey
    /// The version to remove for good; nil hides or removes the current one, as the bucket's state asks.
    package let version: VersionID?

    /// Names an object, or a version of it.
    package init(key: ObjectKey, version: VersionID? = nil) {
        self.key = key
        self.version = version
    }
}

/// What came of a deletion.
package struct DeletionOutcome: Sendable, Equatable {
    /// The version that was removed, or the delete marker that was made; nil in a bucket that never kept versions.
    package var version: VersionID?
    /// Whether that is a delete marker.
    package var isDeleteMarker: Bool

    /// Tells of a deletion; by default of one that made and removed nothing that has an ID.
    package init(version: VersionID? = nil, isDeleteMarker: Bool = false) {
        self.version = version
        self.isDeleteMarker = isDeleteMarker
    }
}

/// Which versions of a bucket to list.
package struct VersionQuery: Sendable {
    /// Only keys that begin with these bytes.
    package var prefix: [UInt8]
    /// Keys that have these bytes after the prefix are rolled up into common prefixes; empty means none are.
    package var delimiter: [UInt8]
    /// The page begins behind all versions of this key, or behind this common prefix; nil begins at the first.
    package var keyMarker: [UInt8]?
    /// With a key, the page begins behind this version of it; nil means behind all of them.
    package var versionMarker: VersionID?
    /// The most versions, delete markers and common prefixes together, taken into `ListQuery.limitRange`.
    package var limit: Int

    /// Collects the parts of the query.
    package init(
        prefix: [UInt8] = [], delimiter: [UInt8] = [], keyMarker: [UInt8]? = nil, versionMarker: VersionID? = nil,
        limit: Int = 100
    ) {
        self.prefix = prefix
        self.delimiter = delimiter
        self.keyMarker = keyMarker
        self.versionMarker = versionMarker
        self.limit = min(max(limit, ListQuery.limitRange.lowerBound), ListQuery.limitRange.upperBound)
    }
}

/// A version or a delete marker in a list.
package struct VersionEntry: Sendable, Equatable {
    /// The key.
    package let key: ObjectKey
    /// The ID.
    package let id: VersionID
    /// Whether it is what the key shows now.
    package let isLatest: Bool
    /// When it was written, in milliseconds since 1970, UTC.
    package let lastModifiedMilliseconds: Int64
    /// What it is beside that; nil for a delete marker.
    package let object: ListEntry?
}

/// One page of the versions of a bucket, from one state of it.
package struct VersionPage: Sendable, Equatable {
    /// Versions and delete markers by the bytes of their keys, the newest of each key first.
    package let entries: [VersionEntry]
    /// The common prefixes, bytewise in order; each ends with the delimiter.
    package let commonPrefixes: [[UInt8]]
    /// Where the next page begins; nil on the last page.
    package let next: Position?

    /// A place in the list: behind a version, or behind a common prefix if there is no ID.
    package struct Position: Sendable, Equatable {
        /// The key, or the common prefix.
        package let key: [UInt8]
        /// The version.
        package let version: VersionID?
    }
}
