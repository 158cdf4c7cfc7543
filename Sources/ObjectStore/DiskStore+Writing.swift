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
        let (texts, environment) = (try AttributeText(attributes), environment)
        return try await commit(naming: body, weightBytes: texts.lengthBytes) { database, insertBody in
            let turn = try place.requireWritable(condition, environment, in: database)
            let content = ObjectContent(
                type: .normal, sizeBytes: body.summary.sizeBytes, entityTag: .md5(body.summary.md5),
                crc64: body.summary.crc64, body: try insertBody())
            return try turn.write(content, attributes, texts, in: database)
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
        let (texts, attributes, environment) = (try AttributeText(kept), kept, environment)
        let place = ObjectPlace(bucket: bucket, key: key)
        return try await commit(weightBytes: texts.lengthBytes) { database in
            let turn = try place.requireWritable(condition, environment, in: database)
            try source.requireUnchanged(in: database)
            try BodyTable.retain(source.body, in: database)
            return try turn.write(ObjectContent(of: source), attributes, texts, in: database)
        }
    }
}

extension ObjectRecord {
    /// Checks that the bytes that were looked up are still those of the key, or of an older version of it.
    ///
    /// - Throws: `NoSuchKey`, or `StoreFailure.bodyIsGone` if the key has others now.
    func requireUnchanged(in database: Database) throws {
        let data = Data(key.bytes)
        let current = try ObjectTable.former(data, inBucket: bucketID, database)
        if current?.body == body { return }
        let version = try VersionTable.find(version.id, of: data, inBucket: bucketID, database)
        if version?.former.body == body { return }
        guard current != nil || self.version.isOfVersionedBucket else { throw DiskStore.noSuchKey(key) }
        throw StoreFailure.bodyIsGone
    }
}

/// Where a row is to be written.
package struct ObjectPlace: Sendable {
    /// The bucket, as it was looked up before.
    let bucket: BucketRecord
    /// The key.
    package let key: ObjectKey

    /// Names a place.
    package init(bucket: BucketRecord, key: ObjectKey) {
        self.bucket = bucket
        self.key = key
    }

    /// Judges the conditions of a write inside its transaction.
    ///
    /// - Throws: `NoSuchBucket`, `FileAlreadyExists`.
    func requireWritable(
        _ condition: WriteCondition, _ environment: StoreEnvironment, in database: Database
    ) throws -> WriteTurn {
        let versioning = try BucketTable.require(bucket, in: database)
        let current = try ObjectTable.former(Data(key.bytes), inBucket: bucket.id, database)
        if current != nil, condition.forbidsOverwrite, versioning == nil {
            throw OSSError(.fileAlreadyExists)
        }
        return WriteTurn(place: self, versioning: versioning, current: current, environment: environment)
    }
}

/// A write inside its transaction, once nothing speaks against it.
struct WriteTurn {
    fileprivate let place: ObjectPlace
    fileprivate let versioning: VersioningConfiguration.Status?
    fileprivate let current: ObjectTable.Former?
    fileprivate let environment: StoreEnvironment

    /// Writes the row of the place, keeps or lets go of what it showed, and counts the difference to the bucket.
    func write(
        _ content: ObjectContent, _ attributes: ObjectAttributes, _ texts: AttributeText, in database: Database
    ) throws -> Change<ObjectRecord> {
        let (id, key) = (place.bucket.id, place.key)
        var change = BucketChange(ofBucket: id, versioning: versioning, environment)
        let version = try change.makeRoom(for: Data(key.bytes), over: current, in: database)
        let record = ObjectRecord(
            bucketID: id, key: key, sizeBytes: content.sizeBytes, entityTag: content.entityTag,
            crc64: content.crc64, lastModifiedMilliseconds: environment.now(), type: content.type,
            symlinkTarget: content.symlinkTarget, attributes: attributes, body: content.body, version: version)
        try ObjectTable.write(record, texts: texts, database)
        change.count(record)
        return Change(value: record, leftovers: try change.finish(in: database))
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
