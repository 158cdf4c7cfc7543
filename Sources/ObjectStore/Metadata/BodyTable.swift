import Foundation
import GRDB
import OSSKit

/// The rows of `bodies` and `inline`: bytes, and how many objects, parts and segments name them.
enum BodyTable {
    /// Adds a body that one row is about to name.
    static func insert(_ body: FinishedBody, inlineBytes: Data?, in database: Database) throws -> BodyReference {
        let id = try insert(sizeBytes: body.summary.sizeBytes, blob: body.blob?.id, in: database)
        guard let inlineBytes else {
            return BodyReference(id: id, blobText: body.blob?.id.text)
        }
        let inline = try database.cachedStatement(sql: "INSERT INTO inline (id, crc64, body) VALUES (?, ?, ?)")
        try inline.run(id, Int64(bitPattern: body.summary.crc64), inlineBytes)
        return BodyReference(id: id, place: .inline)
    }

    /// Adds a body that one row is about to name, and whose bytes are in others.
    static func insertSegmented(sizeBytes: Int64, in database: Database) throws -> BodyReference {
        BodyReference(id: try insert(sizeBytes: sizeBytes, blob: nil, in: database), place: .segments)
    }

    /// Counts one more row that names a body.
    static func retain(_ body: BodyReference, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "UPDATE bodies SET reference_count = reference_count + 1 WHERE id = ?")
        try statement.run(body.id)
    }

    /// Counts one row less, and removes the body if it was the last.
    ///
    /// A body of segments stays without a name until the reaper takes it apart: that is much work, and somebody may be
    /// reading it.
    static func release(_ body: BodyReference, _ leftovers: inout Leftovers, in database: Database) throws {
        let update = try database.cachedStatement(
            sql: "UPDATE bodies SET reference_count = reference_count - 1 WHERE id = ?")
        try update.run(body.id)
        if body.place == .segments {
            guard try !isNamed(body.id, in: database) else { return }
            leftovers.releases.append(try ReleaseTable.insert(.body(body.id), in: database))
        } else {
            let delete = try database.cachedStatement(sql: "DELETE FROM bodies WHERE id = ? AND reference_count = 0")
            try delete.run(body.id)
            if database.changesCount > 0, let blob = body.blob { leftovers.blobs.append(blob) }
        }
    }

    /// Whether a row names a body; false also if there is no such body.
    static func isNamed(_ id: Int64, in database: Database) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM bodies WHERE id = ? AND reference_count > 0)")
        return try Bool.fetchOne(statement, arguments: [id]) ?? false
    }

    /// Whether more than one row names a body.
    static func isShared(_ id: Int64, in database: Database) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM bodies WHERE id = ? AND reference_count > 1)")
        return try Bool.fetchOne(statement, arguments: [id]) ?? false
    }

    /// Notes that a body of segments has grown.
    static func setSize(_ sizeBytes: Int64, ofBody id: Int64, in database: Database) throws {
        let statement = try database.cachedStatement(sql: "UPDATE bodies SET size_bytes = ? WHERE id = ?")
        try statement.execute(arguments: [sizeBytes, id])
    }

    /// Gives other bytes to a body that was added in this transaction, so that nobody has seen it yet.
    static func replaceInline(_ body: BodyReference, _ bytes: Data, crc64: UInt64, in database: Database) throws {
        let statement = try database.cachedStatement(sql: "UPDATE inline SET crc64 = ?, body = ? WHERE id = ?")
        try statement.execute(arguments: [Int64(bitPattern: crc64), bytes, body.id])
        try setSize(Int64(bytes.count), ofBody: body.id, in: database)
    }

    /// Removes a body that nothing names and that has no segments any more.
    static func delete(_ id: Int64, in database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM bodies WHERE id = ?").execute(arguments: [id])
    }

    /// The bytes of a body that is in the database, checked.
    ///
    /// - Throws: `StoreFailure.bodyIsGone`, or `StoreFailure.bodyIsDamaged`.
    static func inlineBytes(_ body: BodyReference, _ checks: BodyChecks, in database: Database) throws -> Data {
        let statement = try database.cachedStatement(sql: "SELECT crc64, body FROM inline WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [body.id]) else {
            throw StoreFailure.bodyIsGone
        }
        let (expected, bytes) = (UInt64(bitPattern: row[0] as Int64), row[1] as Data)
        var checksum = CRC64()
        bytes.withUnsafeBytes { checksum.update($0) }
        guard checksum.value == expected, expected == checks.crc64, Int64(bytes.count) == checks.sizeBytes else {
            throw StoreFailure.bodyIsDamaged
        }
        return bytes
    }

    /// How many bytes all bodies have together that are not made of others.
    static func totalBytes(in database: Database) throws -> Int64 {
        let statement = try database.cachedStatement(
            sql: """
                SELECT total(size_bytes) FROM bodies WHERE id NOT IN (SELECT body_id FROM segments)
                """)
        return Int64(min(try Double.fetchOne(statement) ?? 0, 1e18))
    }

    /// Whether a row names a blob.
    static func names(_ blob: BlobID, in database: Database) throws -> Bool {
        let statement = try database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM bodies WHERE blob_id = ?)")
        return try Bool.fetchOne(statement, arguments: [blob.text]) ?? false
    }

    private static func insert(sizeBytes: Int64, blob: BlobID?, in database: Database) throws -> Int64 {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO bodies (reference_count, size_bytes, blob_id) VALUES (1, ?, ?)")
        try statement.run(sizeBytes, blob?.text)
        return database.lastInsertedRowID
    }
}

extension BodyReference {
    /// Reads a reference back from its columns.
    init(id: Int64, blobText: String?, isSegmented: Bool = false) {
        let blob = blobText.flatMap(BlobID.init(text:))
        self.init(id: id, place: isSegmented ? .segments : blob.map(Place.blob) ?? .inline)
    }
}
