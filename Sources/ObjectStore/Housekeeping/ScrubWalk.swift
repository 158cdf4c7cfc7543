import OSSKit
import Synchronization

/// One scrub: where it is, and what it has found.
struct ScrubState: Sendable, Codable {
    /// Behind which row it goes on.
    var position = NamedBody.Position.start
    /// What it has read and found.
    var outcome: ScrubOutcome
}

/// The walk of one scrub over all rows.
struct ScrubWalk: Sendable {
    /// How many shared bodies are remembered, so that they are read once.
    private static let rememberedBodies = 100_000
    /// How often the place is written down, in milliseconds.
    private static let savePeriodMilliseconds: Int64 = 60_000

    /// The store.
    let store: DiskStore
    /// How it goes.
    let request: ScrubRequest

    /// Where the walk begins.
    func beginning() async throws -> ScrubState {
        let new = ScrubState(outcome: ScrubOutcome(startedAtMilliseconds: store.environment.now()))
        guard request.resumes else { return new }
        return try await store.database.read { try HousekeepingTable.value(.scrub, as: ScrubState.self, in: $0) } ?? new
    }

    /// Walks over all rows that are left.
    func run(_ state: inout ScrubState, report: @Sendable (ScrubEvent) async throws -> Void) async throws {
        let pacer = ScrubPacer(request)
        let scrubber = BodyScrubber(
            database: store.database, blobs: store.blobs, reaper: store.reaper, pace: { try await pacer.count($0) })
        var seen: [Int64: BodyChecks] = [:]
        var savedAt = store.environment.now()
        while let page = try await nextPage(&state.position) {
            for row in page {
                try Task.checkCancellation()
                try store.requireOpen()
                if let damage = try await look(at: row, scrubber, &seen) {
                    state.outcome.damageCount += 1
                    try await note(damage)
                    try await report(.damage(damage))
                }
                state.position = row.position
                state.outcome.objectCount += 1
                state.outcome.readBytes += pacer.takeCount()
            }
            try await report(.progress(state.outcome))
            if request.resumes, store.environment.now() - savedAt >= Self.savePeriodMilliseconds {
                try await save(state)
                savedAt = store.environment.now()
            }
        }
    }

    /// The next rows; nil behind the last.
    private func nextPage(_ position: inout NamedBody.Position) async throws -> [WalkedRow]? {
        let from = position
        let page = try await store.database.read { try BodyWalk.page(behind: from, in: $0) }
        // A damaged key could lead back to where the walk was.
        if let last = page.last?.position, last.isBehind(from) { return page }
        switch from {
        case .object: position = .firstVersion
        case .version: position = .firstPart
        case .part: return nil
        }
        return try await nextPage(&position)
    }

    private func look(
        at row: WalkedRow, _ scrubber: BodyScrubber, _ seen: inout [Int64: BodyChecks]
    ) async throws -> Damage? {
        let now = store.environment.now()
        switch row {
        case .unreadable(_, let place):
            return Damage(place, .wrongRow, detail: "the row cannot be read", foundAtMilliseconds: now)
        case .body(let named):
            if named.isShared, seen[named.body.id] == named.checks { return nil }
            guard let fault = try await scrubber.fault(of: named) else {
                if named.isShared, seen.count < Self.rememberedBodies { seen[named.body.id] = named.checks }
                return nil
            }
            return Damage(named.place, fault.kind, detail: fault.detail, foundAtMilliseconds: now)
        }
    }

    private func note(_ damage: Damage) async throws {
        do {
            try await store.committer.commit { try HousekeepingTable.note(damage, in: $0) }
        } catch is OSSError {
            // The disk is full: it is told all the same, and found again.
        }
    }

    /// Writes down where the walk is.
    func save(_ state: ScrubState) async throws {
        do {
            try await store.committer.commit { try HousekeepingTable.set(state, .scrub, in: $0) }
        } catch is OSSError {
            // The disk is full: the walk goes on from an earlier place.
        }
    }

    /// Ends the walk: what it did not find again is forgotten.
    func finish(_ state: ScrubState) async throws -> ScrubOutcome {
        var outcome = state.outcome
        outcome.finishedAtMilliseconds = store.environment.now()
        let (done, resumes) = (outcome, request.resumes)
        do {
            try await store.committer.commit { database in
                try HousekeepingTable.forgetDamage(foundBefore: done.startedAtMilliseconds, in: database)
                try HousekeepingTable.set(done, .lastScrub, in: database)
                if resumes { try HousekeepingTable.set(ScrubState?.none, .scrub, in: database) }
            }
        } catch is OSSError {
            // The disk is full: the next walk does it.
        }
        return outcome
    }
}

extension NamedBody.Position {
    /// Whether the walk comes to this place later than to another.
    func isBehind(_ other: NamedBody.Position) -> Bool {
        switch (self, other) {
        case (.object(let bucket, let key), .object(let otherBucket, let otherKey)):
            bucket > otherBucket || bucket == otherBucket && otherKey.lexicographicallyPrecedes(key)
        case (.part(let upload, let number), .part(let otherUpload, let otherNumber)):
            (upload, number) > (otherUpload, otherNumber)
        case (
            .version(let bucket, let key, let sequence), .version(let otherBucket, let otherKey, let otherSequence)
        ):
            bucket > otherBucket
                || bucket == otherBucket && otherKey.lexicographicallyPrecedes(key)
                || bucket == otherBucket && otherKey == key && sequence < otherSequence
        case (.version, .object), (.part, .object), (.part, .version): true
        case (.object, .version), (.object, .part), (.version, .part): false
        }
    }
}

/// Counts what is read and waits so long that no more is read in a second than may be.
private final class ScrubPacer: Sendable {
    /// What looking at a body costs beside its bytes.
    private static let bytesPerLook: Int64 = 4_096
    /// The shortest wait, so that small objects do not each wait a moment.
    private static let leastMicroseconds: Int64 = 20_000

    private struct Counts {
        var readBytes: Int64 = 0
        var owedMicroseconds: Int64 = 0
    }

    private let request: ScrubRequest
    private let counts = Mutex(Counts())

    init(_ request: ScrubRequest) {
        self.request = request
    }

    /// Counts bytes, and waits if it is time to.
    func count(_ bytes: Int) async throws {
        let owed: Int64 = counts.withLock { counts in
            counts.readBytes += Int64(bytes)
            guard let rate = request.bytesPerSecond else { return 0 }
            counts.owedMicroseconds += (Int64(bytes) + Self.bytesPerLook) * 1_000_000 / max(1, rate)
            guard counts.owedMicroseconds >= Self.leastMicroseconds else { return 0 }
            defer { counts.owedMicroseconds = 0 }
            return counts.owedMicroseconds
        }
        if owed > 0 { try await request.pause(.microseconds(owed)) }
    }

    /// How many bytes were read since the last call.
    func takeCount() -> Int64 {
        counts.withLock { counts in
            defer { counts.readBytes = 0 }
            return counts.readBytes
        }
    }
}
