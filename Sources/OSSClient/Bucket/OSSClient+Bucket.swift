import NIOCore
import OSSKit

/// How a bucket is made.
public struct PutBucketOptions: Sendable {
    /// Who may read and write its objects; nil for `private`.
    public var acl: BucketACL?
    /// The storage class, such as `IA`; nil for `Standard`.
    public var storageClass: String?
    /// How copies are kept: `LRS` or `ZRS`; nil for the endpoint's usual kind.
    public var dataRedundancyType: String?
    /// The resource group; nil for the usual one.
    public var resourceGroupID: String?
    /// The bucket's tags, 20 at most.
    public var tags: [Tag] = []

    /// Makes options for a usual bucket.
    public init(acl: BucketACL? = nil) {
        self.acl = acl
    }

    var headers: [WireHeader] {
        let texts = [
            ("x-oss-acl", acl?.rawValue), ("x-oss-resource-group-id", resourceGroupID),
            ("x-oss-bucket-tagging", tags.isEmpty ? nil : Tagging(tags).headerValue),
        ]
        return texts.compactMap { name, text in text.map { WireHeader(name, $0) } }
    }
}

extension OSSClient {
    /// Makes the bucket; one that is there already and belongs to the same owner stays, and takes over the ACL.
    ///
    /// - Throws: `ServiceError`, such as `BucketAlreadyExists`; `OSSClientError`.
    public func putBucket(_ options: PutBucketOptions = PutBucketOptions()) async throws {
        var body = ByteBuffer()
        if options.storageClass != nil || options.dataRedundancyType != nil {
            body = ByteBuffer(
                string: CreateBucketConfiguration(
                    storageClass: options.storageClass, dataRedundancyType: options.dataRedundancyType
                ).write())
        }
        try await send(OSSRequest(method: "PUT", headers: options.headers, body: .bytes(body))) { _ in }
    }

    /// Deletes the bucket, which has to be empty.
    ///
    /// - Throws: `ServiceError`, such as `BucketNotEmpty`; `OSSClientError`.
    public func deleteBucket() async throws {
        try await send(OSSRequest(method: "DELETE")) { _ in }
    }

    /// Asks for the facts of the bucket.
    ///
    /// - Throws: `ServiceError`, such as `NoSuchBucket`; `OSSClientError`.
    public func getBucketInfo() async throws -> BucketInfo {
        try await send(OSSRequest(method: "GET", query: [QueryItem("bucketInfo")])) { response in
            try BucketInfo(document: try await response.document())
        }
    }

    /// Asks for the ID of the bucket's region, such as `cn-hangzhou`.
    ///
    /// - Throws: `ServiceError`, such as `NoSuchBucket`; `OSSClientError`.
    public func getBucketLocation() async throws -> String {
        try await send(OSSRequest(method: "GET", query: [QueryItem("location")])) { response in
            try LocationConstraint.read(try await response.document())
        }
    }

    /// Asks how much the bucket holds; endpoints count it from time to time.
    ///
    /// - Throws: `ServiceError`, such as `NoSuchBucket`; `OSSClientError`.
    public func getBucketStat() async throws -> BucketStat {
        try await send(OSSRequest(method: "GET", query: [QueryItem("stat")])) { response in
            try BucketStat(document: try await response.document())
        }
    }
}
