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
            try await require([call.key()], in: try await call.bucket(), call)
        } catch let refusal as OSSError where refusal.code != .fileImmutable {
            // What else is wrong is for the operation to say.
            return
        }
    }

    /// Refuses keys of which one has an object that is held.
    ///
    /// - Throws: `FileImmutable`.
    static func require(_ keys: [ObjectKey], in bucket: BucketRecord, _ call: OSSCall) async throws {
        let found = try await call.store.configuration(.worm, of: bucket) { try WormConfiguration(document: $0) }
        let now = call.environment.now()
        guard let found, BucketWorm.isAlive(found, now) else { return }
        let heldAfter = now - Int64(found.retentionDays) * 86_400_000
        for key in keys {
            do {
                let object = try await call.store.object(in: bucket, key: key)
                guard object.lastModifiedMilliseconds <= heldAfter else {
                    throw OSSError(.fileImmutable, fields: [("Key", key.text)])
                }
            } catch let refusal as OSSError where refusal.code == .noSuchKey {
                continue
            }
        }
    }
}
