import CommandKit
import Foundation
import NIOPosix
import Synchronization

/// Where a command prints: results to standard output, everything else to standard error.
final class Console: Sendable {
    /// Whether results and failures are lines of JSON.
    let isJSON: Bool
    /// Whether nothing but failures is printed.
    let isQuiet: Bool
    /// How keys are written.
    let encoding: KeyEncoding
    /// Whether standard error is a terminal that shows how far a transfer is.
    let showsProgress: Bool

    /// Whether the last thing on the terminal is a line of progress, which the next print wipes away.
    private let hasProgress = Mutex(false)

    /// Takes what the command line says.
    init(_ options: OutputOptions) {
        isJSON = options.json
        isQuiet = options.quiet
        encoding = options.encodingType
        showsProgress = !options.json && !options.quiet && isatty(STDERR_FILENO) != 0
    }

    /// Prints a result, in the one form or in the other.
    ///
    /// - Throws: `BrokenPipe`; `FailureReport` if standard output cannot be written.
    func result(_ text: @autoclosure () -> String, json: @autoclosure () -> String) async throws {
        guard isJSON || !isQuiet else { return }
        try await lines([isJSON ? json() : text()])
    }

    /// Prints lines to standard output.
    func lines(_ lines: [String]) async throws {
        guard !lines.isEmpty else { return }
        clearProgress()
        try await StandardOutput.write(Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    /// Prints to standard error what is good to know.
    func note(_ text: String) {
        guard !isQuiet, !isJSON else { return }
        clearProgress()
        StandardError.print(Printable.text(text))
    }

    /// Prints to standard error what the user should change.
    func warn(_ text: String) {
        guard !isQuiet else { return }
        clearProgress()
        if isJSON {
            var line = JSONLine()
            line.add("warning", text)
            StandardError.print(line.text)
        } else {
            StandardError.print("storage-gateway: warning: \(Printable.text(text))")
        }
    }

    /// Prints a failure to standard error.
    func failure(_ report: FailureReport) {
        clearProgress()
        StandardError.print(isJSON ? report.json : report.lines.joined(separator: "\n"))
    }

    /// Shows how far a transfer is, in place of what was shown before.
    func progress(_ line: ProgressLine) {
        guard showsProgress else { return }
        let text = line.text(columns: Self.terminalColumns - 1)
        hasProgress.withLock { hasProgress in
            hasProgress = true
            Self.write("\r\(text)\u{1B}[K")
        }
    }

    /// Takes the line of progress away.
    func clearProgress() {
        hasProgress.withLock { hasProgress in
            if hasProgress { Self.write("\r\u{1B}[K") }
            hasProgress = false
        }
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        // What a terminal does not take is not worth a failure.
        _ = bytes.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static var terminalColumns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}

/// Nobody reads standard output any more.
struct BrokenPipe: Error {}

/// Standard output as bytes; it is written on threads of its own, since a reader may be slow.
enum StandardOutput {
    /// Writes all bytes.
    ///
    /// - Throws: `BrokenPipe`; `FailureReport` if they cannot be written.
    static func write(_ bytes: [UInt8]) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
                if count < 0 {
                    if errno == EINTR { continue }
                    if errno == EPIPE { throw BrokenPipe() }
                    throw FailureReport(
                        .inputOutput, "standard output cannot be written: \(SystemError.text(errno))")
                }
                rest = rest.dropFirst(count)
            }
        }
    }
}
