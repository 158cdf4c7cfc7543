import OSSKit

extension DiskStore {
    /// Makes a bucket, or, if its owner makes it again without a contradiction, returns it with the ACL asked for.
    ///
    /// - Throws: `BucketAlreadyExists`, `TooManyBuckets`.
    package func createBucket(_ new: NewBucket) async throws -> BucketRecord {
        try requireOpen()
        // On a full disk nothing new is made, but what is there already is no reason to refuse a start.
        if new.acl == nil, let existing = try await database.read({ try BucketTable.find(new.name, in: $0) }) {
            try DiskStore.requireAgreement(existing, new)
            return existing
        }
        try await requireWritable(0)
        let (now, limit) = (environment.now, configuration.bucketsPerOwnerLimit)
        return try await commit { database in
            if let existing = try BucketTable.find(new.name, in: database) {
                try DiskStore.requireAgreement(existing, new)
                if let acl = new.acl {
                    try BucketTable.setACL(acl, ofBucket: existing.id, in: database)
                }
            } else {
                guard try BucketTable.count(ownedBy: new.ownerID, in: database) < limit else {
                    throw OSSError(.tooManyBuckets)
                }
                try BucketTable.insert(new, atMilliseconds: now(), in: database)
            }
            guard let record = try BucketTable.find(new.name, in: database) else {
                throw BucketTable.noSuchBucket(new.name)
            }
            return Change(value: record)
        }
    }

    /// Looks a bucket up.
    ///
    /// - Throws: `NoSuchBucket`.
    package func bucket(_ name: BucketName) async throws -> BucketRecord {
        try requireOpen()
        return try await caches.buckets.value(of: name.text, costBytes: RowCaches.costBytes) {
            try await database.read { database in
                guard let record = try BucketTable.find(name, in: database) else {
                    throw BucketTable.noSuchBucket(name)
                }
                return record
            }
        }
    }

    /// The buckets of an owner whose names begin with `prefix` and come after `after`, at most `limit` of them.
    ///
    /// - Precondition: `limit` is positive.
    package func buckets(
        ownedBy ownerID: String, prefix: String = "", after: String = "", limit: Int
    ) async throws -> BucketPage {
        precondition(limit > 0, "a page of buckets has room for at least one")
        try requireOpen()
        return try await database.read { database in
            try BucketTable.page(ownedBy: ownerID, prefix: prefix, after: after, limit: limit, in: database)
        }
    }

    /// Changes whether a bucket keeps the versions of its objects; what is there stays.
    ///
    /// - Throws: `NoSuchBucket`.
    package func setVersioning(_ status: VersioningConfiguration.Status, of bucket: BucketRecord) async throws {
        try await requireWritable(0)
        try await commit { database in
            try BucketTable.require(bucket, in: database)
            try BucketTable.setVersioning(status, ofBucket: bucket.id, in: database)
            return Change(value: ())
        }
    }

    /// Removes an empty bucket; older versions, delete markers and uploads that have not ended count as content.
    ///
    /// Source: assumption A-053.
    /// - Throws: `NoSuchBucket`, `AccessDenied` if it is somebody else's, `BucketNotEmpty`.
    package func deleteBucket(_ name: BucketName, ownedBy ownerID: String) async throws {
        try requireOpen()
        try await commit(freesRoom: true) { database in
            guard let bucket = try BucketTable.find(name, in: database) else {
                throw BucketTable.noSuchBucket(name)
            }
            guard bucket.ownerID == ownerID else { throw OSSError(.accessDenied) }
            let hasObjects = try BucketTable.hasObjects(bucket.id, in: database)
            guard !hasObjects, try !UploadTable.exists(inBucket: bucket.id, in: database) else {
                throw OSSError(.bucketNotEmpty, fields: [("BucketName", name.text)])
            }
            try BucketTable.delete(bucket.id, in: database)
            return Change(value: ())
        }
    }

    /// How much a bucket holds.
    ///
    /// - Throws: `NoSuchBucket`.
    package func usage(of bucket: BucketRecord) async throws -> BucketUsage {
        try requireOpen()
        return try await database.read { try BucketTable.usage(of: bucket, in: $0) }
    }

    private static func requireAgreement(_ existing: BucketRecord, _ new: NewBucket) throws(OSSError) {
        func refusal(_ message: String? = nil) -> OSSError {
            OSSError(.bucketAlreadyExists, message: message, fields: [("BucketName", new.name.text)])
        }
        guard existing.ownerID == new.ownerID else { throw refusal() }
        guard new.storageClass == nil || existing.storageClass == new.storageClass else {
            throw refusal("Cannot modify existing bucket's storage class.")
        }
        guard new.dataRedundancyType == nil || existing.dataRedundancyType == new.dataRedundancyType else {
            throw refusal("Bucket already exists CAN'T modify data redundancy type.")
        }
    }
}
