import ArgumentParser
import Foundation
import Logging

/// `serve`: runs the session API and, unless another store is configured, the object store.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the session API and the object store.",
        discussion: """
            Every option can also be given by the environment variable in brackets, or in a JSON file; a flag wins \
            over the environment, the environment over the file, the file over the default.

            Secrets are never given on the command line: OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, \
            OSS_SESSION_TOKEN and JWT_SECRET come from the environment or the file, or are generated into the data folder with mode 0600.

            When the server listens, it prints one line of JSON to standard output. Everything else goes to \
            standard error.
            """)

    @Option(help: ArgumentHelp("A JSON file with options. [GATEWAY_CONFIG]", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The folder of all data. [GATEWAY_DATA] (default: localdata)", valueName: "dir"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Where the session API listens; port 0 picks a free one. [GATEWAY_API_LISTEN] (default: 127.0.0.1:10723)",
            valueName: "host:port"))
    var apiListen: String?

    @Option(
        help: ArgumentHelp(
            "Where the object store listens; port 0 picks a free one. [GATEWAY_OSS_LISTEN] (default: 127.0.0.1:10724)",
            valueName: "host:port"))
    var ossListen: String?

    @Option(
        help: ArgumentHelp(
            "The database of sessions; this version has SQLite in the data folder only. [DATABASE_URL]",
            valueName: "url"))
    var databaseURL: String?

    @Option(
        help: ArgumentHelp(
            "disk keeps objects in the data folder; memory keeps them until the server ends. [GATEWAY_STORE]"
                + " (default: disk)", valueName: "place"))
    var store: String?

    @Option(
        help: ArgumentHelp(
            "The most MiB that objects in memory may take. [GATEWAY_STORE_MEMORY_MIB] (default: 1024)",
            valueName: "mib"))
    var storeMemoryMib: String?

    @Option(
        help: ArgumentHelp(
            "The most MiB of metadata and small objects that are kept in memory for reads; 0 keeps none."
                + " [GATEWAY_STORE_CACHE_MIB] (default: 32)", valueName: "mib"))
    var storeCacheMib: String?

    @Option(
        help: ArgumentHelp(
            "Below how many free MiB objects are refused. [GATEWAY_FREE_SPACE_FLOOR_MIB] (default: the greater of"
                + " 1024 and 2 % of the volume, at most a quarter of it)", valueName: "mib"))
    var freeSpaceFloorMib: String?

    @Option(
        help: ArgumentHelp(
            "In how many days all stored bytes are read once and compared with their checksums; 0 never reads them."
                + " [GATEWAY_SCRUB_DAYS] (default: 30)", valueName: "days"))
    var scrubDays: String?

    @Option(
        help: ArgumentHelp(
            "After how many days an upload in parts is ended that nobody has completed; 0 leaves it to the rules of its"
                + " bucket. [GATEWAY_UPLOAD_DAYS] (default: 0)", valueName: "days"))
    var uploadDays: String?

    @Option(
        help: ArgumentHelp(
            "How old a file without an object must be before it is marked, and then again before it is removed."
                + " [GATEWAY_ORPHAN_HOURS] (default: 24)", valueName: "hours"))
    var orphanHours: String?

    @Option(
        help: ArgumentHelp(
            "How many MiB all objects and parts may have together. [GATEWAY_STORE_QUOTA_MIB] (default: no limit)",
            valueName: "mib"))
    var storeQuotaMib: String?

    @Option(
        help: ArgumentHelp(
            "The endpoint of another object store. [OSS_ENDPOINT] (default: the built-in store)", valueName: "url"))
    var ossEndpoint: String?

    @Option(
        help: ArgumentHelp(
            "The endpoint in presigned URLs. [OSS_PUBLIC_ENDPOINT] (default: the store's endpoint)", valueName: "url"))
    var ossPublicEndpoint: String?

    @Option(
        help: ArgumentHelp(
            "The bucket of workspace files; made if the store is ours. [OSS_BUCKET_NAME] (default: workspace)",
            valueName: "name"))
    var ossBucket: String?

    @Option(help: ArgumentHelp("The region id. [OSS_REGION_ID] (default: cn-hangzhou)", valueName: "id"))
    var ossRegion: String?

    @Option(
        help: ArgumentHelp(
            "Domains below which the first label of a host is a bucket. [GATEWAY_OSS_DOMAIN] (default: localhost)",
            valueName: "domain,…"))
    var ossDomain: String?

    @OptionGroup var otherStore: ServeStoreOptions
    @OptionGroup var access: ServeAccessOptions

    @Option(
        help: ArgumentHelp(
            "Hosts that callbacks of uploads may go to although they are in a private network."
                + " [GATEWAY_CALLBACK_HOSTS]", valueName: "host,…"))
    var callbackHosts: String?

    @Option(
        help: ArgumentHelp(
            "checking looks at the object when an upload is confirmed; trusting believes the client and is for test"
                + " rigs without a store. [SESSION_CONFIRM] (default: checking)", valueName: "mode"))
    var sessionConfirm: String?

    @Flag(help: "Make the demo account and answer verification codes. [GATEWAY_DEMO]")
    var demo = false

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. [GATEWAY_LOG_LEVEL] (default: info)",
            valueName: "level"))
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "How long requests may go on after the first signal to stop, 0 to 3600."
                + " [GATEWAY_SHUTDOWN_GRACE_SECONDS] (default: 25)", valueName: "seconds"))
    var shutdownGraceSeconds: String?

    @Option(
        help: ArgumentHelp(
            "A certificate with its chain in PEM form; both listeners then speak TLS. A renewed one is taken over"
                + " within seconds, or on SIGHUP. [GATEWAY_TLS_CERTIFICATE] (default: plain HTTP)", valueName: "file"))
    var tlsCertificate: String?

    @Option(
        help: ArgumentHelp(
            "The private key of --tls-certificate in PEM form, which others may not read. [GATEWAY_TLS_KEY]",
            valueName: "file"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "The most connections that are open at once. [GATEWAY_CONNECTIONS] (default: 4096)", valueName: "n"))
    var connections: String?

    @Option(
        help: ArgumentHelp(
            "The most connections of one client address. [GATEWAY_CONNECTIONS_PER_ADDRESS] (default: 512)",
            valueName: "n"))
    var connectionsPerAddress: String?

    @Option(
        help: ArgumentHelp(
            "The most requests that each listener answers at once; others hear 503. [GATEWAY_REQUESTS_AT_ONCE]"
                + " (default: 1024)", valueName: "n"))
    var requestsAtOnce: String?

    func run() async throws {
        AllocatorSettings.apply()
        // A reader of the log that goes away must not take the server with it.
        signal(SIGPIPE, SIG_IGN)
        do {
            let options = try await OptionReader(flags: flags, environment: ProcessInfo.processInfo.environment)
            let configuration = try await ServeConfiguration(options)
            LoggingSystem.bootstrap { LogStream.handler(label: $0, level: configuration.logLevel) }
            defer { LogWriter.standardError.flush(seconds: 1) }
            try await GatewayServer(configuration).run()
        } catch let problem as ConfigurationProblem {
            StandardError.print("storage-gateway: \(problem)")
            throw ExitStatus.configuration
        } catch let problem as FolderInUse {
            StandardError.print("storage-gateway: \(problem)")
            throw ExitStatus.folderInUse
        } catch let problem as FolderProblem {
            StandardError.print("storage-gateway: \(problem)")
            throw ExitStatus.unavailable
        } catch let problem as ListenProblem {
            StandardError.print("storage-gateway: \(problem)")
            throw ExitStatus.unavailable
        }
    }

    private var flags: [ServeOption: String] {
        let given: [(ServeOption, String?)] = [
            (.configFile, config), (.data, data), (.apiListen, apiListen), (.ossListen, ossListen),
            (.databaseURL, databaseURL), (.store, store), (.storeMemoryMib, storeMemoryMib),
            (.storeCacheMib, storeCacheMib), (.freeSpaceFloorMib, freeSpaceFloorMib), (.scrubDays, scrubDays),
            (.uploadDays, uploadDays), (.orphanHours, orphanHours), (.storeQuotaMib, storeQuotaMib),
            (.ossEndpoint, ossEndpoint),
            (.ossPublicEndpoint, ossPublicEndpoint),
            (.ossBucket, ossBucket), (.ossRegion, ossRegion), (.ossDomain, ossDomain),
            (.callbackHosts, callbackHosts),
            (.sessionConfirm, sessionConfirm), (.demo, demo ? "true" : nil), (.logLevel, logLevel),
            (.shutdownGraceSeconds, shutdownGraceSeconds), (.tlsCertificate, tlsCertificate), (.tlsKey, tlsKey),
            (.connections, connections), (.connectionsPerAddress, connectionsPerAddress),
            (.requestsAtOnce, requestsAtOnce),
        ]
        return (given + otherStore.flags + access.flags).reduce(into: [:]) { flags, option in
            if let text = option.1 { flags[option.0] = text }
        }
    }
}
