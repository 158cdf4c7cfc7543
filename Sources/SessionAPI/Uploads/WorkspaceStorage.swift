import OSSKit

/// What a store says about an object.
package struct StoredObjectFacts: Sendable, Equatable {
    /// The object's length.
    package let lengthBytes: Int64
    /// The ETag as it was sent, or nil.
    package let etag: String?
    /// The CRC-64, or nil if the store does not tell.
    package let crc64: UInt64?
    /// When it was written in seconds since 1970, or nil if the store does not tell.
    package let modifiedAtSeconds: Int64?

    /// Takes what a store answered.
    package init(lengthBytes: Int64, etag: String?, crc64: UInt64?, modifiedAtSeconds: Int64?) {
        self.lengthBytes = lengthBytes
        self.etag = etag
        self.crc64 = crc64
        self.modifiedAtSeconds = modifiedAtSeconds
    }
}

/// An object in a list.
package struct StoredObject: Sendable, Equatable {
    /// Its key.
    package let key: ObjectKey
    /// Its length.
    package let sizeBytes: Int64
    /// Its ETag as it was sent.
    package let etag: String

    /// Makes an entry.
    package init(key: ObjectKey, sizeBytes: Int64, etag: String) {
        self.key = key
        self.sizeBytes = sizeBytes
        self.etag = etag
    }
}

/// A page of a list of objects, in the order of their keys' bytes.
package struct StoredObjectPage: Sendable {
    /// The objects.
    package let objects: [StoredObject]
    /// Where the next page begins; nil after the last one.
    package let next: String?

    /// Makes a page.
    package init(objects: [StoredObject], next: String?) {
        self.objects = objects
        self.next = next
    }
}

/// A presigned PUT and what the uploader must send with it.
package struct PresignedUpload: Sendable {
    /// The URL; it opens the door, so it is never logged.
    package let url: String
    /// Headers without which the store refuses, in order.
    package let requiredHeaders: [(name: String, value: String)]

    /// Makes a presigned PUT.
    package init(url: String, requiredHeaders: [(name: String, value: String)]) {
        self.url = url
        self.requiredHeaders = requiredHeaders
    }
}

/// What a presigned PUT is bound to.
package struct UploadTerms: Sendable {
    /// The object's key.
    package let key: ObjectKey
    /// The size that is asked for.
    package let sizeBytes: Int64
    /// The type that the upload must name.
    package let contentType: String
    /// The Base64 MD5 of the body, or nil.
    package let contentMD5: String?
    /// How long the URL lives.
    package let lifetimeSeconds: Int64

    /// Makes terms.
    package init(
        key: ObjectKey, sizeBytes: Int64, contentType: String, contentMD5: String?, lifetimeSeconds: Int64
    ) {
        self.key = key
        self.sizeBytes = sizeBytes
        self.contentType = contentType
        self.contentMD5 = contentMD5
        self.lifetimeSeconds = lifetimeSeconds
    }
}

/// The bucket that submitted files go to: the built-in store or a real OSS, which nothing here tells apart.
///
/// Errors that its methods throw mean that the store cannot be reached: 503.
package protocol WorkspaceStorage: Sendable {
    /// What the store says about an object, or nil if there is none.
    func head(_ key: ObjectKey) async throws -> StoredObjectFacts?
    /// Signs a PUT of exactly these terms.
    func presignPut(_ terms: UploadTerms) async throws -> PresignedUpload
    /// Signs a GET that saves under a file name.
    func presignGet(_ key: ObjectKey, lifetimeSeconds: Int64, filename: String) async throws -> String
    /// Deletes an object; one that is not there is no error. After an error nobody knows whether it is still there.
    func delete(_ key: ObjectKey) async throws
    /// A page of the objects whose keys begin with a text; the first page, or the one at a place that a page named.
    func list(prefix: String, after token: String?) async throws -> StoredObjectPage
}
