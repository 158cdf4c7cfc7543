import Logging
import OSSKit
import ObjectStore

/// Everything that `serve` needs to know, read once at start and checked together.
struct ServeConfiguration {
    /// The folder of all data, created when it is not there.
    let dataFolder: String
    /// Where the session API listens.
    let apiListen: ListenAddress
    /// Where the built-in object store listens; unused with an endpoint of another store.
    let ossListen: ListenAddress
    /// Where the built-in object store keeps its objects.
    let objectPlace: ObjectPlaceOption
    /// How many bytes the built-in object store may keep in memory for reads.
    let storeCacheBytes: Int64
    /// Below how many free bytes the built-in object store refuses writes; nil leaves it to the store.
    let freeSpaceFloorBytes: Int64?
    /// How often the built-in object store is looked after.
    let housekeeping: HousekeepingSettings
    /// How old a file without an object must be before it is removed, in milliseconds.
    let orphanAgeMilliseconds: Int64
    /// How many bytes the account of the built-in object store may keep; nil for no limit.
    let storeQuotaBytes: Int64?
    /// The endpoint of another object store; nil for the built-in one.
    let ossEndpoint: String?
    /// The endpoint that stands in presigned URLs; nil for the same as the gateway's own.
    let ossPublicEndpoint: String?
    /// The bucket of the workspace files.
    let bucket: BucketName
    /// The region id without `oss-`.
    let region: String
    /// How the session API reaches the bucket of workspace files, beyond endpoints, bucket and region.
    let workspace: WorkspaceConfiguration
    /// The domains below which the first label of a host is a bucket.
    let virtualHostDomains: [String]
    /// How requests to the built-in store find their bucket, and what it calls itself.
    let addressing: AddressingConfiguration
    /// Whether a public ACL of a bucket lets everybody list it, too.
    let publicACLLists: Bool
    /// Seconds between two writings of access logs into their buckets.
    let logSeconds: Int64
    /// The longest life of a temporary access key, in seconds.
    let securityTokenSeconds: Int64
    /// The hosts that callbacks may go to although they are in a private network.
    let callbackHosts: [String]
    /// The access key given by the environment or a file; nil generates one.
    let accessKey: (id: String, secret: Secret)?
    /// The secret of access tokens given by the environment or a file; nil generates one.
    let jwtSecret: Secret?
    /// Whether a confirm looks at the object; false only with `SESSION_CONFIRM=trusting`.
    let confirmLooksAtObjects: Bool
    /// Whether the demo account and development mode are on.
    let isDemo: Bool
    /// The least level that is logged.
    let logLevel: Logger.Level
    /// How long requests may go on after the first signal to stop.
    let shutdownGraceSeconds: Int64
    /// How many connections there may be, and whether they speak TLS.
    let front: FrontConfiguration

    /// Whether this process runs the object store itself.
    var hasBuiltInStore: Bool { ossEndpoint == nil }

