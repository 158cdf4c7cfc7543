import OSSKit

/// An object as it stands in the database.
package struct ObjectRecord: Sendable, Equatable {
    /// The bucket's number.
    package let bucketID: Int64
    /// The object's key.
    package let key: ObjectKey
    /// How many bytes it has.
    package let sizeBytes: Int64
    /// What its ETag is made of.
    package let entityTag: EntityTag
    /// The CRC-64 of its bytes.
    package let crc64: UInt64
    /// When its row was written, in milliseconds since 1970, UTC.
    package let lastModifiedMilliseconds: Int64
    /// How it came about.
    package let type: ObjectType
    /// The key in the same bucket that a symbolic link leads to; nil for everything else.
    package let symlinkTarget: ObjectKey?
    /// What its writer said about it.
    package let attributes: ObjectAttributes
    /// Where its bytes are.
    package let body: BodyReference
    /// Which version of its key it is.
    package let version: ObjectVersion

    /// The storage class, such as `Standard`.
    package var storageClass: String { attributes.storageClass }
    /// The entity tag without quotes.
    package var etag: String { entityTag.text }
}

extension ObjectRecord {
    /// What a reader of this link is shown: bytes and ETag of what it leads to, and the later time of both.
    ///
    /// Source: oss-wire fact 8.2; whose metadata counts is assumption A-060.
    package func showing(_ target: ObjectRecord) -> ObjectRecord {
        var shown = attributes
        shown.contentType = target.attributes.contentType
        return ObjectRecord(
            bucketID: target.bucketID, key: target.key, sizeBytes: target.sizeBytes, entityTag: target.entityTag,
            crc64: target.crc64,
            lastModifiedMilliseconds: max(lastModifiedMilliseconds, target.lastModifiedMilliseconds), type: type,
            symlinkTarget: symlinkTarget, attributes: shown, body: target.body, version: version)
    }
}

extension ObjectRecord {
    /// What the bytes of the object must come to.
    var checks: BodyChecks { BodyChecks(sizeBytes: sizeBytes, crc64: crc64) }
}

/// How an object came about, as OSS names it.
package enum ObjectType: String, Sendable {
    case normal = "Normal"
    case multipart = "Multipart"
    case appendable = "Appendable"
    case symlink = "Symlink"
}

/// Where the bytes of an object are: the number of a body, and where that has them.
package struct BodyReference: Sendable, Equatable {
    /// Where a body has its bytes.
    enum Place: Sendable, Equatable {
        /// In a row of the database.
        case inline
        /// In a file.
        case blob(BlobID)
        /// In other bodies, one behind the other.
        case segments
    }

    /// The body's number, which is never used again.
    let id: Int64
    /// Where its bytes are.
    let place: Place

    /// Its file; nil if it has none of its own.
    var blob: BlobID? {
        if case .blob(let blob) = place { blob } else { nil }
    }
}

/// What the bytes of a body must come to for it to be the one that was written.
struct BodyChecks: Sendable, Equatable {
    /// How many bytes there are.
    let sizeBytes: Int64
    /// Their CRC-64.
    let crc64: UInt64
}

/// What is known of a body once its last byte is in.
package struct BodySummary: Sendable, Equatable {
    /// How many bytes came.
    package let sizeBytes: Int64
    /// Their MD5 digest, 16 bytes long.
    package let md5: [UInt8]
    /// Their CRC-64.
    package let crc64: UInt64
}

/// What must hold in the moment in which a row is written.
package struct WriteCondition: Sendable {
    /// Whether the write is refused with `FileAlreadyExists` if the key is taken.
    ///
    /// It means nothing where the bucket keeps versions, or kept them once.
    package var forbidsOverwrite: Bool

    /// Makes a condition; by default nothing is asked.
    package init(forbidsOverwrite: Bool = false) {
        self.forbidsOverwrite = forbidsOverwrite
    }
}
