import OSSKit
import ObjectStore

/// `HEAD /key?objectMeta`, and its old form with `GET`: the least that there is to know of an object.
///
/// Source: oss-wire fact 8.3.
enum GetObjectMeta {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let object = try await ObjectRead.followed(call, bucket: bucket, key: call.key())
        guard try ReadConditions(call).judge(object) == .holds else { return ObjectRead.notModified(object) }
        var headers: [(name: String, value: String)] = [
            ("ETag", object.quotedETag), ("Last-Modified", object.lastModified),
            ("x-oss-hash-crc64ecma", String(object.crc64)),
        ]
        // The old form with GET has no body, so that it cannot announce the object's length.
        if call.request.method == "HEAD" { headers.append(("Content-Length", String(object.sizeBytes))) }
        return OSSAnswer(headers: headers + VersionHeaders.of(object.version, in: bucket))
    }
}
