import OSSKit
import SessionModels

/// What the quota of a user holds, as one statement sees it.
///
/// A key is charged for the most that it can hold: its confirmed file, every URL issued for it that is not settled,
/// whatever its expiry, and an object that is to be deleted and may still be there. Source: upload-gateway.md 2.1.
enum UploadCharge {
    /// What user ?1 is charged if key ?3 can get an object of ?4 bytes.
    static let withNewSize = sum(
        """
        SELECT oss_key, size_bytes FROM files WHERE user_id = ?1
        UNION ALL
        SELECT oss_key, size_bytes FROM upload_urls WHERE user_id = ?1 AND settled_at IS NULL
        UNION ALL
        SELECT oss_key, size_bytes FROM deletions WHERE user_id = ?1
        UNION ALL
        SELECT CAST(?3 AS TEXT), CAST(?4 AS BIGINT)
        """)

    /// As `withNewSize`, where the object is there already and takes the place of what the key held.
    static let withNewFile = sum(
        """
        SELECT oss_key, size_bytes FROM files WHERE user_id = ?1 AND oss_key <> ?3
        UNION ALL
        SELECT oss_key, size_bytes FROM upload_urls WHERE user_id = ?1 AND settled_at IS NULL
        UNION ALL
        SELECT oss_key, size_bytes FROM deletions WHERE user_id = ?1 AND oss_key <> ?3
        UNION ALL
        SELECT CAST(?3 AS TEXT), CAST(?4 AS BIGINT)
        """)

    private static func sum(_ sizes: String) -> String {
        """
        SELECT CAST(coalesce(sum(charge), 0) AS BIGINT) FROM (
            SELECT max(size_bytes) AS charge FROM (\(sizes)) AS sizes GROUP BY oss_key) AS charges
        """
    }
}

extension SQLConnection {
    /// The bytes of a user's confirmed files.
    func usedBytes(of user: UserID) throws -> Int64 {
        let row = try firstRow(
            "SELECT CAST(coalesce(sum(size_bytes), 0) AS BIGINT) FROM files WHERE user_id = ?", [user.text])
        return try row?[0] ?? 0
    }
}

/// The right to delete the object of a key, which everybody sees who looks into the database.
///
/// As long as it lasts nobody gets a URL for the key or confirms its object. Whoever cannot tell whether its delete
/// was carried out lets it last: a request that is still under way must not meet a newer object.
struct KeyLease: Sendable {
    /// How long it lasts unless it is ended, in seconds; longer than a request that nobody waits for any more.
    static let seconds: Int64 = 60

    /// The key.
    let key: ObjectKey
    /// What tells its holder from others.
    let holder: String
}

extension SQLConnection {
    /// Takes the lease of a key, or returns nil if another has it.
    func takeLease(_ key: ObjectKey, holder: String, nowMicroseconds: Int64) throws -> KeyLease? {
        let taken = try run(
            """
            INSERT INTO key_leases (oss_key, holder, expires_at) VALUES (?1, ?2, ?3)
            ON CONFLICT (oss_key) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
                WHERE key_leases.expires_at <= ?4
            """, [key.text, holder, nowMicroseconds + KeyLease.seconds * 1_000_000, nowMicroseconds])
        return taken == 1 ? KeyLease(key: key, holder: holder) : nil
    }

    /// Whether the object of a key may be about to be deleted.
    func isLeased(_ key: ObjectKey, nowMicroseconds: Int64) throws -> Bool {
        try firstRow(
            "SELECT expires_at FROM key_leases WHERE oss_key = ? AND expires_at > ?", [key.text, nowMicroseconds])
            != nil
    }

    /// Ends a lease whose holder knows what became of its delete.
    func endLease(_ lease: KeyLease) throws {
        try run("DELETE FROM key_leases WHERE oss_key = ? AND holder = ?", [lease.key.text, lease.holder])
    }
}
