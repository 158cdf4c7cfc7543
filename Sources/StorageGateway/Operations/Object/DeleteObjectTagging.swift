import OSSKit
import ObjectStore

/// `DELETE /key?tagging`: removes the tags of an object.
///
/// Source: oss-wire fact 8.9.
enum DeleteObjectTagging {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        try ObjectRead.refuseVersions(call)
        try await call.store.setTags([], of: call.key(), in: call.bucket())
        return OSSAnswer(status: 204)
    }
}
