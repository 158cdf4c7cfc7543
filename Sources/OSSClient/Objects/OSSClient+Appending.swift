import OSSKit

/// How bytes are appended to an object.
public struct AppendObjectOptions: Sendable {
    /// What is stored beside the content; it counts for the first append alone.
    public var properties = ObjectProperties()
    /// The CRC-64 of the object before the append, so that the whole object's can be checked after it.
    ///
    /// Nil leaves it unchecked, but for an append at position 0.
    public var crc64SoFar: UInt64?
    /// Whether the first append fails with `FileAlreadyExists` if there is an object.
    public var forbidsOverwrite = false

    /// Makes options.
    public init(crc64SoFar: UInt64? = nil) {
        self.crc64SoFar = crc64SoFar
    }
}

/// What an endpoint says after an append.
public struct AppendObjectResult: Sendable, Equatable {
    /// Where the next append begins: the length of the object.
    public let nextPosition: Int64
    /// The CRC-64 of the whole object; nil if the endpoint does not tell.
    public let crc64: UInt64?
    /// The ETag with its quotes; nil if the endpoint does not tell.
    public let eTag: String?
}

extension OSSClient {
    /// Appends bytes to an object, or makes one that can be appended to.
    ///
    /// It is never repeated by itself: what an attempt that failed has appended only the object's length tells. The
    /// field and header `x-oss-next-append-position` of `PositionNotEqualToLength` and `headObject(_:_:)` name it.
    ///
    /// - Parameters:
    ///   - key: the object's key.
    ///   - position: the length of the object, 0 to make one.
    ///   - body: the bytes; the object can have 5 GB in all.
    ///   - options: what is stored beside them, and what is checked.
    /// - Throws: `ServiceError`, such as `PositionNotEqualToLength` and `ObjectNotAppendable`; `OSSClientError`, whose
    ///   `wrongChecksum` tells that the object now holds other bytes than it should.
    @discardableResult
    public func appendObject(
        _ key: ObjectKey, position: Int64, _ body: UploadBody, _ options: AppendObjectOptions = AppendObjectOptions()
    ) async throws -> AppendObjectResult {
        let query = [QueryItem("append"), QueryItem("position", String(position))]
        var request = OSSRequest(
            method: "POST", key: key, query: query, headers: options.properties.headers, body: body)
        if options.forbidsOverwrite {
            request.headers.append(WireHeader("x-oss-forbid-overwrite", "true"))
        }
        return try await upload(request) { response, sentCRC64 in
            guard
                let next = response.headers.first(name: "x-oss-next-append-position")
                    .flatMap({ DecimalNumber.parse($0) }), next >= position
            else { throw OSSClientError.malformedAnswer }
            let crc64 = response.headers.first(name: "x-oss-hash-crc64ecma")
                .flatMap { DecimalNumber.parseUnsigned64($0) }
            if let crc64, let before = position == 0 ? 0 : options.crc64SoFar {
                let wanted = CRC64.combine(before, sentCRC64, secondLengthBytes: next - position)
                guard crc64 == wanted else { throw OSSClientError.wrongChecksum }
            }
            return AppendObjectResult(
                nextPosition: next, crc64: crc64, eTag: response.headers.first(name: "ETag"))
        }
    }
}
