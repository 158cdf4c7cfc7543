import NIOCore
import OSSKit
import ObjectStore
import Testing

extension DiskStore {
    /// Begins an upload in parts with the usual attributes.
    func begin(
        in bucket: BucketRecord, _ key: String, attributes: ObjectAttributes = ObjectAttributes()
    ) async throws -> MultipartUpload {
        try await initiateUpload(in: bucket, key: ObjectKey(key), attributes: attributes)
    }

    /// Uploads the bytes of a part and stores it.
    @discardableResult
    func part(_ number: Int, _ bytes: [UInt8], of multipart: MultipartUpload) async throws -> PartRecord {
        let upload = try await beginUpload(expectedBytes: Int64(bytes.count))
        try await upload.append(bytes, pieceBytes: 65_536)
        _ = try await upload.finish()
        return try await putPart(upload, number: try #require(PartNumber(number)), of: multipart)
    }

    /// Completes an upload with the parts given.
    @discardableResult
    func complete(
        _ multipart: MultipartUpload, _ parts: [PartRecord], forbidsOverwrite: Bool = false
    ) async throws -> ObjectRecord {
        try await complete(
            multipart, parts: parts.map { CompletedPart(number: $0.number, etag: $0.etag) },
            condition: WriteCondition(forbidsOverwrite: forbidsOverwrite))
    }

    /// Makes an object of parts of these sizes; its bytes are those of all parts, one behind the other.
    func storeInParts(
        _ sizes: [Int], in bucket: BucketRecord, _ key: String, seed: UInt64 = 1
    ) async throws -> (record: ObjectRecord, bytes: [UInt8]) {
        let multipart = try await begin(in: bucket, key)
        let bytes = someBytes(sizes.reduce(0, +), seed: seed)
        var (start, parts) = (0, [PartRecord]())
        for (index, size) in sizes.enumerated() {
            parts.append(try await part(index + 1, Array(bytes[start..<(start + size)]), of: multipart))
            start += size
        }
        return (try await complete(multipart, parts), bytes)
    }

    /// Whether an upload has not ended.
    func hasUpload(_ multipart: MultipartUpload) async -> Bool {
        await refusal { _ = try await multipartUpload(multipart.id, in: multipart.bucket, key: multipart.key) } == nil
    }
}
