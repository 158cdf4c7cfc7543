import Foundation
import GRDB
import OSSKit

/// A row that names a body, and what its bytes must come to.
struct NamedBody: Sendable, Equatable {
    /// The place of a row in the walk over all of them.
    enum Position: Sendable, Equatable, Codable {
        /// Behind an object.
        case object(bucketID: Int64, key: [UInt8])
        /// Behind a version that its key does not show; of a key the newest comes first.
        case version(bucketID: Int64, key: [UInt8], sequence: Int64)
        /// Behind a part of an upload.
        case part(upload: Int64, number: Int64)

        /// Before the first row.
        static let start = Position.object(bucketID: 0, key: [])
        /// Before the first older version, which is behind all objects.
        static let firstVersion = Position.version(bucketID: 0, key: [], sequence: 0)
        /// Before the first part, which is behind all versions.
        static let firstPart = Position.part(upload: 0, number: 0)
    }

    /// Where the walk goes on behind the row.
    let position: Position
    /// Whose body it is.
    let place: Damage.Place
    /// Where its bytes are.
    let body: BodyReference
    /// What they must come to.
    let checks: BodyChecks
    /// Whether somebody else names it too.
    let isShared: Bool
}

/// One row of the walk; a row that cannot be read is told, and does not end the walk.
enum WalkedRow: Sendable {
    /// A row that can be read.
    case body(NamedBody)
    /// A row that makes no sense.
    case unreadable(NamedBody.Position, Damage.Place)

    /// Where the walk goes on.
    var position: NamedBody.Position {
        switch self {
        case .body(let named): named.position
        case .unreadable(let position, _): position
        }
    }
}

/// The walk over all rows that name bodies: the objects in the order of their keys, then older versions, then
/// the parts of uploads.
///
/// Whoever adds another kind of row that names bodies adds it here, in `page`, and in `StoreInspection`.
enum BodyWalk {
    /// How many rows are read at once.
    static let pageSize = 64

    private static let objectColumns = """
        objects.bucket_id, objects.key, buckets.name, '', objects.size_bytes, objects.crc64, objects.body_id,
        objects.blob_id, objects.is_segmented, bodies.reference_count
        """
    private static let objectTables = """
        objects LEFT JOIN buckets ON buckets.id = objects.bucket_id LEFT JOIN bodies ON bodies.id = objects.body_id
        """
    private static let versionColumns = """
        versions.bucket_id, versions.key, buckets.name, coalesce(versions.version_id, 'null'), versions.size_bytes,
        versions.crc64, versions.body_id, versions.blob_id, versions.is_segmented, bodies.reference_count,
        versions.sequence
        """
    private static let versionTables = """
        versions LEFT JOIN buckets ON buckets.id = versions.bucket_id LEFT JOIN bodies ON bodies.id = versions.body_id
        """
    private static let partColumns = """
        parts.upload_number, uploads.key, buckets.name, uploads.upload_id, parts.size_bytes, parts.crc64,
        parts.body_id, parts.blob_id, parts.part_number, bodies.reference_count
        """
    private static let partTables = """
        parts JOIN uploads ON uploads.id = parts.upload_number LEFT JOIN buckets ON buckets.id = uploads.bucket_id
        LEFT JOIN bodies ON bodies.id = parts.body_id
        """

