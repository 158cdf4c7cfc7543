import ArgumentParser
import Foundation

/// The exit statuses of the program, as in sysexits.h.
enum ExitStatus {
    /// The input of a command was refused, such as an access key that does not exist.
    static let dataError = ExitCode(65)
    /// Something the command needs cannot be had, such as a port that is taken.
    static let unavailable = ExitCode(69)
    /// The disk or the database failed: durability can no longer be promised.
    static let diskFailure = ExitCode(70)
    /// Another process uses the data folder.
    static let folderInUse = ExitCode(75)
    /// An option cannot be used.
    static let configuration = ExitCode(78)
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
