import NIOCore
import OSSKit

extension DiskStore {
    /// Replaces the tags of an object, or of a version of it; nothing else of it changes, its time neither.
    ///
    /// - Returns: the version that was changed.
    /// - Throws: `NoSuchKey`; with a version `NoSuchVersion`, and `MethodNotAllowed` for a delete marker.
    @discardableResult
    package func setTags(
        _ tags: [Tag], of key: ObjectKey, in bucket: BucketRecord, version: VersionID? = nil
    ) async throws -> ObjectVersion {
        try await requireWritable(0)
        let texts = try AttributeText(ObjectAttributes(tags: tags))
        return try await commit(weightBytes: texts.lengthBytes) { database in
            let found = try VersionTable.require(version, of: key, inBucket: bucket.id, database)
            try ObjectTable.setTags(texts, of: found.place, database)
            return Change(value: found.former.version)
        }
    }

    /// Replaces the ACL of an object, or of a version of it; nothing else of it changes, its time neither.
    ///
    /// - Returns: the version that was changed.
    /// - Throws: as `setTags`.
    @discardableResult
    package func setACL(
        _ acl: ObjectACL, of key: ObjectKey, in bucket: BucketRecord, version: VersionID? = nil
    ) async throws -> ObjectVersion {
        try await requireWritable(0)
        return try await commit { database in
            let found = try VersionTable.require(version, of: key, inBucket: bucket.id, database)
            try ObjectTable.setACL(acl, of: found.place, database)
            return Change(value: found.former.version)
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
        let (texts, environment) = (try AttributeText(attributes), environment)
        return try await commit(naming: body, weightBytes: texts.lengthBytes) { database, insertBody in
            let turn = try place.requireWritable(condition, environment, in: database)
            let content = ObjectContent(
                type: .symlink, symlinkTarget: target, sizeBytes: 0,
                entityTag: .opaque(MD5Digest.of(target.bytes)), crc64: 0, body: try insertBody())
            return try turn.write(content, attributes, texts, in: database)
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
