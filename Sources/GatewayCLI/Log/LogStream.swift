import Logging

/// Hands finished lines of the log to a writer.
///
/// What a line holds of a request's text cannot begin a line of its own: control characters are escaped.
struct LogStream: TextOutputStream, Sendable {
    /// The writer.
    let writer: LogWriter

    func write(_ string: String) {
        writer.append(Self.withoutControlCharacters(string))
    }

    /// A line, with all its control characters but the newline at its end written as `\u{…}`.
    static func withoutControlCharacters(_ line: String) -> String {
        let body = line.hasSuffix("\n") ? line.dropLast() : line[...]
        guard body.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return line }
        var text = ""
        for scalar in body.unicodeScalars {
            let isControl = scalar.value < 0x20 || scalar.value == 0x7F
            text += isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
        return text + "\n"
    }

    /// A log handler that writes to standard error.
    static func handler(label: String, level: Logger.Level) -> StreamLogHandler {
        var handler = StreamLogHandler(label: label, stream: LogStream(writer: .standardError))
        handler.logLevel = level
        return handler
    }
}
