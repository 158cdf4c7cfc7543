import Foundation
import HTTPFront
import Hummingbird
import Logging
import NIOCore
import OSSKit
import ObjectStore
import ServiceLifecycle
import SessionAPI
import StorageGateway

/// One running server: data folder, object store, session API, and the order in which they start and stop.
struct GatewayServer {
    /// The account of the access keys of a data folder.
    static let ownerID = "1000000000000001"

    private let configuration: ServeConfiguration
    private let folder: DataFolder
    private let logger: Logger

    /// Takes a checked configuration; nothing is opened yet.
    init(_ configuration: ServeConfiguration) {
        self.configuration = configuration
        self.folder = DataFolder(path: configuration.dataFolder)
        self.logger = Logger(label: "storage-gateway")
    }

    /// Starts, serves until a signal asks to stop, and stops.
    ///
    /// - Throws: `FolderProblem`, `FolderInUse`, `ListenProblem`.
    func run() async throws {
        try folder.create()
        let lock = try FolderLock(folder.lockFile)
        let accessKey = try configuration.accessKey ?? folder.firstAccessKey()
        let store = configuration.hasBuiltInStore ? try await openStore() : nil
        let sessions = try await SessionService.open(
            configuration: configuration, folder: folder, accessKey: accessKey, logger: logger)
        let failure = StartFailure()
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [], gracefulShutdownSignals: [.sigterm, .sigint], logger: quietLogger))
        try await start(store: store, sessions: sessions, accessKey: accessKey, group: group, failure: failure)
        await sessions.close()
        await store?.close()
        withExtendedLifetime(lock) {}
        if let problem = failure.problem { throw problem }
    }
}
