import Logging
import ObjectStore
import ServiceLifecycle

/// Sweeps files that no row names, now and once a day, beside the requests.
struct StoreMaintenance: Service {
    /// The store.
    let store: DiskStore
    /// Where outcomes go.
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                try await store.runMaintenance { report in
                    switch report {
                    case .success(let outcome):
                        logger.info(
                            "orphan sweep",
                            metadata: [
                                "marked": "\(outcome.markedCount)", "removed": "\(outcome.removedCount)",
                                "restored": "\(outcome.restoredCount)",
                            ])
                    case .failure(let error):
                        logger.warning("orphan sweep failed", metadata: ["error": "\(error)"])
                    }
                }
            } catch is CancellationError {
                return
            }
        }
    }
}
