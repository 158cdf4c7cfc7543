import Hummingbird
import Logging
import NIOCore
import OSSKit
import ObjectStore

/// One authenticated request on its way through an operation.
struct OSSCall: Sendable {
    /// The request as it arrived.
    let request: WireRequest
    /// What it is about, not yet checked.
    let resource: SignedResource
    /// Who sent it.
    let requester: Requester
    /// Its body, which nobody has read yet.
    let body: RequestBody
    /// Tells a client that waits for `100 Continue` to go on.
    let welcomeBody: @Sendable () -> Void
    /// The store that keeps the objects.
    let store: DiskStore
    /// What the surface was told at start.
    let configuration: SurfaceConfiguration
    /// Makes the logger with the request's id, which costs more than a request that says nothing should pay.
    let logger: @Sendable () -> Logger

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

    /// The bucket, which must exist and belong to the requester.
    ///
    /// - Throws: `InvalidBucketName`, `NoSuchBucket`, `AccessDenied`.
    func bucket() async throws -> BucketRecord {
        try await ownBucket(bucketName())
    }

    /// Another bucket of the requester, such as the source of a copy.
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
        let addressing = Addressing(virtualHostDomains: configuration.virtualHostDomains)
        let endpoint = configuration.extranetEndpoint ?? addressing.endpointHost(of: request.host)
        return BucketEndpoints(region: configuration.region, extranet: endpoint, intranet: endpoint)
    }

    /// The owner as documents show it.
    var owner: Owner { Owner(id: requester.ownerID, displayName: configuration.ownerDisplayName) }
}
