import OSSKit
import ObjectStore

/// `DELETE /key`: 204 whether the object was there or not; with a version it is gone for good.
///
/// A link is deleted and not followed, with `symlink` or without: assumption A-067.
/// Source: oss-wire facts 8.6 and 10; that a version may be missing is assumption A-061.
enum DeleteObject {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let deletion = Deletion(key: try call.key(), version: try call.version())
        let outcomes = try await call.store.delete(in: call.bucket(), [deletion])
        return OSSAnswer(status: 204, headers: outcomes.flatMap(VersionHeaders.of))
    }
}
