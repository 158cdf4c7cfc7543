import Foundation
import GRDB
import OSSKit

/// The rows of `versions`: what keys do not show any more, and delete markers.
///
/// Of a key that shows something all rows are older than that. Of one that shows nothing the newest is a delete marker.
enum VersionTable {
    /// A version or a delete marker, and where its row is.
    struct Found {
        /// Its row.
        let place: RowPlace
        /// What it is.
        let former: ObjectTable.Former

        /// Whether it is a delete marker.
        var isDeleteMarker: Bool { former.body == nil }
    }

    /// What has an ID, be it what the key shows or not; nil if nothing has.
    static func find(
        _ id: VersionID, of key: Data, inBucket bucketID: Int64, _ database: Database
    ) throws -> Found? {
        if let current = try ObjectTable.former(key, inBucket: bucketID, database), current.version.id == id {
            return Found(place: RowPlace(bucketID: bucketID, key: key), former: current)
        }
        let former = try older(id, of: key, inBucket: bucketID, database)
        return former.map { former in
            let place = RowPlace(bucketID: bucketID, key: key, sequence: former.version.sequence)
            return Found(place: place, former: former)
        }
    }

    private static func older(
        _ id: VersionID, of key: Data, inBucket bucketID: Int64, _ database: Database
    ) throws -> ObjectTable.Former? {
        let query = "SELECT \(ObjectTable.Former.columns) FROM versions WHERE bucket_id = ? AND key = ?"
        guard id != .null else {
            let statement = try database.cachedStatement(sql: query + " AND version_id IS NULL")
            return try Row.fetchOne(statement, arguments: [bucketID, key]).map(ObjectTable.Former.init)
        }
        guard let number = id.number, let sequence = Int64(exactly: number) else { return nil }
        let statement = try database.cachedStatement(sql: query + " AND sequence = ? AND version_id = ?")
        return try Row.fetchOne(statement, arguments: [bucketID, key, sequence, id.text])
            .map(ObjectTable.Former.init)
    }

    /// The newest of what a key does not show; nil if there is none.
    static func newest(
        of key: Data, inBucket bucketID: Int64, _ database: Database
    ) throws -> ObjectTable.Former? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(ObjectTable.Former.columns) FROM versions WHERE bucket_id = ? AND key = ?
                ORDER BY sequence DESC LIMIT 1
                """)
        return try Row.fetchOne(statement, arguments: [bucketID, key]).map(ObjectTable.Former.init)
    }

    /// When an older version or delete marker ceased to be what its key shows; nil if it is that still.
    static func olderSince(_ place: RowPlace, _ database: Database) throws -> Int64? {
        guard let sequence = place.sequence else { return nil }
        let statement = try database.cachedStatement(
            sql: """
                SELECT last_modified_ms FROM (
                    SELECT sequence, last_modified_ms FROM versions WHERE bucket_id = ?1 AND key = ?2 AND sequence > ?3
                    UNION ALL
                    SELECT sequence, last_modified_ms FROM objects WHERE bucket_id = ?1 AND key = ?2
                ) ORDER BY sequence LIMIT 1
                """)
        return try Int64.fetchOne(statement, arguments: [place.bucketID, place.key, sequence])
    }

    /// Whether a key shows nothing and has nothing but one row here.
    static func isLone(_ key: Data, inBucket bucketID: Int64, _ database: Database) throws -> Bool {
        guard try ObjectTable.former(key, inBucket: bucketID, database) == nil else { return false }
        let statement = try database.cachedStatement(
            sql: "SELECT count(*) FROM (SELECT 1 FROM versions WHERE bucket_id = ? AND key = ? LIMIT 2)")
        return try Int.fetchOne(statement, arguments: [bucketID, key]) == 1
    }

    /// Adds a delete marker.
    static func insertMarker(
        _ version: ObjectVersion, of key: Data, inBucket bucketID: Int64, atMilliseconds time: Int64,
        _ database: Database
    ) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO versions (bucket_id, key, sequence, version_id, is_delete_marker, last_modified_ms)
                VALUES (?, ?, ?, ?, 1, ?)
                """)
        try statement.execute(arguments: [
            bucketID, key, version.sequence, version.isNull ? nil : version.id.text, time,
        ])
    }

    /// Keeps what a key shows as an older version; its row in `objects` is to be written over, or deleted.
    static func keepCurrent(of key: Data, inBucket bucketID: Int64, _ database: Database) throws {
        let place = RowPlace(bucketID: bucketID, key: key)
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO versions (bucket_id, key, \(ObjectTable.columns))
                SELECT bucket_id, key, \(ObjectTable.columns) FROM \(place.condition)
                """)
        try statement.execute(arguments: place.arguments)
    }

    /// Makes an older version what its key shows, which shows nothing.
    static func show(_ place: RowPlace, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO objects (bucket_id, key, \(ObjectTable.columns))
                SELECT bucket_id, key, \(ObjectTable.columns) FROM \(place.condition)
                """)
        try statement.execute(arguments: place.arguments)
        try ObjectTable.delete(place, database)
    }

    /// The object that is asked for: what the key shows, or one version.
    ///
    /// - Throws: `NoSuchKey`; with a version `NoSuchVersion`, and `MethodNotAllowed` for a delete marker.
    static func require(
        _ id: VersionID?, of key: ObjectKey, inBucket bucketID: Int64, _ database: Database
    ) throws -> Found {
        let bytes = Data(key.bytes)
        guard let id else {
            guard let current = try ObjectTable.former(bytes, inBucket: bucketID, database) else {
                throw try showsNothing(key, inBucket: bucketID, database)
            }
            return Found(place: RowPlace(bucketID: bucketID, key: bytes), former: current)
        }
        guard let found = try find(id, of: bytes, inBucket: bucketID, database) else {
            throw OSSError(.noSuchVersion, fields: [("Key", key.text), ("VersionId", id.text)])
        }
        guard !found.isDeleteMarker else {
            throw OSSError(
                .methodNotAllowed, fields: [("ResourceType", "DeleteMarker")],
                headers: [("Allow", "DELETE")] + markerHeaders(found.former.version))
        }
        return found
    }

    /// The refusal for a key that shows nothing, which tells of the delete marker that hides it.
    static func showsNothing(_ key: ObjectKey, inBucket bucketID: Int64, _ database: Database) throws -> OSSError {
        let marker = try newest(of: Data(key.bytes), inBucket: bucketID, database)
        return OSSError(
            .noSuchKey, fields: [("Key", key.text)], headers: marker.map { markerHeaders($0.version) } ?? [])
    }

    private static func markerHeaders(_ version: ObjectVersion) -> [(String, String)] {
        [("x-oss-delete-marker", "true"), ("x-oss-version-id", version.id.text)]
    }
}
