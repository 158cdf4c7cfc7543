import OSSKit

/// Bytes on disk that are not those that were written, and whose they are.
package struct Damage: Sendable, Equatable {
    /// What is wrong.
    package enum Kind: String, Sendable, CaseIterable {
        /// The file or the row of the bytes is gone.
        case missing
        /// The file or the row has more bytes or fewer than were written.
        case wrongLength = "wrong-length"
        /// The checksums that stand behind the bytes of a file are not those that were written.
        case wrongTrailer = "wrong-trailer"
        /// A block of a file does not fit its checksum.
        case wrongBlock = "wrong-block"
        /// The bytes are whole in themselves, but are not those that the object's row names.
        case wrongChecksum = "wrong-checksum"
        /// Some of the parts that a body is made of are not named.
        case incomplete
        /// The disk does not give the bytes out.
        case unreadable
        /// A row of the database makes no sense.
        case wrongRow = "wrong-row"
    }

    /// What the bytes belong to.
    package struct Place: Sendable, Hashable {
        /// The bucket's name.
        package let bucket: String
        /// The bytes of the key.
        package let key: [UInt8]
        /// Which of the things of the key: empty for its object, `version ID` for an older version of it,
        /// `upload ID part N` for a part of an upload.
        package let item: String

        /// Names a place.
        package init(bucket: String, key: [UInt8], item: String = "") {
            self.bucket = bucket
            self.key = key
            self.item = item
        }
    }

    /// What the bytes belong to.
    package let place: Place
    /// What is wrong.
    package let kind: Kind
    /// Where, in words for a person; never a byte of the content.
    package let detail: String
    /// When it was found, in milliseconds since 1970, UTC.
    package let foundAtMilliseconds: Int64

    /// Describes damage.
    package init(_ place: Place, _ kind: Kind, detail: String, foundAtMilliseconds: Int64) {
        self.place = place
        self.kind = kind
        self.detail = detail
        self.foundAtMilliseconds = foundAtMilliseconds
    }
}

/// What is wrong with a body, before it is known whose it is.
struct BodyFault: Error, Equatable {
    /// What is wrong.
    let kind: Damage.Kind
    /// Where.
    let detail: String

    /// Describes a fault.
    init(_ kind: Damage.Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }
}
