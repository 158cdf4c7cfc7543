import Foundation
import GRDB
import OSSKit

/// What one application of all rules did.
package struct LifecycleOutcome: Sendable, Equatable {
    /// How many objects were deleted.
    package var expiredCount: Int64
    /// How many uploads were ended.
    package var abortedCount: Int64

    /// Collects the counts.
    package init(expiredCount: Int64 = 0, abortedCount: Int64 = 0) {
        self.expiredCount = expiredCount
        self.abortedCount = abortedCount
    }

    /// Adds what another application did.
    package static func += (sum: inout LifecycleOutcome, more: LifecycleOutcome) {
        sum.expiredCount += more.expiredCount
        sum.abortedCount += more.abortedCount
    }
}

extension DiskStore {
    /// How many objects are deleted in one commit.
    private static let expiredPerCommit = 100

    /// Deletes the objects and ends the uploads of a bucket whose time has come.
    ///
    /// Each is judged again inside the transaction, so that what a client writes meanwhile is left alone. In a bucket
    /// that keeps versions a delete marker hides what a key shows; older versions stay.
    /// - Throws: `NoSuchBucket`.
    package func apply(_ rules: [LifecycleRule], to bucket: BucketRecord) async throws -> LifecycleOutcome {
        var outcome = LifecycleOutcome()
        let expiring = rules.filter { $0.expiration != nil }
        // Rules of nested prefixes look at the same objects: one walk is enough for those that share a beginning.
        for prefix in Self.outermost(expiring.map(\.prefix)) {
            outcome.expiredCount += try await expire(
                expiring.filter { $0.prefix.starts(with: prefix) }, below: prefix, in: bucket)
        }
        outcome.abortedCount = try await abortUploads(in: bucket) { upload, now in
            rules.contains { $0.aborts(upload, atMilliseconds: now) }
        }
        return outcome
    }

    /// Ends all uploads that were begun so long ago, in all buckets.
    package func abortUploads(olderThanMilliseconds age: Int64) async throws -> Int64 {
        try requireOpen()
        var count: Int64 = 0
        for bucket in try await database.read({ try BucketTable.all(in: $0) }) {
            do {
                count += try await abortUploads(in: bucket) { upload, now in
                    let found = now.subtractingReportingOverflow(upload.initiatedMilliseconds)
                    return !found.overflow && found.partialValue > age
                }
            } catch let error as OSSError where error.code == .noSuchBucket {
                continue
            }
        }
        return count
    }

    /// The prefixes that no other one is the beginning of.
    private static func outermost(_ prefixes: [[UInt8]]) -> [[UInt8]] {
        prefixes.sorted { $0.lexicographicallyPrecedes($1) }.reduce(into: []) { kept, prefix in
            if let last = kept.last, prefix.starts(with: last) { return }
            kept.append(prefix)
        }
    }

    private func expire(
        _ rules: [LifecycleRule], below prefix: [UInt8], in bucket: BucketRecord
    ) async throws -> Int64 {
        var (after, count) = ([UInt8]?.none, Int64(0))
        while true {
            try Task.checkCancellation()
            let page = try await list(in: bucket, ListQuery(prefix: prefix, after: after, limit: 1_000))
            var candidates: [ObjectKey] = []
            let now = environment.now()
            for entry in page.entries {
                // Tags and all else are judged in the transaction; the age alone passes over most.
                let isOld = rules.contains { rule in
                    rule.expiration?.isDue(writtenAt: entry.lastModifiedMilliseconds, now: now) ?? false
                }
                if isOld { candidates.append(entry.key) }
            }
            for start in stride(from: 0, to: candidates.count, by: Self.expiredPerCommit) {
                let keys = Array(candidates[start..<min(start + Self.expiredPerCommit, candidates.count)])
                count += try await expireNow(keys, rules, in: bucket)
            }
            guard page.isTruncated, let next = page.next else { return count }
            after = next
        }
    }

    private func expireNow(_ keys: [ObjectKey], _ rules: [LifecycleRule], in bucket: BucketRecord) async throws
        -> Int64
    {
        try requireOpen()
        let environment = environment
        return try await commit(weightBytes: keys.reduce(0) { $0 + $1.bytes.count }) { database in
            let versioning = try BucketTable.require(bucket, in: database)
            var change = BucketChange(ofBucket: bucket.id, versioning: versioning, environment)
            var count: Int64 = 0
            for key in keys {
                guard let object = try ObjectTable.find(key, inBucket: bucket.id, database),
                    rules.contains(where: { $0.expires(object, atMilliseconds: environment.now()) }),
                    try !change.holds(object.lastModifiedMilliseconds, in: database)
                else { continue }
                _ = try change.delete(Deletion(key: key), in: database)
                count += 1
            }
            return Change(value: count, leftovers: try change.finish(in: database))
        }
    }

    private func abortUploads(
        in bucket: BucketRecord, where isDue: (MultipartUpload, Int64) -> Bool
    ) async throws -> Int64 {
        var (query, count) = (UploadQuery(limit: 1_000), Int64(0))
        while true {
            try Task.checkCancellation()
            let page = try await multipartUploads(in: bucket, query)
            for upload in page.uploads where isDue(upload, environment.now()) {
                do {
                    try await abort(upload)
                    count += 1
                } catch let error as OSSError where error.code == .noSuchUpload {
                    // Its owner was faster.
                    continue
                }
            }
            guard let next = page.next else { return count }
            query.keyMarker = next.key
            query.uploadIDMarker = next.uploadID
        }
    }
}
