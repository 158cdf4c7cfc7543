import GRDB
import OSSKit
import Synchronization

/// The one place where rows are written: takes all changes that wait and commits them together.
///
/// A lone change is committed at once; there is no timer. While one commit is being flushed the next group gathers.
final class Committer: Sendable {
    /// How often the committer did what, since it was made.
    struct Counts: Sendable, Equatable {
        /// How many commits reached the disk.
        var commits = 0
        /// How many changes were in them.
        var changes = 0
    }

    /// What one change writes to the log beside the body: a few pages, some of them shared with its neighbours.
    private static let estimatedRowBytes = 8 * 1_024

    private struct State {
        var logBytes = 0
        var waiting: [Waiting] = []
        var isRunning = false
        var isClosed = false
        var counts = Counts()
        var idleContinuations: [CheckedContinuation<Void, Never>] = []
    }

    /// A change that waits; `apply` makes it and returns what answers its caller after the commit.
    private struct Waiting: Sendable {
        let weightBytes: Int
        let apply: @Sendable (Database) throws -> @Sendable () -> Void
        let refuse: @Sendable (any Error) -> Void
    }

    private let database: MetadataDatabase
    private let fatality: Fatality
    private let configuration: StoreConfiguration
    private let thread = WorkerThreads(count: 1)
    private let state = Mutex(State())

    /// Takes the database, whose writing connection belongs to the committer from now on.
    init(database: MetadataDatabase, fatality: Fatality, configuration: StoreConfiguration) {
        self.database = database
        self.fatality = fatality
        self.configuration = configuration
    }

    /// What was committed so far.
    var counts: Counts { state.withLock { $0.counts } }

    /// Makes a change and returns after the commit that holds it.
    ///
    /// `change` runs in a savepoint: what it throws undoes it alone, and reaches the caller.
    /// - Throws: `CommitUncertain` if it is not known whether the change is on disk; anything else means that it is not.
    func commit<Value: Sendable>(
        weightBytes: Int = 0, _ change: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit(weightBytes: weightBytes, change) { continuation.resume(with: $0) }
        }
    }

    /// Has a change made, as `commit` does, without waiting for it.
    ///
    /// - Parameter completion: told how it went, on the committer's thread or, if it was refused at once, on the caller's.
    func submit<Value: Sendable>(
        weightBytes: Int = 0, _ change: @escaping @Sendable (Database) throws -> Value,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        if fatality.hasHappened { return completion(.failure(StoreFailure.writesStopped)) }
        enqueue(
            Waiting(
                weightBytes: weightBytes,
                apply: { database in
                    let value = try change(database)
                    return { completion(.success(value)) }
                },
                refuse: { completion(.failure($0)) }))
    }

    /// Runs statements on the writing connection between two groups.
    func betweenGroups<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await thread.run { [database] in try database.withWriter(body) }
    }

    /// Refuses all later changes and returns when those that wait are committed.
    func close() async throws {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isClosed = true
                if state.isRunning { state.idleContinuations.append(continuation) }
                return !state.isRunning
            }
            if isIdle { continuation.resume() }
        }
        try await thread.stop()
    }
}

/// The commit that held a change failed in such a way that the change may be on disk or not.
struct CommitUncertain: Error {
    /// What failed.
    let cause: any Error
}

extension Committer {
    private func enqueue(_ change: Waiting) {
        let refusal: (any Error)? = state.withLock { state in
            if state.isClosed { return StoreFailure.closed }
            if state.waiting.count >= configuration.waitingLimitRequests { return OSSError(.serviceUnavailable) }
            state.waiting.append(change)
            if state.isRunning { return nil }
            state.isRunning = true
            thread.start { [self] in commitAllThatWaits() }
            return nil
        }
        if let refusal { change.refuse(refusal) }
    }

    private func commitAllThatWaits() {
        while let group = nextGroup() {
            commit(group)
        }
    }

