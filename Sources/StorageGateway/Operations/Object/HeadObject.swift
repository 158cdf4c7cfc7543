import OSSKit
import ObjectStore

/// `HEAD /key`: the headers of `GET`, without the bytes.
///
/// Source: oss-wire fact 8.3; that ranges are honoured is assumption A-007.
enum HeadObject {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let object = try await ObjectRead.followed(call, bucket: bucket, key: call.key())
        guard case .send(let range, let status) = try ObjectRead.plan(call, object: object) else {
            return ObjectRead.notModified(object)
        }
        return OSSAnswer(
            status: status,
            headers: object.responseHeaders + ObjectRead.restoreHeader(call, object: object)
                + VersionHeaders.of(object.version, in: bucket)
                + (try await ExpirationNotice.header(call, object: object, in: bucket))
                + ObjectRead.lengthHeaders(range, of: object, status: status))
    }
}
