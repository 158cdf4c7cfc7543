import OSSClient
import OSSKit
import SessionAPI
import StorageGateway

/// The bucket of workspace files: at the built-in store of this process, at another process's, or at a real OSS.
struct WorkspaceStore: Sendable {
    /// The endpoint that this process uses.
    let endpoint: String
    /// The endpoint in presigned URLs.
    let publicEndpoint: String
    /// The region id.
    let region: String
    /// The bucket.
    let bucket: BucketName
    /// The key that signs, unless the settings name another source.
    let accessKey: AccessKey
    /// Addressing, signatures and credentials.
    let settings: WorkspaceConfiguration
    /// Whether the store is part of this program's own server.
    let isBuiltIn: Bool
    /// The origins of web pages that may upload.
    let allowedOrigins: [String]

    /// Takes what the options say about the store at an endpoint.
    init(_ configuration: ServeConfiguration, endpoint: String, accessKey: AccessKey) {
        self.endpoint = endpoint
        publicEndpoint = configuration.ossPublicEndpoint ?? endpoint
        region = configuration.region
        bucket = configuration.bucket
        self.accessKey = accessKey
        settings = configuration.workspace
        isBuiltIn = configuration.hasBuiltInStore
        allowedOrigins = configuration.workspace.allowedOrigins ?? (configuration.isDemo ? ["*"] : [])
    }

    /// The bucket as the session API uses it, and the client of everything but deletes.
    ///
    /// The copies of a client share what it learns of the store's clock, so that URLs are signed by that clock.
    ///
    /// - Throws: `ConfigurationProblem` if an endpoint is not a URL.
    func open(_ connections: OSSConnections) throws -> (storage: OSSWorkspaceStorage, client: OSSClient) {
        let provider = credentials
        let client = try client(connections, provider, attempts: 2)
        let deletingClient = try self.client(connections, provider, attempts: 1)
        return (OSSWorkspaceStorage(client: client, deletingClient: deletingClient), client)
    }

    private func client(
        _ connections: OSSConnections, _ credentials: CredentialsProvider, attempts: Int
    ) throws -> OSSClient {
        // The built-in store takes paths under every name of this machine; a real OSS takes none.
        let style = isBuiltIn ? .path : settings.style
        var configuration = OSSClient.Configuration(
            endpoint: try parsed(endpoint, style, .ossEndpoint),
            publicEndpoint: try parsed(publicEndpoint, settings.publicStyle ?? style, .ossPublicEndpoint),
            region: region, bucket: bucket)
        configuration.signatures = settings.signatureVersion
        configuration.presignedURLs = settings.signatureVersion
        configuration.retries.maximumAttempts = attempts
        configuration.answerTimeout = .seconds(4)
        return OSSClient(
            configuration: configuration, credentials: credentials, connections: connections,
            surroundings: OSSClient.Surroundings(nowUnixSeconds: Self.nowUnixSeconds))
    }

    /// Where the access key comes from.
    private var credentials: CredentialsProvider {
        switch settings.credentials {
        case .key:
            .fixed(
                Credentials(
                    accessKeyID: accessKey.id, accessKeySecret: accessKey.secret,
                    securityToken: settings.securityToken))
        case .file(let path): .file(path)
        case .url(let url):
            .temporary(nowUnixSeconds: Self.nowUnixSeconds) { try await TemporaryKeyURL(url: url).fetch() }
        }
    }

    private static let nowUnixSeconds: @Sendable () -> Int64 = { SystemEnvironment.nowMilliseconds() / 1_000 }

    private func parsed(_ text: String, _ style: Endpoint.Style?, _ option: ServeOption) throws -> Endpoint {
        do {
            return try Endpoint(text, style: style)
        } catch {
            throw ConfigurationProblem(option: option.displayName, reason: "\(text) is not an endpoint")
        }
    }
}
