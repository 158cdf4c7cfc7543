import OSSKit
import ObjectStore

/// `DELETE /key?uploadId=U`: ends an upload and removes its parts.
///
/// Source: oss-wire fact 9.
enum AbortMultipartUpload {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        try await call.store.abort(try await call.multipartUpload())
        return OSSAnswer(status: 204)
    }
}
