import ArgumentParser
import CommandKit
import Foundation
import Logging
import OSSClient
import SessionAPI

/// `reconcile`: whether files on record and objects in the bucket agree.
struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Compare submitted files with the objects in their bucket, both ways.",
        discussion: """
            Each disagreement is a line: an object that no file names, a file whose object is missing, a file whose \
            object is another one. A server on the folder does it by itself every day, and this command through that \
            server. Objects of users that are not known here are counted and never touched. The exit status is 76 if \
            something disagrees and was not put right.
            """)

    @Flag(
        help: """
            Put right what disagrees: delete objects that no file names, charge changed ones as they are, and take files \
            without an object off the record.
            """)
    var repair = false

    @OptionGroup(title: "The bucket") var options: GatewayOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() async throws {
        let (options, repair) = (options, repair)
        try await FolderSession.running(output) { session in
            let configuration: ServeConfiguration
            do {
                configuration = try await options.configuration()
            } catch let problem as ConfigurationProblem {
                throw FailureReport(.configuration, "\(problem)")
            }
            let folder = DataFolder(path: configuration.dataFolder)
            guard folder.isThere else {
                throw FailureReport(.notFound, "it is not a data folder", subject: folder.path)
            }
            try await session.run(.reconcile(repairs: repair), in: folder) { work in
                try await Self.opened(configuration, folder, work)
            }
        }
    }

    /// Opens the folder of a server that is stopped and whose objects are in another store.
    private static func opened(
        _ configuration: ServeConfiguration, _ folder: DataFolder, _ work: (OpenFolder) async throws -> Void
    ) async throws {
        let lock = try FolderLock(folder.lockFile)
        defer { withExtendedLifetime(lock) {} }
        guard !configuration.hasBuiltInStore else {
            throw FailureReport(.unavailable, "the objects are in the built-in store", hint: "start the server first")
        }
        let logger = Logger(label: "storage-gateway")
        let connections = OSSConnections()
        let outcome: Result<Void, any Error>
        do {
            let store = try await Sessions.openStore(folder, logger: logger)
            let storage = try configuration.workspaceStore().open(connections).storage
            let reconciliation = UploadReconciliation(
                store: store, storage: storage, environment: Sessions.environment, logger: logger)
            try await work(
                OpenFolder(
                    folder: folder, objects: nil, copySessions: { nil }, reconciliation: { reconciliation }))
            try store.shutDown()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await connections.shutdown()
        try outcome.get()
    }
}
