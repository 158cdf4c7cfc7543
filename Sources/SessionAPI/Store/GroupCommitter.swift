import GRDB
import Synchronization

/// What becomes of a write's changes.
enum Completion<Value: Sendable>: Sendable {
    /// They are committed before the value is returned.
    case keep(Value)
    /// They are undone; the value is returned all the same.
    case discard(Value)
}

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

    private struct Waiting: Sendable {
        /// Runs inside a savepoint and returns whether to keep it and what to tell the caller after the commit.
        let perform: @Sendable (Database) throws -> (keeps: Bool, answer: @Sendable () -> Void)
        let refuse: @Sendable (any Error) -> Void
    }

    private struct State {
        var queue: [Waiting] = []
        var isDraining = false
        var isBroken = false
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

    /// Runs a write and returns its value after its commit.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Completion<Value>
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            enqueue(
                Waiting(
                    perform: { database in
                        switch try body(database) {
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
            } catch {
                noteFailure(error)
                for waiting in group { waiting.refuse(error) }
            }
        }
    }

    private func run(_ waiting: Waiting, _ database: Database) throws -> @Sendable () -> Void {
        var answer: (@Sendable () -> Void)?
        do {
            try database.inSavepoint {
                let result = try waiting.perform(database)
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
