import Foundation
import GRDB
import OSSKit

/// The rows of `objects`, and what those of `versions` have in common with them.
enum ObjectTable {
    /// Everything that both tables have beside bucket and key.
    static let columns = """
        size_bytes, last_modified_ms, etag_digest, crc64, object_type, storage_class, acl, body_id, blob_id,
        content_type, headers, user_metadata, etag_part_count, is_segmented, tags, symlink_target, sequence, version_id
        """

    /// What an overwritten or deleted row leaves to be accounted for.
    struct Former {
        /// How many bytes it has.
        let sizeBytes: Int64
        /// Where they are; nil for a delete marker.
        let body: BodyReference?
        /// Which version it is.
        let version: ObjectVersion
        /// When it was written, in milliseconds since 1970, UTC.
        let lastModifiedMilliseconds: Int64

        /// The columns from which it is read.
        static let columns = "size_bytes, body_id, blob_id, is_segmented, sequence, version_id, last_modified_ms"

        /// Reads it back.
        init(_ row: Row) throws {
            let bodyID: Int64? = row[1]
            sizeBytes = row[0]
            body = bodyID.map { BodyReference(id: $0, blobText: row[2], isSegmented: row[3]) }
            version = try ObjectTable.version(sequence: row[4], id: row[5])
            lastModifiedMilliseconds = row[6]
        }

        /// Reads it back.
        init(_ row: BareRow) throws {
            sizeBytes = row.integer(at: 0)
            body = row.integerIfAny(at: 1).map {
                BodyReference(id: $0, blobText: row.textIfAny(at: 2), isSegmented: row.integer(at: 3) != 0)
            }
            version = try ObjectTable.version(sequence: row.integer(at: 4), id: row.textIfAny(at: 5))
            lastModifiedMilliseconds = row.integer(at: 6)
        }
    }

    /// The object of this key; nil if there is none.
    static func find(_ key: ObjectKey, inBucket bucketID: Int64, _ database: Database) throws -> ObjectRecord? {
        try find(key, at: RowPlace(bucketID: bucketID, key: Data(key.bytes)), database)
    }

