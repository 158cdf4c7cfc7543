import Foundation
import GRDB
import NIOCore
import OSSKit

extension DiskStore {
    /// Begins to take in the bytes of an object; nothing of it is visible to anybody before `put`.
    ///
    /// - Parameters:
    ///   - expectedBytes: how many bytes will come, if it is known; other than so many are refused.
    ///   - bucket: where they are to go, so that room for them is kept in its owner's account. Few bytes are judged by
    ///     the commit alone, since until then they take no room.
    /// - Throws: `ServiceUnavailable` if the disk is nearly full, `QuotaExceeded` if the account is.
    package func beginUpload(
        expectedBytes: Int64? = nil, in bucket: BucketRecord? = nil
    ) async throws -> ObjectUpload {
        try await requireWritable(expectedBytes ?? 0)
        var reservation: Reservation?
        if let bucket, expectedBytes ?? .max > configuration.inlineLimitBytes {
            reservation = try await reservations.reserve(expectedBytes ?? 0, for: bucket.ownerID)
        }
        return ObjectUpload(
            ObjectUpload.Announcement(expectedBytes: expectedBytes, reservation: reservation),
            inlineLimitBytes: configuration.inlineLimitBytes, blobs: blobs, fatality: fatality, freeSpace: freeSpace)
    }

    /// Stores a finished upload under a key, in the place of the object that has it; returns after the commit.
    ///
    /// Whatever is thrown, the upload is over and its bytes are gone.
    /// - Throws: `NoSuchBucket` if the bucket was deleted meanwhile, `FileAlreadyExists` as the condition asks.
    package func put(
        _ upload: ObjectUpload, in bucket: BucketRecord, key: ObjectKey, attributes: ObjectAttributes,
        condition: WriteCondition = WriteCondition()
    ) async throws -> ObjectRecord {
        let body = try await upload.takeBody()
        let place = ObjectPlace(bucket: bucket, key: key)
        let (texts, now) = (try AttributeText(attributes), environment.now)
        return try await commit(naming: body, weightBytes: texts.lengthBytes) { database, insertBody in
            let former = try place.requireWritable(condition, in: database)
            let content = ObjectContent(
                type: .normal, sizeBytes: body.summary.sizeBytes, entityTag: .md5(body.summary.md5),
                crc64: body.summary.crc64, body: try insertBody())
            return try place.write(content, attributes, texts, over: former, atMilliseconds: now(), in: database)
        }
    }

    /// Copies an object without copying its bytes: both rows name the same body.
    ///
    /// - Parameter attributes: what the copy says about itself; nil keeps what the source says, but not its ACL.
    /// - Throws: `NoSuchKey` if the source was deleted meanwhile, `StoreFailure.bodyIsGone` if it was overwritten: look it
    ///   up once more. Else as `put`.
    package func copy(
        _ source: ObjectRecord, to bucket: BucketRecord, key: ObjectKey, attributes: ObjectAttributes? = nil,
        condition: WriteCondition = WriteCondition()
    ) async throws -> ObjectRecord {
        try await requireWritable(0)
        var kept = attributes ?? source.attributes
        if attributes == nil { kept.acl = "default" }
        let (texts, attributes, now) = (try AttributeText(kept), kept, environment.now)
        let place = ObjectPlace(bucket: bucket, key: key)
        return try await commit(weightBytes: texts.lengthBytes) { database in
            let former = try place.requireWritable(condition, in: database)
            try source.requireUnchanged(in: database)
            try BodyTable.retain(source.body, in: database)
            return try place.write(
                ObjectContent(of: source), attributes, texts, over: former, atMilliseconds: now(), in: database)
        }
    }

