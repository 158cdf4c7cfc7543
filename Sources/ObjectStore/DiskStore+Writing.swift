import Foundation
import GRDB
import NIOCore
import OSSKit

extension DiskStore {
    /// Begins to take in the bytes of an object; nothing of it is visible to anybody before `put`.
    ///
    /// - Parameter expectedBytes: how many bytes will come, if it is known; other than so many are refused.
    /// - Throws: `ServiceUnavailable` if the disk is nearly full.
    package func beginUpload(expectedBytes: Int64? = nil) async throws -> ObjectUpload {
        try await requireWritable(expectedBytes ?? 0)
        return ObjectUpload(
            expectedBytes: expectedBytes, inlineLimitBytes: configuration.inlineLimitBytes, blobs: blobs,
            fatality: fatality, freeSpace: freeSpace)
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
        do {
            let record = try await store(body, ObjectPlace(bucket: bucket, key: key), attributes, condition)
            body.blob?.keep()
            return record
        } catch let error as CommitUncertain {
            // A row may name the file; if none does, the sweep finds it.
            body.blob?.keep()
            throw error.cause
        } catch {
            body.discard()
            throw error
        }
    }

    /// Copies an object without copying its bytes: both rows name the same body.
    ///
    /// - Parameter attributes: what the copy says about itself; nil keeps what the source says, but not its ACL.
    /// - Throws: `NoSuchKey` if the source was overwritten or deleted meanwhile, and as `put`.
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
            let current = try ObjectTable.former(Data(source.key.bytes), inBucket: source.bucketID, database)
            guard let current, current.body == source.body else {
                throw DiskStore.noSuchKey(source.key)
            }
            try BodyTable.retain(source.body, in: database)
            let summary = BodySummary(sizeBytes: source.sizeBytes, md5: source.md5, crc64: source.crc64)
            let record = place.record(summary, attributes, body: source.body, atMilliseconds: now())
            try ObjectTable.write(record, texts: texts, database)
            return Change(value: record, unnamedBlobs: try place.account(for: former, record, in: database))
        }
    }

    /// Removes objects in one commit; keys that are free are fine.
    ///
    /// - Throws: `NoSuchBucket`.
    package func delete(in bucket: BucketRecord, keys: [ObjectKey]) async throws {
        try requireOpen()
        let weightBytes = keys.reduce(0) { $0 + $1.bytes.count }
        try await commit(weightBytes: weightBytes) { database in
            try BucketTable.require(bucket, in: database)
            var unnamedBlobs: [BlobID] = []
            for key in keys {
                let key = Data(key.bytes)
                guard let former = try ObjectTable.former(key, inBucket: bucket.id, database) else { continue }
                try ObjectTable.delete(key, inBucket: bucket.id, database)
                try BucketTable.add(objects: -1, bytes: -former.sizeBytes, toBucket: bucket.id, in: database)
                if let blob = try BodyTable.release(former.body, in: database) { unnamedBlobs.append(blob) }
            }
            return Change(value: (), unnamedBlobs: unnamedBlobs)
        }
    }

    private func store(
        _ body: FinishedBody, _ place: ObjectPlace, _ attributes: ObjectAttributes, _ condition: WriteCondition
    ) async throws -> ObjectRecord {
        try await requireWritable(0)
        let texts = try AttributeText(attributes)
        var inlineBytes: Data?
        if case .inline(let buffer) = body.bytes { inlineBytes = Data(buffer.readableBytesView) }
        let (bytes, now) = (inlineBytes, environment.now)
        let weightBytes = texts.lengthBytes + (bytes?.count ?? 0)
        return try await commit(weightBytes: weightBytes) { database in
            let former = try place.requireWritable(condition, in: database)
            let reference = try BodyTable.insert(body, inlineBytes: bytes, in: database)
            let record = place.record(body.summary, attributes, body: reference, atMilliseconds: now())
            try ObjectTable.write(record, texts: texts, database)
            return Change(value: record, unnamedBlobs: try place.account(for: former, record, in: database))
        }
    }

    /// The refusal for a key that is free.
    static func noSuchKey(_ key: ObjectKey) -> OSSError {
        OSSError(.noSuchKey, fields: [("Key", key.text)])
    }
}

/// Where a row is to be written.
struct ObjectPlace: Sendable {
    /// The bucket, as it was looked up before.
    let bucket: BucketRecord
    /// The key.
    let key: ObjectKey

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

    /// The row of this place.
    func record(
        _ summary: BodySummary, _ attributes: ObjectAttributes, body: BodyReference, atMilliseconds time: Int64
    ) -> ObjectRecord {
        ObjectRecord(
            bucketID: bucket.id, key: key, sizeBytes: summary.sizeBytes, md5: summary.md5, crc64: summary.crc64,
            lastModifiedMilliseconds: time, objectType: "Normal", attributes: attributes, body: body)
    }

    /// Lets go of the body that was replaced, and counts the difference to the bucket.
    ///
    /// - Returns: blobs that no row names after the commit.
    func account(
        for former: ObjectTable.Former?, _ record: ObjectRecord, in database: Database
    ) throws -> [BlobID] {
        try BucketTable.add(
            objects: former == nil ? 1 : 0, bytes: record.sizeBytes - (former?.sizeBytes ?? 0), toBucket: bucket.id,
            in: database)
        guard let former, let blob = try BodyTable.release(former.body, in: database) else { return [] }
        return [blob]
    }
}
