import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import StorageGateway

/// Takes over access keys that `storage-gateway keys` made, disabled or deleted, without a restart.
struct AccessKeyReloader: Service {
    /// How often the folder is looked at.
    static let interval = Duration.seconds(1)

    /// The data folder.
    let folder: DataFolder
    /// A key given by the environment; it is always there.
    let fixedKey: AccessKey?
    /// Where the keys go.
    let ring: AccessKeyRing
    /// Where failures go.
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var reported: [String] = []
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: Self.interval)
                } catch {
                    return
                }
                let problems = await reload()
                // What stays wrong is told once.
                for problem in problems where !reported.contains(problem) {
                    logger.warning("an access key could not be read", metadata: ["error": "\(problem)"])
                }
                reported = problems
            }
        }
    }

    /// Reads the folder once; if it cannot be read, the keys stay as they are.
    ///
    /// - Returns: What could not be read.
    private func reload() async -> [String] {
        do {
            let (keys, problems) = try await NIOThreadPool.singleton.runIfActive {
                try Self.keys(of: folder, fixedKey: fixedKey)
            }
            ring.replace(with: keys)
            return problems.map(\.description)
        } catch {
            return [String(describing: error)]
        }
    }

    /// The keys of a folder, and the fixed one; and what is wrong with the files of others.
    ///
    /// - Throws: `FolderProblem` if the folder cannot be read.
    static func keys(
        of folder: DataFolder, fixedKey: AccessKey?
    ) throws -> (keys: [AccessKey], problems: [FolderProblem]) {
        let (found, problems) = try folder.accessKeyList()
        let keys = try found.map { key in
            AccessKey(
                id: key.id, secret: key.secret, ownerID: key.bounds.ownerID, isEnabled: key.isEnabled,
                policy: try key.bounds.policy.map { try AccessPolicy(json: Array($0.utf8), kind: .identity) })
        }
        return (keys + (fixedKey.map { [$0] } ?? []), problems)
    }
}