    /// Removes objects in one commit; keys that are free are fine.
    ///
    /// - Throws: `NoSuchBucket`.
    package func delete(in bucket: BucketRecord, keys: [ObjectKey]) async throws {
        try requireOpen()
        let weightBytes = keys.reduce(0) { $0 + $1.bytes.count }
        try await commit(weightBytes: weightBytes, freesRoom: true) { database in
            try BucketTable.require(bucket, in: database)
            var leftovers = Leftovers()
            for key in keys {
                let key = Data(key.bytes)
                guard let former = try ObjectTable.former(key, inBucket: bucket.id, database) else { continue }
                try ObjectTable.delete(key, inBucket: bucket.id, database)
                try BucketTable.add(objects: -1, bytes: -former.sizeBytes, toBucket: bucket.id, in: database)
                try BodyTable.release(former.body, &leftovers, in: database)
            }
            return Change(value: (), leftovers: leftovers)
        }
    }

    /// The refusal for a key that is free.
    static func noSuchKey(_ key: ObjectKey) -> OSSError {
        OSSError(.noSuchKey, fields: [("Key", key.text)])
    }
}

extension ObjectRecord {
    /// Checks that the bytes that were looked up are still those of the key.
    ///
    /// - Throws: `NoSuchKey`, or `StoreFailure.bodyIsGone` if the key has others now.
    func requireUnchanged(in database: Database) throws {
        let current = try ObjectTable.former(Data(key.bytes), inBucket: bucketID, database)
        guard let current else { throw DiskStore.noSuchKey(key) }
        guard current.body == body else { throw StoreFailure.bodyIsGone }
    }
}

/// Where a row is to be written.
package struct ObjectPlace: Sendable {
    /// The bucket, as it was looked up before.
    let bucket: BucketRecord
    /// The key.
    let key: ObjectKey

    /// Names a place.
    package init(bucket: BucketRecord, key: ObjectKey) {
        self.bucket = bucket
        self.key = key
    }

    /// Judges the conditions of a write inside its transaction.
    ///
    /// - Returns: the row that the write will replace.
    /// - Throws: `NoSuchBucket`, `FileAlreadyExists`.
    func requireWritable(_ condition: WriteCondition, in database: Database) throws -> ObjectTable.Former? {
        try BucketTable.require(bucket, in: database)
        let former = try ObjectTable.former(Data(key.bytes), inBucket: bucket.id, database)
        if former != nil, condition.forbidsOverwrite {
            throw OSSError(.fileAlreadyExists)
        }
        return former
    }

    /// Writes the row of this place, lets go of the body that it had, and counts the difference to the bucket.
    func write(
        _ content: ObjectContent, _ attributes: ObjectAttributes, _ texts: AttributeText,
        over former: ObjectTable.Former?, atMilliseconds time: Int64, in database: Database
    ) throws -> Change<ObjectRecord> {
        let record = ObjectRecord(
            bucketID: bucket.id, key: key, sizeBytes: content.sizeBytes, entityTag: content.entityTag,
            crc64: content.crc64, lastModifiedMilliseconds: time, type: content.type,
            symlinkTarget: content.symlinkTarget, attributes: attributes, body: content.body)
        try ObjectTable.write(record, texts: texts, database)
        try BucketTable.add(
            objects: former == nil ? 1 : 0, bytes: record.sizeBytes - (former?.sizeBytes ?? 0), toBucket: bucket.id,
            in: database)
        var change = Change(value: record)
        if let former { try BodyTable.release(former.body, &change.leftovers, in: database) }
        return change
    }
}

/// What an object is made of, without what its writer says about it.
struct ObjectContent: Sendable {
    let type: ObjectType
    var symlinkTarget: ObjectKey?
    let sizeBytes: Int64
    let entityTag: EntityTag
    let crc64: UInt64
    let body: BodyReference
}

extension ObjectContent {
    /// The content of an object that is copied; a copy cannot be appended to.
    init(of source: ObjectRecord) {
        self.init(
            type: source.type == .appendable ? .normal : source.type, symlinkTarget: source.symlinkTarget,
            sizeBytes: source.sizeBytes, entityTag: source.entityTag, crc64: source.crc64, body: source.body)
    }
}
