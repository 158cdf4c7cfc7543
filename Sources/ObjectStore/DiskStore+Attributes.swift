import NIOCore
import OSSKit

extension DiskStore {
    /// Replaces the tags of an object; nothing else of it changes, its time neither.
    ///
    /// - Throws: `NoSuchKey`.
    package func setTags(_ tags: [Tag], of key: ObjectKey, in bucket: BucketRecord) async throws {
        try await requireWritable(0)
        let texts = try AttributeText(ObjectAttributes(tags: tags))
        try await commit(weightBytes: texts.lengthBytes) { database in
            guard try ObjectTable.setTags(texts, of: key, inBucket: bucket.id, database) else {
                throw DiskStore.noSuchKey(key)
            }
            return Change(value: ())
        }
    }

    /// Replaces the ACL of an object; nothing else of it changes, its time neither.
    ///
    /// - Throws: `NoSuchKey`.
    package func setACL(_ acl: ObjectACL, of key: ObjectKey, in bucket: BucketRecord) async throws {
        try await requireWritable(0)
        try await commit { database in
            guard try ObjectTable.setACL(acl, of: key, inBucket: bucket.id, database) else {
                throw DiskStore.noSuchKey(key)
            }
            return Change(value: ())
        }
    }

    /// Stores a symbolic link in the place of the object that has the key; the target need not be there.
    ///
    /// - Throws: as `put`.
    package func putSymlink(
        to target: ObjectKey, at place: ObjectPlace, attributes: ObjectAttributes,
        condition: WriteCondition = WriteCondition()
    ) async throws -> ObjectRecord {
        let body = FinishedBody(summary: BodyDigest().summary, bytes: .inline(ByteBuffer()))
        let (texts, now) = (try AttributeText(attributes), environment.now)
        return try await commit(naming: body, weightBytes: texts.lengthBytes) { database, insertBody in
            let former = try place.requireWritable(condition, in: database)
            let content = ObjectContent(
                type: .symlink, symlinkTarget: target, sizeBytes: 0,
                entityTag: .opaque(MD5Digest.of(target.bytes)), crc64: 0, body: try insertBody())
            return try place.write(content, attributes, texts, over: former, atMilliseconds: now(), in: database)
        }
    }

    /// Replaces the ACL of a bucket.
    ///
    /// - Throws: `NoSuchBucket`.
    package func setACL(_ acl: BucketACL, of bucket: BucketRecord) async throws {
        try await requireWritable(0)
        try await commit { database in
            try BucketTable.require(bucket, in: database)
            try BucketTable.setACL(acl.rawValue, ofBucket: bucket.id, in: database)
            return Change(value: ())
        }
    }
}
