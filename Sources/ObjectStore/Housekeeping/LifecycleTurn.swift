import Foundation
import GRDB
import OSSKit

/// What a rule may be about.
enum LifecycleCandidate: Sendable {
    /// What a key shows.
    case shown(ObjectKey)
    /// A version, or a delete marker, that a key does not show any more.
    case older(ObjectKey, VersionID)
    /// A delete marker that hides what a key had.
    case marker(ObjectKey, VersionID)

    /// The key.
    var key: ObjectKey {
        switch self {
        case .shown(let key), .older(let key, _), .marker(let key, _): key
        }
    }
}

/// One transaction in which candidates of a bucket are judged by its rules.
struct LifecycleTurn {
    /// What was done.
    private(set) var outcome = LifecycleOutcome()
    private let rules: [LifecycleRule]
    private let bucketID: Int64
    private let versioning: VersioningConfiguration.Status?
    private let now: Int64
    private var change: BucketChange

    /// Begins a turn; nil if the bucket has other rules by now.
    ///
    /// - Throws: `NoSuchBucket`.
    init?(
        _ plan: LifecyclePlan, _ bucket: BucketRecord, _ environment: StoreEnvironment, in database: Database
    ) throws {
        versioning = try BucketTable.require(bucket, in: database)
        if let document = plan.document {
            let place = ConfigurationPlace(bucketID: bucket.id, kind: .lifecycle)
            guard try ConfigurationTable.find(place, in: database)?.bytes == document else { return nil }
        }
        rules = plan.rules
        bucketID = bucket.id
        now = environment.now()
        change = BucketChange(ofBucket: bucket.id, versioning: versioning, environment)
    }

    /// Does to a candidate what a rule says about it, if one does.
    mutating func judge(_ candidate: LifecycleCandidate, in database: Database) throws {
        switch candidate {
        case .shown(let key): try judgeShown(key, in: database)
        case .older(let key, let id): try judgeOlder(key, id, in: database)
        case .marker(let key, let id): try judgeMarker(key, id, in: database)
        }
    }

    /// Counts everything to the bucket.
    ///
    /// - Returns: what is to be cleared away after the commit.
    func finish(in database: Database) throws -> Leftovers { try change.finish(in: database) }

    private mutating func judgeShown(_ key: ObjectKey, in database: Database) throws {
        guard let object = try ObjectTable.find(key, inBucket: bucketID, database) else { return }
        if rules.contains(where: { $0.expires(object, atMilliseconds: now) }) {
            let deletion = Deletion(key: key)
            guard try change.isFree(deletion, in: database) else { return }
            _ = try change.delete(deletion, in: database)
            outcome.expiredCount += 1
            return
        }
        let transitions = rules.filter { $0.means(object) }.flatMap(\.transitions)
        let place = RowPlace(bucketID: bucketID, key: Data(key.bytes))
        try changeClass(
            of: object, at: place, by: transitions, since: object.lastModifiedMilliseconds, in: database)
    }

    private mutating func judgeOlder(_ key: ObjectKey, _ id: VersionID, in database: Database) throws {
        guard let found = try VersionTable.find(id, of: Data(key.bytes), inBucket: bucketID, database),
            let time = try VersionTable.olderSince(found.place, database)
        else { return }
        guard !found.isDeleteMarker, let object = try ObjectTable.find(key, at: found.place, database) else {
            let isDue = rules.contains { rule in
                rule.olderExpiration?.isDue(writtenAt: time, now: now) == true && rule.meansMarker(of: key)
            }
            guard isDue else { return }
            _ = try change.delete(Deletion(key: key, version: id), in: database)
            outcome.markerCount += 1
            return
        }
        if rules.contains(where: { $0.expires(object, olderSince: time, atMilliseconds: now) }) {
            let deletion = Deletion(key: key, version: id)
            guard try change.isFree(deletion, in: database) else { return }
            _ = try change.delete(deletion, in: database)
            outcome.versionCount += 1
            return
        }
        let transitions = rules.filter { $0.means(object) }.flatMap(\.olderTransitions)
        try changeClass(of: object, at: found.place, by: transitions, since: time, in: database)
    }

    private mutating func judgeMarker(_ key: ObjectKey, _ id: VersionID, in database: Database) throws {
        let bytes = Data(key.bytes)
        guard rules.contains(where: { $0.removesLoneMarkers && $0.meansMarker(of: key) }),
            let found = try VersionTable.find(id, of: bytes, inBucket: bucketID, database), found.isDeleteMarker,
            try VersionTable.isLone(bytes, inBucket: bucketID, database)
        else { return }
        _ = try change.delete(Deletion(key: key, version: id), in: database)
        outcome.markerCount += 1
    }

    private mutating func changeClass(
        of object: ObjectRecord, at place: RowPlace, by transitions: [LifecycleRule.Transition], since time: Int64,
        in database: Database
    ) throws {
        guard
            let storageClass = LifecycleRule.storageClass(
                of: object, by: transitions, since: time, atMilliseconds: now)
        else { return }
        try ObjectTable.setStorageClass(storageClass, of: place, database)
        outcome.transitionCount += 1
    }
}
