/// One option of `serve`: its flag, its environment variable, its key in a configuration file, and its default.
///
/// Precedence: flag, environment, file, default. An empty text counts as not given.
enum ServeOption: String, CaseIterable {
    case configFile
    case data
    case apiListen
    case ossListen
    case databaseURL
    case store
    case storeMemoryMib
    case storeCacheMib
    case freeSpaceFloorMib
    case scrubDays
    case uploadDays
    case orphanHours
    case storeQuotaMib
    case ossEndpoint
    case ossPublicEndpoint
    case ossAddressing
    case ossPublicAddressing
    case ossSignature
    case ossCredentialsFile
    case ossCredentialsURL
    case ossSecurityToken
    case allowedOrigins
    case ossBucket
    case ossRegion
    case ossDomain
    case ossBoundHosts
    case ossExtranetEndpoint
    case ossIntranetEndpoint
    case ossPathStyle
    case ossCnameVerification
    case ossLogSeconds
    case ossPublicACLLists
    case stsMaxSeconds
    case callbackHosts
    case accessKeyID
    case accessKeySecret
    case jwtSecret
    case sessionConfirm
    case demo
    case logLevel
    case shutdownGraceSeconds
    case tlsCertificate
    case tlsKey
    case connections
    case connectionsPerAddress
    case requestsAtOnce

    /// The flag without its dashes; nil for what must not stand on a command line.
    var flag: String? { row.flag }
    /// The key in a configuration file, dotted; the environment variable follows from it.
    var key: String { row.key }
    /// The value if nothing is given; nil means that the option stays unset.
    var defaultText: String? { row.defaultText }

    /// The name of the environment variable.
    var environmentName: String {
        key.reduce(into: "") { name, character in
            if character == "." {
                name += "_"
            } else if character.isUppercase {
                name += "_" + String(character)
            } else {
                name += character.uppercased()
            }
        }
    }

    /// How a person names the option in a message.
    var displayName: String {
        flag.map { "--\($0) (\(environmentName))" } ?? environmentName
    }

    private struct Row {
        let flag: String?
        let key: String
        let defaultText: String?
    }

    private var row: Row {
        switch self {
        case .configFile: Row(flag: "config", key: "gateway.config", defaultText: nil)
        case .data: Row(flag: "data", key: "gateway.data", defaultText: "localdata")
        case .apiListen: Row(flag: "api-listen", key: "gateway.apiListen", defaultText: "127.0.0.1:10723")
        case .ossListen: Row(flag: "oss-listen", key: "gateway.ossListen", defaultText: "127.0.0.1:10724")
        case .databaseURL: Row(flag: "database-url", key: "database.url", defaultText: nil)
        case .store: Row(flag: "store", key: "gateway.store", defaultText: "disk")
        case .storeMemoryMib: Row(flag: "store-memory-mib", key: "gateway.storeMemoryMib", defaultText: "1024")
        case .storeCacheMib: Row(flag: "store-cache-mib", key: "gateway.storeCacheMib", defaultText: "32")
        case .freeSpaceFloorMib: Row(flag: "free-space-floor-mib", key: "gateway.freeSpaceFloorMib", defaultText: nil)
        case .scrubDays: Row(flag: "scrub-days", key: "gateway.scrubDays", defaultText: "30")
        case .uploadDays: Row(flag: "upload-days", key: "gateway.uploadDays", defaultText: "0")
        case .orphanHours: Row(flag: "orphan-hours", key: "gateway.orphanHours", defaultText: "24")
        case .storeQuotaMib: Row(flag: "store-quota-mib", key: "gateway.storeQuotaMib", defaultText: nil)
        case .ossEndpoint: Row(flag: "oss-endpoint", key: "oss.endpoint", defaultText: nil)
        case .ossPublicEndpoint: Row(flag: "oss-public-endpoint", key: "oss.publicEndpoint", defaultText: nil)
        case .ossAddressing: Row(flag: "oss-addressing", key: "oss.addressing", defaultText: "auto")
        case .ossPublicAddressing:
            Row(flag: "oss-public-addressing", key: "oss.publicAddressing", defaultText: "auto")
        case .ossSignature: Row(flag: "oss-signature", key: "oss.signatureVersion", defaultText: "v4")
        case .ossCredentialsFile: Row(flag: "oss-credentials-file", key: "oss.credentialsFile", defaultText: nil)
        case .ossCredentialsURL: Row(flag: "oss-credentials-url", key: "oss.credentialsUrl", defaultText: nil)
        case .ossSecurityToken: Row(flag: nil, key: "oss.sessionToken", defaultText: nil)
        case .allowedOrigins: Row(flag: "allowed-origins", key: "gateway.allowedOrigins", defaultText: nil)
        case .ossBucket: Row(flag: "oss-bucket", key: "oss.bucketName", defaultText: "workspace")
        case .ossRegion: Row(flag: "oss-region", key: "oss.regionId", defaultText: "cn-hangzhou")
        case .ossDomain: Row(flag: "oss-domain", key: "gateway.ossDomain", defaultText: "localhost")
        case .ossBoundHosts: Row(flag: "oss-bound-hosts", key: "gateway.ossBoundHosts", defaultText: nil)
        case .ossExtranetEndpoint:
            Row(flag: "oss-extranet-endpoint", key: "gateway.ossExtranetEndpoint", defaultText: nil)
        case .ossIntranetEndpoint:
            Row(flag: "oss-intranet-endpoint", key: "gateway.ossIntranetEndpoint", defaultText: nil)
        case .ossPathStyle: Row(flag: "oss-path-style", key: "gateway.ossPathStyle", defaultText: "everywhere")
        case .ossCnameVerification:
            Row(flag: "oss-cname-verification", key: "gateway.ossCnameVerification", defaultText: "refuse")
        case .ossLogSeconds: Row(flag: "oss-log-seconds", key: "gateway.ossLogSeconds", defaultText: "300")
        case .ossPublicACLLists:
            Row(flag: "oss-public-acl-lists", key: "gateway.ossPublicAclLists", defaultText: "false")
        case .stsMaxSeconds: Row(flag: "sts-max-seconds", key: "gateway.stsMaxSeconds", defaultText: "3600")
        case .callbackHosts: Row(flag: "callback-hosts", key: "gateway.callbackHosts", defaultText: nil)
        case .accessKeyID: Row(flag: nil, key: "oss.accessKeyId", defaultText: nil)
        case .accessKeySecret: Row(flag: nil, key: "oss.accessKeySecret", defaultText: nil)
        case .jwtSecret: Row(flag: nil, key: "jwt.secret", defaultText: nil)
        case .sessionConfirm: Row(flag: "session-confirm", key: "session.confirm", defaultText: "checking")
        case .demo: Row(flag: "demo", key: "gateway.demo", defaultText: "false")
        case .logLevel: Row(flag: "log-level", key: "gateway.logLevel", defaultText: "info")
        case .shutdownGraceSeconds:
            Row(flag: "shutdown-grace-seconds", key: "gateway.shutdownGraceSeconds", defaultText: "25")
        case .tlsCertificate: Row(flag: "tls-certificate", key: "gateway.tlsCertificate", defaultText: nil)
        case .tlsKey: Row(flag: "tls-key", key: "gateway.tlsKey", defaultText: nil)
        case .connections: Row(flag: "connections", key: "gateway.connections", defaultText: "4096")
        case .connectionsPerAddress:
            Row(flag: "connections-per-address", key: "gateway.connectionsPerAddress", defaultText: "512")
        case .requestsAtOnce: Row(flag: "requests-at-once", key: "gateway.requestsAtOnce", defaultText: "1024")
        }
    }
}
