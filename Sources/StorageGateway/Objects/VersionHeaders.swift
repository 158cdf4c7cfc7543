import OSSKit
import ObjectStore

/// What requests and answers say about versions in their headers and parameters.
///
/// Source: oss-wire facts 5 and 10.
enum VersionHeaders {
    /// The header that names the version of an answer.
    static let version = "x-oss-version-id"
    /// The header that tells of a delete marker.
    static let deleteMarker = "x-oss-delete-marker"

    /// The header that names a version: in a bucket that keeps versions, or kept them once.
    static func of(_ version: ObjectVersion, in bucket: BucketRecord) -> [(name: String, value: String)] {
        guard bucket.versioning != nil || version.isOfVersionedBucket else { return [] }
        return [(Self.version, version.id.text)]
    }

    /// The headers of a deletion.
    static func of(_ outcome: DeletionOutcome) -> [(name: String, value: String)] {
        guard let version = outcome.version else { return [] }
        return (outcome.isDeleteMarker ? [(deleteMarker, "true")] : []) + [(Self.version, version.text)]
    }
}

extension OSSCall {
    /// The version that the request names; nil if it names none.
    ///
    /// - Throws: `InvalidArgument` for a text that no version has.
    func version() throws(OSSError) -> VersionID? {
        guard let text = request.target.value(of: "versionId") else { return nil }
        return try VersionID(text)
    }
}
