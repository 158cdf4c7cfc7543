import ArgumentParser
import CommandKit
import Foundation
import OSSKit
import ObjectStore

/// `backup`: saves a data folder while it is in use.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Save a data folder, with a checksum of every file, in a new folder.",
        discussion: """
            The backup holds objects, accounts, sessions and secrets, as they were at one moment between the beginning \
            and the end of the command; a server on the folder goes on. It is as secret as the data folder itself. A \
            backup whose file MANIFEST is missing is not whole. restore makes a data folder of it.

              storage-gateway backup --data localdata backups/monday
            """)

    @Argument(help: ArgumentHelp("The folder to make; it must be empty, or not there yet.", valueName: "target"))
    var target: String

    @Flag(
        help: ArgumentHelp(
            "Give files a second name instead of copying them, where target and data folder are on one file system: no"
                + " room is taken, but what damages one damages both."))
    var hardLinks = false

    @OptionGroup(title: "The folder") var folder: FolderOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() async throws {
        let task = FolderTask.backup(target: AbsolutePath.of(target), usesHardLinks: hardLinks)
        try await FolderSession.running(output) { try await $0.run(task, in: try folder.folder()) }
    }
}

/// `restore`: makes a data folder of a backup.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Make a data folder of a backup; every byte is checked.",
        discussion: """
            The target must be empty, or not there yet: nothing is ever written over. If a file of the backup is damaged, \
            it is named, and the target stays unfinished, so that no server starts on it, unless --take-damaged is given.

              storage-gateway restore backups/monday --data restored
            """)

    @Argument(help: ArgumentHelp("The folder of the backup.", valueName: "source")) var source: String

    @Option(help: ArgumentHelp("The data folder to make. [GATEWAY_DATA] (default: localdata)", valueName: "dir"))
    var data: String?

    @Flag(help: "Restore files that are damaged as they are; the objects in them are refused when they are read.")
    var takeDamaged = false

    @OptionGroup(title: "Output") var output: OutputOptions

    func run() async throws {
        try await FolderSession.running(output) { try await restore($0.console) }
    }

    private func restore(_ console: Console) async throws {
        let environment = ProcessInfo.processInfo.environment[ServeOption.data.environmentName]
        let folder = DataFolder(path: data ?? environment.flatMap { $0.isEmpty ? nil : $0 } ?? "localdata")
        let backup = try await about(source) { try await BackupRestore.open(source) }
        try await about(folder.path) { try BackupWriter.requireEmpty(folder.path) }
        try folder.create()
        let lock = try FolderLock(folder.lockFile)
        defer { withExtendedLifetime(lock) {} }
        let beat = Beat()
        let outcome = try await about(folder.path) {
            try await backup.run(into: folder.path, stores: [BackupTask.storeFolder], takesDamaged: takeDamaged) {
                guard beat.isDue() else { return }
                console.progress(
                    ProgressLine(
                        name: "\($0.fileCount) files", doneBytes: $0.doneBytes, totalBytes: $0.totalBytes))
            }
        }
        for path in outcome.damagedPaths {
            console.failure(FailureReport(.integrity, "it is not the file that was saved", subject: path))
        }
        guard outcome.damagedPaths.isEmpty || takeDamaged else {
            console.failure(
                FailureReport(
                    .integrity, "the backup is damaged; the data folder was left unfinished", subject: folder.path,
                    hint: "--take-damaged restores the rest, into another folder"))
            throw ExitStatus.integrity
        }
        try await console.result(
            "restored  \(folder.path), \(outcome.fileCount) files, \(ByteAmount.text(outcome.doneBytes))",
            json: line(outcome, backup.manifest, folder).text)
        if !outcome.damagedPaths.isEmpty { throw ExitStatus.integrity }
    }

    private func line(_ outcome: RestoreOutcome, _ manifest: BackupManifest, _ folder: DataFolder) -> JSONLine {
        var json = JSONLine()
        json.add("operation", "restore")
        json.add("target", folder.path)
        json.add("files", outcome.fileCount)
        json.add("bytes", outcome.doneBytes)
        json.add("damaged", Int64(outcome.damagedPaths.count))
        json.add("takenAt", ISO8601.format(unixMilliseconds: manifest.header.takenAtMilliseconds))
        return json
    }

    private func about<Value>(_ subject: String, _ step: () async throws -> Value) async throws -> Value {
        do {
            return try await step()
        } catch let error where error is BackupProblem || error is StoreFailure {
            throw FailureReport.ofFolder(error).about(subject)
        }
    }
}
