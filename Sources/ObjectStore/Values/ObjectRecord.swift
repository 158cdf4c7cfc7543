import OSSKit

/// An object as it stands in the database.
package struct ObjectRecord: Sendable, Equatable {
    /// The bucket's number.
    package let bucketID: Int64
    /// The object's key.
    package let key: ObjectKey
    /// How many bytes it has.
    package let sizeBytes: Int64
    /// The MD5 digest of its bytes, 16 bytes long.
    package let md5: [UInt8]
    /// The CRC-64 of its bytes.
    package let crc64: UInt64
    /// When its row was written, in milliseconds since 1970, UTC.
    package let lastModifiedMilliseconds: Int64
    /// `Normal`.
    package let objectType: String
    /// What its writer said about it.
    package let attributes: ObjectAttributes
    /// Where its bytes are.
    package let body: BodyReference

    /// The storage class, such as `Standard`.
    package var storageClass: String { attributes.storageClass }
    /// The entity tag without quotes: the MD5 in upper-case hexadecimal digits.
    package var etag: String { Hexadecimal.upper(md5) }
}

/// Where the bytes of an object are: the number of a body, and its file if it has one.
package struct BodyReference: Sendable, Equatable {
    /// The body's number, which is never used again.
    let id: Int64
    /// The blob file; nil if the bytes are in the database.
    let blob: BlobID?
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
    package var forbidsOverwrite: Bool

    /// Makes a condition; by default nothing is asked.
    package init(forbidsOverwrite: Bool = false) {
        self.forbidsOverwrite = forbidsOverwrite
    }
}
