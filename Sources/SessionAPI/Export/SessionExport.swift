import Crypto
import OSSKit
import SessionModels

/// A whole session, to be taken away.
///
/// The same session makes the same bytes. Source: session-api.md 4.7 and 5.9.
struct SessionExport: Sendable {
    /// A form in which a session is taken away.
    enum Format: String, CaseIterable {
        case json
        case markdown = "md"
        case archive = "tar"
        case statements = "xapi"

        /// What the bytes are.
        var contentType: String {
            switch self {
            case .json, .statements: "application/json"
            case .markdown: "text/markdown; charset=utf-8"
            case .archive: "application/x-tar"
            }
        }

        /// The name that a client may give to the file.
        func fileName(of session: SessionID) -> String {
            self == .statements ? "\(session.text)-xapi.json" : "\(session.text).\(rawValue)"
        }
    }

    /// Whose session it is.
    let user: UserID
    /// The session.
    let session: SessionRecord
    /// Its turns, by index.
    let turns: [TurnRecord]
    /// Its memory, or nil.
    let memory: DocumentRecord?
    /// Its report, or nil.
    let report: DocumentRecord?
    /// The agent's own state, or nil.
    let agentState: DocumentRecord?

    /// The session in a form.
    ///
    /// - Throws: `TarArchive.NameTooLong`, which the longest id and index do not reach.
    func bytes(as format: Format) throws -> [UInt8] {
        switch format {
        case .json: json.bytes
        case .markdown: Array(markdown.utf8)
        case .archive: try archive()
        case .statements: JSONOutput.array(turns.map(statement)).bytes
        }
    }

    /// Everything, as the endpoints of version 2 tell it.
    private var json: JSONOutput {
        func content(_ document: DocumentRecord?, _ body: (String) -> JSONOutput) -> JSONOutput {
            guard let document else { return .null }
            return .object([("content", body(document.body))] + document.members)
        }
        let verbatim: (String) -> JSONOutput = { .verbatim(Array($0.utf8)) }
        return .object([
            ("session", session.summary.json), ("turns", .array(turns.map(\.fullJSON))),
            ("memory", content(memory, verbatim)), ("report", content(report) { .string($0) }),
            ("agent_state", content(agentState, verbatim)),
        ])
    }

    /// The conversation, to be read.
    private var markdown: String {
        var text = "# \(session.title ?? session.chapterID)\n\n"
        text += "Session `\(session.id.text)`, begun \(Timestamp.text(session.createdAtMicroseconds))\n"
        for turn in turns {
            text += "\n## Turn \(turn.turnIndex)\n\n*\(Timestamp.text(turn.createdAtMicroseconds))*\n"
            text += "\n**Student**\n\n\(turn.userMessage)\n\n**Companion**\n\n\(turn.companionResponse)\n"
        }
        if let report, !report.body.isEmpty { text += "\n## Report\n\n\(report.body)\n" }
        return text
    }

    /// The files that a sidecar keeps of a session, in a folder with its id.
    private func archive() throws -> [UInt8] {
        var archive = TarArchive()
        func add(_ name: String, _ content: some Collection<UInt8>, _ microseconds: Int64) throws {
            try archive.add(
                "\(session.id.text)/\(name)", content, modifiedAtSeconds: microseconds / 1_000_000)
        }
        for turn in turns {
            let number = String(turn.turnIndex)
            let name = "turns/" + String(repeating: "0", count: max(0, 3 - number.utf8.count)) + number
            try add("\(name)_user.txt", turn.userMessage.utf8, turn.createdAtMicroseconds)
            try add("\(name)_companion.txt", turn.companionResponse.utf8, turn.createdAtMicroseconds)
            try add("\(name)_turn_outcome.json", turn.turnOutcome, turn.createdAtMicroseconds)
        }
        if let memory, memory.body != "{}" {
            try add("memo_digest.json", memory.body.utf8, memory.updatedAtMicroseconds)
        }
        if let report, !report.body.isEmpty {
            try add("dynamic_report.md", report.body.utf8, report.updatedAtMicroseconds)
        }
        return archive.finish()
    }

    /// A turn as a statement of xAPI; its id is made of its content, so that it is imported once.
    ///
    /// Source: xAPI 1.0.3, part 2, 2.4.
    private func statement(_ turn: TurnRecord) -> JSONOutput {
        func extended(_ name: String) -> String { Self.vocabulary + name }
        let account = JSONOutput.object([("homePage", .string(Self.vocabulary)), ("name", .string(user.text))])
        let activity = JSONOutput.object([
            ("objectType", "Activity"),
            ("id", .string(extended("chapters/" + PercentCoding.encode(session.chapterID)))),
            ("definition", .object([("name", .object([("und", .string(session.title ?? session.chapterID))]))])),
        ])
        let result = JSONOutput.object([
            ("response", .string(turn.userMessage)),
            (
                "extensions",
                .object([
                    (extended("turn_index"), .integer(turn.turnIndex)),
                    (extended("companion_response"), .string(turn.companionResponse)),
                    (extended("turn_outcome"), .verbatim(turn.turnOutcome)),
                ])
            ),
        ])
        return .object([
            ("id", .string(Self.name("\(session.id.text)\n\(turn.turnIndex)\n\(turn.contentHash)"))),
            ("actor", .object([("objectType", "Agent"), ("account", account)])),
            (
                "verb",
                .object([
                    ("id", "http://adlnet.gov/expapi/verbs/responded"), ("display", .object([("en", "responded")])),
                ])
            ),
            ("object", activity), ("result", result),
            ("context", .object([("registration", .string(Self.name(session.id.text)))])),
            ("timestamp", .time(turn.occurredAtMicroseconds ?? turn.createdAtMicroseconds)),
        ])
    }

    /// What the names of our own begin with; nothing is served there.
    private static let vocabulary = "https://storage-gateway.invalid/xapi/"

    /// The space in which names become ids, a random UUID.
    private static let space: [UInt8] = [
        0x41, 0xC9, 0x9F, 0xCE, 0x9E, 0x2F, 0x44, 0x02, 0xA0, 0x39, 0xF4, 0xEE, 0x4D, 0x94, 0x8D, 0x82,
    ]

    /// The UUID of version 5 of a name.
    ///
    /// Source: RFC 4122, 4.3.
    static func name(_ name: String) -> String {
        var bytes = Array(Insecure.SHA1.hash(data: space + Array(name.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        return [bytes[..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10...]]
            .map { Array($0).hexadecimal }.joined(separator: "-")
    }
}
