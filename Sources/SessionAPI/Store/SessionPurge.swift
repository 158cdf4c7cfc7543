import Logging

/// Removes for good what was deleted, and changes that nobody asks for any more.
///
/// It may be stopped at any time and goes on where it was. Source: session-api.md 4.7 and 6.
package struct SessionPurge: Sendable {
    /// How long it rests between two runs.
    private static let pause = Duration.seconds(3_600)

    private let store: SessionStore
    private let environment: SessionEnvironment
    private let logger: Logger

    /// Makes the job of a store.
    package init(store: SessionStore, environment: SessionEnvironment, logger: Logger) {
        self.store = store
        self.environment = environment
        self.logger = logger
    }

    /// Works until it is cancelled.
    package func run() async throws {
        while true {
            do {
                let count = try await purgeAll()
                if count > 0 { logger.info("deleted sessions purged", metadata: ["count": "\(count)"]) }
            } catch let error where !(error is CancellationError) {
                logger.warning("purge of deleted sessions failed", metadata: ["error": "\(type(of: error))"])
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// Removes everything that is due, and returns the number of sessions.
    package func purgeAll() async throws -> Int {
        var count = 0
        while true {
            let due = try await store.purgeableSessions(nowMicroseconds: environment.nowMicroseconds())
            guard !due.isEmpty else { break }
            for session in due {
                while try await store.purge(session, nowMicroseconds: environment.nowMicroseconds()) {
                    try Task.checkCancellation()
                }
                count += 1
            }
        }
        var user = ""
        while let last = try await store.purgeChanges(
            afterUser: user, nowMicroseconds: environment.nowMicroseconds())
        {
            user = last
        }
        return count
    }
}
