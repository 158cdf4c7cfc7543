import OSSKit

/// `GET /?acl` on a bucket.
///
/// Source: oss-wire fact 11.5.
enum GetBucketACL {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let grant = try BucketACL(asked: try await call.bucket().acl)
        return OSSAnswer(document: AccessControlPolicy(owner: call.owner, grant: grant).write())
    }
}
