import NIOCore
import NIOHTTP1
import OSSKit

/// What an endpoint says about an object.
public struct ObjectMetadata: Sendable, Equatable {
    /// The length of the content.
    public let sizeBytes: Int64
    /// The ETag with its quotes.
    public let eTag: String
    /// When the object was written, in unix seconds.
    public let lastModifiedUnixSeconds: Int64
    /// The CRC-64 of the whole content; nil if the endpoint does not tell.
    public let crc64: UInt64?
    /// The content type; nil if the endpoint does not tell.
    public let contentType: String?
    /// The metadata that was stored with the object, by the names behind `x-oss-meta-` in lower case.
    public let userMetadata: [String: String]

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
        crc64 = headers.first(name: "x-oss-hash-crc64ecma").flatMap { DecimalNumber.parseUnsigned64($0) }
        contentType = headers.first(name: "Content-Type")
        var userMetadata: [String: String] = [:]
        for (name, value) in headers where name.lowercased().hasPrefix("x-oss-meta-") {
            userMetadata[String(name.lowercased().dropFirst("x-oss-meta-".count))] = value
        }
        self.userMetadata = userMetadata
    }
}

/// What an endpoint says after an upload.
public struct PutObjectResult: Sendable, Equatable {
    /// The ETag with its quotes.
    public let eTag: String
    /// The CRC-64 of the content, as counted here.
    public let crc64: UInt64
}

extension CRC64 {
    /// Takes in the readable bytes of a buffer.
    mutating func update(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { update($0) }
    }
}
