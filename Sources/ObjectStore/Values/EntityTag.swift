import OSSKit

/// What an ETag is made of: 16 bytes, and how they came about.
///
/// Source: oss-wire fact 5.
package enum EntityTag: Sendable, Equatable {
    /// The MD5 digest of the object's bytes.
    case md5([UInt8])
    /// The MD5 digest of the text of the parts' ETags, and the number of parts.
    case parts(digest: [UInt8], count: Int)
    /// Bytes that change with the object and say nothing about its content.
    case opaque([UInt8])

    /// The ETag of an object that is put together from parts with these MD5 digests, in order.
    package init(ofParts digests: [[UInt8]]) {
        let text = digests.flatMap { Array(Hexadecimal.upper($0).utf8) }
        self = .parts(digest: MD5Digest.of(text), count: digests.count)
    }

    /// The ETag as clients see it, without its quotes.
    package var text: String {
        switch self {
        case .md5(let digest), .opaque(let digest): Hexadecimal.upper(digest)
        case .parts(let digest, let count): "\(Hexadecimal.upper(digest))-\(count)"
        }
    }

    /// The MD5 digest of the object's bytes; nil where it is not known.
    package var md5: [UInt8]? {
        if case .md5(let digest) = self { digest } else { nil }
    }
}

extension EntityTag {
    /// The 16 bytes, as the database keeps them.
    var digest: [UInt8] {
        switch self {
        case .md5(let digest), .opaque(let digest), .parts(let digest, _): digest
        }
    }

    /// How the bytes came about, as the database keeps it: nil for an MD5, 0 for opaque bytes, else the number of parts.
    var partCount: Int? {
        switch self {
        case .md5: nil
        case .opaque: 0
        case .parts(_, let count): count
        }
    }

    /// Reads an ETag back from its two columns.
    init(digest: [UInt8], partCount: Int?) {
        self =
            switch partCount {
            case nil: .md5(digest)
            case 0: .opaque(digest)
            case let count?: .parts(digest: digest, count: count)
            }
    }
}
