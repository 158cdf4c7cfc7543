import OSSKit
import ObjectStore

/// `PUT /?versioning`: says whether a bucket keeps the versions of its objects.
///
/// Source: oss-wire facts 10 and 11.6.
enum PutBucketVersioning {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let document = try await RequestBodyReader.document(of: call) ?? []
        let status = try VersioningConfiguration(document: document).wantedStatus()
        try await call.store.setVersioning(status, of: bucket)
        return OSSAnswer()
    }
}
