import ArgumentParser

/// `presign-lines`: makes many presigned URLs, one for each line on standard input, without asking any server.
struct PresignLinesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "presign-lines", abstract: "Make presigned URLs, one for each JSON object a line.",
        discussion: """
            Each line of standard input is a JSON object: method; endpoint; addressing, which is virtual-host, path or \
            cname; bucket; key; query and headers (lists of pairs; an empty value of a parameter is none); region; \
            product; credentials with accessKeyId, accessKeySecret and securityToken; signature, which is v4-url or \
            v1-url; expires with seconds; and time with unix. Other keys are ignored. Every header of the list is bound.

            Each is answered by one line on standard output, in the same order: url, headers (what must be sent with \
            it) and expiresUnix, or why there is no such URL. A line that cannot be read is answered with the code \
            \(JSONLines.unreadableCode). The exit status is 0 when all lines were answered.
            """)

    func run() throws {
        try JSONLines.answerAll { root throws(LineProblem) in try PresignLine(root).answer }
    }
}
