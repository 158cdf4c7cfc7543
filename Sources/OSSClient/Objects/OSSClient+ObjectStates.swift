import NIOCore
import OSSKit

/// Where a symbolic link leads.
public struct SymlinkTarget: Sendable, Equatable {
    /// The key that it leads to, in the same bucket; there need not be such an object.
    public let key: ObjectKey
    /// The link's own ETag with its quotes; nil if the endpoint does not tell.
    public let eTag: String?
    /// The link's version; nil in a bucket without versions.
    public let versionID: String?
}

/// What became of a request to restore an archived object.
public enum RestoreOutcome: Sendable, Equatable {
    /// The object is being restored.
    case accepted
    /// The object can be read; it now can for longer.
    case alreadyRestored
}

extension OSSClient {
    /// Makes a symbolic link to an object of the same bucket, which need not be there.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func putSymlink(
        _ key: ObjectKey, to target: ObjectKey, _ options: PutObjectOptions = PutObjectOptions()
    ) async throws {
        let header = WireHeader("x-oss-symlink-target", PercentCoding.encode(target.bytes))
        var request = OSSRequest(
            method: "PUT", key: key, query: [QueryItem("symlink")], headers: [header] + (try options.headers()))
        request.isRepeatable = !options.forbidsOverwrite
        try await send(request) { _ in }
    }

    /// Asks where a symbolic link leads.
    ///
    /// - Throws: `ServiceError`, such as `NotSymlink`; `OSSClientError`.
    public func getSymlink(_ key: ObjectKey, versionID: String? = nil) async throws -> SymlinkTarget {
        let query = [QueryItem("symlink")] + QueryItem.version(versionID)
        return try await send(OSSRequest(method: "GET", key: key, query: query)) { response in
            guard let target = response.headers.first(name: "x-oss-symlink-target"),
                let bytes = PercentCoding.decodePath(target.utf8)
            else { throw OSSClientError.malformedAnswer }
            return SymlinkTarget(
                key: try ObjectKey(bytes: bytes), eTag: response.headers.first(name: "ETag"),
                versionID: response.headers.first(name: "x-oss-version-id"))
        }
    }

    /// Asks for an archived object to become readable.
    ///
    /// - Parameters:
    ///   - key: the object's key.
    ///   - wishes: for how long, and how fast; nil leaves both to the endpoint.
    ///   - versionID: the version; nil for the current one.
    /// - Throws: `ServiceError`, such as `RestoreAlreadyInProgress`; `OSSClientError`.
    @discardableResult
    public func restoreObject(
        _ key: ObjectKey, _ wishes: RestoreRequest? = nil, versionID: String? = nil
    ) async throws -> RestoreOutcome {
        let query = [QueryItem("restore")] + QueryItem.version(versionID)
        let request = OSSRequest(document: wishes, method: "POST", key: key, query: query)
        return try await send(request) { $0.status == .accepted ? .accepted : .alreadyRestored }
    }

    /// Asks for the tags of an object.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func getObjectTagging(_ key: ObjectKey, versionID: String? = nil) async throws -> Tagging {
        let query = [QueryItem("tagging")] + QueryItem.version(versionID)
        return try await send(OSSRequest(method: "GET", key: key, query: query)) { response in
            try Tagging(document: try await response.document())
        }
    }

    /// Replaces the tags of an object.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func putObjectTagging(_ key: ObjectKey, _ tags: [Tag], versionID: String? = nil) async throws {
        let query = [QueryItem("tagging")] + QueryItem.version(versionID)
        try await send(OSSRequest(document: Tagging(tags), method: "PUT", key: key, query: query)) { _ in }
    }

    /// Removes the tags of an object.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func deleteObjectTagging(_ key: ObjectKey, versionID: String? = nil) async throws {
        let query = [QueryItem("tagging")] + QueryItem.version(versionID)
        try await send(OSSRequest(method: "DELETE", key: key, query: query)) { _ in }
    }

    /// Asks who may read and write an object.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func getObjectACL(
        _ key: ObjectKey, versionID: String? = nil
    ) async throws -> AccessControlPolicy<ObjectACL> {
        let query = [QueryItem("acl")] + QueryItem.version(versionID)
        return try await send(OSSRequest(method: "GET", key: key, query: query)) { response in
            try AccessControlPolicy(document: try await response.document())
        }
    }

    /// Sets who may read and write an object.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func putObjectACL(_ key: ObjectKey, _ acl: ObjectACL, versionID: String? = nil) async throws {
        let query = [QueryItem("acl")] + QueryItem.version(versionID)
        let header = WireHeader("x-oss-object-acl", acl.rawValue)
        try await send(OSSRequest(method: "PUT", key: key, query: query, headers: [header])) { _ in }
    }
}

extension OSSRequest {
    /// Makes a request whose body is a document, or without a body if there is none.
    init(document: (some XMLDocument)?, method: String, key: ObjectKey? = nil, query: [QueryItem]) {
        self.init(method: method, key: key, query: query)
        guard let text = document?.write() else { return }
        let bytes = ByteBuffer(string: text)
        headers = [
            WireHeader("Content-Type", "application/xml"),
            WireHeader("Content-MD5", Base64.encode(MD5Digest.of(bytes.readableBytesView))),
        ]
        body = .bytes(bytes)
    }
}
