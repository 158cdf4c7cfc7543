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
    /// Where it came from, and when.
    let origin: CallOrigin
    /// Makes the logger with the request's id, which costs more than a request that says nothing should pay.
    let logger: @Sendable () -> Logger

    /// Who sent it.
    var requester: Requester { access.requester }
    /// Sends callbacks; nil if this server sends none.
    var callbacks: (any CallbackSender)? { environment.callbacks }

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
        try await RequestPayment.require(self, bucket)
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

/// Where a request came from, and when.
struct CallOrigin: Sendable {
    /// The id under which it is logged and answered.
    let requestID: RequestID
    /// When it came, in milliseconds since 1970, UTC.
    let milliseconds: Int64
    /// The connection that it came on.
    let channel: any Channel
    /// What is found out about it.
    let trace: SurfaceTrace

    /// When it came, in whole seconds.
    var unixSeconds: Int64 { milliseconds / 1_000 }
    /// The address of its sender; empty if that is not known.
    var clientAddress: String { channel.remoteAddress?.ipAddress ?? "" }
}

extension OSSCall {
    /// The same call in other words: of another dialect, or from a form.
    func replacing(
        request: WireRequest, resource: SignedResource? = nil, requester: Requester? = nil, body: RequestBody? = nil
    ) -> OSSCall {
        replacing(
            request, resource ?? self.resource, body ?? self.body,
            access: access.changing(to: requester ?? self.requester, request: request))
    }

    /// The same call after it was let in to its bucket, if it has one.
    func admitted(by access: AccessGate, to bucket: BucketRecord?) -> OSSCall {
        replacing(request, resource, body, access: access, admittedBucket: bucket)
    }

    private func replacing(
        _ request: WireRequest, _ resource: SignedResource, _ body: RequestBody, access: AccessGate,
        admittedBucket: BucketRecord? = nil
    ) -> OSSCall {
        OSSCall(
            request: request, resource: resource, access: access, admittedBucket: admittedBucket, body: body,
            welcomeBody: welcomeBody, store: store, configuration: configuration, environment: environment,
            origin: origin, logger: logger)
    }
}
