import OSSKit

extension DiskStore {
    /// What a bucket says of a kind, in the form that `read` gives it; nil if it says nothing.
    ///
    /// The form is kept in memory until the configuration changes, so that it is read once.
    ///
    /// - Throws: what `read` throws.
    package func configuration<Value: Sendable>(
        _ kind: ConfigurationKind, of bucket: BucketRecord, read: @Sendable ([UInt8]) throws -> Value
    ) async throws -> Value? {
        try requireOpen()
        let place = ConfigurationPlace(bucketID: bucket.id, kind: kind)
        let cached = try await caches.configurations.value(of: place, costBytes: RowCaches.costBytes) {
            let stored = try await database.read { try ConfigurationTable.find(place, in: $0) }
            return CachedConfiguration(stored: stored, value: try stored.map { try read($0.bytes) })
        }
        guard let stored = cached.stored else { return nil }
        // Another reader may have wanted another form.
        if let value = cached.value as? Value { return value }
        return try read(stored.bytes)
    }

    /// What a bucket says of a kind under a name; nil if it says nothing.
    package func configuration(
        _ kind: ConfigurationKind, named name: String = "", of bucket: BucketRecord
    ) async throws -> StoredConfiguration? {
        try requireOpen()
        let place = ConfigurationPlace(bucketID: bucket.id, kind: kind, name: name)
        return try await database.read { try ConfigurationTable.find(place, in: $0) }
    }

    /// A page of what a bucket says of a kind, in the order of the names.
    ///
    /// - Precondition: the limit is positive.
    package func configurations(
        _ kind: ConfigurationKind, of bucket: BucketRecord, _ query: ConfigurationQuery
    ) async throws -> ConfigurationPage {
        precondition(query.limit > 0, "a page has room for at least one")
        try requireOpen()
        return try await database.read { try ConfigurationTable.page(kind, ofBucket: bucket.id, query, in: $0) }
    }

    /// The buckets that say something of a kind, by their names.
    package func bucketNames(having kind: ConfigurationKind) async throws -> [BucketName] {
        try requireOpen()
        return try await database.read { try ConfigurationTable.bucketNames(having: kind, in: $0) }
    }

    /// Sets what a bucket says of a kind.
    ///
    /// - Throws: `NoSuchBucket`.
    package func setConfiguration(
        _ kind: ConfigurationKind, named name: String = "", of bucket: BucketRecord, to bytes: [UInt8]
    ) async throws {
        try await changeConfiguration(kind, named: name, of: bucket) { _ in bytes }
    }

    /// Removes what a bucket says of a kind; that it said nothing is fine.
    ///
    /// - Throws: `NoSuchBucket`.
    package func removeConfiguration(
        _ kind: ConfigurationKind, named name: String = "", of bucket: BucketRecord
    ) async throws {
        try requireOpen()
        let place = ConfigurationPlace(bucketID: bucket.id, kind: kind, name: name)
        try await commit { database in
            try BucketTable.require(bucket, in: database)
            try ConfigurationTable.delete(place, in: database)
            return Change(value: ())
        }
    }

    /// Makes what a bucket says of a kind from what it said before, in one commit.
    ///
    /// - Parameter change: gives what it says from now on, or nil for nothing; what it throws leaves all as it was.
    /// - Throws: `NoSuchBucket`, and what `change` throws.
    package func changeConfiguration(
        _ kind: ConfigurationKind, named name: String = "", of bucket: BucketRecord,
        _ change: @escaping @Sendable (FormerConfiguration) throws -> [UInt8]?
    ) async throws {
        try await requireWritable(0)
        let place = ConfigurationPlace(bucketID: bucket.id, kind: kind, name: name)
        let now = environment.now
        try await commit { database in
            try BucketTable.require(bucket, in: database)
            let former = FormerConfiguration(
                current: try ConfigurationTable.find(place, in: database),
                otherCount: try ConfigurationTable.countOthers(place, in: database),
                isElsewhere: try ConfigurationTable.isElsewhere(place, in: database))
            if let bytes = try change(former) {
                try ConfigurationTable.set(place, to: bytes, atMilliseconds: now(), in: database)
            } else {
                try ConfigurationTable.delete(place, in: database)
            }
            return Change(value: ())
        }
    }
}
