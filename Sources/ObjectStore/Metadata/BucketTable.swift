import Foundation
import GRDB
import OSSKit

/// The rows of `buckets`.
enum BucketTable {
    private static let columns = """
        id, name, owner_id, created_at_ms, acl, storage_class, data_redundancy_type, versioning
        """

    /// The bucket of this name; nil if there is none.
    static func find(_ name: BucketName, in database: Database) throws -> BucketRecord? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM buckets WHERE name = ?")
        return try Row.fetchOne(statement, arguments: [name.text]).map(record)
    }

    /// All buckets, by their numbers.
    static func all(in database: Database) throws -> [BucketRecord] {
        try Row.fetchAll(database.cachedStatement(sql: "SELECT \(columns) FROM buckets ORDER BY id")).map(record)
    }

    /// Checks that a bucket that was looked up before is still there.
    ///
    /// - Returns: whether it keeps versions now, which may have changed since.
    /// - Throws: `NoSuchBucket`.
    @discardableResult
    static func require(_ bucket: BucketRecord, in database: Database) throws -> VersioningConfiguration.Status? {
        let statement = try database.cachedStatement(sql: "SELECT versioning FROM buckets WHERE id = ?")
        let text = try statement.first(bucket.id) { $0.textIfAny(at: 0) }
        guard let text else { throw noSuchBucket(bucket.name) }
        return try versioning(text)
    }

    /// Changes whether a bucket keeps versions.
    static func setVersioning(
        _ status: VersioningConfiguration.Status, ofBucket id: Int64, in database: Database
    ) throws {
        let statement = try database.cachedStatement(sql: "UPDATE buckets SET versioning = ? WHERE id = ?")
        try statement.execute(arguments: [status.rawValue, id])
    }

    /// A number for the next version of a bucket, greater than all before it.
    static func takeSequence(ofBucket id: Int64, in database: Database) throws -> Int64 {
        let update = try database.cachedStatement(
            sql: "UPDATE buckets SET last_sequence = last_sequence + 1 WHERE id = ?")
        try update.execute(arguments: [id])
        let statement = try database.cachedStatement(sql: "SELECT last_sequence FROM buckets WHERE id = ?")
        guard let sequence = try Int64.fetchOne(statement, arguments: [id]) else { throw StoreFailure.bodyIsDamaged }
        return sequence
    }

    /// Adds a bucket.
    static func insert(_ new: NewBucket, atMilliseconds time: Int64, in database: Database) throws {
        try AccountTable.insert(new.ownerID, in: database)
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO buckets (name, owner_id, created_at_ms, acl, storage_class, data_redundancy_type)
                VALUES (?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            new.name.text, new.ownerID, time, new.acl ?? "private", new.storageClass ?? "Standard",
            new.dataRedundancyType ?? "LRS",
        ])
    }

    /// Changes the ACL of a bucket.
    static func setACL(_ acl: String, ofBucket id: Int64, in database: Database) throws {
        try database.cachedStatement(sql: "UPDATE buckets SET acl = ? WHERE id = ?").execute(arguments: [acl, id])
    }

    /// How many buckets an owner has.
    static func count(ownedBy ownerID: String, in database: Database) throws -> Int {
        let statement = try database.cachedStatement(sql: "SELECT count(*) FROM buckets WHERE owner_id = ?")
        return try Int.fetchOne(statement, arguments: [ownerID]) ?? 0
    }

    /// Whether a bucket has an object, an older version or a delete marker.
    static func hasObjects(_ id: Int64, in database: Database) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: """
                SELECT EXISTS (SELECT 1 FROM objects WHERE bucket_id = ?)
                OR EXISTS (SELECT 1 FROM versions WHERE bucket_id = ?)
                """)
        return try Bool.fetchOne(statement, arguments: [id, id]) ?? false
    }

    /// Removes a bucket that has no objects, and what is said about it.
    static func delete(_ id: Int64, in database: Database) throws {
        try ConfigurationTable.deleteAll(ofBucket: id, in: database)
        try database.cachedStatement(sql: "DELETE FROM buckets WHERE id = ?").execute(arguments: [id])
    }

    /// A page of an owner's buckets; the limit must be positive.
    static func page(
        ownedBy ownerID: String, prefix: String, after: String, limit: Int, in database: Database
    ) throws -> BucketPage {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(columns) FROM buckets WHERE owner_id = ? AND name > ? AND name >= ? ORDER BY name
                """)
        let rows = try Row.fetchCursor(statement, arguments: [ownerID, after, prefix])
        var records: [BucketRecord] = []
        while let row = try rows.next() {
            let found = try record(row)
            guard found.name.text.utf8.starts(with: prefix.utf8) else { break }
            if records.count == limit { return BucketPage(records: records, isTruncated: true) }
            records.append(found)
        }
        return BucketPage(records: records, isTruncated: false)
    }

    /// What a bucket holds.
    static func usage(of bucket: BucketRecord, in database: Database) throws -> BucketUsage {
        let statement = try database.cachedStatement(
            sql: "SELECT object_count, size_bytes, marker_count FROM buckets WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [bucket.id]) else { throw noSuchBucket(bucket.name) }
        return BucketUsage(objectCount: row[0], sizeBytes: row[1], markerCount: row[2])
    }

    /// What a bucket holds of each storage class but `Standard`.
    static func usageOfOtherClasses(_ bucket: BucketRecord, in database: Database) throws -> [String: BucketUsage] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT storage_class, count(*), sum(size_bytes) FROM objects
                WHERE bucket_id = ? AND storage_class <> 'Standard' GROUP BY storage_class
                """)
        let rows = try Row.fetchAll(statement, arguments: [bucket.id])
        return Dictionary(
            rows.map { row in (row[0], BucketUsage(objectCount: row[1], sizeBytes: row[2])) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Adds to what a bucket holds, and to what its owner is charged.
    ///
    /// - Throws: `QuotaExceeded`.
    static func add(_ change: UsageChange, toBucket id: Int64, in database: Database) throws {
        guard change != UsageChange() else { return }
        try AccountTable.charge(change.bytes, toOwnerOfBucket: id, in: database)
        let statement = try database.cachedStatement(
            sql: """
                UPDATE buckets SET object_count = object_count + ?, size_bytes = size_bytes + ?,
                    marker_count = marker_count + ?
                WHERE id = ?
                """)
        try statement.run(change.objects, change.bytes, change.markers, id)
    }

    /// The refusal for a bucket that is not there.
    static func noSuchBucket(_ name: BucketName) -> OSSError {
        OSSError(.noSuchBucket, fields: [("BucketName", name.text)])
    }

    private static func record(_ row: Row) throws -> BucketRecord {
        BucketRecord(
            id: row[0], name: try BucketName(row[1] as String), ownerID: row[2], createdAtMilliseconds: row[3],
            acl: row[4], storageClass: row[5], dataRedundancyType: row[6], versioning: try versioning(row[7]))
    }

    /// Reads a state back; one that this version does not know must not pass for none.
    private static func versioning(_ text: String?) throws -> VersioningConfiguration.Status? {
        guard let text else { return nil }
        guard let status = VersioningConfiguration.Status(rawValue: text) else { throw StoreFailure.bodyIsDamaged }
        return status
    }
}

/// By how much there is more in a bucket.
struct UsageChange: Equatable {
    /// Objects and older versions.
    var objects: Int64 = 0
    /// The sum of their sizes.
    var bytes: Int64 = 0
    /// Delete markers.
    var markers: Int64 = 0
}
