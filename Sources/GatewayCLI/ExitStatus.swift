import ArgumentParser
import CommandKit
import Foundation

/// The exit statuses of the program, as in sysexits.h; docs/COMMANDS.md lists them.
enum ExitStatus {
    /// Some of the things that a command was to do were not done.
    static let someFailed = ExitCode(1)
    /// The input of a command was refused, such as an access key that does not exist.
    static let dataError = ExitCode(65)
    /// There is no such bucket, object or file.
    static let notFound = ExitCode(66)
    /// The endpoint cannot be reached.
    static let unreachable = ExitCode(68)
    /// Something the command needs cannot be had, such as a port that is taken.
    static let unavailable = ExitCode(69)
    /// The disk or the database failed: durability can no longer be promised.
    static let diskFailure = ExitCode(70)
    /// A local file cannot be made.
    static let cannotCreate = ExitCode(73)
    /// A local file cannot be read or written.
    static let inputOutput = ExitCode(74)
    /// Another process uses the data folder.
    static let folderInUse = ExitCode(75)
    /// Bytes were changed on the way, or an answer makes no sense.
    static let integrity = ExitCode(76)
    /// The store does not let the access key do this.
    static let denied = ExitCode(77)
    /// An option cannot be used.
    static let configuration = ExitCode(78)
    /// The command was told to stop, as by SIGINT.
    static let cancelled = ExitCode(130)
    /// Nobody read the output to its end.
    static let brokenPipe = ExitCode(141)

    /// The exit status of a failure.
    static func of(_ kind: FailureReport.Kind) -> ExitCode {
        switch kind {
        case .refused: dataError
        case .notFound: notFound
        case .denied: denied
        case .unreachable: unreachable
        case .unavailable: unavailable
        case .integrity: integrity
        case .cannotCreate: cannotCreate
        case .inputOutput: inputOutput
        case .configuration: configuration
        case .cancelled: cancelled
        }
    }
}

/// Writes to standard error.
enum StandardError {
    /// Writes one message and a newline; nothing happens if nobody reads standard error any more.
    static func print(_ message: String) {
        var bytes = Array((message + "\n").utf8)[...]
        while !bytes.isEmpty {
            // Foundation's file handle would end the process where the other end of a pipe is gone.
            let written = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}
