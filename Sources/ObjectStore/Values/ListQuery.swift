import OSSKit

/// Which objects to list.
package struct ListQuery: Sendable {
    /// The number of entries and common prefixes that a page may hold.
    package static let limitRange = 1...1_000

    /// Only keys that begin with these bytes.
    package var prefix: [UInt8]
    /// Keys that have these bytes after the prefix are rolled up into common prefixes; empty means none are.
    package var delimiter: [UInt8]
    /// The page begins after this key or common prefix; nil begins at the first.
    ///
    /// A value inside a rolled-up prefix, or equal to it, skips the whole prefix.
    package var after: [UInt8]?
    /// The most entries and common prefixes together; taken into `limitRange`.
    package var limit: Int

    /// Collects the parts of the query.
    package init(prefix: [UInt8] = [], delimiter: [UInt8] = [], after: [UInt8]? = nil, limit: Int = 100) {
        self.prefix = prefix
        self.delimiter = delimiter
        self.after = after
        self.limit = min(max(limit, Self.limitRange.lowerBound), Self.limitRange.upperBound)
    }
}

/// An object in a list.
package struct ListEntry: Sendable, Equatable {
    /// The object's key.
    package let key: ObjectKey
    /// How many bytes it has.
    package let sizeBytes: Int64
    /// The entity tag without quotes.
    package let etag: String
    /// When its row was written, in milliseconds since 1970, UTC.
    package let lastModifiedMilliseconds: Int64
    /// How it came about.
    package let type: ObjectType
    /// The storage class, such as `Standard`.
    package let storageClass: String
}

/// One page of a list, taken from one state of the bucket.
package struct ListPage: Sendable, Equatable {
    /// The objects, bytewise in the order of their keys.
    package let entries: [ListEntry]
    /// The common prefixes, bytewise in order; each ends with the delimiter.
    package let commonPrefixes: [[UInt8]]
    /// Whether more follow.
    package let isTruncated: Bool
    /// The last key or common prefix of the page, which is `after` of the next one; nil on the last page.
    package let next: [UInt8]?
}
