import Foundation
import HTTPFront
import Hummingbird
import Logging
import NIOCore
import OSSKit
import ObjectStore
import ServiceLifecycle
import StorageGateway

/// One running server: data folder, object store, session API, and the order in which they start and stop.
struct GatewayServer {
    /// The account of the access keys of a data folder.
    static let ownerID = AccessKeyBounds.usualOwnerID

    private let configuration: ServeConfiguration
    private let folder: DataFolder
    private let logger: Logger
    private let libraryLogger: Logger

    /// Takes a checked configuration; nothing is opened yet.
    init(_ configuration: ServeConfiguration) {
        self.configuration = configuration
        folder = DataFolder(path: configuration.dataFolder)
        logger = Logger(label: "storage-gateway")
        var libraryLogger = Logger(label: "storage-gateway.http")
        libraryLogger.logLevel = max(configuration.logLevel, .notice)
        self.libraryLogger = libraryLogger
    }

    /// Starts, serves until a signal asks to stop, and stops.
    ///
    /// - Throws: `FolderProblem`, `FolderInUse`, `ListenProblem`.
    func run() async throws {
        let front = try openFront()
        try folder.create()
        warnOfOpenDemo()
        let lock = try FolderLock(folder.lockFile)
        defer { withExtendedLifetime(lock) {} }
        let accessKey = try signingKey()
        let store = configuration.hasBuiltInStore ? try await openStore(sendingTo: front) : nil
        let ossPort = OneTimeValue<Int>()
        var services: [any Service] = []
        let sessions = SessionsPlace()
        if let files = configuration.front.certificate, let holder = front.certificate {
            services.append(CertificateReloader(files: files, holder: holder, logger: logger))
        }
        if let store {
            services += try ossServices(
                store, accessKey: accessKey, sessions: sessions, front: front, port: ossPort)
        } else {
            services.append(control(nil, sessions))
        }
        services.append(
            SessionAPIService(
                configuration: configuration, folder: folder, accessKey: accessKey, ossPort: ossPort,
                front: front, place: sessions, logger: logger, libraryLogger: libraryLogger))
        // The group stops its services from the last to the first: the API, which needs the store, before the store.
        var group = ServiceGroupConfiguration(
            services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: libraryLogger)
        group.maximumGracefulShutdownDuration = .seconds(configuration.shutdownGraceSeconds)
        let outcome: Result<Void, any Error>
        do {
            try await ServiceGroup(configuration: group).run()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await store?.close()
        logger.notice("stopped")
        try outcome.get()
    }

    /// Makes what the listeners have in common: limits that the system allows, and the certificate.
    ///
    /// - Throws: `ConfigurationProblem` if the certificate cannot be used.
    private func openFront() throws -> FrontDoor {
        OpenFileLimit.raise()
        var limits = configuration.front.admission
        let possible = OpenFileLimit.connections(atMost: limits.connections)
        if possible < limits.connections {
            logger.warning(
                "the limit of open files allows fewer connections than --connections",
                metadata: ["connections": "\(possible)"])
            limits.connections = possible
        }
        let certificate = try configuration.front.certificate?.load()
        if let certificate { CertificateReloader.tell(of: certificate, logger: logger) }
        return FrontDoor(admission: Admission(limits: limits), certificate: certificate.map(CertificateHolder.init))
    }

    /// Warns where strangers could use what is meant for trying things out.
    private func warnOfOpenDemo() {
        let loopback = ["127.0.0.1", "localhost", "::1"]
        guard configuration.isDemo, !loopback.contains(configuration.apiListen.host) else { return }
        logger.warning("--demo is on and the session API listens beyond this machine: anybody can log in")
    }

    /// The key with which the session API signs: the configured one, or the folder's first.
    private func signingKey() throws -> AccessKey {
        let key = try configuration.accessKey ?? folder.firstAccessKey()
        return AccessKey(id: key.id, secret: key.secret, ownerID: Self.ownerID)
    }

    private func openStore(sendingTo front: FrontDoor) async throws -> DiskStore {
        let logger = logger
        let environment = StoreEnvironment(
            now: SystemEnvironment.nowMilliseconds, randomBytes: SystemEnvironment.randomBytes,
            onFatal: { SystemEnvironment.endAfterDiskFailure($0, logger: logger) })
        let store: DiskStore
        do {
            var settings = storeConfiguration
            settings.bytesBeingSent = { [unsent = front.unsent] in unsent.count }
            store = try await DiskStore.open(settings, environment: environment)
        } catch StoreFailure.folderIsInUse {
            throw FolderInUse(path: folder.objects)
        } catch let failure as StoreFailure {
            throw FolderProblem(path: folder.objects, reason: "the object store cannot be opened: \(failure)")
        }
        do {
            _ = try await store.createBucket(NewBucket(name: configuration.bucket, ownerID: Self.ownerID))
            try await store.setLimit(configuration.storeQuotaBytes, ofAccount: Self.ownerID)
        } catch let refusal as OSSError {
            try await store.close()
            throw FolderProblem(
                path: folder.objects,
                reason: "the bucket \(configuration.bucket) or the quota cannot be set up: \(refusal.message)")
        }
        return store
    }

    private var storeConfiguration: StoreConfiguration {
        var store =
            switch configuration.objectPlace {
            case .folder: StoreConfiguration(folder: folder.objects)
            case .memory(let limitBytes):
                StoreConfiguration(
                    disk: MemoryDisk(limitBytes: limitBytes, now: SystemEnvironment.nowMilliseconds))
            }
        store.freeSpaceFloorBytes = configuration.freeSpaceFloorBytes
        store.orphanAgeMilliseconds = configuration.orphanAgeMilliseconds
        store.cacheLimitBytes = Int(clamping: configuration.storeCacheBytes)
        return store
    }

    private func ossServices(
        _ store: DiskStore, accessKey: AccessKey, sessions: SessionsPlace, front: FrontDoor,
        port: OneTimeValue<Int>
    ) throws -> [any Service] {
        let fixedKey = configuration.accessKey == nil ? nil : accessKey
        let ring = AccessKeyRing(try AccessKeyReloader.keys(of: folder, fixedKey: fixedKey).keys)
        let tokens = SecurityTokens(secret: try folder.securityTokenSecret())
        let surface = surface
        let environment = SurfaceEnvironment(
            now: SystemEnvironment.nowMilliseconds, randomBits: SystemEnvironment.randomBits,
            welcomeBody: { GuardedHTTP1Channel.welcomeRequestBody(on: $0) },
            callbacks: CallbackClient(keyFile: CallbackKeyFile(path: folder.callbackKey), hosts: surface.callbackHosts))
        let logs = AccessLogs(store: store, environment: environment, logger: logger)
        let responder = OSSResponder(
            store: store, callers: SurfaceCallers(keys: ring, tokens: tokens), configuration: surface,
            environment: environment, logs: logs, logger: logger)
        let listener = ListenerService(
            name: "the object store", address: configuration.ossListen,
            responder: AccessLogResponder(responder, requestIDHeader: "x-oss-request-id", logger: logger),
            front: front, placement: .eventLoop, refusalBody: FrontRefusals.oss, onListening: { port.set($0) },
            logger: libraryLogger)
        return [
            AccessKeyReloader(folder: folder, fixedKey: fixedKey, ring: ring, logger: logger),
            HousekeepingService(store: store, settings: configuration.housekeeping, logger: logger),
            control(store, sessions),
            // It stops after the listener, so that the last requests are written down.
            AccessLogWriter(logs: logs, periodSeconds: configuration.logSeconds),
            listener,
        ]
    }

    /// Does the work of commands on the folder of this server.
    private func control(_ store: DiskStore?, _ sessions: SessionsPlace) -> ControlService {
        ControlService(
            open: OpenFolder(
                folder: folder, objects: store, copySessions: { sessions.current?.copy },
                reconciliation: { sessions.current?.reconciliation }), logger: logger)
    }

    private var surface: SurfaceConfiguration {
        var surface = SurfaceConfiguration(
            region: configuration.region, virtualHostDomains: configuration.virtualHostDomains,
            extranetEndpoint: configuration.addressing.extranetEndpoint ?? publicHost,
            ownerDisplayName: "storage-gateway", callbackHosts: CallbackHosts(allowed: configuration.callbackHosts))
        surface.intranetEndpoint = configuration.addressing.intranetEndpoint
        surface.boundHosts = configuration.addressing.boundHosts
        surface.refusesPathStyleOnOSSDomains = configuration.addressing.refusesPathStyleOnOSSDomains
        surface.bindsUnprovenDomains = configuration.addressing.bindsUnprovenDomains
        surface.publicACLLists = configuration.publicACLLists
        surface.securityTokenSeconds = configuration.securityTokenSeconds
        return surface
    }

    /// The host of the public endpoint, which bucket documents show; nil if none is configured.
    private var publicHost: String? {
        guard let endpoint = configuration.ossPublicEndpoint, let scheme = endpoint.range(of: "://") else { return nil }
        return String(endpoint[scheme.upperBound...])
    }
}
