import ArgumentParser
import AsyncHTTPClient
import CommandKit
import Foundation
import OSSClient

/// `doctor`: whether the store that is configured does what the gateway needs.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look whether the configured store does what the gateway needs of it.",
        discussion: """
            It runs against the endpoint, the bucket and the credentials that serve would use, uploads a few bytes with a \
            presigned URL as a browser would, and removes them. A line for each check; the exit status is 1 if one of \
            them fails. The built-in store must be running.
            """)

    @Option(
        help: ArgumentHelp(
            "An origin of web pages to look at CORS for. (default: those of --allowed-origins)", valueName: "origin"))
    var origin: [String] = []

    @OptionGroup(title: "The store") var options: GatewayOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() async throws {
        let (options, origins) = (options, origin)
        try await FolderSession.running(output) { session in
            let store: WorkspaceStore
            do {
                store = try await options.configuration().workspaceStore()
            } catch let problem as ConfigurationProblem {
                throw FailureReport(.configuration, "\(problem)")
            } catch let problem as FolderProblem {
                throw FailureReport(.notFound, "\(problem)")
            }
            let isWell = try await Self.examine(store, origins.isEmpty ? store.allowedOrigins : origins) { check in
                try await session.console.lines([session.console.isJSON ? check.json : check.line])
            }
            guard isWell else { throw ExitStatus.someFailed }
        }
    }

    private static func examine(
        _ store: WorkspaceStore, _ origins: [String], _ tell: @escaping @Sendable (DoctorCheck) async throws -> Void
    ) async throws -> Bool {
        var configuration = HTTPClient.Configuration(
            certificateVerification: store.isBuiltIn ? .none : .fullVerification)
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .seconds(5), read: .seconds(10))
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let connections = OSSConnections(OSSClient.Timeouts(), checksCertificates: !store.isBuiltIn)
        let outcome: Result<Bool, any Error>
        do {
            let (storage, client) = try store.open(connections)
            let doctor = Doctor(store: store, storage: storage, client: client, http: http, origins: origins)
            outcome = .success(try await doctor.examine(tell))
        } catch {
            outcome = .failure(error)
        }
        try await connections.shutdown()
        try await http.shutdown()
        return try outcome.get()
    }
}
