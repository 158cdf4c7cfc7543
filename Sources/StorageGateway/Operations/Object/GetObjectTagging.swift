import OSSKit
import ObjectStore

/// `GET /key?tagging`: the tags of an object, of which there may be none.
///
/// Source: oss-wire fact 8.9.
enum GetObjectTagging {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let object = try await ObjectRead.object(call, bucket: bucket, key: call.key())
        return OSSAnswer(
            headers: VersionHeaders.of(object.version, in: bucket),
            document: Tagging(object.attributes.tags).write())
    }
}
