import OSSKit
import ObjectStore

/// `PUT /key?tagging`: replaces the tags of an object.
///
/// Source: oss-wire fact 8.9; that the object's time stays is assumption A-059.
enum PutObjectTagging {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let version = try call.version()
        let bucket = try await call.bucket()
        let tagging = try Tagging(document: try await RequestBodyReader.document(of: call) ?? [])
        try tagging.check(for: .object)
        let changed = try await call.store.setTags(tagging.tags, of: call.key(), in: bucket, version: version)
        return OSSAnswer(headers: VersionHeaders.of(changed, in: bucket))
    }
}