    /// Takes the next group; nil if nothing waits, after which the next change starts a new run.
    private func nextGroup() -> [Waiting]? {
        let (group, idle) = state.withLock { state -> ([Waiting]?, [CheckedContinuation<Void, Never>]) in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                let idle = state.idleContinuations
                state.idleContinuations = []
                return (nil, idle)
            }
            var count = 0
            var weightBytes = 0
            for change in state.waiting.prefix(max(1, configuration.groupLimitRequests)) {
                weightBytes += change.weightBytes
                if count > 0, weightBytes > configuration.groupLimitBytes { break }
                count += 1
            }
            let group = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            return (group, [])
        }
        for continuation in idle { continuation.resume() }
        return group
    }

    private func commit(_ group: [Waiting], isSecondTry: Bool = false) {
        var answers: [@Sendable () -> Void] = []
        var refusals: [(change: Waiting, error: any Error)] = []
        var applied: [Waiting] = []
        do {
            try fatality.requireNone()
            try database.withWriter { database in
                try database.inTransaction(.immediate) {
                    for change in group {
                        switch try apply(change, database) {
                        case .success(let answer):
                            answers.append(answer)
                            applied.append(change)
                        case .failure(let error):
                            refusals.append((change, error))
                        }
                    }
                    return .commit
                }
            }
        } catch {
            if !isSecondTry, emptyLog(because: error) {
                commit(group, isSecondTry: true)
            } else {
                refuse(group, because: error)
            }
            return
        }
        state.withLock { state in
            state.counts.commits += 1
            state.counts.changes += applied.count
        }
        for answer in answers { answer() }
        for (change, error) in refusals { change.refuse(error) }
        checkpointIfDue(afterBytes: applied.reduce(0) { $0 + $1.weightBytes + Self.estimatedRowBytes })
    }

    /// Makes room in the log when the disk is full, so that at least objects can be deleted.
    ///
    /// What was moved into the database file leaves room that the log already has.
    private func emptyLog(because error: any Error) -> Bool {
        guard let error = error as? DatabaseError, error.resultCode == .SQLITE_FULL else { return false }
        do {
            try database.withWriter { database in
                _ = try database.checkpoint(.passive)
            }
            return true
        } catch {
            _ = fatality.translate(error)
            return false
        }
    }

    /// Makes one change in a savepoint of its own.
    ///
    /// - Returns: what answers the caller after the commit, or why this change alone was undone.
    /// - Throws: what makes the whole group fail.
    private func apply(
        _ change: Waiting, _ database: Database
    ) throws -> Result<@Sendable () -> Void, any Error> {
        try database.cachedStatement(sql: "SAVEPOINT change").run()
        do {
            let answer = try change.apply(database)
            try database.cachedStatement(sql: "RELEASE change").run()
            return .success(answer)
        } catch {
            guard database.isInsideTransaction, !concernsTheGroup(error) else { throw error }
            try database.cachedStatement(sql: "ROLLBACK TO change").run()
            try database.cachedStatement(sql: "RELEASE change").run()
            return .failure(error)
        }
    }

    /// Whether an error is one of the disk or of the database as a whole, not of the change that met it.
    private func concernsTheGroup(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        return error.resultCode != .SQLITE_CONSTRAINT
    }

    /// Moves the log into the database file once enough was written to it.
    ///
    /// SQLite would do so by itself, but it ignores a failed flush there, after which the log must not be reused.
    private func checkpointIfDue(afterBytes bytes: Int) {
        let isDue = state.withLock { state in
            state.logBytes += bytes
            guard state.logBytes >= configuration.checkpointBytes else { return false }
            state.logBytes = 0
            return true
        }
        guard isDue else { return }
        do {
            try database.withWriter { database in
                _ = try database.checkpoint(.passive)
            }
        } catch {
            // A reader in the way passes, damage is reported; the changes themselves are in the log and safe.
            _ = fatality.translate(error)
        }
    }

    private func refuse(_ group: [Waiting], because error: any Error) {
        let translated = fatality.translate(error)
        let isCertain = translated is OSSError || (translated as? StoreFailure) == .writesStopped
        for change in group {
            change.refuse(isCertain ? translated : CommitUncertain(cause: translated))
        }
    }
}
