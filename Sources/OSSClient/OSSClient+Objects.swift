import AsyncHTTPClient
import NIOCore
import OSSKit

extension OSSClient {
    /// Asks what is known of an object, by HEAD.
    ///
    /// - Throws: `ServiceError`, whose `isMissingObject` holds if there is no such object; `OSSClientError`.
    public func headObject(
        _ key: ObjectKey, _ options: GetObjectOptions = GetObjectOptions()
    ) async throws -> ObjectMetadata {
        try await send(options.request("HEAD", key)) { try ObjectMetadata($0.headers) }
    }

    /// Asks for the length, ETag and date of an object, which costs the endpoint less than HEAD.
    ///
    /// - Throws: `ServiceError`, whose `isMissingObject` holds if there is no such object; `OSSClientError`.
    public func getObjectMeta(_ key: ObjectKey, versionID: String? = nil) async throws -> ObjectMetadata {
        let query = [QueryItem("objectMeta")] + QueryItem.version(versionID)
        return try await send(OSSRequest(method: "HEAD", key: key, query: query)) { try ObjectMetadata($0.headers) }
    }

    /// Fetches a small object, or a part of one, into memory and checks its checksum.
    ///
    /// The checksum of a part cannot be checked: endpoints tell that of the whole object.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`, which is `bodyTooLong` if there is more than is wanted.
    public func getObject(
        _ key: ObjectKey, maximumBytes: Int, _ options: GetObjectOptions = GetObjectOptions()
    ) async throws -> (metadata: ObjectMetadata, content: ByteBuffer) {
        try await fetch(key, options) { metadata, body in
            guard metadata.sizeBytes <= maximumBytes else {
                throw OSSClientError.bodyTooLong(maximumBytes: maximumBytes)
            }
            return (metadata, try await body.collect(upTo: maximumBytes))
        }
    }

