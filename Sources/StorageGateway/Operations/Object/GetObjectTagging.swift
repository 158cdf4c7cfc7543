import OSSKit
import ObjectStore

/// `GET /key?tagging`: the tags of an object, of which there may be none.
///
/// Source: oss-wire fact 8.9.
enum GetObjectTagging {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let object = try await ObjectRead.object(call, bucket: call.bucket(), key: call.key())
        return OSSAnswer(document: Tagging(object.attributes.tags).write())
    }
}
