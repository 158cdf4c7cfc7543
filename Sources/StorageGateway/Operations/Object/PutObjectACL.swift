import OSSKit
import ObjectStore

/// `PUT /key?acl`: replaces the ACL of an object.
///
/// Source: oss-wire fact 8.9; what a public ACL does so far is assumption A-058.
enum PutObjectACL {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let version = try call.version()
        let acl = try ObjectAttributes.objectACL(call.header("x-oss-object-acl") ?? "")
        let bucket = try await call.bucket()
        let changed = try await call.store.setACL(acl, of: call.key(), in: bucket, version: version)
        return OSSAnswer(headers: VersionHeaders.of(changed, in: bucket))
    }
}
