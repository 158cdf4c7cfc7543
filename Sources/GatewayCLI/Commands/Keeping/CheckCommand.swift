import ArgumentParser
import CommandKit
import Foundation

/// `check`: whether database and files agree.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Look whether the database and the files of a data folder agree.",
        discussion: """
            SQLite checks its file; every row must have its bytes, of the right length, every count must be right. The \
            bytes themselves are not read: scrub does that. It changes nothing, and a server on the folder goes on.
            """)

    @OptionGroup(title: "The folder") var folder: FolderOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() async throws {
        try await FolderSession.running(output) { try await $0.run(.check, in: try folder.folder()) }
    }
}

/// `scrub`: reads every byte.
struct ScrubCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scrub", abstract: "Read every byte of a data folder and name the objects that are damaged.",
        discussion: """
            A server does this by itself, slowly, once a month; see serve --scrub-days. A server on the folder goes on. \
            What is damaged cannot be mended here: it is never served, and comes back from a backup or from its owner.
            """)

    @Option(help: ArgumentHelp("The most bytes a second, such as 20M. (default: no limit)", valueName: "bytes"))
    var limitRate: ByteCount?

    @OptionGroup(title: "The folder") var folder: FolderOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() async throws {
        let task = FolderTask.scrub(bytesPerSecond: limitRate?.bytes)
        try await FolderSession.running(output) { try await $0.run(task, in: try folder.folder()) }
    }
}
