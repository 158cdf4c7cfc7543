import GRDB
import OSSKit

/// One walk over the keys of a bucket, which jumps over what is rolled up instead of reading it.
struct ObjectListing {
    private static let selection = """
        SELECT key, size_bytes, etag_digest, etag_part_count, last_modified_ms, object_type, storage_class
        FROM objects WHERE bucket_id = ? AND key >= ? AND key < ? ORDER BY key
        """

    private let bucketID: Int64
    private let query: ListQuery
    private let keys: KeyRollUp
    /// The least bytes after all keys with the prefix.
    private let end: [UInt8]
    private var entries: [ListEntry] = []
    private var commonPrefixes: [[UInt8]] = []
    private var last: [UInt8]?

    /// Reads one page of a bucket.
    static func page(ofBucket bucketID: Int64, _ query: ListQuery, in database: Database) throws -> ListPage {
        var listing = ObjectListing(bucketID: bucketID, query: query)
        return try listing.walk(database)
    }

    private init(bucketID: Int64, query: ListQuery) {
        self.bucketID = bucketID
        self.query = query
        self.keys = KeyRollUp(prefix: query.prefix, delimiter: query.delimiter)
        self.end = keys.end ?? [UInt8](repeating: 0xff, count: ObjectKey.maximumLengthBytes + 1)
    }

    private mutating func walk(_ database: Database) throws -> ListPage {
        guard let start = firstKey() else { return page(isTruncated: false) }
        let statement = try database.cachedStatement(sql: Self.selection)
        defer { statement.end() }
        try statement.begin(bucketID, start, end)
        while try statement.next() {
            if entries.count + commonPrefixes.count == query.limit { return page(isTruncated: true) }
            guard let prefix = statement.row.withBytes(at: 0, { keys.commonPrefix(of: $0) }) else {
                let entry = try Self.entry(statement.row)
                entries.append(entry)
                last = entry.key.bytes
                continue
            }
            commonPrefixes.append(prefix)
            last = prefix
            guard let next = KeyRollUp.successor(of: prefix) else { break }
            try statement.begin(bucketID, next, end)
        }
        return page(isTruncated: false)
    }

    private static func entry(_ row: BareRow) throws -> ListEntry {
        ListEntry(
            key: try ObjectKey(bytes: row.bytes(at: 0)), sizeBytes: row.integer(at: 1),
            etag: EntityTag(digest: row.bytes(at: 2), partCount: row.integerIfAny(at: 3).map { Int($0) }).text,
            lastModifiedMilliseconds: row.integer(at: 4), type: try ObjectTable.type(row.text(at: 5)),
            storageClass: row.text(at: 6))
    }

    private func page(isTruncated: Bool) -> ListPage {
        ListPage(
            entries: entries, commonPrefixes: commonPrefixes, isTruncated: isTruncated, next: isTruncated ? last : nil)
    }

    /// The least key that the page may hold; nil if nothing can follow `after`.
    private func firstKey() -> [UInt8]? {
        guard let after = query.after, !after.lexicographicallyPrecedes(query.prefix) else { return query.prefix }
        if let prefix = keys.commonPrefix(around: after) {
            return KeyRollUp.successor(of: prefix)
        }
        return after + [0]
    }
}
