import NIOCore
import NIOHTTP1
import OSSKit

/// What an endpoint says about an object.
public struct ObjectMetadata: Sendable, Equatable {
    /// The length of the content, or of the range that was asked for.
    public let sizeBytes: Int64
    /// The ETag with its quotes.
    public let eTag: String
    /// When the object was written, in unix seconds.
    public let lastModifiedUnixSeconds: Int64
    /// All header fields of the answer, in the order in which they came.
    public let headers: [WireHeader]

    /// Takes the headers of an answer to GET or HEAD.
    ///
    /// - Throws: `OSSClientError.malformedAnswer` if length, ETag or date are missing.
    init(_ headers: HTTPHeaders) throws(OSSClientError) {
        guard let length = headers.first(name: "Content-Length").flatMap({ DecimalNumber.parse($0) }),
            let eTag = headers.first(name: "ETag"),
            let lastModified = headers.first(name: "Last-Modified").flatMap({ HTTPDate.parse($0) })
        else { throw .malformedAnswer }
        sizeBytes = length
        self.eTag = eTag
        lastModifiedUnixSeconds = lastModified
        self.headers = headers.map { WireHeader($0.name, $0.value) }
    }

    /// The value of the first header field of this name; nil if the endpoint did not send it.
    public func header(_ name: String) -> String? {
        headers.first { $0.isNamed(name) }?.value
    }

    /// The CRC-64 of the whole content, even if only a range was asked for; nil if the endpoint does not tell.
    public var crc64: UInt64? { header("x-oss-hash-crc64ecma").flatMap { DecimalNumber.parseUnsigned64($0) } }
    /// The content type; nil if the endpoint does not tell.
    public var contentType: String? { header("Content-Type") }
    /// The kind of object: `Normal`, `Multipart`, `Appendable` or `Symlink`; nil if the endpoint does not tell.
    public var objectType: String? { header("x-oss-object-type") }
    /// The storage class, such as `Standard`; nil if the endpoint does not tell.
    public var storageClass: String? { header("x-oss-storage-class") }
    /// The version; nil in a bucket without versions.
    public var versionID: String? { header("x-oss-version-id") }
    /// The number of tags.
    public var tagCount: Int { header("x-oss-tagging-count").flatMap { DecimalNumber.parse($0) }.map { Int($0) } ?? 0 }
    /// Where the next append begins; nil for objects that nothing can be appended to.
    public var nextAppendPosition: Int64? { header("x-oss-next-append-position").flatMap { DecimalNumber.parse($0) } }
    /// The part of the object that the answer holds; nil if it holds the whole object.
    public var contentRange: ContentRange? { header("Content-Range").flatMap { ContentRange($0) } }

    /// The metadata that was stored with the object, by the names behind `x-oss-meta-` in lower case.
    public var userMetadata: [String: String] {
        let prefix = "x-oss-meta-"
        var found: [String: String] = [:]
        for header in headers where header.name.lowercased().hasPrefix(prefix) {
            found[String(header.name.lowercased().dropFirst(prefix.utf8.count))] = header.value
        }
        return found
    }
}

/// Which bytes of an object an answer holds: `Content-Range`.
public struct ContentRange: Sendable, Equatable {
    /// The offset of the first byte.
    public let firstOffset: Int64
    /// The offset of the last byte.
    public let lastOffset: Int64
    /// The length of the whole object.
    public let totalBytes: Int64

    /// Reads `bytes 0-499/1234`; nil for anything else.
    public init?(_ text: String) {
        guard text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let total = DecimalNumber.parse(parts[1]) else { return nil }
        let offsets = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard offsets.count == 2, let first = DecimalNumber.parse(offsets[0]),
            let last = DecimalNumber.parse(offsets[1]), first <= last, last < total
        else { return nil }
        firstOffset = first
        lastOffset = last
        totalBytes = total
    }
}

/// What an endpoint says after an upload.
public struct PutObjectResult: Sendable, Equatable {
    /// The ETag with its quotes.
    public let eTag: String
    /// The CRC-64 of the content, as counted here.
    public let crc64: UInt64
    /// The version that was made; nil in a bucket without versions.
    public var versionID: String?
    /// What the application answered to the callback of the upload; nil if none was asked for.
    public var callbackAnswer: ByteBuffer?
}

extension CRC64 {
    /// Takes in the readable bytes of a buffer.
    mutating func update(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { update($0) }
    }
}