    /// Begins to fetch an object of any length, or a part of one.
    ///
    /// Once the content has begun, nothing is repeated; the caller reads it to its end or drops it. The checksum of a
    /// part cannot be checked: endpoints tell that of the whole object.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func streamObject(
        _ key: ObjectKey, _ options: GetObjectOptions = GetObjectOptions()
    ) async throws -> (metadata: ObjectMetadata, content: ObjectBody) {
        try await fetch(key, options) { ($0, $1) }
    }

    /// Fetches an object into a file, which appears or is replaced when all of it is there and its checksum is right.
    ///
    /// Until then the bytes are in a file beside it, whose name ends in `.part`. The checksum of a part cannot be
    /// checked: endpoints tell that of the whole object.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    @discardableResult
    public func getObject(
        _ key: ObjectKey, intoFile path: String, _ options: GetObjectOptions = GetObjectOptions()
    ) async throws -> ObjectMetadata {
        let number = UInt64(sender.surroundings.random() * 0x1p52)
        let unfinished = "\(path).\(String(number, radix: 36)).part"
        let metadata: ObjectMetadata
        do {
            metadata = try await fetch(key, options) { metadata, body in
                // An attempt before this one may have left its bytes.
                try await LocalFile.remove(unfinished)
                let file = try await LocalFile.creating(unfinished)
                var offset: Int64 = 0
                for try await piece in body {
                    try await file.write(piece, at: offset)
                    offset += Int64(piece.readableBytes)
                }
                let range = options.range == nil ? nil : metadata.contentRange
                guard range.map({ $0.lastOffset - $0.firstOffset + 1 == offset }) ?? true else {
                    throw OSSClientError.malformedAnswer
                }
                try await file.synchronize()
                return metadata
            }
            try await LocalFile.rename(unfinished, to: path)
            try await LocalFile.synchronizeFolder(of: path)
        } catch {
            // Why the call failed is worth more than what keeps the unfinished file from being removed.
            try? await LocalFile.remove(unfinished)
            throw error
        }
        return metadata
    }

    func fetch<Answer>(
        _ key: ObjectKey, _ options: GetObjectOptions,
        _ accept: (ObjectMetadata, ObjectBody) async throws -> Answer
    ) async throws -> Answer {
        try await send(options.request("GET", key)) { response in
            let metadata = try ObjectMetadata(response.headers)
            if let range = options.range {
                // Bytes from another place must not pass for those that were asked for.
                guard response.status.code == 206, let answered = metadata.contentRange, range.isAnswered(by: answered)
                else { throw OSSClientError.malformedAnswer }
            }
            // The endpoint's checksum is that of the whole object as it is stored.
            let isWhole = response.status.code == 200 && options.process == nil
            return try await accept(metadata, ObjectBody(response.body, crc64: isWhole ? metadata.crc64 : nil))
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
        try await putObject(
            key, .bytes(content),
            PutObjectOptions(ObjectProperties(contentType: contentType, userMetadata: userMetadata)))
    }

    /// Stores an object and checks that the endpoint counts the same checksum.
    ///
    /// - Parameters:
    ///   - key: the object's key; an object that is there is replaced.
    ///   - body: the bytes, 5 GB at most.
    ///   - options: what is stored beside them, and how.
    /// - Throws: `ServiceError`, among them `CallbackFailed` of an object that was stored; `OSSClientError`;
    ///   `SigningError` for a callback that OSS does not take.
    @discardableResult
    public func putObject(
        _ key: ObjectKey, _ body: UploadBody, _ options: PutObjectOptions = PutObjectOptions()
    ) async throws -> PutObjectResult {
        var request = OSSRequest(method: "PUT", key: key, headers: try options.headers(), body: body)
        request.isRepeatable = !options.forbidsOverwrite
        return try await upload(request) { response, sentCRC64 in
            guard let eTag = response.headers.first(name: "ETag") else { throw OSSClientError.malformedAnswer }
            let stored = response.headers.first(name: "x-oss-hash-crc64ecma")
                .flatMap { DecimalNumber.parseUnsigned64($0) }
            guard stored == nil || stored == sentCRC64 else { throw OSSClientError.wrongChecksum }
            var result = PutObjectResult(eTag: eTag, crc64: sentCRC64)
            result.versionID = response.headers.first(name: "x-oss-version-id")
            if options.callback != nil {
                result.callbackAnswer = try await response.body.collect(upTo: Self.maximumCallbackAnswerBytes)
            }
            return result
        }
    }

    /// The longest answer of an application to a callback that OSS passes on, in bytes.
    ///
    /// Source: oss-wire fact 13.
    static let maximumCallbackAnswerBytes = 3 * 1_024 * 1_024

    /// Deletes an object; one that is not there is deleted too.
    ///
    /// - Parameters:
    ///   - key: the object's key.
    ///   - versionID: the version to delete for good; nil for the current one, which leaves a delete marker where the
    ///     bucket keeps versions.
    /// - Throws: `ServiceError`; `OSSClientError`.
    @discardableResult
    public func deleteObject(_ key: ObjectKey, versionID: String? = nil) async throws -> DeleteObjectResult {
        let request = OSSRequest(method: "DELETE", key: key, query: QueryItem.version(versionID))
        return try await send(request) { response in
            DeleteObjectResult(
                versionID: response.headers.first(name: "x-oss-version-id"),
                isDeleteMarker: response.headers.first(name: "x-oss-delete-marker") == "true")
        }
    }
}

/// What an endpoint says after a deletion.
public struct DeleteObjectResult: Sendable, Equatable {
    /// The version that was removed, or that of the delete marker that was made; nil in a bucket without versions.
    public let versionID: String?
    /// Whether a delete marker was made or removed.
    public let isDeleteMarker: Bool
}

extension ObjectBody {
    /// All bytes in memory.
    ///
    /// - Throws: `OSSClientError`, which is `bodyTooLong` if there are more than wanted.
    public func collect(upTo maximumBytes: Int) async throws -> ByteBuffer {
        var content = ByteBuffer()
        for try await piece in self {
            content.writeImmutableBuffer(piece)
            guard content.readableBytes <= maximumBytes else {
                throw OSSClientError.bodyTooLong(maximumBytes: maximumBytes)
            }
        }
        return content
    }
}
