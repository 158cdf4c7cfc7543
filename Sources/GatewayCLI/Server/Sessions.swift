import HTTPFront
import Logging
import NIOPosix
import OSSClient
import OSSKit
import SessionAPI
import StorageGateway

/// The opened session API: its database, its way to the object store, and what answers requests.
struct Sessions {
    /// The machine's clock and randomness.
    static let environment = SessionEnvironment(
        nowMicroseconds: SystemEnvironment.nowMicroseconds, randomBytes: SystemEnvironment.randomBytes)

    /// Settles uploads whose URLs are over; nil without an object store.
    let settlement: UploadSettlement?
    /// Removes for good what was deleted a while ago.
    let purge: SessionPurge
    /// Compares files and objects; nil without an object store.
    let reconciliation: UploadReconciliation?
    /// Sets up and watches the bucket; nil without an object store.
    let bucketSetup: BucketSetup?

    private let store: SessionStore
    private let responder: SessionResponder
    private let connections: OSSConnections

    /// Opens the database, makes the demo account where it is asked for, and composes the API.
    ///
    /// - Throws: `FolderProblem` if the database cannot be opened.
    static func open(
        configuration: ServeConfiguration, folder: DataFolder, tokenSecret: Secret, workspace: WorkspaceStore,
        logger: Logger
    ) async throws -> Sessions {
        var options = SessionAPIConfiguration(tokenSecret: tokenSecret)
        options.isDevelopment = configuration.isDemo
        options.allowedOrigins = workspace.allowedOrigins
        // Whoever tries things out makes accounts by the dozen, all from one address.
        if configuration.isDemo { options.loginsPerMinuteOfAddress = 100_000 }
        options.confirmMode = configuration.confirmLooksAtObjects ? .verifying : .trusting
        let store = try await openStore(folder, logger: logger)
        let accounts = Accounts(store: store, configuration: options, environment: environment)
        if configuration.isDemo {
            try await accounts.ensureDemoAccount()
        }
        // Everybody knows its password: what an earlier start made for trying out is closed in earnest.
        if try await accounts.setStatus(configuration.isDemo ? .active : .disabled, email: Accounts.demoEmail),
            !configuration.isDemo
        {
            logger.notice("the demo account of an earlier start is disabled")
        }
        // A client of the API waits about ten seconds; it must hear by then that the store cannot be reached.
        var timeouts = OSSClient.Timeouts()
        timeouts.connect = .seconds(2)
        // What listens at its own address is this process itself, whatever name its certificate is for.
        let connections = OSSConnections(timeouts, checksCertificates: !configuration.hasBuiltInStore)
        do {
            let bucket = try configuration.confirmLooksAtObjects ? workspace.open(connections) : nil
            let storage = bucket?.storage
            let responder = try await SessionAPI.makeResponder(
                configuration: options, store: store, storage: storage, environment: environment, logger: logger)
            let settlement = storage.map {
                UploadSettlement(store: store, storage: $0, environment: environment, logger: logger)
            }
            let reconciliation = storage.map {
                UploadReconciliation(store: store, storage: $0, environment: environment, logger: logger)
            }
            // Of the store of this very process nothing has to be found out.
            let hasSetup = !configuration.hasBuiltInStore || !workspace.allowedOrigins.isEmpty
            let bucketSetup = bucket.flatMap {
                hasSetup ? BucketSetup(client: $0.client, origins: workspace.allowedOrigins, logger: logger) : nil
            }
            return Sessions(
                settlement: settlement, purge: SessionPurge(store: store, environment: environment, logger: logger),
                reconciliation: reconciliation, bucketSetup: bucketSetup, store: store, responder: responder,
                connections: connections)
        } catch {
            try await connections.shutdown()
            throw error
        }
    }

    /// Opens the database of a data folder.
    ///
    /// - Throws: `FolderProblem` if it cannot be opened.
    static func openStore(_ folder: DataFolder, logger: Logger) async throws -> SessionStore {
        do {
            return try await NIOThreadPool.singleton.runIfActive {
                try SessionStore(path: folder.sessionsDatabase, logger: logger) {
                    SystemEnvironment.endAfterDiskFailure("the session store failed", logger: logger)
                }
            }
        } catch {
            throw FolderProblem(path: folder.sessionsDatabase, reason: "the database cannot be opened: \(error)")
        }
    }

    /// The server of the API.
    func listener(
        address: ListenAddress, front: FrontDoor, logger: Logger, libraryLogger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void
    ) -> ListenerService<AccessLogResponder<SessionResponder>> {
        ListenerService(
            name: "the session API", address: address,
            responder: AccessLogResponder(responder, requestIDHeader: "X-Request-Id", logger: logger),
            front: front, placement: .sharedThreads, refusalBody: FrontRefusals.api, onListening: onListening,
            logger: libraryLogger)
    }

    /// Copies the database, as it is at one moment, into a file that is empty.
    func copy(to path: String) async throws {
        try await NIOThreadPool.singleton.runIfActive { [store] in try store.backUp(to: path) }
    }

    /// Ends the connections to the object store and closes the database.
    func close() async throws {
        try await connections.shutdown()
        try await NIOThreadPool.singleton.runIfActive { [store] in try store.shutDown() }
    }
}
