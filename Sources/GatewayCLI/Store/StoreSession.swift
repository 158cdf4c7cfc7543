import ArgumentParser
import CommandKit
import Foundation
import OSSClient
import OSSKit
import Synchronization

/// A command that talks to a store.
protocol StoreCommand: AsyncParsableCommand, Sendable {
    /// Where the store is, and who asks.
    var store: StoreOptions { get }
    /// How keys are written, and what is printed.
    var output: OutputOptions { get }
    /// Does the command's work.
    func run(in session: StoreSession) async throws
}

extension StoreCommand {
    func run() async throws {
        try await StoreSession.running(store, output) { try await run(in: $0) }
    }

    /// An address of the command line.
    ///
    /// - Throws: `ValidationError`, which is answered with how the command is used.
    func address(_ text: String) throws -> StoreAddress {
        do {
            return try StoreAddress(text, encoding: output.encodingType)
        } catch {
            throw ValidationError("\(error)")
        }
    }
}

/// A command's connection to a store.
struct StoreSession: Sendable {
    /// Where the store is, and who asks.
    let settings: StoreSettings
    /// Where the command prints.
    let console: Console
    /// What a signal would leave of the work that has begun.
    let unfinished = UnfinishedNote()
    private let service: OSSService

    /// The store as a whole.
    var buckets: OSSService { service }

    /// A bucket of the store.
    func bucket(_ name: BucketName) -> OSSClient { service.bucket(name) }

    /// The bucket of an address, which has one.
    ///
    /// - Throws: `FailureReport` for `oss://`.
    func bucket(of address: StoreAddress) throws -> OSSClient {
        guard let name = address.bucket else { throw FailureReport(.refused, "a bucket is missing", subject: "oss://") }
        return bucket(name)
    }

    /// An error as a person can read it.
    func report(_ error: any Error, about subject: String? = nil) -> FailureReport {
        FailureReport.of(error, settings: settings).about(subject)
    }

    /// Does a step, and tells its failure as one about something.
    ///
    /// - Throws: `FailureReport`; what ends the whole command passes through as it is.
    func telling<Value>(about subject: String, _ step: () async throws -> Value) async throws -> Value {
        do {
            return try await step()
        } catch let error where error is BrokenPipe || error is CancellationError || error is ExitCode {
            throw error
        } catch {
            if let left = UnfinishedWork(leftBy: error) { unfinished.note(left) }
            throw report(error, about: subject)
        }
    }

    /// Runs a command's work with a connection, and ends the process's command as it ended.
    ///
    /// - Throws: an `ExitCode` for everything but success; what went wrong is printed by then.
    static func running(
        _ store: StoreOptions, _ output: OutputOptions,
        _ work: @escaping @Sendable (StoreSession) async throws -> Void
    ) async throws {
        let console = Console(output)
        signal(SIGPIPE, SIG_IGN)
        AllocatorSettings.apply()
        LocalFiles.readMask()
        let settings: StoreSettings
        do {
            settings = try store.settings(environment: ProcessInfo.processInfo.environment) { console.warn($0) }
        } catch {
            let report = FailureReport.of(error, settings: nil)
            console.failure(report)
            throw ExitStatus.of(report.kind)
        }
        let connections = OSSConnections()
        let session = StoreSession(settings: settings, console: console, connections: connections)
        let outcome = await Interruption.running { try await work(session) }
        do {
            try await connections.shutdown()
        } catch {
            // The command's own end says more than that of its connections.
            console.clearProgress()
        }
        console.clearProgress()
        try session.end(outcome)
    }

    private init(settings: StoreSettings, console: Console, connections: OSSConnections) {
        self.settings = settings
        self.console = console
        var configuration = OSSConfiguration(endpoint: settings.endpoint, region: settings.region)
        configuration.signatures = settings.signature
        service = OSSService(
            configuration: configuration, credentials: .fixed(settings.credentials), connections: connections,
            surroundings: OSSClient.Surroundings(nowUnixSeconds: { SystemEnvironment.nowMilliseconds() / 1_000 }))
    }

    private func end(_ outcome: Interruption.Outcome) throws {
        switch outcome {
        case .done: return
        case .stopped(let number):
            console.failure(unfinished.worst.report)
            throw ExitCode(128 + number)
        case .failed(let code as ExitCode): throw code
        case .failed(is BrokenPipe): throw ExitStatus.brokenPipe
        case .failed(let error):
            let report = report(error)
            console.failure(report)
            throw ExitStatus.of(report.kind)
        }
    }
}

/// Remembers the worst that is known of a command's unfinished work.
final class UnfinishedNote: Sendable {
    private let state = Mutex(UnfinishedWork.nothing)

    /// The worst that was noted.
    var worst: UnfinishedWork { state.withLock { $0 } }

    /// Notes what would become of work, or what became of it.
    func note(_ work: UnfinishedWork) {
        state.withLock { $0 = max($0, work) }
    }
}
