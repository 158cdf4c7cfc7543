import OSSKit

/// `GET /?versioning`: whether a bucket keeps the versions of its objects; empty if it never did.
///
/// Source: oss-wire facts 10 and 11.6.
enum GetBucketVersioning {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        OSSAnswer(document: VersioningConfiguration(try await call.bucket().versioning).write())
    }
}
