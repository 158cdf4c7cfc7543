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
            name: bucket.name.text, prefix: query.prefix, marker: marker, maxKeys: page.limit,
            delimiter: query.delimiter, isURLEncoded: page.isURLEncoded, isTruncated: found.isTruncated,
            nextMarker: found.next, contents: found.entries.map { ListedObject($0, owner: call.owner) },
            commonPrefixes: found.commonPrefixes)
        return OSSAnswer(document: result.xml())
    }
}

extension ListedObject {
    /// The object as lists show it.
    init(_ entry: ListEntry, owner: Owner?) {
        self.init(
            key: entry.key, lastModifiedMilliseconds: entry.lastModifiedMilliseconds, etag: "\"\(entry.etag)\"",
            type: entry.objectType, sizeBytes: entry.sizeBytes, storageClass: entry.storageClass, owner: owner)
    }
}
