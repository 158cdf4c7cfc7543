import GRDB
import OSSKit

/// One of the bodies that another body is made of.
struct Segment: Sendable, Equatable {
    /// Which bytes of the whole it holds.
    let range: Range<Int64>
    /// The CRC-64 of these bytes.
    let crc64: UInt64
    /// Where they are; never in segments again.
    let body: BodyReference

    /// What its bytes must come to.
    var checks: BodyChecks { BodyChecks(sizeBytes: range.upperBound - range.lowerBound, crc64: crc64) }
}

/// The rows of `segments`.
enum SegmentTable {
    /// How many segments are held in memory while they are added to another body.
    private static let sharedPageSize = 512

    /// Adds a segment, which takes over the name that somebody had for its body.
    static func insert(_ segment: Segment, intoBody id: Int64, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO segments (body_id, end_bytes, size_bytes, crc64, segment_body_id, blob_id)
                VALUES (?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            id, segment.range.upperBound, segment.checks.sizeBytes, Int64(bitPattern: segment.crc64), segment.body.id,
            segment.body.blob?.text,
        ])
    }

    /// The segments of a body from the one that holds a byte on, at most so many.
    static func page(ofBody id: Int64, from offset: Int64, limit: Int, in database: Database) throws -> [Segment] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT end_bytes, size_bytes, crc64, segment_body_id, blob_id FROM segments
                WHERE body_id = ? AND end_bytes > ? ORDER BY end_bytes LIMIT ?
                """)
        return try Row.fetchAll(statement, arguments: [id, offset, limit]).map(segment)
    }

    /// The segment of a body that ends at a byte or before it, nearest to it; nil if there is none.
    static func last(ofBody id: Int64, before offset: Int64, in database: Database) throws -> Segment? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT end_bytes, size_bytes, crc64, segment_body_id, blob_id FROM segments
                WHERE body_id = ? AND end_bytes <= ? ORDER BY end_bytes DESC LIMIT 1
                """)
        return try Row.fetchOne(statement, arguments: [id, offset]).map(segment)
    }

    /// Adds the segments of one body to another, and counts them.
    static func share(_ id: Int64, with otherID: Int64, in database: Database) throws {
        var end: Int64 = 0
        while true {
            let segments = try page(ofBody: id, from: end, limit: sharedPageSize, in: database)
            for segment in segments {
                try BodyTable.retain(segment.body, in: database)
                try insert(segment, intoBody: otherID, in: database)
            }
            guard let last = segments.last else { return }
            end = last.range.upperBound
        }
    }

    /// Removes a segment; its body is another's concern.
    static func delete(_ segment: Segment, fromBody id: Int64, in database: Database) throws {
        let statement = try database.cachedStatement(sql: "DELETE FROM segments WHERE body_id = ? AND end_bytes = ?")
        try statement.execute(arguments: [id, segment.range.upperBound])
    }

    private static func segment(_ row: Row) -> Segment {
        let (end, size) = (row[0] as Int64, row[1] as Int64)
        return Segment(
            range: (end - size)..<end, crc64: UInt64(bitPattern: row[2] as Int64),
            body: BodyReference(id: row[3], blobText: row[4]))
    }

    /// Releases the first segments of a body that nobody names, at most so many.
    ///
    /// - Returns: whether none is left.
    static func release(
        ofBody id: Int64, limit: Int, _ leftovers: inout Leftovers, in database: Database
    ) throws -> Bool {
        let segments = try page(ofBody: id, from: 0, limit: limit, in: database)
        for segment in segments {
            try BodyTable.release(segment.body, &leftovers, in: database)
        }
        guard let end = segments.last?.range.upperBound else { return true }
        let delete = try database.cachedStatement(sql: "DELETE FROM segments WHERE body_id = ? AND end_bytes <= ?")
        try delete.execute(arguments: [id, end])
        return segments.count < limit
    }
}