    /// The next rows behind a place; empty behind the last of its kind.
    static func page(behind position: NamedBody.Position, in database: Database) throws -> [WalkedRow] {
        switch position {
        case .object(let bucketID, let key):
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(objectColumns) FROM \(objectTables) WHERE (objects.bucket_id, objects.key) > (?, ?)
                    ORDER BY objects.bucket_id, objects.key LIMIT \(pageSize)
                    """)
            return try Row.fetchAll(statement, arguments: [bucketID, Data(key)]).map(object)
        case .version(let bucketID, let key, let sequence):
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(versionColumns) FROM \(versionTables)
                    WHERE (versions.bucket_id, versions.key) >= (?1, ?2) AND is_delete_marker = 0
                    AND NOT (versions.bucket_id = ?1 AND versions.key = ?2 AND versions.sequence >= ?3)
                    ORDER BY versions.bucket_id, versions.key, versions.sequence DESC LIMIT \(pageSize)
                    """)
            return try Row.fetchAll(statement, arguments: [bucketID, Data(key), sequence]).map(version)
        case .part(let upload, let number):
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(partColumns) FROM \(partTables) WHERE (parts.upload_number, parts.part_number) > (?, ?)
                    ORDER BY parts.upload_number, parts.part_number LIMIT \(pageSize)
                    """)
            return try Row.fetchAll(statement, arguments: [upload, number]).map(part)
        }
    }

    /// The row at a place as it is now; nil if it is gone.
    static func row(at position: NamedBody.Position, in database: Database) throws -> WalkedRow? {
        switch position {
        case .object(let bucketID, let key):
            let statement = try database.cachedStatement(
                sql: "SELECT \(objectColumns) FROM \(objectTables) WHERE objects.bucket_id = ? AND objects.key = ?")
            return try Row.fetchOne(statement, arguments: [bucketID, Data(key)]).map(object)
        case .version(let bucketID, let key, let sequence):
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(versionColumns) FROM \(versionTables)
                    WHERE versions.bucket_id = ? AND versions.key = ? AND versions.sequence = ? AND is_delete_marker = 0
                    """)
            return try Row.fetchOne(statement, arguments: [bucketID, Data(key), sequence]).map(version)
        case .part(let upload, let number):
            let statement = try database.cachedStatement(
                sql: "SELECT \(partColumns) FROM \(partTables) WHERE parts.upload_number = ? AND parts.part_number = ?")
            return try Row.fetchOne(statement, arguments: [upload, number]).map(part)
        }
    }

    private static func object(_ row: Row) -> WalkedRow {
        let (bucketID, key) = (row.number(0) ?? 0, row.bytes(1) ?? [])
        return named(row, at: .object(bucketID: bucketID, key: key), item: "", isSegmented: row.number(8) == 1)
    }

    private static func version(_ row: Row) -> WalkedRow {
        let (bucketID, key, sequence) = (row.number(0) ?? 0, row.bytes(1) ?? [], row.number(10) ?? 0)
        return named(
            row, at: .version(bucketID: bucketID, key: key, sequence: sequence),
            item: "version \(row.text(3) ?? "?")", isSegmented: row.number(8) == 1)
    }

    private static func part(_ row: Row) -> WalkedRow {
        let (upload, number) = (row.number(0) ?? 0, row.number(8) ?? 0)
        let item = "upload \(row.text(3) ?? "?") part \(number)"
        return named(row, at: .part(upload: upload, number: number), item: item, isSegmented: false)
    }

    private static func named(
        _ row: Row, at position: NamedBody.Position, item: String, isSegmented: Bool
    ) -> WalkedRow {
        let place = Damage.Place(bucket: row.text(2) ?? "", key: row.bytes(1) ?? [], item: item)
        let blobText = row.text(7)
        // A size that no disk has would overflow sums.
        guard row.text(2) != nil, !place.key.isEmpty, let size = row.number(4),
            (0...MultipartCompletion.greatestObjectBytes).contains(size), let crc64 = row.number(5),
            let bodyID = row.number(6), blobText.map({ BlobID(text: $0) != nil }) ?? true
        else { return .unreadable(position, place) }
        return .body(
            NamedBody(
                position: position, place: place,
                body: BodyReference(id: bodyID, blobText: blobText, isSegmented: isSegmented),
                checks: BodyChecks(sizeBytes: size, crc64: UInt64(bitPattern: crc64)),
                isShared: (row.number(9) ?? 0) > 1))
    }
}

/// Columns of rows that may be damaged: what is not of its type is not there.
extension Row {
    /// A number.
    func number(_ index: Int) -> Int64? { Int64.fromDatabaseValue(self[index] as DatabaseValue) }
    /// A text.
    func text(_ index: Int) -> String? { String.fromDatabaseValue(self[index] as DatabaseValue) }
    /// Bytes.
    func bytes(_ index: Int) -> [UInt8]? { Data.fromDatabaseValue(self[index] as DatabaseValue).map(Array.init) }
}
