import NIOCore
import OSSKit

/// An upload in parts that was begun and neither completed nor aborted: an object in the making.
public struct MultipartUpload: Sendable, Hashable {
    /// The key that the object will have.
    public let key: ObjectKey
    /// The ID that the endpoint gave to the upload.
    public let uploadID: UploadID

    /// Names an upload, such as one that another program has begun.
    public init(key: ObjectKey, uploadID: UploadID) {
        self.key = key
        self.uploadID = uploadID
    }

    /// A request about the upload.
    func request(_ method: String, query: [QueryItem] = [], headers: [WireHeader] = []) -> OSSRequest {
        OSSRequest(
            method: method, key: key, query: query + [QueryItem("uploadId", uploadID.text)], headers: headers)
    }
}

/// A part that the endpoint has.
public struct UploadedPart: Sendable, Hashable {
    /// The part's number.
    public let number: PartNumber
    /// The part's ETag with its quotes.
    public let eTag: String
    /// The length of the part; nil for a copied part whose range was not given.
    public let sizeBytes: Int64?
    /// The CRC-64 of the part; nil for a copied part, of which the endpoint does not tell it.
    public let crc64: UInt64?

    /// Makes a part, such as one that another program has sent.
    public init(number: PartNumber, eTag: String, sizeBytes: Int64? = nil, crc64: UInt64? = nil) {
        self.number = number
        self.eTag = eTag
        self.sizeBytes = sizeBytes
        self.crc64 = crc64
    }

    /// Takes a part from the endpoint's list.
    public init(_ listed: ListPartsResult.Part) {
        self.init(number: listed.number, eTag: listed.eTag, sizeBytes: listed.sizeBytes, crc64: listed.crc64)
    }
}

extension Sequence<UploadedPart> {
    /// The CRC-64 of the parts put end to end; nil if that of a part is not known.
    public var combinedCRC64: UInt64? {
        var combined: UInt64 = 0
        for part in self {
            guard let crc64 = part.crc64, let sizeBytes = part.sizeBytes else { return nil }
            combined = CRC64.combine(combined, crc64, secondLengthBytes: sizeBytes)
        }
        return combined
    }
}

/// How a part is sent.
public struct UploadPartOptions: Sendable {
    /// The MD5 of the part in base64, which the endpoint compares; nil leaves it at CRC-64.
    public var contentMD5: String?
    /// The most bits a second, 819,200 to 838,860,800; nil for no limit.
    public var trafficLimitBitsPerSecond: Int64?

    /// Makes options for a part as it is.
    public init() {}

    var headers: [WireHeader] {
        let texts = [
            ("Content-MD5", contentMD5), ("x-oss-traffic-limit", trafficLimitBitsPerSecond.map { String($0) }),
        ]
        return texts.compactMap { name, text in text.map { WireHeader(name, $0) } }
    }
}

/// Which parts make the object.
public enum PartSelection: Sendable, Hashable {
    /// These, in ascending order of their numbers.
    case listed([UploadedPart])
    /// All that the endpoint has, in the order of their numbers.
    case all
}

/// How an upload in parts ends.
public struct CompleteUploadOptions: Sendable {
    /// Whether an object that is there stays, and the call fails with `FileAlreadyExists`.
    public var forbidsOverwrite = false
    /// Who may read and write the object; nil leaves that to the beginning of the upload and to the bucket.
    public var acl: ObjectACL?
    /// What the endpoint tells an application after the upload; nil for nothing.
    public var callback: UploadCallback?

    /// Makes options.
    public init() {}

    func headers() throws(SigningError) -> [WireHeader] {
        var headers: [WireHeader] = []
        if forbidsOverwrite {
            headers.append(WireHeader("x-oss-forbid-overwrite", "true"))
        }
        if let acl {
            headers.append(WireHeader("x-oss-object-acl", acl.rawValue))
        }
        if let callback {
            headers += try callback.headers()
        }
        return headers
    }
}

/// What an endpoint says after an upload in parts.
public struct CompletedUpload: Sendable, Equatable {
    /// The object's ETag with its quotes; nil if a callback's answer took the place of the endpoint's.
    public let eTag: String?
    /// The CRC-64 of the content; nil if the endpoint does not tell.
    public let crc64: UInt64?
    /// The version that was made; nil in a bucket without versions.
    public let versionID: String?
    /// What the application answered to the callback of the upload; nil if none was asked for.
    public var callbackAnswer: ByteBuffer?
}
