import Foundation
import GRDB
import OSSKit

/// One walk over the keys of a bucket, which jumps over what is rolled up instead of reading it.
struct ObjectListing {
    private let bucketID: Int64
    private let query: ListQuery
    private let keys: KeyRollUp
    /// The least bytes after all keys with the prefix.
    private let end: Data
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
        self.end = Data(keys.end ?? [UInt8](repeating: 0xff, count: ObjectKey.maximumLengthBytes + 1))
    }

    private mutating func walk(_ database: Database) throws -> ListPage {
        var start = firstKey()
        while let from = start {
            switch try read(from: from, database) {
            case .end: return page(isTruncated: false)
            case .full: return page(isTruncated: true)
            case .rolledUp(let prefix):
                start = KeyRollUp.successor(of: prefix)
                while let from = start, let next = try rolledUp(from: from, database) {
                    start = KeyRollUp.successor(of: next)
                }
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
            let key = try row.withUnsafeData(atIndex: 0) { $0.map { Array($0) } ?? [] }
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

    /// Rolls up the first key from the given one on, if it is to be rolled up and there is room.
    ///
    /// Where one prefix follows the other, this costs less than a walk over rows that ends at the first.
    ///
    /// - Returns: what it was rolled up into; nil if rows have to be read from here on.
    private mutating func rolledUp(from start: [UInt8], _ database: Database) throws -> [UInt8]? {
        guard entries.count + commonPrefixes.count < query.limit else { return nil }
        let statement = try database.cachedStatement(
            sql: "SELECT key FROM objects WHERE bucket_id = ? AND key >= ? AND key < ? ORDER BY key LIMIT 1")
        let found = try Data.fetchOne(statement, arguments: [bucketID, Data(start), end])
        guard let found, let prefix = keys.commonPrefix(of: Array(found)) else { return nil }
        commonPrefixes.append(prefix)
        last = prefix
        return prefix
    }

    private func cursor(from start: [UInt8], _ database: Database) throws -> RowCursor {
        let columns = "key, size_bytes, etag_digest, etag_part_count, last_modified_ms, object_type, storage_class"
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns) FROM objects WHERE bucket_id = ? AND key >= ? AND key < ? ORDER BY key")
        return try Row.fetchCursor(statement, arguments: [bucketID, Data(start), end])
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
