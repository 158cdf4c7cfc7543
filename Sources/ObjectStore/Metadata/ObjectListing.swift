import Foundation
import GRDB
import OSSKit

/// One walk over the keys of a bucket, which jumps over what is rolled up instead of reading it.
struct ObjectListing {
    private let bucketID: Int64
    private let query: ListQuery
    private let keys: KeyRollUp
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
    }

    private mutating func walk(_ database: Database) throws -> ListPage {
        var start = firstKey()
        while let from = start {
            switch try read(from: from, database) {
            case .end: return page(isTruncated: false)
            case .full: return page(isTruncated: true)
            case .rolledUp(let prefix): start = KeyRollUp.successor(of: prefix)
            }
        }
        return page(isTruncated: false)
    }

    private enum Outcome {
        case end
        case full
        case rolledUp([UInt8])
    }

    /// Reads keys from the given one on until one of them is rolled up.
    private mutating func read(from start: [UInt8], _ database: Database) throws -> Outcome {
        let rows = try cursor(from: start, database)
        while let row = try rows.next() {
            let key = Array(row[0] as Data)
            if entries.count + commonPrefixes.count == query.limit { return .full }
            if let prefix = keys.commonPrefix(of: key) {
                commonPrefixes.append(prefix)
                last = prefix
                return .rolledUp(prefix)
            }
            entries.append(try entry(key, row))
            last = key
        }
        return .end
    }

    private func cursor(from start: [UInt8], _ database: Database) throws -> RowCursor {
        let columns = "key, size_bytes, etag_digest, etag_part_count, last_modified_ms, object_type, storage_class"
        if let end = keys.end {
            let statement = try database.cachedStatement(
                sql: "SELECT \(columns) FROM objects WHERE bucket_id = ? AND key >= ? AND key < ? ORDER BY key")
            return try Row.fetchCursor(statement, arguments: [bucketID, Data(start), Data(end)])
        }
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns) FROM objects WHERE bucket_id = ? AND key >= ? ORDER BY key")
        return try Row.fetchCursor(statement, arguments: [bucketID, Data(start)])
    }

    private func entry(_ key: [UInt8], _ row: Row) throws -> ListEntry {
        ListEntry(
            key: try ObjectKey(bytes: key), sizeBytes: row[1],
            etag: EntityTag(digest: Array(row[2] as Data), partCount: row[3]).text,
            lastModifiedMilliseconds: row[4], type: try ObjectTable.type(row[5]), storageClass: row[6])
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
