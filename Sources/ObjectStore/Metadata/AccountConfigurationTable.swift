import Foundation
import GRDB

/// The rows of `account_configurations`: what is said about all buckets of an account.
enum AccountConfigurationTable {
    /// What each account says of a kind, by its owner.
    static func all(_ kind: ConfigurationKind, in database: Database) throws -> [String: [UInt8]] {
        let statement = try database.cachedStatement(
            sql: "SELECT owner_id, value FROM account_configurations WHERE kind = ?")
        let pairs = try Row.fetchAll(statement, arguments: [kind.rawValue]).map { row in
            (row[0] as String, Array(row[1] as Data))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Sets what an account says of a kind.
    static func set(
        _ kind: ConfigurationKind, ofAccount ownerID: String, to bytes: [UInt8], in database: Database
    ) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO account_configurations (owner_id, kind, value) VALUES (?, ?, ?)
                ON CONFLICT (owner_id, kind) DO UPDATE SET value = excluded.value
                """)
        try statement.execute(arguments: [ownerID, kind.rawValue, Data(bytes)])
    }

    /// Removes what an account says of a kind; that it said nothing is fine.
    static func delete(_ kind: ConfigurationKind, ofAccount ownerID: String, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "DELETE FROM account_configurations WHERE owner_id = ? AND kind = ?")
        try statement.execute(arguments: [ownerID, kind.rawValue])
    }
}
