import NIOCore
import OSSKit

extension OSSClient {
    /// Asks for a document about the bucket, such as `getBucketDocument(CORSConfiguration.self)`.
    ///
    /// - Throws: `ServiceError`, such as `NoSuchCORSConfiguration` where none is set; `OSSClientError`.
    public func getBucketDocument<Document: BucketDocument>(
        _ type: Document.Type = Document.self
    ) async throws -> Document {
        try await send(OSSRequest(method: "GET", query: [QueryItem(Document.subresource)])) { response in
            try Document(document: try await response.document())
        }
    }

    /// Sets a document about the bucket, and replaces the one that is there.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func putBucketDocument(_ document: some WritableBucketDocument) async throws {
        try await send(
            OSSRequest(document: document, method: "PUT", query: [QueryItem(type(of: document).subresource)])
        ) { _ in }
    }

    /// Removes a document about the bucket; one that is not there is removed too.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func deleteBucketDocument<Document: RemovableBucketDocument>(_ type: Document.Type) async throws {
        try await send(OSSRequest(method: "DELETE", query: [QueryItem(Document.subresource)])) { _ in }
    }

    /// Asks who may read and write the bucket's objects.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func getBucketACL() async throws -> AccessControlPolicy<BucketACL> {
        try await send(OSSRequest(method: "GET", query: [QueryItem("acl")])) { response in
            try AccessControlPolicy(document: try await response.document())
        }
    }

    /// Sets who may read and write the bucket's objects.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func putBucketACL(_ acl: BucketACL) async throws {
        let header = WireHeader("x-oss-acl", acl.rawValue)
        try await send(OSSRequest(method: "PUT", query: [QueryItem("acl")], headers: [header])) { _ in }
    }

    /// Asks whether the bucket keeps versions; nil if it never did.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func getBucketVersioning() async throws -> VersioningConfiguration.Status? {
        try await getBucketDocument(VersioningConfiguration.self).status
    }

    /// Sets whether the bucket keeps versions.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func putBucketVersioning(_ status: VersioningConfiguration.Status) async throws {
        try await putBucketDocument(VersioningConfiguration(status))
    }

    /// Asks for the bucket's policy, a JSON document.
    ///
    /// - Throws: `ServiceError`, such as `NoSuchBucketPolicy`; `OSSClientError`.
    public func getBucketPolicy() async throws -> String {
        try await send(OSSRequest(method: "GET", query: [QueryItem("policy")])) { response in
            String(buffer: try await response.body.collect(upTo: Limits.maximumXMLBytes))
        }
    }

    /// Sets the bucket's policy.
    ///
    /// - Parameter policy: a JSON document with `Version` and `Statement`.
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func putBucketPolicy(_ policy: String) async throws {
        let headers = [WireHeader("Content-Type", "application/json")]
        try await send(
            OSSRequest(method: "PUT", query: [QueryItem("policy")], headers: headers, body: .text(policy))
        ) { _ in }
    }

    /// Removes the bucket's policy.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func deleteBucketPolicy() async throws {
        try await send(OSSRequest(method: "DELETE", query: [QueryItem("policy")])) { _ in }
    }
}

extension OSSClient {
    /// Begins to keep every object from being changed or deleted; nothing is firm before `lockBucketWorm(id:)`.
    ///
    /// - Returns: the ID of the configuration.
    /// - Throws: `ServiceError`, such as `WORMConfigurationAlreadyExists`; `OSSClientError`.
    public func initiateBucketWorm(retentionDays: Int) async throws -> String {
        let request = OSSRequest(
            document: InitiateWormConfiguration(retentionDays: retentionDays), method: "POST",
            query: [QueryItem("worm")])
        return try await send(request) { response in
            guard let id = response.headers.first(name: "x-oss-worm-id") else { throw OSSClientError.malformedAnswer }
            return id
        }
    }

    /// Makes a configuration firm: nobody can shorten it afterwards.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func lockBucketWorm(id: String) async throws {
        try await send(OSSRequest(method: "POST", query: [QueryItem("wormId", id)])) { _ in }
    }

    /// Makes a configuration that is firm last longer.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func extendBucketWorm(id: String, retentionDays: Int) async throws {
        let request = OSSRequest(
            document: ExtendWormConfiguration(retentionDays: retentionDays), method: "POST",
            query: [QueryItem("wormId", id), QueryItem("wormExtend")])
        try await send(request) { _ in }
    }

    /// Gives up a configuration that is not firm yet.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func abortBucketWorm() async throws {
        try await send(OSSRequest(method: "DELETE", query: [QueryItem("worm")])) { _ in }
    }
}
