import OSSKit
import ObjectStore

/// `DELETE /key`: 204 whether the object was there or not.
///
/// Source: oss-wire fact 8.6.
enum DeleteObject {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        try ObjectRead.refuseVersions(call)
        let key = try call.key()
        try await call.store.delete(in: call.bucket(), keys: [key])
        return OSSAnswer(status: 204)
    }
}
