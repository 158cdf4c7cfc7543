import OSSKit
import ObjectStore

/// Checks that a text is a bucket policy, and one that the bucket can have.
///
/// Source: oss-wire facts 11.6 and 14; the code of the refusal is assumption A-076.
enum BucketPolicyCheck {
    /// The text of a policy.
    ///
    /// - Throws: `InvalidPolicyDocument`; `AccessDenied` for a public one where public access is blocked.
    static func accept(_ bytes: [UInt8], for bucket: BucketRecord, _ call: OSSCall) async throws -> String {
        let policy = try AccessPolicy(json: bytes, kind: .bucket)
        if policy.isPublic { try await call.access.refusePublicPolicy(of: bucket) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a policy lets everybody do something.
    static func isPublic(_ bytes: [UInt8]) -> Bool {
        (try? AccessPolicy(json: bytes, kind: .bucket))?.isPublic ?? false
    }
}
