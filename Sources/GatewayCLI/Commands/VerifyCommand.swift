import ArgumentParser
import OSSKit

/// `verify`: says offline of each request on standard input whether its signature is right, and why not.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verify signed requests, one JSON object a line.",
        discussion: """
            Each line of standard input is a JSON object: wire with method, scheme, host, target and headers (a list \
            of pairs) as they arrived, or formFields (a list of pairs); credentials with accessKeyId, \
            accessKeySecret and securityToken, or a list of such; region; time with unix; bucket; and addressing, \
            which is virtual-host, path, cname or service. Other keys are ignored.

            Each is answered by one line on standard output, in the same order. A line that cannot be read is \
            answered with the code \(JSONLines.unreadableCode). The exit status is 0 when all lines were answered.
            """)

    func run() throws {
        let keys = SigningKeyCache()
        try JSONLines.answerAll { root throws(LineProblem) in
            VerifyAnswer(try VerifyLine(root), keys: keys).members
        }
    }
}
