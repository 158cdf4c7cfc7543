import OSSKit
import ObjectStore

/// `GET /?versions` on a bucket: all versions and delete markers, the newest of each key first.
///
/// In a bucket that never kept versions each object is the version `null`.
/// Source: oss-wire fact 11.4; what a marker may be is assumption A-063.
enum ListObjectVersions {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let target = call.request.target
        let page = try PageQuery(target, limitEC: "0012-00000102")
        for name in ["prefix", "delimiter", "key-marker", "version-id-marker"] {
            try requireShort(name, in: target)
        }
        let keyMarker = target.first("key-marker")?.valueBytes ?? []
        let versionMarker = try versionMarker(target, hasKey: !keyMarker.isEmpty)
        let bucket = try await call.bucket()
        let query = VersionQuery(
            prefix: target.first("prefix")?.valueBytes ?? [], delimiter: target.first("delimiter")?.valueBytes ?? [],
            keyMarker: keyMarker.isEmpty ? nil : keyMarker, versionMarker: versionMarker, limit: page.limit)
        let found = try await call.store.versions(in: bucket, query)
        var result = ListVersionsResult(
            question: ListBucketResult.Question(
                bucket: bucket.name.text, prefix: target.value(of: "prefix") ?? "",
                delimiter: target.value(of: "delimiter"), maxKeys: page.limit, isURLEncoded: page.isURLEncoded),
            marker: ListVersionsResult.Marker(
                key: target.value(of: "key-marker") ?? "", versionID: versionMarker?.text ?? ""),
            nextMarker: found.next.map { place in
                ListVersionsResult.Marker(
                    key: String(decoding: place.key, as: UTF8.self), versionID: place.version?.text ?? "")
            })
        result.entries = found.entries.map { ListVersionsResult.Entry($0, owner: call.owner) }
        result.commonPrefixes = found.commonPrefixes.map { String(decoding: $0, as: UTF8.self) }
        return OSSAnswer(document: result.write())
    }

    /// Refuses what is longer than any key.
    private static func requireShort(_ name: String, in target: RequestTarget) throws(OSSError) {
        guard let value = target.first(name)?.valueBytes, value.count > Limits.listParameterBytes else { return }
        throw .invalidArgument(name, "", message: "The length of \(name) must not exceed 1024.")
    }

    /// The version behind which the page begins; it means nothing without its key.
    private static func versionMarker(_ target: RequestTarget, hasKey: Bool) throws(OSSError) -> VersionID? {
        let name = "version-id-marker"
        guard let text = target.value(of: name), !text.isEmpty else { return nil }
        guard hasKey else {
            throw .invalidArgument(
                name, text, message: "A version-id marker cannot be specified without a key marker.")
        }
        return try VersionID(text, argument: name)
    }
}

extension ListVersionsResult.Entry {
    /// The version or delete marker as lists show it.
    init(_ entry: VersionEntry, owner: Owner) {
        self.init(
            key: entry.key, versionID: entry.id.text, isLatest: entry.isLatest,
            lastModifiedMilliseconds: entry.lastModifiedMilliseconds)
        self.owner = owner
        guard let object = entry.object else { return }
        var content = ListVersionsResult.Content(eTag: "\"\(object.etag)\"", sizeBytes: object.sizeBytes)
        content.type = object.type.rawValue
        content.storageClass = object.storageClass
        self.content = content
    }
}
