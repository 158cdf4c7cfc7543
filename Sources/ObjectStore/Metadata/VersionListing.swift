import Foundation
import GRDB
import OSSKit

/// One walk over the versions of a bucket, which jumps over what is rolled up instead of reading it.
struct VersionListing {
    /// Where a walk goes on: at a key, with the versions that are older than a number.
    private struct Start {
        var key: [UInt8]
        var before = Int64.max
    }

    private enum Outcome {
        case end
        case full
        case rolledUp([UInt8])
    }

    /// Both tables in one order, each read as far as the page goes.
    static let selection = """
        SELECT key, sequence, version_id, last_modified_ms, 0, size_bytes, etag_digest, etag_part_count, object_type,
            storage_class
        FROM objects WHERE bucket_id = :bucket AND key >= :start AND key < :end AND sequence < :before
        UNION ALL
        SELECT key, sequence, version_id, last_modified_ms, is_delete_marker, size_bytes, etag_digest,
            etag_part_count, object_type, storage_class
        FROM versions WHERE bucket_id = :bucket AND key >= :start AND key < :end AND sequence < :before
        ORDER BY key, sequence DESC
        """

    private let bucketID: Int64
    private let query: VersionQuery
    private let keys: KeyRollUp
    /// The least bytes after all keys with the prefix.
    private let end: [UInt8]
    private var entries: [VersionEntry] = []
    private var commonPrefixes: [[UInt8]] = []
    private var last: VersionPage.Position?

    /// Reads one page of a bucket.
    static func page(ofBucket bucketID: Int64, _ query: VersionQuery, in database: Database) throws -> VersionPage {
        var listing = VersionListing(bucketID: bucketID, query: query)
        return try listing.walk(database)
    }

    private init(bucketID: Int64, query: VersionQuery) {
        self.bucketID = bucketID
        self.query = query
        self.keys = KeyRollUp(prefix: query.prefix, delimiter: query.delimiter)
        self.end = keys.end ?? [UInt8](repeating: 0xff, count: ObjectKey.maximumLengthBytes + 1)
    }

    private mutating func walk(_ database: Database) throws -> VersionPage {
        var start = try firstPlace(database)
        while let from = start {
            switch try read(from, database) {
            case .full: return page(isTruncated: true)
            case .rolledUp(let prefix): start = KeyRollUp.successor(of: prefix).map { Start(key: $0) }
            // The rest of one key was read; those behind it follow.
            case .end where from.before < .max: start = Start(key: from.key + [0])
            case .end: return page(isTruncated: false)
            }
        }
        return page(isTruncated: false)
    }

    /// Reads versions from a place on until one of them is rolled up.
    private mutating func read(_ start: Start, _ database: Database) throws -> Outcome {
        let isRestOfKey = start.before < .max
        let newest = isRestOfKey ? try newestSequence(of: Data(start.key), database) : nil
        let statement = try database.cachedStatement(sql: Self.selection)
        let rows = try Row.fetchCursor(
            statement,
            arguments: [
                "bucket": bucketID, "start": Data(start.key), "end": Data(isRestOfKey ? start.key + [0] : end),
                "before": start.before,
            ])
        var previous: [UInt8]?
        while let row = try rows.next() {
            let key = try row.withUnsafeData(atIndex: 0) { $0.map { Array($0) } ?? [] }
            if entries.count + commonPrefixes.count == query.limit { return .full }
            if let prefix = keys.commonPrefix(of: key) {
                commonPrefixes.append(prefix)
                last = VersionPage.Position(key: prefix, version: nil)
                return .rolledUp(prefix)
            }
            let sequence: Int64 = row[1]
            let isLatest = isRestOfKey ? sequence == newest : key != previous
            let entry = try entry(key, row, isLatest: isLatest)
            entries.append(entry)
            last = VersionPage.Position(key: key, version: entry.id)
            previous = key
        }
        return .end
    }

    private func entry(_ key: [UInt8], _ row: Row, isLatest: Bool) throws -> VersionEntry {
        let (key, isDeleteMarker) = (try ObjectKey(bytes: key), row[4] as Bool)
        let object = isDeleteMarker ? nil : try Self.object(key, row)
        return VersionEntry(
            key: key, id: try ObjectTable.version(sequence: row[1], id: row[2]).id, isLatest: isLatest,
            lastModifiedMilliseconds: row[3], object: object)
    }

    private static func object(_ key: ObjectKey, _ row: Row) throws -> ListEntry {
        ListEntry(
            key: key, sizeBytes: row[5], etag: EntityTag(digest: Array(row[6] as Data), partCount: row[7]).text,
            lastModifiedMilliseconds: row[3], type: try ObjectTable.type(row[8]), storageClass: row[9])
    }

    /// The number of what a key shows, or of the delete marker that hides it.
    private func newestSequence(of key: Data, _ database: Database) throws -> Int64? {
        let current = try ObjectTable.former(key, inBucket: bucketID, database)
        return try (current ?? VersionTable.newest(of: key, inBucket: bucketID, database))?.version.sequence
    }

    private func page(isTruncated: Bool) -> VersionPage {
        VersionPage(entries: entries, commonPrefixes: commonPrefixes, next: isTruncated ? last : nil)
    }

    /// Where the page begins; nil if nothing can follow the marker.
    private func firstPlace(_ database: Database) throws -> Start? {
        guard let marker = query.keyMarker, !marker.lexicographicallyPrecedes(query.prefix) else {
            return Start(key: query.prefix)
        }
        if let prefix = keys.commonPrefix(around: marker) {
            return KeyRollUp.successor(of: prefix).map { Start(key: $0) }
        }
        guard let version = query.versionMarker, marker.starts(with: query.prefix) else {
            return Start(key: marker + [0])
        }
        return Start(key: marker, before: try sequence(of: version, Data(marker), database))
    }

    /// The number of a version that may have been deleted meanwhile.
    ///
    /// IDs tell their numbers. The version `null` does not: once it is gone the key is listed from its newest version on,
    /// which loses none. Source: assumption A-063.
    private func sequence(of version: VersionID, _ key: Data, _ database: Database) throws -> Int64 {
        if version == .null {
            let found = try VersionTable.find(.null, of: key, inBucket: bucketID, database)
            return found?.former.version.sequence ?? .max
        }
        guard let number = version.number, let sequence = Int64(exactly: number), sequence > 0 else {
            throw OSSError.invalidArgument(
                "version-id-marker", version.text, message: "Invalid version id specified.")
        }
        return sequence
    }
}
