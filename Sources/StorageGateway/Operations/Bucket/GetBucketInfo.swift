import OSSKit
import ObjectStore

/// `GET /?bucketInfo`: the facts of a bucket.
///
/// Source: oss-wire fact 11.5.
enum GetBucketInfo {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let info = BucketInfo(
            bucket: BucketSummary(bucket, configuration: call.configuration),
            dataRedundancyType: bucket.dataRedundancyType, owner: call.owner, acl: bucket.acl)
        return OSSAnswer(document: info.xml())
    }
}

extension BucketSummary {
    /// The bucket as documents show it.
    init(_ bucket: BucketRecord, configuration: SurfaceConfiguration) {
        self.init(
            name: bucket.name.text, creationMilliseconds: bucket.createdAtMilliseconds,
            location: "oss-\(configuration.region)", region: configuration.region,
            extranetEndpoint: configuration.extranetEndpoint, intranetEndpoint: configuration.extranetEndpoint,
            storageClass: bucket.storageClass)
    }
}
