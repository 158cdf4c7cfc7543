import AsyncHTTPClient
import NIOPosix
import OSSClient
import OSSKit
import Synchronization
import Testing

/// A client whose clock stands still and whose pauses take no time.
struct ClientUnderTest: Sendable {
    static let now: Int64 = 1_744_353_684
    static let secret = Secret("an access key secret for tests")

    /// The access key that `verify(_:now:)` knows.
    static let fixedCredentials = CredentialsProvider.fixed(
        Credentials(accessKeyID: "LTAI5tExample", accessKeySecret: secret))

    let client: OSSClient
    let pauses: Pauses

    /// The pauses that a client asked for.
    final class Pauses: Sendable {
        private let storage = Mutex<[Duration]>([])

        var all: [Duration] { storage.withLock { $0 } }

        func append(_ pause: Duration) {
            storage.withLock { $0.append(pause) }
        }
    }

    /// Runs a test with a client of a server that follows a script.
    static func run(
        _ script: @escaping LoopbackServer.Script,
        credentials: CredentialsProvider = fixedCredentials, now: @escaping @Sendable () -> Int64 = { now },
        configure: (inout OSSClient.Configuration) -> Void = { _ in },
        test: (ClientUnderTest, LoopbackServer) async throws -> Void
    ) async throws {
        let server = try await LoopbackServer.start(script)
        try await run(endpoint: server.url, credentials: credentials, now: now, configure: configure) {
            try await test($0, server)
        }
        try await server.stop()
    }

    /// Runs a test with a client of an endpoint.
    static func run(
        endpoint: String, credentials: CredentialsProvider = fixedCredentials,
        now: @escaping @Sendable () -> Int64 = { now }, configure: (inout OSSClient.Configuration) -> Void = { _ in },
        test: (ClientUnderTest) async throws -> Void
    ) async throws {
        var configuration = OSSClient.Configuration(
            endpoint: try Endpoint(endpoint), publicEndpoint: try Endpoint("https://oss.example.org"),
            region: "cn-hangzhou", bucket: try BucketName("workspace"))
        configure(&configuration)
        let http = HTTPClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            configuration: OSSClient.httpConfiguration())
        let pauses = Pauses()
        let client = OSSClient(
            configuration: configuration,
            credentials: credentials, httpClient: http,
            surroundings: .init(nowUnixSeconds: now, random: { 0.5 }, pause: { pauses.append($0) }))
        do {
            try await test(ClientUnderTest(client: client, pauses: pauses))
        } catch {
            try await http.shutdown()
            throw error
        }
        try await http.shutdown()
    }

    /// Checks a request's signature as a server does.
    static func verify(_ request: ReceivedRequest, now: Int64 = now) throws {
        let wire = try request.wireRequest()
        let read = try RequestAuthentication.read(
            wire, resource: try wire.target.pathStyleResource(),
            conditions: .init(region: "cn-hangzhou", nowUnixSeconds: now))
        guard case .presented(let presented) = read else {
            Issue.record("the request is not signed")
            return
        }
        _ = try presented.verify(with: secret)
    }
}
