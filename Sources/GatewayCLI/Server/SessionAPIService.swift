import Foundation
import Logging
import ServiceLifecycle
import StorageGateway

/// The session API as a service, which starts when the object store listens.
struct SessionAPIService: Service {
    let configuration: ServeConfiguration
    let folder: DataFolder
    let accessKey: AccessKey
    let ossPort: OneTimeValue<Int>
    let logger: Logger
    let libraryLogger: Logger

    func run() async throws {
        let endpoint = try await ossEndpoint()
        let ready = ReadyLine(
            apiEndpoint: "http://\(configuration.apiListen)", ossEndpoint: configuration.ossPublicEndpoint ?? endpoint,
            bucket: configuration.bucket.text, region: configuration.region, accessKeyId: accessKey.id,
            accessKeySecretFile: configuration.accessKey == nil ? folder.secretFile(ofAccessKey: accessKey.id) : nil,
            pid: ProcessInfo.processInfo.processIdentifier, version: Version.text)
        StandardError.print(
            Banner(
                ready: ready, isDemo: configuration.isDemo, hasBuiltInStore: configuration.hasBuiltInStore,
                dataFolder: folder.path
            ).text)
        try ready.print()
        try await gracefulShutdown()
    }

    private func ossEndpoint() async throws -> String {
        if let endpoint = configuration.ossEndpoint { return endpoint }
        guard let port = await ossPort.wait() else { throw CancellationError() }
        return "http://\(ListenAddress.authority(host: configuration.ossListen.reachableHost, port: port))"
    }
}
