import Foundation
import GRDB
import OSSKit

/// The changes of what a bucket holds, in one transaction: room for new versions, delete markers, deletions.
///
/// Source: oss-wire fact 10.
struct BucketChange {
    /// How many random bytes an ID of a version is made of.
    private static let randomByteCount = 16

    private let bucketID: Int64
    private let versioning: VersioningConfiguration.Status?
    private let environment: StoreEnvironment
    private var leftovers = Leftovers()
    private var usage = UsageChange()
    /// Since when objects are held that were written since; nil before it was asked for.
    private var heldSince: Int64??

    /// Begins to change a bucket, whose state was read in this transaction.
    init(
        ofBucket bucketID: Int64, versioning: VersioningConfiguration.Status?, _ environment: StoreEnvironment
    ) {
        self.bucketID = bucketID
        self.versioning = versioning
        self.environment = environment
    }

    /// Prepares a key for a new object: what it shows becomes an older version, or is let go of.
    ///
    /// Its row in `objects` stays, to be written over.
    /// - Parameter current: what the key shows now.
    /// - Returns: which version the object will be.
    mutating func makeRoom(
        for key: Data, over current: ObjectTable.Former?, in database: Database
    ) throws -> ObjectVersion {
        guard let versioning else {
            if let current { try letGo(of: current, key, in: database) }
            return .unversioned
        }
        if let current, versioning == .suspended, current.version.isNull {
            try letGo(of: current, key, in: database)
        } else if current != nil {
            try VersionTable.keepCurrent(of: key, inBucket: bucketID, database)
        }
        let sequence = try BucketTable.takeSequence(ofBucket: bucketID, in: database)
        switch versioning {
        case .enabled:
            let randomBytes = environment.randomBytes(Self.randomByteCount)
            let id = VersionID(number: UInt64(clamping: sequence), randomBytes: randomBytes)
            return ObjectVersion(sequence: sequence, id: id)
        case .suspended:
            if current?.version.isNull != true { try removeOlderNull(of: key, in: database) }
            return ObjectVersion(sequence: sequence, id: .null)
        }
    }

    /// Counts an object that was written.
    mutating func count(_ record: ObjectRecord) {
        usage.objects += 1
        usage.bytes += record.sizeBytes
    }

    /// Deletes what a key shows, or hides it behind a delete marker, or removes one version for good.
    mutating func delete(_ deletion: Deletion, in database: Database) throws -> DeletionOutcome {
        let key = Data(deletion.key.bytes)
        if let id = deletion.version { return try remove(id, of: key, in: database) }
        let current = try ObjectTable.former(key, inBucket: bucketID, database)
        if versioning == nil, current == nil { return DeletionOutcome() }
        let version = try makeRoom(for: key, over: current, in: database)
        if current != nil { try ObjectTable.delete(RowPlace(bucketID: bucketID, key: key), database) }
        guard versioning != nil else { return DeletionOutcome() }
        try VersionTable.insertMarker(
            version, of: key, inBucket: bucketID, atMilliseconds: environment.now(), database)
        usage.markers += 1
        return DeletionOutcome(version: version.id, isDeleteMarker: true)
    }

    /// Counts everything to the bucket.
    ///
    /// - Returns: what is to be cleared away after the commit.
    func finish(in database: Database) throws -> Leftovers {
        try BucketTable.add(usage, toBucket: bucketID, in: database)
        return leftovers
    }

    /// Removes a version for good; where it was what the key showed, the newest one that is left is shown.
    ///
    /// A version that is not there is fine: assumption A-061.
    private mutating func remove(
        _ id: VersionID, of key: Data, in database: Database
    ) throws -> DeletionOutcome {
        var outcome = DeletionOutcome(version: versioning == nil ? nil : id)
        guard let found = try VersionTable.find(id, of: key, inBucket: bucketID, database) else { return outcome }
        try ObjectTable.delete(found.place, database)
        try letGo(of: found.former, key, in: database)
        outcome.isDeleteMarker = found.isDeleteMarker
        let mayShowAnother = found.isDeleteMarker || found.place.sequence == nil
        if mayShowAnother, try ObjectTable.former(key, inBucket: bucketID, database) == nil,
            let newest = try VersionTable.newest(of: key, inBucket: bucketID, database), newest.body != nil
        {
            let place = RowPlace(bucketID: bucketID, key: key, sequence: newest.version.sequence)
            try VersionTable.show(place, database)
        }
        return outcome
    }

    /// Removes the version `null` from among the older ones.
    private mutating func removeOlderNull(of key: Data, in database: Database) throws {
        guard let found = try VersionTable.find(.null, of: key, inBucket: bucketID, database) else { return }
        try ObjectTable.delete(found.place, database)
        try letGo(of: found.former, key, in: database)
    }

    /// Whether the bucket's retention lets go of what a deletion would take away.
    mutating func isFree(_ deletion: Deletion, in database: Database) throws -> Bool {
        let key = Data(deletion.key.bytes)
        // With versions a deletion only hides; without them any more it replaces the version `null`.
        let id = deletion.version ?? (versioning == .enabled ? nil : .null)
        guard let id, let found = try VersionTable.find(id, of: key, inBucket: bucketID, database) else { return true }
        return try found.isDeleteMarker || !holds(found.former.lastModifiedMilliseconds, in: database)
    }

    /// Whether the bucket's retention holds an object that was written at a time, and is not a delete marker.
    private mutating func holds(_ lastModifiedMilliseconds: Int64, in database: Database) throws -> Bool {
        let since: Int64?
        if let known = heldSince {
            since = known
        } else {
            since = try BucketRetention.heldSince(inBucket: bucketID, atMilliseconds: environment.now(), database)
            heldSince = .some(since)
        }
        return since.map { lastModifiedMilliseconds > $0 } ?? false
    }

    /// Accounts for a version that goes for good.
    ///
    /// - Throws: `FileImmutable` if the bucket holds it.
    private mutating func letGo(of former: ObjectTable.Former, _ key: Data, in database: Database) throws {
        guard let body = former.body else {
            usage.markers -= 1
            return
        }
        guard try !holds(former.lastModifiedMilliseconds, in: database) else {
            throw OSSError(.fileImmutable, fields: [("Key", String(decoding: key, as: UTF8.self))])
        }
        usage.objects -= 1
        usage.bytes -= former.sizeBytes
        try BodyTable.release(body, &leftovers, in: database)
    }
}
