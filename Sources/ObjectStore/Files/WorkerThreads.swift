import NIOPosix

/// A fixed number of threads for work that blocks: files, flushes, the database.
///
/// Nothing here is cancelled together with the task that asked: what was begun on disk ends in a known state.
final class WorkerThreads: Sendable {
    private let pool: NIOThreadPool

    /// Starts the threads.
    init(count: Int) {
        self.pool = NIOThreadPool(numberOfThreads: max(1, count))
        pool.start()
    }

    deinit {
        pool.shutdownGracefully { _ in }
    }

    /// Runs work on one of the threads and returns what it returned.
    ///
    /// - Throws: `StoreFailure.closed` after `stop()`, or what the work threw.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            pool.submit { state in
                switch state {
                case .active: continuation.resume(with: Result { try work() })
                case .cancelled: continuation.resume(throwing: StoreFailure.closed)
                }
            }
        }
    }

    /// Runs work on one of the threads without waiting for it.
    ///
    /// After `stop()` it runs at once on the caller's thread, since it gives something back that must not be kept.
    func start(_ work: @escaping @Sendable () -> Void) {
        pool.submit { _ in work() }
    }

    /// Runs work on one of the threads without waiting for it, or something else at once after `stop()`.
    ///
    /// - Parameter refused: runs where it may on the caller's thread, and must not block.
    func start(_ work: @escaping @Sendable () -> Void, orElse refused: @escaping @Sendable () -> Void) {
        pool.submit { state in
            switch state {
            case .active: work()
            case .cancelled: refused()
            }
        }
    }

    /// Ends the threads; work that did not begin fails with `StoreFailure.closed`.
    func stop() async throws {
        try await pool.shutdownGracefully()
    }
}
