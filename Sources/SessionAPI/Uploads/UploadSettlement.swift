import Logging
import OSSKit
import ServiceLifecycle

/// Ends the charge of upload URLs that have expired, after a look at what they left behind.
///
/// A URL charges its size until it is settled, whatever its expiry: what was uploaded with it and never confirmed is
/// either adopted with its real size, if the user has a file of that name, or deleted. While the object store cannot be
/// reached nothing is settled and everything keeps charging. Source: upload-gateway.md 2.1 and 2.4.
package struct UploadSettlement: Service {
    /// The time from one pass to the next.
    private static let interval = Duration.seconds(60)
    /// The most keys that are read at once.
    private static let batchSize = 64
    /// The most keys that are settled before one request of their user.
    private static let keysPerRequest = 16
    /// The failures in a row after which a pass ends: the object store is away.
    private static let failureLimit = 3

    private let store: SessionStore
    private let storage: any WorkspaceStorage
    private let environment: SessionEnvironment
    private let logger: Logger

    /// Takes the store that the API uses, and its bucket.
    package init(
        store: SessionStore, storage: any WorkspaceStorage, environment: SessionEnvironment, logger: Logger
    ) {
        self.store = store
        self.storage = storage
        self.environment = environment
        self.logger = logger
    }

    /// Settles what is due every minute, until the service ends.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await settleAll()
                    try await Task.sleep(for: Self.interval)
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("uploads not settled", metadata: ["error": "\(type(of: error))"])
                    try? await Task.sleep(for: Self.interval)
                }
            }
        }
    }

    /// Settles all keys that are due, and returns how many it settled.
    @discardableResult
    package func settleAll() async throws -> Int {
        var settledCount = 0
        var failureCount = 0
        var last: DueUpload?
        while true {
            let batch = try await store.dueUploads(
                of: nil, after: last, limit: Self.batchSize, nowMicroseconds: environment.nowMicroseconds())
            for due in batch {
                try Task.checkCancellation()
                do {
                    if try await settle(due) { settledCount += 1 }
                    failureCount = 0
                } catch {
                    failureCount += 1
                    logger.warning("upload not settled", metadata: ["error": "\(type(of: error))"])
                    guard failureCount < Self.failureLimit else { return settledCount }
                }
            }
            guard batch.count == Self.batchSize else { return settledCount }
            last = batch.last
        }
    }

    /// Settles some keys of a user who needs room.
    ///
    /// - Returns: whether there may be more room now; false also if the object store cannot be reached.
    func makeRoom(for user: UserID) async throws -> Bool {
        let batch = try await store.dueUploads(
            of: user, after: nil, limit: Self.keysPerRequest, nowMicroseconds: environment.nowMicroseconds())
        var hasSettled = false
        for due in batch {
            do {
                if try await settle(due) { hasSettled = true }
            } catch {
                logger.warning("upload not settled", metadata: ["error": "\(type(of: error))"])
                return hasSettled
            }
        }
        return hasSettled
    }

    /// Looks at the object of a key and settles its URLs; false if they were not due any more.
    ///
    /// Nobody gets a URL for the key or confirms its object meanwhile.
    private func settle(_ due: DueUpload) async throws -> Bool {
        let key = due.file.key
        return try await store.keyTurns.withTurn(of: key.bytes) {
            guard let isOnRecord = try await store.isOnRecord(due) else { return false }
            let facts = isOnRecord ? try await storage.head(key) : nil
            if !isOnRecord { try await storage.delete(key) }
            return try await store.settle(due, facts, nowMicroseconds: environment.nowMicroseconds())
        }
    }
}
