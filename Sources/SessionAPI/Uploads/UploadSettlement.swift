import Logging
import OSSKit
import ServiceLifecycle

/// Ends the charge of upload URLs that have expired, and deletes the objects of files that were deleted.
///
/// A URL charges its size until it is settled, whatever its expiry: what was uploaded with it and never confirmed is
/// either adopted with its real size, if the user has a file of that name, or deleted. While the object store cannot be
/// reached nothing is settled and everything keeps charging. Source: upload-gateway.md 2.1, 2.4 and 2.5.
package struct UploadSettlement: Service {
    /// The time from one pass to the next.
    private static let interval = Duration.seconds(30)
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

    /// Settles what is due every half minute, until the service ends.
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

    /// Settles all keys that are due, deletes what is to be deleted, and returns how many keys it settled.
    @discardableResult
    package func settleAll() async throws -> Int {
        var failures = FailureCount(limit: Self.failureLimit, logger: logger)
        var settledCount = 0
        var last: DueUpload?
        while true {
            let batch = try await store.dueUploads(
                of: nil, after: last, limit: Self.batchSize, nowMicroseconds: environment.nowMicroseconds())
            for due in batch where try await failures.try({ try await settle(due) }) { settledCount += 1 }
            guard batch.count == Self.batchSize, !failures.isOver else { break }
            last = batch.last
        }
        guard !failures.isOver else { return settledCount }
        try await deleteAll(of: nil, &failures)
        try await lookAgain(&failures)
        return settledCount
    }

    /// Deletes what is to be deleted, until nothing is due.
    private func deleteAll(of user: UserID?, _ failures: inout FailureCount) async throws {
        while !failures.isOver {
            let batch = try await store.dueDeletions(
                of: user, limit: Self.batchSize, nowMicroseconds: environment.nowMicroseconds())
            var deletedCount = 0
            for due in batch where try await failures.try({ try await delete(due) }) { deletedCount += 1 }
            guard batch.count == Self.batchSize, deletedCount > 0 else { return }
        }
    }

    /// Looks once more at keys that were settled a while ago.
    private func lookAgain(_ failures: inout FailureCount) async throws {
        while !failures.isOver {
            let batch = try await store.dueSecondLooks(
                limit: Self.batchSize, nowMicroseconds: environment.nowMicroseconds())
            var lookedCount = 0
            for due in batch where try await failures.try({ try await settle(due) }) { lookedCount += 1 }
            guard batch.count == Self.batchSize, lookedCount > 0 else { return }
        }
    }

    /// Settles and deletes for a user who needs room.
    ///
    /// - Returns: whether there may be more room now; false also if the object store cannot be reached.
    func makeRoom(for user: UserID) async throws -> Bool {
        let now = environment.nowMicroseconds()
        var failures = FailureCount(limit: 1, logger: logger)
        var hasRoom = false
        for due in try await store.dueUploads(
            of: user, after: nil, limit: Self.keysPerRequest, nowMicroseconds: now)
        where try await failures.try({ try await settle(due) }) { hasRoom = true }
        for due in try await store.dueDeletions(of: user, limit: Self.keysPerRequest, nowMicroseconds: now)
        where try await failures.try({ try await delete(due) }) { hasRoom = true }
        return hasRoom
    }

    /// Looks at the object of a key and settles its URLs; false if they were not due any more.
    ///
    /// Nobody gets a URL for the key or confirms its object meanwhile.
    private func settle(_ due: DueUpload) async throws -> Bool {
        let key = due.file.key
        return try await store.keyTurns.withTurn(of: key.bytes) {
            let step = try await store.beginSettlement(
                due, holder: environment.leaseHolder(), nowMicroseconds: environment.nowMicroseconds())
            switch step {
            case .none, .done: return false
            case .look(let file):
                let facts = try await storage.head(key)
                return try await store.settle(
                    due, seen: (file, facts), lease: nil, nowMicroseconds: environment.nowMicroseconds())
            case .delete(let lease):
                try await storage.delete(key)
                return try await store.settle(
                    due, seen: nil, lease: lease, nowMicroseconds: environment.nowMicroseconds())
            }
        }
    }

    /// Deletes an object that is to be deleted; false if it is not due any more.
    private func delete(_ due: DueDeletion) async throws -> Bool {
        let key = due.file.key
        return try await store.keyTurns.withTurn(of: key.bytes) {
            let step = try await store.beginDeletion(
                due, holder: environment.leaseHolder(), nowMicroseconds: environment.nowMicroseconds())
            switch step {
            case .none, .look: return false
            case .done: return true
            case .delete(let lease):
                try await storage.delete(key)
                try await store.finishDeletion(of: due.file, lease)
                return true
            }
        }
    }
}

/// Counts what fails in a row, so that a pass ends when the object store is away.
private struct FailureCount {
    private let limit: Int
    private let logger: Logger
    private var count = 0

    init(limit: Int, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    /// Whether too much has failed.
    var isOver: Bool { count >= limit }

    /// Tries something; false if it failed, or if too much has failed already.
    mutating func `try`(_ body: () async throws -> Bool) async throws -> Bool {
        try Task.checkCancellation()
        guard !isOver else { return false }
        do {
            let isDone = try await body()
            count = 0
            return isDone
        } catch let error as CancellationError {
            throw error
        } catch {
            count += 1
            logger.warning("upload not settled", metadata: WorkspaceStorageProblem(error).metadata)
            return false
        }
    }
}

extension SessionEnvironment {
    /// A text that tells the holder of a lease from all others.
    func leaseHolder() -> String { Hexadecimal.lower(randomBytes(16)) }
}
