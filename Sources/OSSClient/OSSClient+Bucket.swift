import NIOCore
import OSSKit

extension OSSClient {
    /// Asks for the facts of the bucket.
    ///
    /// - Throws: `ServiceError`, such as `NoSuchBucket`; `OSSClientError`.
    public func getBucketInfo() async throws -> BucketInfo {
        try await send(Request(method: "GET", query: [QueryItem("bucketInfo")])) { response in
            let body = try await response.body.collect(upTo: Limits.maximumXMLBytes)
            return try BucketInfo(document: body.readableBytesView)
        }
    }

    /// Makes the bucket; one that is there already and belongs to the same owner stays as it is.
    ///
    /// - Throws: `ServiceError`, such as `BucketAlreadyExists`; `OSSClientError`.
    public func putBucket() async throws {
        try await send(Request(method: "PUT", body: ByteBuffer())) { _ in }
    }
}
