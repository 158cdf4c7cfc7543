import OSSKit
import ObjectStore

/// `GET /` on a bucket: its objects in the order of their keys.
///
/// Source: oss-wire fact 11.3.
enum ListObjects {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let target = call.request.target
        let page = try PageQuery(target, limitEC: "0015-00000402")
        let bucket = try await call.bucket()
        let marker = target.first("marker")?.valueBytes ?? []
        let query = ListQuery(
            prefix: target.first("prefix")?.valueBytes ?? [], delimiter: target.first("delimiter")?.valueBytes ?? [],
            after: marker.isEmpty ? nil : marker, limit: page.limit)
        let found = try await call.store.list(in: bucket, query)
        let result = ListBucketResult(
            question: ListBucketResult.Question(
                bucket: bucket.name.text, prefix: target.value(of: "prefix") ?? "",
                delimiter: target.value(of: "delimiter"), maxKeys: page.limit, isURLEncoded: page.isURLEncoded),
            paging: .markers(
                marker: target.value(of: "marker") ?? "",
                next: found.next.map { String(decoding: $0, as: UTF8.self) }),
            objects: found.entries.map { ListBucketResult.Object($0, owner: call.owner) },
            commonPrefixes: found.commonPrefixes.map { String(decoding: $0, as: UTF8.self) })
        return OSSAnswer(document: result.write())
    }
}

extension ListBucketResult.Object {
    /// The object as lists show it.
    init(_ entry: ListEntry, owner: Owner?) {
        self.init(
            key: entry.key, lastModifiedMilliseconds: entry.lastModifiedMilliseconds, eTag: "\"\(entry.etag)\"",
            sizeBytes: entry.sizeBytes, owner: owner)
        type = entry.type.rawValue
        storageClass = entry.storageClass
    }
}
