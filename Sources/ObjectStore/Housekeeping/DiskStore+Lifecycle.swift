import OSSKit

/// What one application of all rules did.
package struct LifecycleOutcome: Sendable, Equatable {
    /// How many objects were deleted.
    package var expiredCount: Int64
    /// How many uploads were ended.
    package var abortedCount: Int64
    /// How many older versions were removed.
    package var versionCount: Int64
    /// How many delete markers were removed that hid nothing any more.
    package var markerCount: Int64
    /// How many objects and older versions changed their storage class.
    package var transitionCount: Int64

    /// Collects the counts.
    package init(
        expiredCount: Int64 = 0, abortedCount: Int64 = 0, versionCount: Int64 = 0, markerCount: Int64 = 0,
        transitionCount: Int64 = 0
    ) {
        self.expiredCount = expiredCount
        self.abortedCount = abortedCount
        self.versionCount = versionCount
        self.markerCount = markerCount
        self.transitionCount = transitionCount
    }

    /// Adds what another application did.
    package static func += (sum: inout LifecycleOutcome, more: LifecycleOutcome) {
        sum.expiredCount += more.expiredCount
        sum.abortedCount += more.abortedCount
        sum.versionCount += more.versionCount
        sum.markerCount += more.markerCount
        sum.transitionCount += more.transitionCount
    }
}

extension DiskStore {
    /// How many objects are judged in one commit.
    private static let candidatesPerCommit = 100

    /// Does to the objects, versions and uploads of a bucket what its rules say of their age.
    ///
    /// Each is judged again inside the transaction, so that what a client writes meanwhile is left alone, and all of it
    /// ends as soon as the document of the rules is another one. In a bucket that keeps versions a delete marker hides
    /// what a key shows. What the bucket's retention holds stays.
    /// - Throws: `NoSuchBucket`.
    package func apply(_ plan: LifecyclePlan, to bucket: BucketRecord) async throws -> LifecycleOutcome {
        var outcome = LifecycleOutcome()
        let aboutObjects = plan.rules.filter { $0.expiration != nil || !$0.transitions.isEmpty }
        // Rules of nested prefixes look at the same objects: one walk is enough for those that share a beginning.
        for prefix in Self.outermost(aboutObjects.map(\.prefix)) {
            outcome += try await changeObjects(plan, below: prefix, in: bucket)
        }
        for prefix in Self.outermost(plan.rules.filter(\.isAboutVersions).map(\.prefix)) {
            outcome += try await changeVersions(plan, below: prefix, in: bucket)
        }
        outcome.abortedCount = try await abortUploads(in: bucket) { upload, now in
            plan.rules.contains { $0.aborts(upload, atMilliseconds: now) }
        }
        return outcome
    }

    /// Applies rules that no document has.
    package func apply(_ rules: [LifecycleRule], to bucket: BucketRecord) async throws -> LifecycleOutcome {
        try await apply(LifecyclePlan(rules), to: bucket)
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

    private func changeObjects(
        _ plan: LifecyclePlan, below prefix: [UInt8], in bucket: BucketRecord
    ) async throws -> LifecycleOutcome {
        let rules = plan.rules.filter { $0.prefix.starts(with: prefix) }
        var (after, outcome) = ([UInt8]?.none, LifecycleOutcome())
        while true {
            try Task.checkCancellation()
            let page = try await list(in: bucket, ListQuery(prefix: prefix, after: after, limit: 1_000))
            let now = environment.now()
            // Tags and all else are judged in the transaction; the age alone passes over most.
            let candidates = page.entries.filter { entry in
                rules.contains { $0.mayChange(entry, atMilliseconds: now) }
            }
            guard
                try await judge(candidates.map { .shown($0.key) }, plan, in: bucket, into: &outcome)
            else { return outcome }
            guard page.isTruncated, let next = page.next else { return outcome }
            after = next
        }
    }

    private func changeVersions(
        _ plan: LifecyclePlan, below prefix: [UInt8], in bucket: BucketRecord
    ) async throws -> LifecycleOutcome {
        var (query, outcome) = (VersionQuery(prefix: prefix, limit: 1_000), LifecycleOutcome())
        while true {
            try Task.checkCancellation()
            let page = try await versions(in: bucket, query)
            let candidates = page.entries.compactMap { entry -> LifecycleCandidate? in
                guard entry.isLatest else { return .older(entry.key, entry.id) }
                return entry.object == nil ? .marker(entry.key, entry.id) : nil
            }
            guard try await judge(candidates, plan, in: bucket, into: &outcome) else { return outcome }
            guard let next = page.next else { return outcome }
            query.keyMarker = next.key
            query.versionMarker = next.version
        }
    }

    /// Judges candidates, so many in a commit.
    ///
    /// - Returns: whether the rules still stand.
    private func judge(
        _ candidates: [LifecycleCandidate], _ plan: LifecyclePlan, in bucket: BucketRecord,
        into outcome: inout LifecycleOutcome
    ) async throws -> Bool {
        for start in stride(from: 0, to: candidates.count, by: Self.candidatesPerCommit) {
            try requireOpen()
            let group = Array(candidates[start..<min(start + Self.candidatesPerCommit, candidates.count)])
            let environment = environment
            let done: LifecycleOutcome? = try await commit(
                weightBytes: group.reduce(0) { $0 + $1.key.bytes.count }, freesRoom: true
            ) { database in
                guard var turn = try LifecycleTurn(plan, bucket, environment, in: database) else {
                    return Change(value: nil)
                }
                for candidate in group { try turn.judge(candidate, in: database) }
                return Change(value: turn.outcome, leftovers: try turn.finish(in: database))
            }
            guard let done else { return false }
            outcome += done
        }
        return true
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
