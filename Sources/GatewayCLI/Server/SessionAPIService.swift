import Foundation
import HTTPFront
import Logging
import ServiceLifecycle
import SessionAPI
import StorageGateway

/// The session API as a service: it starts when the object store listens, and tells when it listens itself.
struct SessionAPIService: Service {
    /// The checked options.
    let configuration: ServeConfiguration
    /// The data folder.
    let folder: DataFolder
    /// The key that signs the API's requests and URLs.
    let accessKey: AccessKey
    /// The port of the built-in store, once it listens.
    let ossPort: OneTimeValue<Int>
    /// What its listener has in common with the other one.
    let front: FrontDoor
    /// Where it is told how the database is copied.
    let place: SessionsPlace
    /// The server's logger.
    let logger: Logger
    /// The logger of the server library.
    let libraryLogger: Logger

    func run() async throws {
        let endpoint = try await ossEndpoint()
        let sessions = try await openSessions(ossEndpoint: endpoint)
        place.set(
            SessionsWork(copy: { try await sessions.copy(to: $0) }, reconciliation: sessions.reconciliation))
        let outcome: Result<Void, any Error>
        do {
            try await serve(sessions, ossEndpoint: endpoint)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        place.set(nil)
        try await sessions.close()
        try outcome.get()
    }

    /// Answers requests until the service is asked to stop, and settles uploads beside that.
    private func serve(_ sessions: Sessions, ossEndpoint endpoint: String) async throws {
        let listener = sessions.listener(
            address: configuration.apiListen, front: front, logger: logger, libraryLogger: libraryLogger
        ) { port in
            announce(apiPort: port, ossEndpoint: configuration.ossPublicEndpoint ?? endpoint)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let services: [(any Service)?] = [sessions.settlement, sessions.reconciliation, sessions.bucketSetup]
            let besides = [sessions.purge.run] + services.compactMap { $0?.run }
            for run in besides {
                group.addTask {
                    do {
                        try await run()
                    } catch is CancellationError {
                        return
                    }
                }
            }
            try await listener.run()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// The endpoint by which this process reaches the store.
    private func ossEndpoint() async throws -> String {
        if let endpoint = configuration.ossEndpoint { return endpoint }
        guard let port = await ossPort.wait() else { throw CancellationError() }
        return "\(front.scheme)://\(ListenAddress.authority(host: configuration.ossListen.reachableHost, port: port))"
    }

    private func openSessions(ossEndpoint: String) async throws -> Sessions {
        let secret = try configuration.jwtSecret ?? folder.jwtSecret()
        return try await Sessions.open(
            configuration: configuration, folder: folder, tokenSecret: secret,
            workspace: WorkspaceStore(configuration, endpoint: ossEndpoint, accessKey: accessKey),
            logger: logger)
    }

    /// Tells a person on standard error and a program on standard output that everything listens.
    private func announce(apiPort: Int, ossEndpoint: String) {
        let authority = ListenAddress.authority(host: configuration.apiListen.reachableHost, port: apiPort)
        let ready = ReadyLine(
            apiEndpoint: "\(front.scheme)://\(authority)", ossEndpoint: ossEndpoint, bucket: configuration.bucket.text,
            region: configuration.region, accessKeyId: accessKey.id,
            accessKeySecretFile: configuration.accessKey == nil ? folder.secretFile(ofAccessKey: accessKey.id) : nil,
            pid: ProcessInfo.processInfo.processIdentifier, version: Version.text)
        StandardError.print(
            Banner(
                ready: ready, isDemo: configuration.isDemo, hasBuiltInStore: configuration.hasBuiltInStore,
                isInMemory: configuration.objectPlace != .folder, dataFolder: folder.path,
                graceSeconds: configuration.shutdownGraceSeconds
            ).text)
        do {
            try ready.print()
        } catch {
            // Nobody reads standard output; the server is there all the same.
            logger.warning("the ready line could not be written", metadata: ["error": "\(error)"])
        }
    }
}
