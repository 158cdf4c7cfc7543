import OSSKit
import ObjectStore

/// `DELETE /` on a bucket that holds nothing.
///
/// Source: oss-wire fact 11.2.
enum DeleteBucket {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        try await call.store.deleteBucket(bucket.name, ownedBy: bucket.ownerID)
        return OSSAnswer(status: 204)
    }
}
