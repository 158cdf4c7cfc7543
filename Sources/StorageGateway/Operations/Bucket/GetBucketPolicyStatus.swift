import OSSKit

/// `GET /?policyStatus`: whether the policy of a bucket lets everybody in.
///
/// Source: oss-wire fact 11.6.
enum GetBucketPolicyStatus {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        guard let stored = try await call.store.configuration(.policy, of: bucket) else {
            throw OSSError(.noSuchBucketPolicy, fields: [("BucketName", bucket.name.text)])
        }
        return OSSAnswer(document: PolicyStatus(isPublic: BucketPolicyCheck.isPublic(stored.bytes)).write())
    }
}
