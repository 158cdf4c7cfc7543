import OSSKit
import ObjectStore

/// `PUT /?acl` on a bucket: replaces its ACL.
///
/// Source: oss-wire facts 5 and 11.5; what a public ACL opens is assumption A-058.
enum PutBucketACL {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let acl = try BucketACL(asked: call.header("x-oss-acl") ?? "")
        let bucket = try await call.bucket()
        try await call.store.setACL(acl, of: bucket)
        return OSSAnswer(headers: [("Location", "/\(bucket.name.text)")])
    }
}

extension BucketACL {
    /// Reads the header `x-oss-acl`.
    ///
    /// - Throws: `InvalidArgument` for a text that is no ACL.
    init(asked: String) throws(OSSError) {
        guard let acl = BucketACL(rawValue: asked) else {
            throw .invalidArgument("x-oss-acl", asked, message: "no such bucket access control exists")
        }
        self = acl
    }
}