    /// Reads and checks all options.
    ///
    /// - Throws: `ConfigurationProblem`, naming the option.
    init(_ options: OptionReader) async throws {
        dataFolder = try await Self.required(.data, options)
        apiListen = try await Self.listenAddress(.apiListen, options)
        ossListen = try await Self.listenAddress(.ossListen, options)
        try await Self.checkDatabase(options)
        objectPlace = try await Self.objectPlace(options)
        storeCacheBytes = try await Self.mebibytes(.storeCacheMib, options, from: 0) ?? 0
        freeSpaceFloorBytes = try await Self.mebibytes(.freeSpaceFloorMib, options, from: 0)
        housekeeping = try await Self.housekeeping(options)
        orphanAgeMilliseconds = try await Self.count(.orphanHours, options, 1...8_760, of: "hours") * 3_600_000
        storeQuotaBytes = try await Self.mebibytes(.storeQuotaMib, options, from: 0)
        ossEndpoint = try await Self.endpoint(.ossEndpoint, options)
        ossPublicEndpoint = try await Self.endpoint(.ossPublicEndpoint, options)
        let bucketText = try await Self.required(.ossBucket, options)
        do {
            bucket = try BucketName(bucketText)
        } catch {
            throw ConfigurationProblem(
                option: ServeOption.ossBucket.displayName,
                reason: "\(bucketText) is not a bucket name: 3 to 63 of a-z, 0-9 and -, no - at either end")
        }
        region = try await Self.checked(.ossRegion, options, "3 to 64 of a-z, 0-9 and -") { text in
            (3...64).contains(text.utf8.count) && text.utf8.allSatisfy(Self.isLabelByte) ? text : nil
        }
        virtualHostDomains = try await Self.checked(.ossDomain, options, "host names, separated by commas") { text in
            let domains = text.lowercased().split(separator: ",").map { String($0.filter { $0 != " " }) }
            let areHosts = domains.allSatisfy { domain in
                !domain.isEmpty && domain.utf8.allSatisfy { Self.isLabelByte($0) || $0 == UInt8(ascii: ".") }
            }
            return areHosts && !domains.isEmpty && domains.count <= 32 ? domains : nil
        }
        addressing = try await AddressingConfiguration(options)
        publicACLLists = try await Self.checked(.ossPublicACLLists, options, "true or false", Self.truth)
        logSeconds = try await Self.count(.ossLogSeconds, options, 1...3_600, of: "seconds")
        securityTokenSeconds = try await Self.checked(.stsMaxSeconds, options, "seconds from 900 to 43200") { text in
            DecimalNumber.parse(text).flatMap { (900...43_200).contains($0) ? $0 : nil }
        }
        callbackHosts = try await Self.hosts(.callbackHosts, options)
        accessKey = try await Self.accessKey(options)
        jwtSecret = try await Self.jwtSecret(options)
        confirmLooksAtObjects = try await Self.checked(.sessionConfirm, options, "checking or trusting") { text in
            ["checking": true, "trusting": false][text]
        }
        isDemo = try await Self.checked(.demo, options, "true or false", Self.truth)
        logLevel = try await Self.checked(
            .logLevel, options, "one of trace, debug, info, notice, warning, error, critical"
        ) { Logger.Level(rawValue: $0.lowercased()) }
        shutdownGraceSeconds = try await Self.checked(.shutdownGraceSeconds, options, "seconds from 0 to 3600") {
            text in
            DecimalNumber.parse(text).flatMap { $0 <= 3_600 ? $0 : nil }
        }
        front = try await FrontConfiguration(options)
        workspace = try await WorkspaceConfiguration(options)
        guard hasBuiltInStore || accessKey != nil || workspace.credentials != .key else {
            throw ConfigurationProblem(
                option: ServeOption.ossEndpoint.displayName,
                reason: "a store of its own needs OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, or"
                    + " --oss-credentials-file (OSS_CREDENTIALS_FILE), or --oss-credentials-url (OSS_CREDENTIALS_URL)")
        }
        guard !hasBuiltInStore || workspace.isUsual else {
            throw ConfigurationProblem(
                option: ServeOption.ossEndpoint.displayName,
                reason: "credentials and addressing of another store need its endpoint")
        }
    }

    /// Host names and addresses, separated by commas; none if the option is not given.
    private static func hosts(_ option: ServeOption, _ options: OptionReader) async throws -> [String] {
        guard try await options.text(option) != nil else { return [] }
        return try await checked(option, options, "host names or addresses, separated by commas") { text in
            let hosts = text.lowercased().split(separator: ",").map { String($0.filter { $0 != " " }) }
            let areHosts = hosts.allSatisfy { host in
                CallbackAddress(host.contains(":") ? "http://[\(host)]" : "http://\(host)")?.host == host
            }
            return areHosts && !hosts.isEmpty && hosts.count <= 64 ? hosts : nil
        }
    }

    private static func objectPlace(_ options: OptionReader) async throws -> ObjectPlaceOption {
        let limitBytes = try await mebibytes(.storeMemoryMib, options, from: 16)
        return try await checked(.store, options, "disk or memory") { text in
            switch text {
            case "disk": .folder
            case "memory": .memory(limitBytes: limitBytes ?? .max)
            default: nil
            }
        }
    }

    private static func housekeeping(_ options: OptionReader) async throws -> HousekeepingSettings {
        var settings = HousekeepingSettings()
        let scrubDays = try await count(.scrubDays, options, 0...365, of: "days")
        settings.scrubPeriodDays = scrubDays == 0 ? nil : scrubDays
        let uploadDays = try await count(.uploadDays, options, 0...3_650, of: "days")
        settings.uploadAgeDays = uploadDays == 0 ? nil : uploadDays
        return settings
    }

