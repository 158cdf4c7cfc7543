import OSSKit

/// Which objects are listed, and how.
public struct ListObjectsOptions: Sendable {
    /// The prefix of the keys.
    public var prefix: String
    /// The text up to which keys are rolled up into common prefixes, such as `/`; nil for none.
    public var delimiter: String?
    /// The text after which the list begins; nil for its beginning.
    public var startAfter: String?
    /// Whether entries have their owner.
    public var fetchesOwner = false
    /// The most entries of one page: 1 to 1,000.
    public var maxKeys = 1_000

    /// Makes options.
    public init(prefix: String = "", delimiter: String? = nil, startAfter: String? = nil) {
        self.prefix = prefix
        self.delimiter = delimiter
        self.startAfter = startAfter
    }

    /// The parameters that all lists of keys have.
    var query: [QueryItem] {
        var query = [QueryItem("encoding-type", "url"), QueryItem("max-keys", String(maxKeys))]
        if !prefix.isEmpty { query.append(QueryItem("prefix", prefix)) }
        if let delimiter { query.append(QueryItem("delimiter", delimiter)) }
        return query
    }
}

/// One entry of a list of keys.
public enum ListEntry: Sendable, Equatable {
    /// An object.
    case object(ListBucketResult.Object)
    /// The beginning that some keys have in common, up to the delimiter and with it.
    case commonPrefix(String)

    /// What the entry is sorted by.
    fileprivate var sortBytes: [UInt8] {
        switch self {
        case .object(let object): object.key.bytes
        case .commonPrefix(let prefix): Array(prefix.utf8)
        }
    }
}

extension ListBucketResult {
    /// Objects and common prefixes of the page together, in the order of their bytes.
    public var entries: [ListEntry] {
        guard !commonPrefixes.isEmpty else { return objects.map { .object($0) } }
        let unsorted: [ListEntry] = objects.map { .object($0) } + commonPrefixes.map { .commonPrefix($0) }
        return unsorted.map { (bytes: $0.sortBytes, entry: $0) }
            .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
            .map(\.entry)
    }
}

extension OSSClient {
    /// One page of the bucket's objects, by ListObjectsV2.
    ///
    /// - Parameters:
    ///   - options: which objects.
    ///   - continuationToken: the token that the page before gave; nil for the first page.
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func listObjectsV2(
        _ options: ListObjectsOptions = ListObjectsOptions(), continuationToken: String? = nil
    ) async throws -> ListBucketResult {
        var query = [QueryItem("list-type", "2")] + options.query
        if let startAfter = options.startAfter { query.append(QueryItem("start-after", startAfter)) }
        if options.fetchesOwner { query.append(QueryItem("fetch-owner", "true")) }
        if let continuationToken { query.append(QueryItem("continuation-token", continuationToken)) }
        return try await list(query)
    }

    /// One page of the bucket's objects, by the older ListObjects; entries have their owner.
    ///
    /// - Parameters:
    ///   - options: which objects; the first page begins after `startAfter`.
    ///   - marker: the marker that the page before gave; nil for the first page.
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func listObjects(
        _ options: ListObjectsOptions = ListObjectsOptions(), marker: String? = nil
    ) async throws -> ListBucketResult {
        var query = options.query
        if let marker = marker ?? options.startAfter { query.append(QueryItem("marker", marker)) }
        return try await list(query)
    }

    private func list(_ query: [QueryItem]) async throws -> ListBucketResult {
        try await send(OSSRequest(method: "GET", query: query)) { response in
            try ListBucketResult(document: try await response.document())
        }
    }

    /// All of the bucket's objects and common prefixes, in the order of their bytes; pages are fetched as needed.
    ///
    /// - Parameters:
    ///   - options: which objects.
    ///   - isByMarker: whether the pages are asked for by the older ListObjects, for endpoints that know no other.
    public func objects(
        _ options: ListObjectsOptions = ListObjectsOptions(), isByMarker: Bool = false
    ) -> PagedSequence<ListEntry> {
        PagedSequence(order: isByMarker ? .keys : .opaque) { marker in
            let page =
                isByMarker
                ? try await listObjects(options, marker: marker)
                : try await listObjectsV2(options, continuationToken: marker)
            return (page.entries, page.nextMarker)
        }
    }
}

extension ListBucketResult {
    /// Where the next page begins: a marker or a continuation token; nil after the last page.
    public var nextMarker: String? {
        switch paging {
        case .markers(_, let next), .tokens(_, _, let next): next
        }
    }
}
