import Foundation
import GRDB
import OSSKit

/// The rows of `objects`.
enum ObjectTable {
    private static let columns = """
        size_bytes, last_modified_ms, etag_digest, crc64, object_type, storage_class, acl, body_id, blob_id,
        content_type, headers, user_metadata, etag_part_count, is_segmented, tags, symlink_target
        """

    /// What an overwritten or deleted row leaves to be accounted for.
    struct Former {
        let sizeBytes: Int64
        let body: BodyReference
    }

    /// The object of this key; nil if there is none.
    static func find(_ key: ObjectKey, inBucket bucketID: Int64, _ database: Database) throws -> ObjectRecord? {
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns) FROM objects WHERE bucket_id = ? AND key = ?")
        guard let row = try Row.fetchOne(statement, arguments: [bucketID, Data(key.bytes)]) else { return nil }
        return ObjectRecord(
            bucketID: bucketID, key: key, sizeBytes: row[0],
            entityTag: EntityTag(digest: Array(row[2] as Data), partCount: row[12]),
            crc64: UInt64(bitPattern: row[3] as Int64), lastModifiedMilliseconds: row[1], type: try type(row[4]),
            symlinkTarget: try (row[15] as Data?).map { try ObjectKey(bytes: Array($0)) },
            attributes: ObjectAttributes(
                contentType: row[9], headers: try AttributeText.decode(row[10]),
                userMetadata: try AttributeText.decode(row[11]), storageClass: row[5], acl: row[6],
                tags: try AttributeText.decodeTags(row[14])),
            body: BodyReference(id: row[7], blobText: row[8], isSegmented: row[13]))
    }

    /// Reads a type back.
    ///
    /// - Throws: `StoreFailure.bodyIsDamaged` for one that this version does not write.
    static func type(_ text: String) throws -> ObjectType {
        guard let type = ObjectType(rawValue: text) else { throw StoreFailure.bodyIsDamaged }
        return type
    }

    /// What an overwrite of this key would have to account for; nil if the key is free.
    static func former(_ key: Data, inBucket bucketID: Int64, _ database: Database) throws -> Former? {
        let statement = try database.cachedStatement(
            sql: "SELECT size_bytes, body_id, blob_id, is_segmented FROM objects WHERE bucket_id = ? AND key = ?")
        return try Row.fetchOne(statement, arguments: [bucketID, key]).map { row in
            Former(sizeBytes: row[0], body: BodyReference(id: row[1], blobText: row[2], isSegmented: row[3]))
        }
    }

    /// Writes a row, over the one of the same key if there is one.
    static func write(_ record: ObjectRecord, texts: AttributeText, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO objects (bucket_id, key, \(columns))
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            record.bucketID, Data(record.key.bytes), record.sizeBytes, record.lastModifiedMilliseconds,
            Data(record.entityTag.digest), Int64(bitPattern: record.crc64), record.type.rawValue,
            record.attributes.storageClass, record.attributes.acl, record.body.id, record.body.blob?.text,
            record.attributes.contentType, texts.headers, texts.userMetadata, record.entityTag.partCount,
            record.body.place == .segments, texts.tags, record.symlinkTarget.map { Data($0.bytes) },
        ])
    }

    /// Changes the tags of an object; false if the key is free.
    static func setTags(
        _ texts: AttributeText, of key: ObjectKey, inBucket id: Int64, _ database: Database
    ) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "UPDATE objects SET tags = ? WHERE bucket_id = ? AND key = ?")
        try statement.execute(arguments: [texts.tags, id, Data(key.bytes)])
        return database.changesCount > 0
    }

    /// Changes the ACL of an object; false if the key is free.
    static func setACL(_ acl: ObjectACL, of key: ObjectKey, inBucket id: Int64, _ database: Database) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "UPDATE objects SET acl = ? WHERE bucket_id = ? AND key = ?")
        try statement.execute(arguments: [acl.rawValue, id, Data(key.bytes)])
        return database.changesCount > 0
    }

    /// Removes a row.
    static func delete(_ key: Data, inBucket bucketID: Int64, _ database: Database) throws {
        let statement = try database.cachedStatement(sql: "DELETE FROM objects WHERE bucket_id = ? AND key = ?")
        try statement.execute(arguments: [bucketID, key])
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
