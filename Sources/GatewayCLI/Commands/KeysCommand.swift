import ArgumentParser
import Foundation
import OSSKit

/// `keys`: the access keys of a data folder; a running server takes changes over within a second or two.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "List, create, bind, rotate, disable, enable and delete access keys of the built-in store.",
        discussion: "A running server takes a change over within two seconds.",
        subcommands: [
            List.self, Create.self, Policy.self, Rotate.self, Disable.self, Enable.self, Delete.self,
        ])

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

    /// `keys list`: ids, states, accounts, and whether a policy binds them; never secrets.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print ids, states, accounts, and whether a policy binds the key; never secrets.")
        @OptionGroup var options: FolderOption

        func run() throws {
            let (keys, problems) = try KeysCommand.reporting { try options.folder().accessKeyList() }
            for key in keys {
                let state = key.isEnabled ? "enabled" : "disabled"
                let reach = key.bounds.policy == nil ? "all" : "policy"
                print("\(key.id)\t\(state)\t\(key.bounds.ownerID)\t\(reach)")
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
        @Option(
            help: ArgumentHelp(
                "The account that the key belongs to; buckets belong to accounts. (default: the server's own)",
                valueName: "digits"))
        var account: String?
        @Option(help: ArgumentHelp("A policy, in JSON, that bounds what the key may do.", valueName: "file"))
        var policy: String?

        func validate() throws {
            if let account, !AccessKeyBounds.isOwnerID(account) {
                throw ValidationError("--account must be 1 to 32 digits")
            }
        }

        func run() throws {
            var bounds = AccessKeyBounds()
            if let account { bounds.ownerID = account }
            bounds.policy = try policy.map(KeysCommand.policy)
            let folder = try options.folder(makesIt: true)
            let key = try KeysCommand.reporting { try folder.createAccessKey(bounds) }
            print("\(key.id)\t\(folder.secretFile(ofAccessKey: key.id))")
        }
    }

    /// `keys policy`: what a key may do at most, shown, replaced or taken away.
    struct Policy: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bind a key to a policy, or free it of the one that it has.")
        @OptionGroup var options: FolderOption
        @Argument(help: "The access key id.") var id: String
        @Option(help: ArgumentHelp("The policy, in JSON.", valueName: "file")) var policy: String?
        @Flag(help: "Free the key: it may do whatever its account may.") var none = false

        func validate() throws {
            if (policy != nil) == none { throw ValidationError("give either --policy FILE or --none") }
        }

        func run() throws {
            let text = try policy.map(KeysCommand.policy)
            let folder = try options.folder()
            try KeysCommand.reporting { try folder.bindAccessKey(id, to: text) }
        }
    }

    /// `keys rotate`: a new key in the place of another one, which is refused from then on.
    ///
    /// The server signs with a new key of its own only from its next start.
    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key of the same account and policy, and disable the old one.",
            discussion: "Without an id it replaces the server's own key, for which the server must be stopped.")
        @OptionGroup var options: FolderOption
        @Argument(help: "The access key id.") var id: String?

        func run() throws {
            let folder = try options.folder()
            let key: (id: String, secret: Secret)
            if let id {
                key = try KeysCommand.reporting { try folder.rotateAccessKey(id) }
                return print("\(key.id)\t\(folder.secretFile(ofAccessKey: key.id))")
            }
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

    /// Reads a policy from a file; what is wrong with it is told.
    static func policy(_ path: String) throws -> String {
        guard let bytes = FileManager.default.contents(atPath: path), let text = String(data: bytes, encoding: .utf8)
        else {
            StandardError.print("storage-gateway: \(path): it cannot be read")
            throw ExitStatus.dataError
        }
        if let problem = AccessKeyFile.problem(ofPolicy: text) {
            StandardError.print("storage-gateway: \(path): \(problem)")
            throw ExitStatus.dataError
        }
        return text
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
