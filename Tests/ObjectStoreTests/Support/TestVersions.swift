import OSSKit
import ObjectStore

extension DiskStore {
    /// Makes a bucket that keeps versions, or kept them once.
    func makeVersionedBucket(
        _ name: String = "photos", _ status: VersioningConfiguration.Status = .enabled
    ) async throws -> BucketRecord {
        let bucket = try await makeBucket(name)
        try await setVersioning(status, of: bucket)
        return try await self.bucket(bucket.name)
    }

    /// The versions of a key, the newest first.
    func versions(of key: String, in bucket: BucketRecord) async throws -> [VersionEntry] {
        let page = try await versions(in: bucket, VersionQuery(prefix: Array(key.utf8), limit: 1_000))
        return page.entries.filter { $0.key.bytes.elementsEqual(key.utf8) }
    }

    /// The bytes of a version.
    func bytes(in bucket: BucketRecord, _ key: String, _ version: VersionID) async throws -> [UInt8] {
        try await bytes(of: try await object(in: bucket, key: ObjectKey(key), version: version))
    }

    /// Deletes what a key shows.
    @discardableResult
    func delete(_ key: String, in bucket: BucketRecord) async throws -> DeletionOutcome? {
        try await delete(in: bucket, keys: [ObjectKey(key)]).first
    }

    /// Deletes a version for good.
    @discardableResult
    func delete(_ key: String, _ version: VersionID, in bucket: BucketRecord) async throws -> DeletionOutcome? {
        try await delete(in: bucket, [Deletion(key: ObjectKey(key), version: version)]).first
    }
}
