import OSSKit
import ObjectStore

/// `GET /key?acl`: the ACL of an object, `default` if it has none of its own.
///
/// Source: oss-wire fact 8.9.
enum GetObjectACL {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let object = try await ObjectRead.object(call, bucket: bucket, key: call.key())
        let grant = try ObjectAttributes.objectACL(object.attributes.acl)
        return OSSAnswer(
            headers: VersionHeaders.of(object.version, in: bucket),
            document: AccessControlPolicy(owner: call.owner, grant: grant).write())
    }
}