    /// The object of a row, which must not be a delete marker; nil if there is none.
    static func find(_ key: ObjectKey, at place: RowPlace, _ database: Database) throws -> ObjectRecord? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM \(place.condition)")
        guard let row = try Row.fetchOne(statement, arguments: place.arguments) else { return nil }
        return ObjectRecord(
            bucketID: place.bucketID, key: key, sizeBytes: row[0],
            entityTag: EntityTag(digest: Array(row[2] as Data), partCount: row[12]),
            crc64: UInt64(bitPattern: row[3] as Int64), lastModifiedMilliseconds: row[1], type: try type(row[4]),
            symlinkTarget: try (row[15] as Data?).map { try ObjectKey(bytes: Array($0)) },
            attributes: ObjectAttributes(
                contentType: row[9], headers: try AttributeText.decode(row[10]),
                userMetadata: try AttributeText.decode(row[11]), storageClass: row[5], acl: row[6],
                tags: try AttributeText.decodeTags(row[14])),
            body: BodyReference(id: row[7], blobText: row[8], isSegmented: row[13]),
            version: try version(sequence: row[16], id: row[17]))
    }

    /// Reads a type back.
    ///
    /// - Throws: `StoreFailure.bodyIsDamaged` for one that this version does not write.
    static func type(_ text: String) throws -> ObjectType {
        guard let type = ObjectType(rawValue: text) else { throw StoreFailure.bodyIsDamaged }
        return type
    }

    /// Reads a version back; what has no ID is the version `null`.
    static func version(sequence: Int64, id: String?) throws -> ObjectVersion {
        guard let id else { return ObjectVersion(sequence: sequence, id: .null) }
        return ObjectVersion(sequence: sequence, id: try VersionID(id))
    }

    private static let formerOfObject = "SELECT \(Former.columns) FROM objects WHERE bucket_id = ? AND key = ?"

    /// What an overwrite of this key would have to account for; nil if the key shows nothing.
    static func former(_ key: Data, inBucket bucketID: Int64, _ database: Database) throws -> Former? {
        let statement = try database.cachedStatement(sql: formerOfObject)
        return try statement.first(bucketID, key) { try Former($0) }
    }

    private static let insertion = """
        INSERT OR REPLACE INTO objects (bucket_id, key, \(columns))
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    /// Writes a row, over the one of the same key if there is one.
    static func write(_ record: ObjectRecord, texts: AttributeText, _ database: Database) throws {
        let statement = try database.cachedStatement(sql: insertion)
        try statement.run(
            record.bucketID, record.key.bytes, record.sizeBytes, record.lastModifiedMilliseconds,
            record.entityTag.digest, Int64(bitPattern: record.crc64), record.type.rawValue,
            record.attributes.storageClass, record.attributes.acl, record.body.id, record.body.blob?.text,
            record.attributes.contentType, texts.headers, texts.userMetadata, record.entityTag.partCount,
            record.body.place == .segments, texts.tags, record.symlinkTarget?.bytes,
            record.version.sequence, record.version.isNull ? nil : record.version.id.text)
    }

    /// Changes the tags of an object.
    static func setTags(_ texts: AttributeText, of place: RowPlace, _ database: Database) throws {
        try place.set("tags", to: texts.tags, database)
    }

    /// Changes the ACL of an object.
    static func setACL(_ acl: ObjectACL, of place: RowPlace, _ database: Database) throws {
        try place.set("acl", to: acl.rawValue, database)
    }

    /// Changes the storage class of an object.
    static func setStorageClass(_ storageClass: String, of place: RowPlace, _ database: Database) throws {
        try place.set("storage_class", to: storageClass, database)
    }

    /// Changes the headers that are kept with an object.
    static func setHeaders(_ texts: AttributeText, of place: RowPlace, _ database: Database) throws {
        try place.set("headers", to: texts.headers, database)
    }

    /// Removes a row; one that is not there is fine.
    static func delete(_ place: RowPlace, _ database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM \(place.condition)").execute(arguments: place.arguments)
    }
}

/// Names the row of what a key shows, or of an older version or delete marker of it.
struct RowPlace: Sendable {
    /// The bucket's number.
    let bucketID: Int64
    /// The bytes of the key.
    let key: Data
    /// The number of a row of `versions`; nil for the row of `objects`.
    var sequence: Int64?

    private var table: String { sequence == nil ? "objects" : "versions" }

    private var filter: String { "bucket_id = ? AND key = ?" + (sequence == nil ? "" : " AND sequence = ?") }

    /// What stands behind `FROM` to name it.
    var condition: String { "\(table) WHERE \(filter)" }

    /// The values of the condition.
    var arguments: StatementArguments {
        guard let sequence else { return [bucketID, key] }
        return [bucketID, key, sequence]
    }

    fileprivate func set(_ column: String, to text: String, _ database: Database) throws {
        let statement = try database.cachedStatement(sql: "UPDATE \(table) SET \(column) = ? WHERE \(filter)")
        try statement.execute(arguments: StatementArguments([text]) + arguments)
    }
}

/// The lists of an object's attributes as they are stored: JSON arrays of names and values in turn.
struct AttributeText: Sendable {
    /// The headers to give back.
    let headers: String
    /// The user metadata.
    let userMetadata: String
    /// The tags.
    let tags: String

    /// Writes the lists down.
    init(_ attributes: ObjectAttributes) throws {
        self.headers = try Self.encode(attributes.headers)
        self.userMetadata = try Self.encode(attributes.userMetadata)
        self.tags = try Self.encode(attributes.tags.map { AttributePair(name: $0.key, value: $0.value) })
    }

    /// How many bytes both take.
    var lengthBytes: Int { headers.utf8.count + userMetadata.utf8.count + tags.utf8.count }

    /// Reads tags back, as `decode(_:)`.
    static func decodeTags(_ text: String) throws -> [Tag] {
        try decode(text).map { Tag($0.name, $0.value) }
    }

    /// Reads a list back.
    ///
    /// - Throws: `StoreFailure.bodyIsDamaged` if the text is not one that was written here.
    static func decode(_ text: String) throws -> [AttributePair] {
        if text == "[]" { return [] }
        guard let texts = try? JSONDecoder().decode([String].self, from: Data(text.utf8)), texts.count % 2 == 0 else {
            throw StoreFailure.bodyIsDamaged
        }
        return stride(from: 0, to: texts.count, by: 2).map { AttributePair(name: texts[$0], value: texts[$0 + 1]) }
    }

    private static func encode(_ pairs: [AttributePair]) throws -> String {
        if pairs.isEmpty { return "[]" }
        let texts = pairs.flatMap { [$0.name, $0.value] }
        return String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)
    }
}
