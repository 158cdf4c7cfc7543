import Foundation
import GRDB

/// The rows of `housekeeping` and `damage`: where a walk stands, and what it found.
enum HousekeepingTable {
    /// What is kept in `housekeeping`, by its name there.
    enum Name: String {
        /// The scrub that is under way.
        case scrub
        /// The last scrub that came to its end.
        case lastScrub = "last-scrub"
    }

    /// Reads a value; nil if there is none, or none that this version understands.
    static func value<Value: Decodable>(_ name: Name, as type: Value.Type, in database: Database) throws -> Value? {
        let statement = try database.cachedStatement(sql: "SELECT value FROM housekeeping WHERE name = ?")
        guard let text = try String.fetchOne(statement, arguments: [name.rawValue]) else { return nil }
        return try? JSONDecoder().decode(type, from: Data(text.utf8))
    }

    /// Writes a value; nil removes it.
    static func set(_ value: (some Encodable)?, _ name: Name, in database: Database) throws {
        guard let value else {
            let delete = try database.cachedStatement(sql: "DELETE FROM housekeeping WHERE name = ?")
            return try delete.execute(arguments: [name.rawValue])
        }
        let text = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        let statement = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO housekeeping (name, value) VALUES (?, ?)")
        try statement.execute(arguments: [name.rawValue, text])
    }

    /// Notes damage, in the place of what was known of the same thing.
    static func note(_ damage: Damage, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO damage (bucket, key, item, kind, detail, found_at_ms) VALUES (?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            damage.place.bucket, Data(damage.place.key), damage.place.item, damage.kind.rawValue, damage.detail,
            damage.foundAtMilliseconds,
        ])
    }

    /// Forgets damage that a whole walk since then has not found again.
    static func forgetDamage(foundBefore time: Int64, in database: Database) throws {
        let statement = try database.cachedStatement(sql: "DELETE FROM damage WHERE found_at_ms < ?")
        try statement.execute(arguments: [time])
    }

    /// What is known to be damaged, in the order of buckets and keys, at most so much.
    static func damage(limit: Int, in database: Database) throws -> [Damage] {
        let statement = try database.cachedStatement(
            sql: "SELECT bucket, key, item, kind, detail, found_at_ms FROM damage ORDER BY bucket, key, item LIMIT ?")
        return try Row.fetchAll(statement, arguments: [limit]).compactMap { row in
            guard let bucket = row.text(0), let key = row.bytes(1), let kind = row.text(3).flatMap(Damage.Kind.init)
            else { return nil }
            return Damage(
                Damage.Place(bucket: bucket, key: key, item: row.text(2) ?? ""), kind, detail: row.text(4) ?? "",
                foundAtMilliseconds: row.number(5) ?? 0)
        }
    }
}
