import OSSKit
import ObjectStore

/// `DELETE /key?tagging`: removes the tags of an object.
///
/// Source: oss-wire fact 8.9.
enum DeleteObjectTagging {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let version = try call.version()
        let bucket = try await call.bucket()
        let changed = try await call.store.setTags([], of: call.key(), in: bucket, version: version)
        return OSSAnswer(status: 204, headers: VersionHeaders.of(changed, in: bucket))
    }
}
