import OSSKit
import ObjectStore

extension OSSCall {
    /// How often an object is looked up that is overwritten again and again before it is copied.
    private static let lookUpLimit = 100

    /// The number of the part that the request is about.
    ///
    /// - Throws: `InvalidArgument`.
    func partNumber() throws(OSSError) -> PartNumber {
        guard let text = request.target.value(of: "partNumber") else {
            throw OSSError(
                .invalidArgument, message: "Unexpected query string parameter", ec: "0017-00000219",
                fields: [("ResourceType", "partNumber")])
        }
        return try PartNumber(text)
    }

    /// The upload in parts that the request is about, in a bucket of the requester.
    ///
    /// - Throws: `NoSuchUpload`, and what `bucket()` and `key()` throw.
    func multipartUpload() async throws -> MultipartUpload {
        let bucket = try await bucket()
        let text = request.target.value(of: "uploadId") ?? ""
        guard let id = try? UploadID(text) else { throw OSSError(.noSuchUpload, fields: [("UploadId", text)]) }
        return try await store.multipartUpload(id, in: bucket, key: key())
    }

    /// The URL of an object, by the host by which the client came.
    func location(of key: ObjectKey, in bucket: BucketName) -> String {
        let isPathStyle = Addressing(configuration).isPathStyle(host: request.host)
        let path = PercentCoding.encode(key.bytes, keepingSlash: true)
        return "\(request.scheme)://\(request.host)/" + (isPathStyle ? "\(bucket.text)/\(path)" : path)
    }

    /// Does something with an object that is looked up first, once more if it was overwritten in between.
    func whileItChanges(_ work: () async throws -> OSSAnswer) async throws -> OSSAnswer {
        for _ in 1..<Self.lookUpLimit {
            do {
                return try await work()
            } catch StoreFailure.bodyIsGone {
                continue
            }
        }
        return try await work()
    }
}
