import OSSKit
import ObjectStore

/// `GET /`: the buckets of the requester.
///
/// Source: oss-wire fact 12.
enum GetService {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let query = try PageQuery(call.request.target, limitEC: "0017-00000289")
        let prefix = call.request.target.value(of: "prefix") ?? ""
        let marker = call.request.target.value(of: "marker") ?? ""
        let page = try await BucketFilter(call).page(prefix: prefix, after: marker, limit: query.limit)
        let result = ListAllMyBucketsResult(
            owner: call.owner,
            buckets: page.records.map { bucket in
                ListAllMyBucketsResult.Bucket(
                    name: bucket.name.text, createdAtMilliseconds: bucket.createdAtMilliseconds,
                    endpoints: call.endpoints, storageClass: bucket.storageClass)
            },
            page: ListAllMyBucketsResult.Page(
                prefix: prefix, marker: marker, maxKeys: query.limit,
                nextMarker: page.isTruncated ? page.records.last?.name.text : nil))
        return OSSAnswer(document: result.write())
    }
}
