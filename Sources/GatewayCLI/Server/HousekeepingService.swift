import Logging
import ObjectStore
import ServiceLifecycle

/// Sweeps, scrubs, checks the database and lets old things go, beside the requests.
struct HousekeepingService: Service {
    /// What is done; whoever else has it can ask for its counts.
    let housekeeping: Housekeeping

    /// Makes the housekeeping of a server's store, by the rules of its buckets.
    init(store: DiskStore, settings: HousekeepingSettings, logger: Logger) {
        housekeeping = Housekeeping(
            store: store, settings: settings, rules: DocumentedLifecycleRules(of: store),
            pause: { try await Task.sleep(for: $0) },
            report: { Self.log($0, logger) })
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await housekeeping.run() }
    }

    private static func log(_ report: HousekeepingReport, _ logger: Logger) {
        switch report {
        case .swept(let outcome):
            logger.info(
                "orphan sweep",
                metadata: [
                    "marked": "\(outcome.markedCount)", "removed": "\(outcome.removedCount)",
                    "restored": "\(outcome.restoredCount)",
                ])
        case .quickChecked(let problems):
            guard problems.isEmpty else {
                return logger.error("the database is damaged", metadata: ["problems": "\(problems)"])
            }
            logger.info("the database is well")
        case .scrubbed(let outcome):
            logger.notice(
                "scrub ended",
                metadata: [
                    "objects": "\(outcome.objectCount)", "bytes": "\(outcome.readBytes)",
                    "damaged": "\(outcome.damageCount)",
                ])
        case .damage(let damage):
            logger.error(
                "damaged object",
                metadata: [
                    "kind": "\(damage.kind.rawValue)", "bucket": "\(damage.place.bucket)",
                    "key": "\(String(decoding: damage.place.key, as: UTF8.self))", "item": "\(damage.place.item)",
                    "detail": "\(damage.detail)",
                ])
        case .expired(let outcome):
            guard outcome != LifecycleOutcome() else { return }
            logger.info(
                "expired",
                metadata: [
                    "objects": "\(outcome.expiredCount)", "uploads": "\(outcome.abortedCount)",
                    "versions": "\(outcome.versionCount)", "markers": "\(outcome.markerCount)",
                    "transitions": "\(outcome.transitionCount)",
                ])
        case .failed(let task, let error):
            logger.warning("housekeeping failed", metadata: ["task": "\(task)", "error": "\(error)"])
        }
    }
}
