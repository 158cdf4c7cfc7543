import AsyncHTTPClient

/// The pool of connections that clients share; whoever makes it shuts it down.
public struct OSSConnections: Sendable {
    let httpClient: HTTPClient

    /// Opens a pool; connections are made when they are needed.
    ///
    /// - Parameters:
    ///   - timeouts: how long the parts of an exchange may take.
    ///   - maximumPerHost: the most connections to one host: more than parts and other requests at the same time.
    public init(_ timeouts: OSSClient.Timeouts = OSSClient.Timeouts(), maximumPerHost: Int = 256) {
        httpClient = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: OSSClient.httpConfiguration(timeouts, maximumConnections: maximumPerHost))
    }

    /// Opens a pool that can do without checking certificates.
    ///
    /// - Parameter checksCertificates: false only where the endpoint is known to be this process itself.
    package init(_ timeouts: OSSClient.Timeouts, checksCertificates: Bool) {
        var configuration = OSSClient.httpConfiguration(timeouts)
        if !checksCertificates {
            configuration.tlsConfiguration = HTTPClient.Configuration(certificateVerification: .none).tlsConfiguration
        }
        httpClient = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Ends all connections; requests that are under way fail.
    public func shutdown() async throws {
        try await httpClient.shutdown()
    }
}

extension OSSClient {
    /// Makes a client of one bucket that uses a shared pool of connections.
    public init(
        configuration: Configuration, credentials: CredentialsProvider, connections: OSSConnections,
        surroundings: Surroundings
    ) {
        self.init(
            configuration: configuration, credentials: credentials, httpClient: connections.httpClient,
            surroundings: surroundings)
    }
}
