import OSSKit

/// One entry of a list of versions.
public enum VersionEntry: Sendable, Equatable {
    /// A version or a delete marker.
    case version(ListVersionsResult.Entry)
    /// The beginning that some keys have in common, up to the delimiter and with it.
    case commonPrefix(String)
}

extension OSSClient {
    /// One page of the bucket's versions and delete markers, the newest of each key first.
    ///
    /// - Parameters:
    ///   - options: which keys; the first page begins after `startAfter`.
    ///   - marker: where the page before said that the next one begins; nil for the first page.
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func listObjectVersions(
        _ options: ListObjectsOptions = ListObjectsOptions(), marker: ListVersionsResult.Marker? = nil
    ) async throws -> ListVersionsResult {
        var query = [QueryItem("versions")] + options.query
        if let marker = marker ?? options.startAfter.map({ ListVersionsResult.Marker(key: $0) }) {
            query.append(QueryItem("key-marker", marker.key))
            if !marker.versionID.isEmpty { query.append(QueryItem("version-id-marker", marker.versionID)) }
        }
        return try await send(OSSRequest(method: "GET", query: query)) { response in
            try ListVersionsResult(document: try await response.document())
        }
    }

    /// All of the bucket's versions and delete markers; pages are fetched as needed, common prefixes end a page.
    public func versions(_ options: ListObjectsOptions = ListObjectsOptions()) -> PagedSequence<VersionEntry> {
        PagedSequence(order: .keysWithSuffix) { marker in
            let page = try await listObjectVersions(options, marker: marker.map { ListVersionsResult.Marker(text: $0) })
            let entries: [VersionEntry] =
                page.entries.map { .version($0) } + page.commonPrefixes.map { .commonPrefix($0) }
            return (entries, page.nextMarker?.text)
        }
    }
}

extension ListVersionsResult.Marker {
    /// Both parts in one text; neither of them holds a NUL.
    fileprivate var text: String { key + "\0" + versionID }

    fileprivate init(text: String) {
        let end = text.utf8.firstIndex(of: 0) ?? text.endIndex
        self.init(key: String(text[..<end]), versionID: String(text[end...].unicodeScalars.dropFirst()))
    }
}