    /// Reads an option that is a number in a range.
    static func count(
        _ option: ServeOption, _ options: OptionReader, _ range: ClosedRange<Int64>, of unit: String
    ) async throws -> Int64 {
        try await checked(option, options, "a number of \(unit) from \(range.lowerBound) to \(range.upperBound)") {
            DecimalNumber.parse($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    private static func mebibytes(
        _ option: ServeOption, _ options: OptionReader, from least: Int64
    ) async throws -> Int64? {
        guard try await options.text(option) != nil else { return nil }
        return try await checked(option, options, "a number of MiB from \(least) to 1048576") { text in
            DecimalNumber.parse(text).flatMap { (least...1_048_576).contains($0) ? $0 * 1_048_576 : nil }
        }
    }

    private static func required(_ option: ServeOption, _ options: OptionReader) async throws -> String {
        guard let text = try await options.text(option) else {
            throw ConfigurationProblem(option: option.displayName, reason: "it must be given")
        }
        return text
    }

    private static func truth(_ text: String) -> Bool? {
        ["true": true, "1": true, "yes": true, "false": false, "0": false, "no": false][text.lowercased()]
    }

    /// Reads an option that must be given, and refuses a text that means nothing.
    ///
    /// - Throws: `ConfigurationProblem`, naming the option and the rule.
    static func checked<Value>(
        _ option: ServeOption, _ options: OptionReader, _ rule: String, _ parse: (String) -> Value?
    ) async throws -> Value {
        let text = try await required(option, options)
        guard let value = parse(text) else {
            throw ConfigurationProblem(option: option.displayName, reason: "\(text) is not \(rule)")
        }
        return value
    }

    private static func listenAddress(_ option: ServeOption, _ options: OptionReader) async throws -> ListenAddress {
        try await checked(option, options, "HOST:PORT with a port from 0 to 65535", ListenAddress.init)
    }

    private static func endpoint(_ option: ServeOption, _ options: OptionReader) async throws -> String? {
        guard let text = try await options.text(option) else { return nil }
        let lower = text.lowercased()
        let hasScheme = lower.hasPrefix("http://") || lower.hasPrefix("https://")
        guard hasScheme, (try? Endpoint(text)) != nil else {
            throw ConfigurationProblem(
                option: option.displayName, reason: "\(text) is not a URL such as https://oss-cn-hangzhou.aliyuncs.com")
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private static func checkDatabase(_ options: OptionReader) async throws {
        guard try await options.text(.databaseURL) != nil else { return }
        throw ConfigurationProblem(
            option: ServeOption.databaseURL.displayName,
            reason: "this version keeps sessions in SQLite in the data folder and has no other database yet")
    }

    private static func accessKey(_ options: OptionReader) async throws -> (id: String, secret: Secret)? {
        let id = try await options.text(.accessKeyID)
        let secret = try await options.text(.accessKeySecret)
        guard id != nil || secret != nil else { return nil }
        guard let id, let secret else {
            throw ConfigurationProblem(
                option: ServeOption.accessKeyID.displayName, reason: "it and OSS_ACCESS_KEY_SECRET go together")
        }
        guard AccessKeyFile.isAccessKeyID(id) else {
            throw ConfigurationProblem(
                option: ServeOption.accessKeyID.displayName, reason: "it must be 1 to 128 letters, digits, - _ or .")
        }
        return (id, Secret(secret))
    }

    private static func jwtSecret(_ options: OptionReader) async throws -> Secret? {
        guard let text = try await options.text(.jwtSecret) else { return nil }
        guard text.utf8.count >= 32 else {
            throw ConfigurationProblem(
                option: ServeOption.jwtSecret.displayName, reason: "it must have at least 32 bytes of randomness")
        }
        return Secret(text)
    }

    /// Whether a byte can stand in a label of a host's name.
    static func isLabelByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "-")
    }
}

/// Where the built-in object store keeps its objects.
enum ObjectPlaceOption: Equatable {
    /// In the data folder.
    case folder
    /// In memory, up to a limit, until the process ends.
    case memory(limitBytes: Int64)
}
