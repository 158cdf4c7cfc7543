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
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: Self.interval)
                } catch {
                    return
                }
                await reload()
            }
        }
    }

    /// Reads the folder once; on a failure the keys stay as they are.
    private func reload() async {
        do {
            let keys = try await NIOThreadPool.singleton.runIfActive {
                try Self.keys(of: folder, fixedKey: fixedKey)
            }
            ring.replace(with: keys)
        } catch {
            logger.warning("access keys could not be read", metadata: ["error": "\(error)"])
        }
    }

    /// The keys of a folder, and the fixed one.
    ///
    /// - Throws: `FolderProblem` if a file cannot be read.
    static func keys(of folder: DataFolder, fixedKey: AccessKey?) throws -> [AccessKey] {
        let keys = try folder.accessKeyList().map { key in
            AccessKey(id: key.id, secret: key.secret, ownerID: GatewayServer.ownerID, isEnabled: key.isEnabled)
        }
        return keys + (fixedKey.map { [$0] } ?? [])
    }
}
