import Foundation
import GRDB
import OSSKit

/// The rows of `parts`.
enum PartTable {
    private static let columns = "part_number, size_bytes, md5, crc64, last_modified_ms, body_id, blob_id"

    /// Writes a part, in the place of the one that has its number, and charges the difference.
    static func write(
        _ part: PartRecord, of upload: MultipartUpload, _ leftovers: inout Leftovers, in database: Database
    ) throws {
        let former = try database.cachedStatement(
            sql: "SELECT body_id, blob_id, size_bytes FROM parts WHERE upload_number = ? AND part_number = ?")
        var formerBytes: Int64 = 0
        if let row = try Row.fetchOne(former, arguments: [upload.number, part.number.value]) {
            try BodyTable.release(BodyReference(id: row[0], blobText: row[1]), &leftovers, in: database)
            formerBytes = row[2]
        }
        try AccountTable.charge(part.sizeBytes - formerBytes, toOwnerOfBucket: upload.bucket.id, in: database)
        let statement = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO parts (upload_number, \(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        try statement.execute(arguments: [
            upload.number, part.number.value, part.sizeBytes, Data(part.md5), Int64(bitPattern: part.crc64),
            part.lastModifiedMilliseconds, part.body.id, part.body.blob?.text,
        ])
    }

    /// The parts of an upload behind a number, at most so many; 0 is before the first.
    static func page(
        ofUpload number: Int64, after partNumber: Int, limit: Int, in database: Database
    ) throws -> [PartRecord] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(columns) FROM parts WHERE upload_number = ? AND part_number > ? ORDER BY part_number LIMIT ?
                """)
        return try Row.fetchAll(statement, arguments: [number, partNumber, limit]).map(record)
    }

    /// The sum of the sizes of an upload's parts.
    static func sizeBytes(ofUpload number: Int64, in database: Database) throws -> Int64 {
        let statement = try database.cachedStatement(
            sql: "SELECT coalesce(sum(size_bytes), 0) FROM parts WHERE upload_number = ?")
        return try Int64.fetchOne(statement, arguments: [number]) ?? 0
    }

    /// Removes rows whose bodies somebody else names now, or all of an upload.
    static func delete(_ parts: [PartRecord]?, ofUpload number: Int64, in database: Database) throws {
        guard let parts else {
            let all = try database.cachedStatement(sql: "DELETE FROM parts WHERE upload_number = ?")
            try all.execute(arguments: [number])
            return
        }
        let statement = try database.cachedStatement(
            sql: "DELETE FROM parts WHERE upload_number = ? AND part_number = ?")
        for part in parts {
            try statement.execute(arguments: [number, part.number.value])
        }
    }

    /// Releases the first parts of an upload that has ended, at most so many.
    ///
    /// - Returns: whether none is left.
    static func release(
        ofUpload number: Int64, limit: Int, _ leftovers: inout Leftovers, in database: Database
    ) throws -> Bool {
        let parts = try page(ofUpload: number, after: 0, limit: limit, in: database)
        for part in parts {
            try BodyTable.release(part.body, &leftovers, in: database)
        }
        try delete(parts, ofUpload: number, in: database)
        return parts.count < limit
    }

    private static func record(_ row: Row) throws -> PartRecord {
        guard let number = PartNumber(row[0] as Int) else { throw StoreFailure.bodyIsDamaged }
        return PartRecord(
            number: number, sizeBytes: row[1], md5: Array(row[2] as Data),
            crc64: UInt64(bitPattern: row[3] as Int64), lastModifiedMilliseconds: row[4],
            body: BodyReference(id: row[5], blobText: row[6]))
    }
}
