import ArgumentParser
import Foundation
import OSSKit

/// `keys`: the access keys of a data folder; a running server takes changes over within a second or two.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "List, create, rotate, disable, enable and delete access keys of the built-in store.",
        discussion: "A running server takes a change over within two seconds.",
        subcommands: [List.self, Create.self, Rotate.self, Disable.self, Enable.self, Delete.self])

    /// The folder that all subcommands work on.
    struct FolderOption: ParsableArguments {
        @Option(help: ArgumentHelp("The folder of all data. [GATEWAY_DATA] (default: localdata)", valueName: "dir"))
        var data: String?

        /// The folder.
        ///
        /// - Parameter makesIt: Whether it is made when it is not there; otherwise that is an error.
        func folder(makesIt: Bool = false) throws -> DataFolder {
            let environment = ProcessInfo.processInfo.environment[ServeOption.data.environmentName]
            let path = data ?? environment.flatMap { $0.isEmpty ? nil : $0 } ?? "localdata"
            let folder = DataFolder(path: path)
            guard makesIt || folder.isThere else {
                StandardError.print("storage-gateway: \(folder.path) is not a data folder")
                throw ExitStatus.unavailable
            }
            do {
                try folder.create()
            } catch {
                StandardError.print("storage-gateway: \(error)")
                throw ExitStatus.unavailable
            }
            return folder
        }
    }

    /// `keys list`: ids and states, never secrets.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print ids and states, never secrets.")
        @OptionGroup var options: FolderOption

        func run() throws {
            let (keys, problems) = try KeysCommand.reporting { try options.folder().accessKeyList() }
            for key in keys {
                print("\(key.id)\t\(key.isEnabled ? "enabled" : "disabled")")
            }
            for problem in problems {
                StandardError.print("storage-gateway: \(problem)")
            }
            if !problems.isEmpty { throw ExitStatus.dataError }
        }
    }

    /// `keys create`: a new key, its secret in a file of mode 0600.
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Generate a key; prints its id and the file of its secret.")
        @OptionGroup var options: FolderOption

        func run() throws {
            let folder = try options.folder(makesIt: true)
            let key = try KeysCommand.reporting { try folder.createAccessKey() }
            print("\(key.id)\t\(folder.secretFile(ofAccessKey: key.id))")
        }
    }

    /// `keys rotate`: the server signs with a new key from its next start; the old one is refused.
    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replace the server's own key and disable the old one; the server must be stopped.")
        @OptionGroup var options: FolderOption

        func run() throws {
            let folder = try options.folder()
            let key: (id: String, secret: Secret)
            do {
                let lock = try FolderLock(folder.lockFile)
                key = try KeysCommand.reporting { try folder.rotateFirstAccessKey() }
                withExtendedLifetime(lock) {}
            } catch let problem as FolderInUse {
                StandardError.print("storage-gateway: \(problem); stop it first")
                throw ExitStatus.folderInUse
            }
            print("\(key.id)\t\(folder.secretFile(ofAccessKey: key.id))")
        }
    }

    /// `keys disable`: requests signed with the key are refused until it is enabled.
    struct Disable: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Refuse a key until it is enabled again.")
        @OptionGroup var options: FolderOption
        @Argument(help: "The access key id.") var id: String

        func run() throws {
            let folder = try options.folder()
            try KeysCommand.reporting { try folder.renameAccessKey(id, isEnabled: false) }
        }
    }

    /// `keys enable`: a disabled key is taken again.
    struct Enable: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a disabled key again.")
        @OptionGroup var options: FolderOption
        @Argument(help: "The access key id.") var id: String

        func run() throws {
            let folder = try options.folder()
            try KeysCommand.reporting { try folder.renameAccessKey(id, isEnabled: true) }
        }
    }

    /// `keys delete`: the key and its secret are gone.
    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a key and its secret.")
        @OptionGroup var options: FolderOption
        @Argument(help: "The access key id.") var id: String

        func run() throws {
            let folder = try options.folder()
            try KeysCommand.reporting { try folder.deleteAccessKey(id) }
        }
    }

    /// Runs a step and reports a problem of the folder as a person can read it.
    static func reporting<Value>(_ step: () throws -> Value) throws -> Value {
        do {
            return try step()
        } catch let problem as FolderProblem {
            StandardError.print("storage-gateway: \(problem)")
            throw ExitStatus.dataError
        }
    }
}
