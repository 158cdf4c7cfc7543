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
        /// What is to run between two groups.
        var interludes: [@Sendable () -> Void] = []
        var isRunning = false
        var isClosed = false
        var counts = Counts()
        var idleContinuations: [CheckedContinuation<Void, Never>] = []
    }

    /// A change that waits; `apply` makes it and returns what answers its caller after the commit.
    private struct Waiting: Sendable {
        let weightBytes: Int
        /// Whether it is to succeed on a full disk.
        let freesRoom: Bool
        let apply: @Sendable (Database) throws -> @Sendable () -> Void
        let refuse: @Sendable (any Error) -> Void
    }

    private let database: MetadataDatabase
    private let fatality: Fatality
    private let configuration: StoreConfiguration
    private let reserve: RoomReserve
    private let thread = WorkerThreads(count: 1)
    private let state = Mutex(State())

    /// Takes the database, whose writing connection belongs to the committer from now on.
    init(
        database: MetadataDatabase, fatality: Fatality, configuration: StoreConfiguration, reserve: RoomReserve
    ) {
        self.database = database
        self.reserve = reserve
        self.fatality = fatality
        self.configuration = configuration
    }

    /// What was committed so far.
    var counts: Counts { state.withLock { $0.counts } }

    /// Makes a change and returns after the commit that holds it.
    ///
    /// `change` runs in a savepoint: what it throws undoes it alone, and reaches the caller.
    /// - Parameter freesRoom: whether it makes room, so that on a full disk it may use what was put aside.
    /// - Throws: `CommitUncertain` if it is not known whether the change is on disk; anything else means that it is not.
    func commit<Value: Sendable>(
        weightBytes: Int = 0, freesRoom: Bool = false, _ change: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit(weightBytes: weightBytes, freesRoom: freesRoom, change) { continuation.resume(with: $0) }
        }
    }

    /// Has a change made, as `commit` does, without waiting for it.
    ///
    /// - Parameter completion: told how it went, on the committer's thread or, if it was refused at once, on the caller's.
    func submit<Value: Sendable>(
        weightBytes: Int = 0, freesRoom: Bool = false, _ change: @escaping @Sendable (Database) throws -> Value,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        if fatality.hasHappened { return completion(.failure(StoreFailure.writesStopped)) }
        enqueue(
            Waiting(
                weightBytes: weightBytes, freesRoom: freesRoom,
                apply: { database in
                    let value = try change(database)
                    return { completion(.success(value)) }
                },
                refuse: { completion(.failure($0)) }))
    }

    /// Runs statements on the writing connection between two groups, also while groups follow one another.
    func betweenGroups<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = state.withLock { state in
                if state.isClosed { return false }
                state.interludes.append { [database] in
                    continuation.resume(with: Result { try database.withWriter(body) })
                }
                if !state.isRunning {
                    state.isRunning = true
                    thread.start { [self] in commitAllThatWaits() }
                }
                return true
            }
            if !isTaken { continuation.resume(throwing: StoreFailure.closed) }
        }
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
            if !group.isEmpty { commit(group) }
            for interlude in takeInterludes() { interlude() }
        }
    }

    private func takeInterludes() -> [@Sendable () -> Void] {
        state.withLock { state in
            defer { state.interludes = [] }
            return state.interludes
        }
    }

    /// Takes the next group, which is empty if only interludes wait.
    ///
    /// - Returns: nil if nothing waits, after which the next change starts a new run.
    private func nextGroup() -> [Waiting]? {
        let (group, idle) = state.withLock { state -> ([Waiting]?, [CheckedContinuation<Void, Never>]) in
            guard !state.waiting.isEmpty || !state.interludes.isEmpty else {
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

    /// What was done to make room for a group.
    private enum Attempt {
        case first
        case withEmptyLog
        case withReserve
    }

    private func commit(_ group: [Waiting], _ attempt: Attempt = .first) {
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
            return tryAgain(group, after: attempt, because: error)
        }
        state.withLock { state in
            state.counts.commits += 1
            state.counts.changes += applied.count
        }
        for answer in answers { answer() }
        for (change, error) in refusals { change.refuse(error) }
        reserve.keep()
        checkpointIfDue(afterBytes: applied.reduce(0) { $0 + $1.weightBytes + Self.estimatedRowBytes })
    }

    /// Makes room for a group that met a full disk: in the log, and for those that delete, with what was put aside.
    private func tryAgain(_ group: [Waiting], after attempt: Attempt, because error: any Error) {
        let isFull = (error as? DatabaseError)?.resultCode == .SQLITE_FULL
        if isFull, attempt == .first, emptyLog() { return commit(group, .withEmptyLog) }
        let freeing = isFull && attempt != .withReserve ? group.filter(\.freesRoom) : []
        guard !freeing.isEmpty, reserve.give() else { return refuse(group, because: error) }
        refuse(group.filter { !$0.freesRoom }, because: error)
        _ = emptyLog()
        commit(freeing, .withReserve)
    }

    /// Moves the log into the database file: what was moved leaves room that the log already has.
    private func emptyLog() -> Bool {
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
