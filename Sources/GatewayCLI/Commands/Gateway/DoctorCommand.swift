import ArgumentParser
import CommandKit
import Foundation

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
        let (options, given) = (options, origin)
        try await FolderSession.running(output) { session in
            let store: WorkspaceStore
            do {
                store = try await options.configuration().workspaceStore()
            } catch let problem as ConfigurationProblem {
                throw FailureReport(.configuration, "\(problem)")
            } catch let problem as FolderProblem {
                throw FailureReport(.notFound, "\(problem)")
            }
            let origins = given.isEmpty ? store.allowedOrigins : given
            let isWell = try await Doctor.examine(store, origins: origins) { check in
                try await session.console.lines([session.console.isJSON ? check.json : check.line])
            }
            guard isWell else { throw ExitStatus.someFailed }
        }
    }
}
