import OSSClient
import OSSKit

/// The bucket of submitted files at an OSS endpoint: the built-in store's or a real one's.
package struct OSSWorkspaceStorage: WorkspaceStorage {
    private let client: OSSClient
    /// Sends each delete once: one whose outcome is not known must be known to be so.
    private let deletingClient: OSSClient

    /// Takes the client of the bucket; its public endpoint goes into presigned URLs.
    ///
    /// - Parameters:
    ///   - client: sends everything but deletes.
    ///   - deletingClient: sends deletes, and sends none twice; nil if the other client sends nothing twice.
    package init(client: OSSClient, deletingClient: OSSClient? = nil) {
        self.client = client
        self.deletingClient = deletingClient ?? client
    }

    package func head(_ key: ObjectKey) async throws -> StoredObjectFacts? {
        do {
            let metadata = try await client.headObject(key)
            return StoredObjectFacts(
                lengthBytes: metadata.sizeBytes, etag: metadata.eTag, crc64: metadata.crc64,
                modifiedAtSeconds: metadata.lastModifiedUnixSeconds)
        } catch let error as ServiceError where error.isMissingObject {
            return nil
        }
    }

    package func presignPut(_ terms: UploadTerms) async throws -> PresignedUpload {
        let presigned = try await client.presignPut(
            terms.key,
            terms: .init(
                contentType: terms.contentType, sizeBytes: terms.sizeBytes, contentMD5: terms.contentMD5),
            lifetimeSeconds: terms.lifetimeSeconds)
        // Browsers set the length themselves and refuse a page that tries.
        let headers = presigned.requiredHeaders.filter { !$0.isNamed("Content-Length") }
        return PresignedUpload(url: presigned.url, requiredHeaders: headers.map { ($0.name, $0.value) })
    }

    package func presignGet(_ key: ObjectKey, lifetimeSeconds: Int64, filename: String) async throws -> String {
        try await client.presignGet(key, lifetimeSeconds: lifetimeSeconds, fileName: filename).url
    }

    package func delete(_ key: ObjectKey) async throws {
        try await deletingClient.deleteObject(key)
    }

    package func list(prefix: String, after token: String?) async throws -> StoredObjectPage {
        let page = try await client.listObjectsV2(ListObjectsOptions(prefix: prefix), continuationToken: token)
        return StoredObjectPage(
            objects: page.objects.map { StoredObject(key: $0.key, sizeBytes: $0.sizeBytes, etag: $0.eTag) },
            next: page.nextMarker)
    }
}
