import Hummingbird
import Logging
import NIOCore
import OSSKit
import ObjectStore

/// One request on its way through an operation, which it was let in to.
struct OSSCall: Sendable {
    /// The request as it arrived.
    let request: WireRequest
    /// What it is about, not yet checked.
    let resource: SignedResource
    /// What asks for further rights, of whoever sent it.
    let access: AccessGate
    /// The bucket that the request was let in to; nil where the operation did not need one.
    let admittedBucket: BucketRecord?
    /// Its body, which nobody has read yet.
    let body: RequestBody
    /// Tells a client that waits for `100 Continue` to go on.
    let welcomeBody: @Sendable () -> Void
    /// The store that keeps the objects.
    let store: DiskStore
    /// What the surface was told at start.
    let configuration: SurfaceConfiguration
    /// Time and randomness.
    let environment: SurfaceEnvironment
    /// The logger, with the request's id.
    let logger: Logger

    /// Who sent it.
    var requester: Requester { access.requester }

    /// The bucket's name.
    ///
    /// - Throws: `InvalidBucketName`.
    func bucketName() throws(OSSError) -> BucketName {
        try BucketName(resource.bucket ?? "")
    }

    /// The key.
    ///
    /// - Throws: `InvalidObjectName`.
    func key() throws(OSSError) -> ObjectKey {
        try ObjectKey(bytes: resource.key ?? [])
    }

    /// The bucket, which the requester was let in to.
    ///
    /// - Throws: `InvalidBucketName`, `NoSuchBucket`, `AccessDenied`.
    func bucket() async throws -> BucketRecord {
        if let admittedBucket { return admittedBucket }
        return try await ownBucket(bucketName())
    }

    /// The bucket of the source of a copy, which the requester may read.
    ///
    /// - Throws: `NoSuchBucket`, `AccessDenied`.
    func bucket(of source: CopySource) async throws -> BucketRecord {
        let bucket = try await store.bucket(source.bucket)
        try await access.require(source, in: bucket)
        return bucket
    }

    /// Another bucket, which must belong to the requester.
    ///
    /// - Throws: `NoSuchBucket`, `AccessDenied`.
    func ownBucket(_ name: BucketName) async throws -> BucketRecord {
        let bucket = try await store.bucket(name)
        guard bucket.ownerID == requester.ownerID else {
            throw OSSError(
                .accessDenied, message: "The bucket you access does not belong to you.",
                fields: [("BucketName", name.text)])
        }
        return bucket
    }

    /// The value of a header; nil if it is not there or empty.
    func header(_ name: String) -> String? {
        guard let value = request.header(name), !value.isEmpty else { return nil }
        return value
    }

    /// The endpoints that bucket documents show: the configured one, or the host by which the client came.
    var endpoints: BucketEndpoints {
        let endpoint = configuration.extranetEndpoint ?? Addressing(configuration).endpointHost(of: request.host)
        return BucketEndpoints(
            region: configuration.region, extranet: endpoint, intranet: configuration.intranetEndpoint ?? endpoint)
    }

    /// The owner of the bucket, or of the list of buckets, as documents show it.
    var owner: Owner {
        Owner(id: admittedBucket?.ownerID ?? requester.ownerID, displayName: configuration.ownerDisplayName)
    }
}
