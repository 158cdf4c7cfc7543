import GRDB
import OSSKit

/// The rows of `accounts`: how many bytes each owner of buckets may keep, keeps, and has been promised.
///
/// `BucketTable.add`, `PartTable` and `UploadTable.delete` charge what they change, in the transaction that changes it.
enum AccountTable {
    /// Adds the row of an owner; one that is there stays as it is.
    static func insert(_ ownerID: String, in database: Database) throws {
        let statement = try database.cachedStatement(sql: "INSERT OR IGNORE INTO accounts (owner_id) VALUES (?)")
        try statement.execute(arguments: [ownerID])
    }

    /// What an account keeps; nil for an owner who never had a bucket or a limit.
    static func find(_ ownerID: String, in database: Database) throws -> AccountUsage? {
        let statement = try database.cachedStatement(
            sql: "SELECT limit_bytes, used_bytes, reserved_bytes FROM accounts WHERE owner_id = ?")
        return try Row.fetchOne(statement, arguments: [ownerID]).map { row in
            AccountUsage(limitBytes: row[0], usedBytes: row[1], reservedBytes: row[2])
        }
    }

    /// Every account by its owner.
    static func all(in database: Database) throws -> [String: AccountUsage] {
        let statement = try database.cachedStatement(
            sql: "SELECT owner_id, limit_bytes, used_bytes, reserved_bytes FROM accounts")
        let accounts = try Row.fetchAll(statement).map { row -> (String, AccountUsage) in
            (row[0], AccountUsage(limitBytes: row[1], usedBytes: row[2], reservedBytes: row[3]))
        }
        return Dictionary(accounts) { first, _ in first }
    }

    /// Changes how many bytes an account may keep; nil takes the limit away.
    static func setLimit(_ limitBytes: Int64?, of ownerID: String, in database: Database) throws {
        try insert(ownerID, in: database)
        let statement = try database.cachedStatement(sql: "UPDATE accounts SET limit_bytes = ? WHERE owner_id = ?")
        try statement.execute(arguments: [limitBytes, ownerID])
    }

    /// Promises bytes to an upload.
    ///
    /// - Throws: `QuotaExceeded` if they do not fit.
    static func reserve(_ bytes: Int64, for ownerID: String, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                UPDATE accounts SET reserved_bytes = reserved_bytes + ?1 WHERE owner_id = ?2 AND \(hasRoom)
                """)
        try statement.execute(arguments: [bytes, ownerID])
        guard database.changesCount > 0 else { throw OSSError(.quotaExceeded) }
    }

    /// Takes a promise back.
    static func giveBack(_ bytes: Int64, of ownerID: String, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "UPDATE accounts SET reserved_bytes = reserved_bytes - ? WHERE owner_id = ?")
        try statement.execute(arguments: [bytes, ownerID])
    }

    /// Adds to what the owner of a bucket keeps; a negative number always fits.
    ///
    /// - Throws: `QuotaExceeded` if the bytes do not fit, which undoes the change that adds them.
    static func charge(_ bytes: Int64, toOwnerOfBucket id: Int64, in database: Database) throws {
        guard bytes != 0 else { return }
        let statement = try database.cachedStatement(
            sql: """
                UPDATE accounts SET used_bytes = used_bytes + ?1
                WHERE owner_id = (SELECT owner_id FROM buckets WHERE id = ?2) AND (?1 < 0 OR \(hasRoom))
                """)
        try statement.execute(arguments: [bytes, id])
        guard database.changesCount > 0 else { throw OSSError(.quotaExceeded) }
    }

    /// Whether `?1` bytes fit; subtracted in this order nothing can overflow.
    private static let hasRoom = """
        coalesce(limit_bytes, \(Int64.max)) - used_bytes - reserved_bytes >= ?1
        """
}
