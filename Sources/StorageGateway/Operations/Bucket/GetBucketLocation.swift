import OSSKit

/// `GET /?location`: the region of a bucket.
///
/// Source: oss-wire fact 11.5.
enum GetBucketLocation {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        _ = try await call.bucket()
        return OSSAnswer(document: LocationConstraint.write(region: call.configuration.region))
    }
}
