import ArgumentParser
import Foundation
import OSSKit

/// `explain`: says what a presigned URL allows, without asking any server.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what a presigned URL allows, and for how long.",
        discussion: """
            With - the URL is the first line of standard input, where no history keeps it. Neither its signature nor \
            its token is printed.
            """)

    @Argument(help: "The URL, or - to read it from standard input.") var url: String
    @Option(help: "The method that the URL is for, which it does not say itself.") var method: String?

    func run() throws {
        let text = url == "-" ? readLine() ?? "" : url
        let now = SystemEnvironment.nowMilliseconds() / 1_000
        let explanation: URLExplanation
        do {
            explanation = try PresignedURL.explain(text, method: method, nowUnixSeconds: now)
        } catch {
            StandardError.print("storage-gateway: \(error.message)")
            throw ExitStatus.dataError
        }
        print(Self.report(explanation).joined(separator: "\n"))
    }

    private static func report(_ explanation: URLExplanation) -> [String] {
        var lines = [
            "scheme    \(explanation.scheme.rawValue)",
            "signer    \(printable(explanation.accessKeyID))\(explanation.isTemporary ? " (temporary)" : "")",
        ]
        if let region = explanation.region { lines.append("region    \(printable(region))") }
        if let start = explanation.startsAtUnixSeconds {
            lines.append("from      \(HTTPDate.format(unixSeconds: start))")
        }
        if let end = explanation.expiresAtUnixSeconds { lines.append("until     \(HTTPDate.format(unixSeconds: end))") }
        if let left = explanation.secondsLeft { lines.append("left      \(max(left, 0)) s") }
        lines += explanation.bound.map { "bound     \(printable($0))" }
        lines += explanation.unbound.map { "unbound   \(printable($0))" }
        lines += explanation.warnings.map { "warning   \($0)" }
        return lines + ["try       \(printable(explanation.curl))"]
    }

    /// A text without control characters, which could change what a terminal shows.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
