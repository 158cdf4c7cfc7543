import ArgumentParser
import Foundation
import Logging
import OSSKit
import StorageGateway

/// The options of `serve` that say where the bucket of workspace files is; everything else comes from where `serve`
/// takes it.
struct GatewayOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The JSON file that serve is given. [GATEWAY_CONFIG]", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The folder of all data. [GATEWAY_DATA] (default: localdata)", valueName: "dir"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "The endpoint of the store. [OSS_ENDPOINT] (default: that of the built-in store)", valueName: "url"))
    var ossEndpoint: String?

    @Option(
        help: ArgumentHelp(
            "The endpoint in presigned URLs. [OSS_PUBLIC_ENDPOINT] (default: the store's endpoint)", valueName: "url"))
    var ossPublicEndpoint: String?

    @Option(help: ArgumentHelp("The bucket. [OSS_BUCKET_NAME] (default: workspace)", valueName: "name"))
    var ossBucket: String?

    @Option(help: ArgumentHelp("The region id. [OSS_REGION_ID] (default: cn-hangzhou)", valueName: "id"))
    var ossRegion: String?

    @OptionGroup var otherStore: ServeStoreOptions

    /// What a server of these options would run with.
    ///
    /// - Throws: `ConfigurationProblem`, naming the option.
    func configuration() async throws -> ServeConfiguration {
        let given: [(ServeOption, String?)] = [
            (.configFile, config), (.data, data), (.ossEndpoint, ossEndpoint),
            (.ossPublicEndpoint, ossPublicEndpoint), (.ossBucket, ossBucket), (.ossRegion, ossRegion),
        ]
        let flags = (given + otherStore.flags).reduce(into: [ServeOption: String]()) { flags, option in
            if let text = option.1 { flags[option.0] = text }
        }
        return try await ServeConfiguration(
            OptionReader(flags: flags, environment: ProcessInfo.processInfo.environment))
    }
}

extension ServeConfiguration {
    /// The bucket as a server of this configuration would reach it, for a command beside that server.
    ///
    /// - Throws: `FolderProblem` if there is no access key; `ConfigurationProblem`.
    func workspaceStore() throws -> WorkspaceStore {
        let scheme = front.certificate == nil ? "http" : "https"
        let authority = ListenAddress.authority(host: ossListen.reachableHost, port: ossListen.port)
        let key: (id: String, secret: Secret)
        if let accessKey {
            key = accessKey
        } else if hasBuiltInStore {
            key = try DataFolder(path: dataFolder).firstAccessKey()
        } else {
            // Another source gives the key.
            key = ("", Secret(""))
        }
        return WorkspaceStore(
            self, endpoint: ossEndpoint ?? "\(scheme)://\(authority)",
            accessKey: AccessKey(id: key.id, secret: key.secret, ownerID: GatewayServer.ownerID))
    }
}
