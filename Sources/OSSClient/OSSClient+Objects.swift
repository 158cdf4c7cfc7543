import NIOCore
import OSSKit

extension OSSClient {
    /// Asks what is known of an object, by HEAD.
    ///
    /// - Throws: `ServiceError`, whose `isMissingObject` holds if there is no such object; `OSSClientError`.
    public func headObject(_ key: ObjectKey) async throws -> ObjectMetadata {
        try await send(Request(method: "HEAD", key: key)) { try ObjectMetadata($0.headers) }
    }

    /// Fetches a small object into memory and checks its checksum.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`, which is `bodyTooLong` if the object is longer than wanted.
    public func getObject(
        _ key: ObjectKey, maximumBytes: Int
    ) async throws -> (metadata: ObjectMetadata, content: ByteBuffer) {
        try await send(Request(method: "GET", key: key)) { response in
            let metadata = try ObjectMetadata(response.headers)
            guard metadata.sizeBytes <= maximumBytes else {
                throw OSSClientError.bodyTooLong(maximumBytes: maximumBytes)
            }
            var content = ByteBuffer()
            for try await piece in ObjectBody(response.body, crc64: metadata.crc64) {
                content.writeImmutableBuffer(piece)
                guard content.readableBytes <= maximumBytes else {
                    throw OSSClientError.bodyTooLong(maximumBytes: maximumBytes)
                }
            }
            return (metadata, content)
        }
    }

    /// Begins to fetch an object of any length.
    ///
    /// Once the content has begun, nothing is repeated; the caller reads it to its end or drops it.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func streamObject(_ key: ObjectKey) async throws -> (metadata: ObjectMetadata, content: ObjectBody) {
        try await send(Request(method: "GET", key: key)) { response in
            let metadata = try ObjectMetadata(response.headers)
            return (metadata, ObjectBody(response.body, crc64: metadata.crc64))
        }
    }

    /// Stores an object and checks that the endpoint counts the same checksum.
    ///
    /// - Parameters:
    ///   - key: the object's key; an object that is there is replaced.
    ///   - content: the bytes.
    ///   - contentType: the content type.
    ///   - userMetadata: metadata to store with it, by the names behind `x-oss-meta-`.
    /// - Throws: `ServiceError`; `OSSClientError`.
    @discardableResult
    public func putObject(
        _ key: ObjectKey, content: ByteBuffer, contentType: String = "application/octet-stream",
        userMetadata: [String: String] = [:]
    ) async throws -> PutObjectResult {
        var counted = CRC64()
        counted.update(content)
        let crc64 = counted.value
        var headers = [WireHeader("Content-Type", contentType)]
        headers += userMetadata.sorted { $0.key < $1.key }.map { WireHeader("x-oss-meta-\($0.key)", $0.value) }
        let request = Request(method: "PUT", key: key, headers: headers, body: content)
        return try await send(request) { response in
            guard let eTag = response.headers.first(name: "ETag") else { throw OSSClientError.malformedAnswer }
            let stored = response.headers.first(name: "x-oss-hash-crc64ecma")
                .flatMap { DecimalNumber.parseUnsigned64($0) }
            guard stored == nil || stored == crc64 else { throw OSSClientError.wrongChecksum }
            return PutObjectResult(eTag: eTag, crc64: crc64)
        }
    }

    /// Deletes an object; one that is not there is deleted too.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func deleteObject(_ key: ObjectKey) async throws {
        try await send(Request(method: "DELETE", key: key)) { _ in }
    }
}
