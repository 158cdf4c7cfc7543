import Foundation
import GRDB
import OSSKit

/// The rows of `uploads`: uploads in parts that were begun and not ended.
enum UploadTable {
    private static let columns = """
        id, key, upload_id, initiated_at_ms, storage_class, acl, content_type, headers, user_metadata, tags
        """

    /// Adds an upload.
    static func insert(
        _ id: UploadID, at place: ObjectPlace, _ attributes: ObjectAttributes, texts: AttributeText,
        atMilliseconds time: Int64, in database: Database
    ) throws -> MultipartUpload {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO uploads (
                    bucket_id, key, upload_id, initiated_at_ms, storage_class, acl, content_type, headers,
                    user_metadata, tags)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            place.bucket.id, Data(place.key.bytes), id.text, time, attributes.storageClass, attributes.acl,
            attributes.contentType, texts.headers, texts.userMetadata, texts.tags,
        ])
        return MultipartUpload(
            number: database.lastInsertedRowID, bucket: place.bucket, key: place.key, id: id,
            initiatedMilliseconds: time, attributes: attributes)
    }

    /// The upload of this ID.
    ///
    /// - Throws: `NoSuchUpload`.
    static func find(_ id: UploadID, at place: ObjectPlace, in database: Database) throws -> MultipartUpload {
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns) FROM uploads WHERE bucket_id = ? AND key = ? AND upload_id = ?")
        let row = try Row.fetchOne(statement, arguments: [place.bucket.id, Data(place.key.bytes), id.text])
        guard let row else { throw noSuchUpload(id) }
        return try upload(row, in: place.bucket)
    }

    /// Checks that an upload that was looked up before has not ended.
    ///
    /// - Throws: `NoSuchUpload`.
    static func require(_ upload: MultipartUpload, in database: Database) throws {
        let statement = try database.cachedStatement(sql: "SELECT 1 FROM uploads WHERE id = ?")
        guard try Int.fetchOne(statement, arguments: [upload.number]) != nil else { throw noSuchUpload(upload.id) }
    }

    /// Removes the row of an upload, whose owner is no longer charged for its parts; their rows are another's concern.
    static func delete(_ upload: MultipartUpload, in database: Database) throws {
        let bytes = try PartTable.sizeBytes(ofUpload: upload.number, in: database)
        try AccountTable.charge(-bytes, toOwnerOfBucket: upload.bucket.id, in: database)
        try database.cachedStatement(sql: "DELETE FROM uploads WHERE id = ?").execute(arguments: [upload.number])
    }

    /// How many uploads of a bucket have not ended.
    static func count(inBucket id: Int64, in database: Database) throws -> Int {
        let statement = try database.cachedStatement(sql: "SELECT count(*) FROM uploads WHERE bucket_id = ?")
        return try Int.fetchOne(statement, arguments: [id]) ?? 0
    }

    /// Whether a bucket has an upload that has not ended.
    static func exists(inBucket id: Int64, in database: Database) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM uploads WHERE bucket_id = ?)")
        return try Bool.fetchOne(statement, arguments: [id]) ?? false
    }

    /// The uploads of a bucket behind a key and an ID, in order.
    static func cursor(
        in bucket: BucketRecord, from position: (key: [UInt8], uploadID: String), in database: Database
    ) throws -> RowCursor {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(columns) FROM uploads WHERE bucket_id = ? AND (key, upload_id) > (?, ?)
                ORDER BY key, upload_id
                """)
        return try Row.fetchCursor(
            statement, arguments: [bucket.id, Data(position.key), position.uploadID])
    }

    /// The upload of a row that `cursor` gave.
    static func upload(_ row: Row, in bucket: BucketRecord) throws -> MultipartUpload {
        MultipartUpload(
            number: row[0], bucket: bucket, key: try ObjectKey(bytes: Array(row[1] as Data)),
            id: try UploadID(row[2] as String), initiatedMilliseconds: row[3],
            attributes: ObjectAttributes(
                contentType: row[6], headers: try AttributeText.decode(row[7]),
                userMetadata: try AttributeText.decode(row[8]), storageClass: row[4], acl: row[5],
                tags: try AttributeText.decodeTags(row[9])))
    }

    /// The refusal for an upload that never was or has ended.
    static func noSuchUpload(_ id: UploadID) -> OSSError {
        OSSError(.noSuchUpload, fields: [("UploadId", id.text)])
    }
}
