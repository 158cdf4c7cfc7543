import Foundation
import GRDB
import OSSKit

/// The rows of `bodies` and `inline`: bytes, and how many objects name them.
enum BodyTable {
    /// Adds a body that one object is about to name.
    static func insert(_ body: FinishedBody, inlineBytes: Data?, in database: Database) throws -> BodyReference {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO bodies (reference_count, size_bytes, blob_id) VALUES (1, ?, ?)")
        try statement.execute(arguments: [body.summary.sizeBytes, body.blob?.id.text])
        let id = database.lastInsertedRowID
        if let inlineBytes {
            let inline = try database.cachedStatement(sql: "INSERT INTO inline (id, crc64, body) VALUES (?, ?, ?)")
            try inline.execute(arguments: [id, Int64(bitPattern: body.summary.crc64), inlineBytes])
        }
        return BodyReference(id: id, blob: body.blob?.id)
    }

    /// Counts one more object that names a body.
    static func retain(_ body: BodyReference, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "UPDATE bodies SET reference_count = reference_count + 1 WHERE id = ?")
        try statement.execute(arguments: [body.id])
    }

    /// Counts one object less, and removes the row if it was the last.
    ///
    /// - Returns: the blob whose file nobody names once this transaction is committed.
    static func release(_ body: BodyReference, in database: Database) throws -> BlobID? {
        let update = try database.cachedStatement(
            sql: "UPDATE bodies SET reference_count = reference_count - 1 WHERE id = ?")
        try update.execute(arguments: [body.id])
        let delete = try database.cachedStatement(sql: "DELETE FROM bodies WHERE id = ? AND reference_count = 0")
        try delete.execute(arguments: [body.id])
        return database.changesCount > 0 ? body.blob : nil
    }

    /// The bytes of a body that is in the database, checked.
    ///
    /// - Throws: `StoreFailure.bodyIsGone`, or `StoreFailure.bodyIsDamaged`.
    static func inlineBytes(of record: ObjectRecord, in database: Database) throws -> Data {
        let statement = try database.cachedStatement(sql: "SELECT crc64, body FROM inline WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [record.body.id]) else {
            throw StoreFailure.bodyIsGone
        }
        let (expected, bytes) = (UInt64(bitPattern: row[0] as Int64), row[1] as Data)
        var checksum = CRC64()
        bytes.withUnsafeBytes { checksum.update($0) }
        guard checksum.value == expected, expected == record.crc64, Int64(bytes.count) == record.sizeBytes else {
            throw StoreFailure.bodyIsDamaged
        }
        return bytes
    }

    /// Whether a row names a blob.
    static func names(_ blob: BlobID, in database: Database) throws -> Bool {
        let statement = try database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM bodies WHERE blob_id = ?)")
        return try Bool.fetchOne(statement, arguments: [blob.text]) ?? false
    }
}
