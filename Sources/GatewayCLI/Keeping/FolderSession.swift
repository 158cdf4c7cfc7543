import ArgumentParser
import CommandKit
import Foundation
import Synchronization

/// Which data folder a command is about.
struct FolderOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of all data. [GATEWAY_DATA] (default: localdata)", valueName: "dir"))
    var data: String?

    /// The folder.
    ///
    /// - Throws: `FailureReport` if it is none.
    func folder() throws -> DataFolder {
        let environment = ProcessInfo.processInfo.environment[ServeOption.data.environmentName]
        let path = data ?? environment.flatMap { $0.isEmpty ? nil : $0 } ?? "localdata"
        let folder = DataFolder(path: path)
        guard folder.isThere else {
            throw FailureReport(.notFound, "it is not a data folder", subject: folder.path)
        }
        return folder
    }
}

/// A command on a whole data folder: done here if nobody has the folder, and by the server that has it otherwise.
struct FolderSession: Sendable {
    /// Where it prints.
    let console: Console

    /// Runs work to its end or until a signal, and ends the process's command as it ended.
    ///
    /// - Throws: an `ExitCode` for everything but success; what went wrong is printed by then.
    static func running(
        _ output: OutputOptions, _ work: @escaping @Sendable (FolderSession) async throws -> Void
    ) async throws {
        signal(SIGPIPE, SIG_IGN)
        AllocatorSettings.apply()
        LocalFiles.readMask()
        let console = Console(output)
        let outcome = await Interruption.running { try await work(FolderSession(console: console)) }
        console.clearProgress()
        switch outcome {
        case .done: return
        case .stopped(let number):
            console.failure(FailureReport(.cancelled, "stopped by a signal"))
            throw ExitCode(128 + number)
        case .failed(let code as ExitCode): throw code
        case .failed(is BrokenPipe): throw ExitStatus.brokenPipe
        case .failed(let problem as FolderInUse):
            console.failure(
                FailureReport(
                    .unavailable, "\(problem), and does not answer at \(ControlSocket.name)",
                    hint: "is it starting, is another command at work, or does it use another store?"))
            throw ExitStatus.folderInUse
        case .failed(let error):
            let report = FailureReport.ofFolder(error)
            console.failure(report)
            throw ExitStatus.of(report.kind)
        }
    }

    /// Does a task on a folder, and prints what happens.
    ///
    /// - Throws: an `ExitCode` if the task did not end well.
    func run(_ task: FolderTask, in folder: DataFolder) async throws {
        try await run(task, in: folder) { try await OpenFolder.opened(folder, $0) }
    }

    /// Does a task on a folder that is opened in a way of its own, unless a server has it.
    ///
    /// - Throws: an `ExitCode` if the task did not end well.
    func run(
        _ task: FolderTask, in folder: DataFolder,
        opened: (_ work: (OpenFolder) async throws -> Void) async throws -> Void
    ) async throws {
        let end = EndStatus()
        let take = { @Sendable (news: FolderNews) in try await print(news, end) }
        do {
            try await opened { try await FolderTaskRunner(open: $0, tell: take).run(task) }
        } catch is FolderInUse {
            try await ControlClient.run(task, in: folder, take: take)
        }
        if end.value != 0 { throw ExitCode(end.value) }
    }

    private func print(_ news: FolderNews, _ end: EndStatus) async throws {
        switch news {
        case .progress(let name, let doneBytes, let totalBytes):
            console.progress(ProgressLine(name: name, doneBytes: doneBytes, totalBytes: totalBytes))
        case .line(let text, let json):
            try await console.lines([console.isJSON ? json : Printable.text(text)])
        case .failure(let failure):
            console.failure(failure.report)
        case .end(let status, let text, let json):
            end.set(status)
            if !text.isEmpty { try await console.result(Printable.text(text), json: json) }
        }
    }
}

/// The exit status that a task has ended with.
private final class EndStatus: Sendable {
    private let status = Mutex<Int32>(0)

    /// The status.
    var value: Int32 { status.withLock { $0 } }

    /// Notes the status.
    func set(_ new: Int32) {
        status.withLock { $0 = new }
    }
}

/// Paths that a server at work elsewhere has to understand.
enum AbsolutePath {
    /// The absolute path of what a command line names.
    static func of(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
}
