import ArgumentParser
import Foundation
import Logging
import OSSKit
import SessionAPI

/// `users`: the accounts of a data folder whose server is stopped.
struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "List, create, disable and enable accounts; set passwords.",
        discussion: """
            The database takes one process at a time, so that the server must be stopped; while it runs, accounts are \
            made with POST /v1/auth/register. Passwords are read from the first line of standard input.
            """,
        subcommands: [List.self, Create.self, Password.self, Disable.self, Enable.self])

    /// `users list`: one line for each account, oldest first.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print id, state and address of every account.")
        @OptionGroup var options: KeysCommand.FolderOption

        func run() async throws {
            try await UsersCommand.withAccounts(options) { accounts in
                for user in try await accounts.listUsers() {
                    print("\(user.profile.id)\t\(user.status.rawValue)\t\(user.profile.email ?? "-")")
                }
            }
        }
    }

    /// `users create`: a new account.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an account; its password is the first line of standard input.")
        @OptionGroup var options: KeysCommand.FolderOption
        @Argument(help: "The email address.") var email: String
        @Option(help: "The name that others see; the part before the @ if none is given.") var displayName: String?

        func run() async throws {
            let password = try UsersCommand.password()
            let name = displayName ?? String(email.prefix { $0 != "@" })
            try await UsersCommand.withAccounts(options) { accounts in
                let user = try await accounts.createUser(email: email, password: password, displayName: name)
                print(user.id)
            }
        }
    }

    /// `users password`: a new password; every log-in of the account ends.
    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set a password, the first line of standard input, and end every log-in of the account.")
        @OptionGroup var options: KeysCommand.FolderOption
        @Argument(help: "The email address.") var email: String

        func run() async throws {
            let password = try UsersCommand.password()
            try await UsersCommand.withAccounts(options) { accounts in
                try UsersCommand.require(try await accounts.setPassword(email: email, password: password), email)
            }
        }
    }

    /// `users disable`: the account's tokens and log-ins are refused.
    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Refuse an account until it is enabled again.")
        @OptionGroup var options: KeysCommand.FolderOption
        @Argument(help: "The email address.") var email: String

        func run() async throws {
            try await UsersCommand.withAccounts(options) { accounts in
                try UsersCommand.require(try await accounts.setStatus(.disabled, email: email), email)
            }
        }
    }

    /// `users enable`: a disabled account is let in again.
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a disabled account in again.")
        @OptionGroup var options: KeysCommand.FolderOption
        @Argument(help: "The email address.") var email: String

        func run() async throws {
            try await UsersCommand.withAccounts(options) { accounts in
                try UsersCommand.require(try await accounts.setStatus(.active, email: email), email)
            }
        }
    }

    /// Opens the accounts of a folder that no server uses, and reports problems as a person can read them.
    private static func withAccounts(
        _ options: KeysCommand.FolderOption, _ work: (Accounts) async throws -> Void
    ) async throws {
        let folder = try options.folder()
        do {
            let lock = try FolderLock(folder.lockFile)
            defer { withExtendedLifetime(lock) {} }
            let store = try await Sessions.openStore(folder, logger: Logger(label: "storage-gateway"))
            let configuration = SessionAPIConfiguration(tokenSecret: try folder.jwtSecret())
            try await work(
                Accounts(store: store, configuration: configuration, environment: Sessions.environment))
            try store.shutDown()
        } catch let problem as FolderInUse {
            StandardError.print("storage-gateway: \(problem); stop it first, or use the API")
            throw ExitStatus.folderInUse
        } catch let problem as FolderProblem {
            StandardError.print("storage-gateway: \(problem)")
            throw ExitStatus.unavailable
        } catch let problem as APIProblem {
            StandardError.print("storage-gateway: \(problem.message)")
            throw ExitStatus.dataError
        }
    }

    private static func password() throws -> Secret {
        if isatty(STDIN_FILENO) != 0 { StandardError.print("Password (it is shown as you type):") }
        guard let line = readLine(strippingNewline: true), !line.isEmpty else {
            StandardError.print("storage-gateway: no password on standard input")
            throw ExitStatus.dataError
        }
        return Secret(line)
    }

    private static func require(_ isThere: Bool, _ email: String) throws {
        guard isThere else {
            StandardError.print("storage-gateway: there is no account \(email)")
            throw ExitStatus.dataError
        }
    }
}
