import OSSKit
import ObjectStore

/// `PUT /key?acl`: replaces the ACL of an object.
///
/// Source: oss-wire fact 8.9; what a public ACL opens is assumption A-058.
enum PutObjectACL {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        try ObjectRead.refuseVersions(call)
        let acl = try ObjectAttributes.objectACL(call.header("x-oss-object-acl") ?? "")
        try await call.store.setACL(acl, of: call.key(), in: call.bucket())
        return OSSAnswer()
    }
}
