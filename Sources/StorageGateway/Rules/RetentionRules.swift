import OSSKit
import ObjectStore

/// Keeps objects from being overwritten or deleted while the bucket's retention holds them.
///
/// Source: oss-wire facts 7.1 and 11.6; what is held, and by what, is assumption A-083.
enum RetentionRules {
    /// The operations that take away what a key has.
    private static let operations: Set<String> = [
        "PutObject", "CopyObject", "DeleteObject", "CompleteMultipartUpload", "PutSymlink",
    ]

    /// Refuses an operation that would take away an object that is held.
    ///
    /// - Throws: `FileImmutable`.
    static func require(_ operation: Operation, _ call: OSSCall) async throws {
        guard operations.contains(operation.name) else { return }
        do {
            let version = try call.request.target.value(of: "versionId").map { try VersionID($0) }
            let place = Deletion(key: try call.key(), version: version)
            try await require([place], in: try await call.bucket(), call)
        } catch let refusal as OSSError where refusal.code != .fileImmutable {
            // What else is wrong is for the operation to say.
            return
        }
    }

    /// Refuses to take away objects or versions of which one is held.
    ///
    /// What becomes an older version is not taken away.
    /// - Throws: `FileImmutable`.
    static func require(_ places: [Deletion], in bucket: BucketRecord, _ call: OSSCall) async throws {
        let found = try await call.store.configuration(.worm, of: bucket) { try WormConfiguration(document: $0) }
        guard let found, let retention = Retention(found, nowMilliseconds: call.environment.now()) else { return }
        for place in places where place.version != nil || bucket.versioning != .enabled {
            guard let object = try await object(place, in: bucket, call.store) else { continue }
            guard !retention.holds(object) else {
                throw OSSError(.fileImmutable, fields: [("Key", place.key.text)])
            }
        }
    }

    /// The object or version; nil if there is none, or a delete marker.
    private static func object(
        _ place: Deletion, in bucket: BucketRecord, _ store: DiskStore
    ) async throws -> ObjectRecord? {
        do {
            guard let version = place.version else { return try await store.object(in: bucket, key: place.key) }
            return try await store.object(in: bucket, key: place.key, version: version)
        } catch let refusal as OSSError where [.noSuchKey, .noSuchVersion, .methodNotAllowed].contains(refusal.code) {
            return nil
        }
    }
}
