/// How a scrub goes.
package struct ScrubRequest: Sendable {
    /// The most bytes that are read in a second; nil reads as fast as the disk can.
    package var bytesPerSecond: Int64?
    /// Whether it goes on where an earlier one stopped, and leaves a mark for a later one.
    package var resumes = false
    /// Waits; given from outside so that a test need not.
    package var pause: @Sendable (Duration) async throws -> Void

    /// Asks for all bytes at once, as fast as the disk can.
    package init(pause: @escaping @Sendable (Duration) async throws -> Void) {
        self.pause = pause
    }
}

/// What a scrub has read and found so far.
package struct ScrubOutcome: Sendable, Equatable, Codable {
    /// When it began, in milliseconds since 1970, UTC.
    package var startedAtMilliseconds: Int64
    /// When it came to its end; nil while it has not.
    package var finishedAtMilliseconds: Int64?
    /// How many objects, and parts of uploads, were looked at.
    package var objectCount: Int64 = 0
    /// How many bytes were read.
    package var readBytes: Int64 = 0
    /// How many damaged ones there are.
    package var damageCount: Int64 = 0

    /// Begins to count.
    package init(startedAtMilliseconds: Int64) {
        self.startedAtMilliseconds = startedAtMilliseconds
    }
}

/// What a scrub tells while it goes on.
package enum ScrubEvent: Sendable {
    /// How far it is, after a few objects.
    case progress(ScrubOutcome)
    /// Damage, as soon as it is found.
    case damage(Damage)
}

extension DiskStore {
    /// Reads all bytes of all objects, and of the parts of uploads, and tells which are not those that were written.
    ///
    /// It holds no lock and no transaction while it reads, so that nobody waits for it but by the disk's own speed. What
    /// is found is kept, for `damage()`; what an earlier scrub found and this one does not is forgotten at its end.
    package func scrub(
        _ request: ScrubRequest, report: @Sendable (ScrubEvent) async throws -> Void
    ) async throws -> ScrubOutcome {
        try requireOpen()
        let walk = ScrubWalk(store: self, request: request)
        var state = try await walk.beginning()
        do {
            try await walk.run(&state, report: report)
        } catch {
            // Whoever stops here goes on from here.
            if request.resumes { try? await walk.save(state) }
            throw error
        }
        return try await walk.finish(state)
    }

    /// What is known to be damaged, in the order of buckets and keys, at most so much.
    package func damage(limit: Int = 1_000) async throws -> [Damage] {
        try requireOpen()
        return try await database.read { try HousekeepingTable.damage(limit: max(0, limit), in: $0) }
    }

    /// The last scrub that came to its end; nil if there was none.
    package func lastScrub() async throws -> ScrubOutcome? {
        try requireOpen()
        return try await database.read {
            try HousekeepingTable.value(.lastScrub, as: ScrubOutcome.self, in: $0)
        }
    }

    /// How many bytes all bodies have together, which a scrub reads about.
    package func storedBytes() async throws -> Int64 {
        try requireOpen()
        return try await database.read { try BodyTable.totalBytes(in: $0) }
    }
}
