import OSSKit

extension DiskStore {
    /// Looks a version of an object up, the one that the key shows or an older one.
    ///
    /// - Throws: `NoSuchVersion`, and `MethodNotAllowed` for a delete marker.
    package func object(in bucket: BucketRecord, key: ObjectKey, version: VersionID) async throws -> ObjectRecord {
        try requireOpen()
        let row = ObjectRowKey(bucketID: bucket.id, key: key.bytes)
        if let cached = caches.objects.value(of: row), cached.record.version.id == version { return cached.record }
        return try await database.read { database in
            let found = try VersionTable.require(version, of: key, inBucket: bucket.id, database)
            guard let record = try ObjectTable.find(key, at: found.place, database) else {
                throw StoreFailure.bodyIsDamaged
            }
            return record
        }
    }

    /// One page of the versions and delete markers of a bucket, from one state of it.
    ///
    /// - Throws: `NoSuchBucket`; `InvalidArgument` for a marker that no list returned.
    package func versions(in bucket: BucketRecord, _ query: VersionQuery) async throws -> VersionPage {
        try requireOpen()
        return try await database.read { database in
            try BucketTable.require(bucket, in: database)
            return try VersionListing.page(ofBucket: bucket.id, query, in: database)
        }
    }

    /// Deletes objects, or versions for good, in one commit and in this order; what is not there is fine.
    ///
    /// In a bucket that keeps versions a delete marker hides what a key shows.
    /// - Returns: what came of each.
    /// - Throws: `NoSuchBucket`.
    package func delete(in bucket: BucketRecord, _ deletions: [Deletion]) async throws -> [DeletionOutcome] {
        try requireOpen()
        let weightBytes = deletions.reduce(0) { $0 + $1.key.bytes.count }
        let environment = environment
        return try await commit(weightBytes: weightBytes, freesRoom: true) { database in
            let versioning = try BucketTable.require(bucket, in: database)
            var change = BucketChange(ofBucket: bucket.id, versioning: versioning, environment)
            let outcomes = try deletions.map { try change.delete($0, in: database) }
            return Change(value: outcomes, leftovers: try change.finish(in: database))
        }
    }

    /// Deletes what keys show, in one commit, as `delete(in:_:)`.
    @discardableResult
    package func delete(in bucket: BucketRecord, keys: [ObjectKey]) async throws -> [DeletionOutcome] {
        try await delete(in: bucket, keys.map { Deletion(key: $0) })
    }

    /// The refusal for a key that is free.
    static func noSuchKey(_ key: ObjectKey) -> OSSError {
        OSSError(.noSuchKey, fields: [("Key", key.text)])
    }
}
