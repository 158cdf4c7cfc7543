import GRDB
import Synchronization

/// The one writer of the database: takes all that waits and commits it with a single flush.
///
/// Each write runs in its own savepoint, so that one that is refused leaves no trace in the others. No caller is
/// answered, neither with success nor with a refusal, before the commit on which its answer rests.
/// Source: store.md 1.2, "Group commit".
final class GroupCommitter: Sendable {
    /// The most writes of one commit.
    static let groupSize = 128
    /// The most writes that may wait; one more is refused as unavailable.
    static let queueLimit = 4_096

    /// How much is written to the log between two checkpoints, about.
    private static let checkpointBytes = 4 * 1_024 * 1_024
    /// What one write puts into the log beside the texts that it brings: a few pages, some shared with its neighbours.
    private static let estimatedRowBytes = 8 * 1_024

    private struct Waiting: Sendable {
        /// About how many bytes of text it brings.
        let weightBytes: Int
        /// Runs inside a savepoint and returns whether to keep it and what to tell the caller after the commit.
        let perform: @Sendable (any SQLConnection) throws -> (keeps: Bool, answer: @Sendable () -> Void)
        let refuse: @Sendable (any Error) -> Void
    }

    private struct State {
        var queue: [Waiting] = []
        var isDraining = false
        var isBroken = false
        /// What was written to the log since the last checkpoint, about.
        var logBytes = 0
    }

    private let pool: DatabasePool
    private let state = Mutex(State())
    private let onFatalFailure: @Sendable (any Error) -> Void

    /// Makes the writer of a pool.
    ///
    /// - Parameters:
    ///   - pool: the pool; nobody else may write through it.
    ///   - onFatalFailure: called once when the disk or the file failed; no write is taken after that.
    init(pool: DatabasePool, onFatalFailure: @escaping @Sendable (any Error) -> Void) {
        self.pool = pool
        self.onFatalFailure = onFatalFailure
    }

    /// Runs a write and returns its value after its commit; `weightBytes` is about how much text it brings.
    func write<Value: Sendable>(
        weightBytes: Int, _ body: @escaping @Sendable (any SQLConnection) throws -> Completion<Value>
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            enqueue(
                Waiting(
                    weightBytes: weightBytes,
                    perform: { connection in
                        switch try body(connection) {
                        case .keep(let value): return (true, { continuation.resume(returning: value) })
                        case .discard(let value): return (false, { continuation.resume(returning: value) })
                        }
                    },
                    refuse: { continuation.resume(throwing: $0) }))
        }
    }

    private func enqueue(_ waiting: Waiting) {
        enum Next { case refuse, wait, drain }
        let next = state.withLock { state -> Next in
            guard !state.isBroken, state.queue.count < Self.queueLimit else { return .refuse }
            state.queue.append(waiting)
            guard !state.isDraining else { return .wait }
            state.isDraining = true
            return .drain
        }
        switch next {
        case .refuse: waiting.refuse(APIProblem.unavailable)
        case .wait: break
        case .drain: pool.asyncWriteWithoutTransaction { self.drain($0) }
        }
    }

    /// Commits group after group until nobody waits; runs on the writer's own queue.
    private func drain(_ database: Database) {
        while let group = nextGroup() {
            var answers: [@Sendable () -> Void] = []
            do {
                try database.inTransaction(.immediate) {
                    for waiting in group { answers.append(try run(waiting, database)) }
                    return .commit
                }
                for answer in answers { answer() }
                checkpointIfDue(database, afterBytes: group.reduce(0) { $0 + $1.weightBytes + Self.estimatedRowBytes })
            } catch {
                noteFailure(error)
                for waiting in group { waiting.refuse(error) }
            }
        }
    }

    /// Moves the log into the database file once enough was written to it.
    ///
    /// SQLite would do so by itself, but it ignores a failed flush there, after which the log must not be reused.
    private func checkpointIfDue(_ database: Database, afterBytes bytes: Int) {
        let isDue = state.withLock { state in
            state.logBytes += bytes
            guard state.logBytes >= Self.checkpointBytes else { return false }
            state.logBytes = 0
            return true
        }
        guard isDue else { return }
        do {
            _ = try database.checkpoint(.passive)
        } catch {
            // A reader in the way passes, damage is reported; the writes themselves are in the log and safe.
            noteFailure(error)
        }
    }

    private func run(_ waiting: Waiting, _ database: Database) throws -> @Sendable () -> Void {
        var answer: (@Sendable () -> Void)?
        do {
            try database.inSavepoint {
                let result = try waiting.perform(SQLiteConnection(database: database))
                answer = result.answer
                return result.keeps ? .commit : .rollback
            }
        } catch {
            guard database.isInsideTransaction, !Self.isFatal(error) else { throw error }
            return { waiting.refuse(error) }
        }
        return answer ?? { waiting.refuse(APIProblem.internalError) }
    }

    private func nextGroup() -> [Waiting]? {
        state.withLock { state in
            guard !state.queue.isEmpty else {
                state.isDraining = false
                return nil
            }
            let group = Array(state.queue.prefix(Self.groupSize))
            state.queue.removeFirst(group.count)
            return group
        }
    }

    private func noteFailure(_ error: any Error) {
        guard Self.isFatal(error) else { return }
        let isFirst = state.withLock { state in
            defer { state.isBroken = true }
            return !state.isBroken
        }
        if isFirst { onFatalFailure(error) }
    }

    /// Whether nothing that follows can be trusted to reach the disk.
    private static func isFatal(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        return [.SQLITE_IOERR, .SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
    }
}
