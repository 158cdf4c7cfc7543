import Foundation
import GRDB
import OSSKit

/// Names rows of `bucket_configurations`: a kind in a bucket.
struct ConfigurationPlace: Hashable, Sendable {
    /// The bucket's number.
    let bucketID: Int64
    /// The kind.
    let kind: ConfigurationKind
    /// The name among those of the kind; empty for a kind of which a bucket has one.
    var name = ""

    /// What is gathered from all buckets and accounts; no bucket has the number 0.
    static func everywhere(_ kind: ConfigurationKind) -> ConfigurationPlace {
        ConfigurationPlace(bucketID: 0, kind: kind)
    }
}

/// The rows of `bucket_configurations`.
enum ConfigurationTable {
    private static let columns = "name, value, changed_at_ms"

    /// A configuration; nil if there is none.
    static func find(_ place: ConfigurationPlace, in database: Database) throws -> StoredConfiguration? {
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns) FROM bucket_configurations WHERE bucket_id = ? AND kind = ? AND name = ?")
        let row = try Row.fetchOne(statement, arguments: [place.bucketID, place.kind.rawValue, place.name])
        return try row.map(configuration)
    }

    /// How many configurations of the kind the bucket has, the one of this name aside.
    static func countOthers(_ place: ConfigurationPlace, in database: Database) throws -> Int {
        let statement = try database.cachedStatement(
            sql: "SELECT count(*) FROM bucket_configurations WHERE bucket_id = ? AND kind = ? AND name <> ?")
        let arguments: StatementArguments = [place.bucketID, place.kind.rawValue, place.name]
        return try Int.fetchOne(statement, arguments: arguments) ?? 0
    }

    /// Whether another bucket has a configuration of the kind and name.
    static func isElsewhere(_ place: ConfigurationPlace, in database: Database) throws -> Bool {
        guard !place.name.isEmpty else { return false }
        let statement = try database.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM bucket_configurations WHERE kind = ? AND name = ? AND bucket_id <> ?)")
        let arguments: StatementArguments = [place.kind.rawValue, place.name, place.bucketID]
        return try Bool.fetchOne(statement, arguments: arguments) ?? false
    }

    /// The bucket of each name of a kind; of a name that two have the older bucket.
    static func bucketsByName(of kind: ConfigurationKind, in database: Database) throws -> [String: String] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT found.name, buckets.name FROM bucket_configurations AS found
                JOIN buckets ON buckets.id = found.bucket_id WHERE found.kind = ? ORDER BY buckets.id
                """)
        let pairs = try Row.fetchAll(statement, arguments: [kind.rawValue]).map { ($0[0] as String, $0[1] as String) }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Sets a configuration, in the place of the one that was there.
    static func set(
        _ place: ConfigurationPlace, to bytes: [UInt8], atMilliseconds time: Int64, in database: Database
    ) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO bucket_configurations (bucket_id, kind, name, value, changed_at_ms) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (bucket_id, kind, name) DO UPDATE
                SET value = excluded.value, changed_at_ms = excluded.changed_at_ms
                """)
        try statement.execute(arguments: [place.bucketID, place.kind.rawValue, place.name, Data(bytes), time])
    }

    /// Removes a configuration; there need be none.
    static func delete(_ place: ConfigurationPlace, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "DELETE FROM bucket_configurations WHERE bucket_id = ? AND kind = ? AND name = ?")
        try statement.execute(arguments: [place.bucketID, place.kind.rawValue, place.name])
    }

    /// Removes all that is said about a bucket.
    static func deleteAll(ofBucket id: Int64, in database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM bucket_configurations WHERE bucket_id = ?")
            .execute(arguments: [id])
    }

    /// The names of the buckets that have a configuration of the kind.
    static func bucketNames(having kind: ConfigurationKind, in database: Database) throws -> [BucketName] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT name FROM buckets
                WHERE id IN (SELECT bucket_id FROM bucket_configurations WHERE kind = ?) ORDER BY name
                """)
        return try String.fetchAll(statement, arguments: [kind.rawValue]).map { try BucketName($0) }
    }

    /// A page of the configurations of a kind; the limit must be positive.
    static func page(
        _ kind: ConfigurationKind, ofBucket id: Int64, _ query: ConfigurationQuery, in database: Database
    ) throws -> ConfigurationPage {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(columns) FROM bucket_configurations
                WHERE bucket_id = ? AND kind = ? AND name > ? AND name >= ? ORDER BY name
                """)
        let arguments: StatementArguments = [id, kind.rawValue, query.after, query.prefix]
        // No name is empty where a kind has several, so that an empty marker is before all of them.
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        var found: [StoredConfiguration] = []
        while let row = try rows.next() {
            let next = try configuration(row)
            guard next.name.utf8.starts(with: query.prefix.utf8) else { break }
            if found.count == query.limit { return ConfigurationPage(configurations: found, isTruncated: true) }
            found.append(next)
        }
        return ConfigurationPage(configurations: found, isTruncated: false)
    }

    private static func configuration(_ row: Row) throws -> StoredConfiguration {
        StoredConfiguration(name: row[0], bytes: Array(row[1] as Data), changedAtMilliseconds: row[2])
    }
}
