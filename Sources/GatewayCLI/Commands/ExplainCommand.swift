import ArgumentParser
import CommandKit
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
    @Option(
        help: ArgumentHelp(
            "A header that is known to have to be sent, for the curl line; can be given again.",
            valueName: "name: value"))
    var header: [String] = []
    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
        do {
            let text = url == "-" ? readLine() ?? "" : url
            let explanation = try PresignedURL.explain(
                text, method: method, headers: try header.map(PresignTerms.header),
                nowUnixSeconds: SystemEnvironment.nowMilliseconds() / 1_000)
            print(json ? Self.json(explanation) : Self.report(explanation).joined(separator: "\n"))
        } catch {
            let report = FailureReport.of(error, settings: nil)
            StandardError.print(json ? report.json : report.lines.joined(separator: "\n"))
            throw ExitStatus.of(report.kind)
        }
    }

    private static func json(_ explanation: URLExplanation) -> String {
        var line = JSONLine()
        line.add("scheme", explanation.scheme.rawValue)
        line.add("accessKeyId", explanation.accessKeyID)
        line.add("isTemporary", explanation.isTemporary)
        line.add("region", explanation.region)
        line.add("startsUnix", explanation.startsAtUnixSeconds)
        line.add("expiresUnix", explanation.expiresAtUnixSeconds)
        line.add("secondsLeft", explanation.secondsLeft)
        line.add("bound", explanation.bound)
        line.add("unbound", explanation.unbound)
        line.add("warnings", explanation.warnings)
        line.add("curl", explanation.curl)
        return line.text
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

    private static func printable(_ text: String) -> String { Printable.text(text) }
}
