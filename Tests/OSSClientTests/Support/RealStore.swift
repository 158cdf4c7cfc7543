import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import OSSClient
import OSSKit
import ObjectStore
import StorageGateway

/// The built-in store over HTTP on loopback, and a client of a bucket in it.
enum RealStore {
    static let secret = Secret("testSecretOfThirtyTwoCharacters!")

    /// Runs a test with a client of a bucket that is there and empty.
    ///
    /// - Parameter serverIsAhead: how far the server's clock is from the client's, in seconds.
    static func run(
        serverIsAhead seconds: Int64 = 0, signatures: OSSClient.SignatureVersion = .v4,
        _ test: @escaping @Sendable (OSSClient) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let now: @Sendable () -> Int64 = { (ClientUnderTest.now + seconds) * 1_000 }
        var configuration = StoreConfiguration(folder: folder.path)
        configuration.freeSpaceFloorBytes = 0
        let store = try await DiskStore.open(
            configuration,
            environment: StoreEnvironment(
                now: now, randomBytes: { count in (0..<count).map { _ in UInt8.random(in: .min ... .max) } },
                onFatal: { _ in }))
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let responder = OSSResponder(
            store: store, keys: AccessKeyRing([AccessKey(id: "testKey", secret: secret, ownerID: "owner")]),
            configuration: SurfaceConfiguration(
                region: "cn-hangzhou", virtualHostDomains: ["localhost"], extranetEndpoint: nil,
                ownerDisplayName: "owner"),
            environment: SurfaceEnvironment(now: now, randomBits: { 1 }, welcomeBody: { _ in }), logger: logger)
        do {
            try await Application(responder: responder, logger: logger).test(.live) { server in
                let port = server.port ?? 0
                try await ClientUnderTest.run(
                    endpoint: "http://127.0.0.1:\(port)",
                    credentials: .fixed(Credentials(accessKeyID: "testKey", accessKeySecret: secret)),
                    configure: { $0.signatures = signatures }
                ) { try await test($0.client) }
            }
        } catch {
            try await store.close()
            throw error
        }
        try await store.close()
    }
}
