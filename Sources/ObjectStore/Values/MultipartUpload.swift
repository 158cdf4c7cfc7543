import OSSKit

/// An upload in parts that was begun and has not ended.
package struct MultipartUpload: Sendable, Equatable {
    /// The upload's number in the database, which is never used again.
    let number: Int64
    /// The bucket of the object to be.
    package let bucket: BucketRecord
    /// The key of the object to be.
    package let key: ObjectKey
    /// The ID by which clients name the upload: 32 upper-case hexadecimal digits that nobody can guess.
    package let id: UploadID
    /// When it was begun, in milliseconds since 1970, UTC.
    package let initiatedMilliseconds: Int64
    /// What the object will say about itself.
    package let attributes: ObjectAttributes

    /// Where the object will be.
    var place: ObjectPlace { ObjectPlace(bucket: bucket, key: key) }
}

/// A part of an upload, as it stands in the database.
package struct PartRecord: Sendable, Equatable {
    /// Its number.
    package let number: PartNumber
    /// How many bytes it has.
    package let sizeBytes: Int64
    /// Their MD5 digest, 16 bytes long.
    package let md5: [UInt8]
    /// Their CRC-64.
    package let crc64: UInt64
    /// When it was written, in milliseconds since 1970, UTC.
    package let lastModifiedMilliseconds: Int64
    /// Where its bytes are; never in segments.
    let body: BodyReference

    /// The entity tag without quotes: the MD5 in upper-case hexadecimal digits.
    package var etag: String { Hexadecimal.upper(md5) }
}

/// A page of the parts of an upload, in the order of their numbers.
package struct PartPage: Sendable, Equatable {
    /// The parts.
    package let parts: [PartRecord]
    /// Whether more follow after the last one.
    package let isTruncated: Bool
}

/// Which uploads of a bucket to list.
package struct UploadQuery: Sendable {
    /// Only keys that begin with these bytes.
    package var prefix: [UInt8]
    /// Keys that have these bytes after the prefix are rolled up into common prefixes; empty means none are.
    package var delimiter: [UInt8]
    /// The page begins behind all uploads of this key, or behind this common prefix; nil begins at the first.
    package var keyMarker: [UInt8]?
    /// With a key, the page begins behind this upload of it; nil means behind all of them.
    package var uploadIDMarker: String?
    /// The most uploads and common prefixes together, taken into `ListQuery.limitRange`.
    package var limit: Int

    /// Collects the parts of the query.
    package init(
        prefix: [UInt8] = [], delimiter: [UInt8] = [], keyMarker: [UInt8]? = nil, uploadIDMarker: String? = nil,
        limit: Int = 1_000
    ) {
        self.prefix = prefix
        self.delimiter = delimiter
        self.keyMarker = keyMarker
        self.uploadIDMarker = uploadIDMarker
        self.limit = min(max(limit, ListQuery.limitRange.lowerBound), ListQuery.limitRange.upperBound)
    }
}

/// One page of the uploads of a bucket, from one state of it.
package struct UploadPage: Sendable, Equatable {
    /// The uploads, by the bytes of their keys and then by their IDs.
    package let uploads: [MultipartUpload]
    /// The common prefixes, bytewise in order; each ends with the delimiter.
    package let commonPrefixes: [[UInt8]]
    /// Where the next page begins; nil on the last page.
    package let next: Position?

    /// A place in the list: behind an upload, or behind a common prefix if there is no ID.
    package struct Position: Sendable, Equatable {
        /// The key, or the common prefix.
        package let key: [UInt8]
        /// The ID of the upload.
        package let uploadID: String?
    }
}
