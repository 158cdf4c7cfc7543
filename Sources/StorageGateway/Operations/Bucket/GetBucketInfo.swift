import OSSKit
import ObjectStore

/// `GET /?bucketInfo`: the facts of a bucket.
///
/// Source: oss-wire fact 11.5.
enum GetBucketInfo {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        var info = BucketInfo(
            name: bucket.name.text, createdAtMilliseconds: bucket.createdAtMilliseconds,
            endpoints: call.endpoints, owner: call.owner, acl: bucket.acl)
        info.storageClass = bucket.storageClass
        info.dataRedundancyType = bucket.dataRedundancyType
        info.versioning = bucket.versioning
        return OSSAnswer(document: info.write())
    }
}
