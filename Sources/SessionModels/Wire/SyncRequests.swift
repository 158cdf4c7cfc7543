/// What a session is made with, where its id comes from the client.
package struct SessionHead: Sendable {
    /// The chapter.
    package let chapterID: String
    /// The course, or nil.
    package let courseID: String?
    /// A title for people, or nil.
    package let title: String?
    /// The version of the course's bundle, or nil.
    package let bundleVersion: String?
    /// When it was made by the client's clock, in microseconds since 1970, or nil for now.
    package let createdAtMicroseconds: Int64?

    /// The body of `PUT /v1/sessions/{session_id}`.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content)
        self.init(&reader)
        try reader.finish()
    }

    /// A session of a chapter with what a plan client says.
    package init(chapterID: String, _ request: CreateSessionRequest) {
        self.chapterID = chapterID
        courseID = request.courseID
        title = request.title
        bundleVersion = request.bundleVersion
        createdAtMicroseconds = nil
    }

    fileprivate init(_ reader: inout ModelReader) {
        chapterID = reader.text("chapter_id", .line(SessionLimits.chapterCharacters))
        courseID = reader.optionalText("course_id", .line(SessionLimits.courseCharacters))
        title = reader.optionalText("title", .line(SessionLimits.titleCharacters))
        bundleVersion = reader.optionalText("bundle_version", .line(SessionLimits.titleCharacters))
        createdAtMicroseconds = reader.optionalTime("created_at")
    }
}

/// The body of `PATCH /v1/sessions/{session_id}`.
package struct ChangeSessionRequest: Sendable {
    /// The new title; nil leaves it, `.some(nil)` takes it away.
    package let title: String??
    /// Whether the session is put away; nil leaves it.
    package let isArchived: Bool?

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content)
        let title = reader.optionalText("title", .line(SessionLimits.titleCharacters))
        self.title = reader.member("title") == nil ? nil : .some(title)
        isArchived = reader.member("archived") == nil ? nil : reader.flag("archived", default: false)
        try reader.finish()
    }
}

/// The turn that a client believes to be the last one before its batch.
package struct SyncBase: Sendable {
    /// Its index.
    package let turnIndex: Int64
    /// Its hash.
    package let contentHash: [UInt8]
}

/// What becomes of a batch whose history is not the stored one.
package enum ConflictRule: String, Sendable, CaseIterable {
    /// The batch goes into a session of its own, behind what the two have in common.
    case fork
    /// The batch is refused.
    case reject
    /// Other content of stored turns is kept beside them.
    case keep
}

/// The body of `POST /v1/sessions/{session_id}/sync`.
///
/// Source: session-api.md 4.8.
package struct SyncRequest: Sendable {
    /// A memory and the turn up to which it reaches.
    package struct Memory: Sendable {
        /// The memory, an object.
        package let content: JSONValue
        /// The turn.
        package let asOfTurn: Int64
    }

    /// A report and the turn up to which it reaches.
    package struct Report: Sendable {
        /// The report in Markdown; may be empty.
        package let content: String
        /// The turn.
        package let asOfTurn: Int64
    }

    /// A turn of the batch.
    package struct Turn: Sendable {
        /// Its chapter, or nil for the session's.
        package let chapterID: String?
        /// The turn.
        package let content: TurnContent
    }

    /// What the session is made with if it is not there, or nil.
    package let head: SessionHead?
    /// What the batch follows, or nil for whatever is there.
    package let base: SyncBase?
    /// The turns, each index once.
    package let turns: [Turn]
    /// The memory, or nil.
    package let memory: Memory?
    /// The report, or nil.
    package let report: Report?
    /// The agent's own state, or nil.
    package let agentState: JSONValue?
    /// What becomes of the batch if the histories differ.
    package let onConflict: ConflictRule
    /// The id of the session for a batch that parts from this one, or nil.
    package let forkSessionID: String?
    /// The client's clock when it sent the batch, in microseconds since 1970, or nil.
    package let clientTimeMicroseconds: Int64?

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content)
        reader.gather([
            "session", "base", "turns", "memory", "report", "agent_state", "on_conflict", "fork_session_id",
            "client_time",
        ])
        head = try Self.read(&reader, "session") { SessionHead(&$0) }
        base = try Self.read(&reader, "base") {
            SyncBase(
                turnIndex: $0.integer("turn_index", in: SessionLimits.turnIndexes),
                contentHash: $0.hash("content_hash"))
        }
        memory =
            try Self.read(&reader, "memory") { reader in
                let content = reader.object("memory_json", maximumBytes: SessionLimits.documentBytes)
                let asOf = reader.integer("as_of_turn", in: SessionLimits.turnIndexes)
                return content.map { Memory(content: $0, asOfTurn: asOf) }
            } ?? nil
        report = try Self.read(&reader, "report") {
            Report(
                content: $0.text("report_md", .text(maximumBytes: SessionLimits.reportBytes)),
                asOfTurn: $0.integer("as_of_turn", in: SessionLimits.turnIndexes))
        }
        if let state = reader.member("agent_state"), state.kind != .null {
            agentState = reader.optionalObject("agent_state", maximumBytes: SessionLimits.documentBytes)
        } else {
            agentState = nil
        }
        let rule = reader.optionalText("on_conflict", .line(0...16)) ?? ConflictRule.reject.rawValue
        if ConflictRule(rawValue: rule) == nil { reader.refuse("on_conflict", "not fork, reject or keep") }
        onConflict = ConflictRule(rawValue: rule) ?? .reject
        forkSessionID = reader.optionalSessionID("fork_session_id")
        if onConflict == .fork, forkSessionID == nil { reader.refuse("fork_session_id", "needed for a fork") }
        clientTimeMicroseconds = reader.optionalTime("client_time")
        try reader.finish()
        turns = try Self.turns(reader.member("turns"))
    }

    /// Reads an object inside the body, whose offences are told before those of what follows.
    private static func read<Value>(
        _ reader: inout ModelReader, _ name: String, _ body: (inout ModelReader) -> Value
    ) throws(RequestFault) -> Value? {
        guard var nested = try reader.nested(name) else { return nil }
        let value = body(&nested)
        try nested.finish()
        return value
    }

    private static func turns(_ list: JSONValue?) throws(RequestFault) -> [Turn] {
        guard let list, list.kind != .null else { return [] }
        guard let elements = list.elements(atMost: SessionLimits.turnsPerBatch + 1) else {
            throw .invalid([
                ValidationIssue(
                    "list_type", at: [.name("body"), .name("turns")], message: "Input should be a valid list")
            ])
        }
        guard elements.count <= SessionLimits.turnsPerBatch else {
            throw .tooLarge(field: "turns", limit: SessionLimits.turnsPerBatch, got: elements.count)
        }
        var turns: [Turn] = []
        var indexes: Set<Int64> = []
        for (number, element) in elements.enumerated() {
            do throws(RequestFault) {
                let turn = try Self.turn(element, number)
                guard indexes.insert(turn.content.turnIndex).inserted else { throw Self.doubled(number) }
                turns.append(turn)
            } catch {
                throw .element(index: number, error)
            }
        }
        return turns
    }

    private static func turn(_ element: JSONValue, _ number: Int) throws(RequestFault) -> Turn {
        var reader = try ModelReader(element, at: [.name("body"), .name("turns"), .offset(number)])
        reader.gather([
            "chapter_id", "turn_index", "user_message", "companion_response", "turn_outcome", "occurred_at",
            "content_hash",
        ])
        let chapter = reader.optionalText("chapter_id", .line(SessionLimits.chapterCharacters))
        let content = TurnContent(&reader, isStrict: true)
        try reader.finish()
        return Turn(chapterID: chapter, content: content)
    }

    private static func doubled(_ number: Int) -> RequestFault {
        .invalid([
            ValidationIssue(
                "value_error", at: [.name("body"), .name("turns"), .offset(number), .name("turn_index")],
                message: "Value error, the same index twice in one batch")
        ])
    }
}

/// The body of `POST /v1/sessions/{session_id}/fork`.
package struct ForkRequest: Sendable {
    /// The last turn that the two have in common.
    package let atTurn: Int64
    /// The new session's id.
    package let forkSessionID: String

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content)
        atTurn = reader.integer("at_turn", in: SessionLimits.turnIndexes)
        forkSessionID = reader.sessionID("fork_session_id")
        try reader.finish()
    }
}

/// The body of `POST /v1/sessions/{session_id}/alternates/{alternate_id}`.
package struct DecideAlternateRequest: Sendable {
    /// What becomes of the other content of a turn.
    package enum Action: Sendable, Equatable {
        /// It takes the place of the turn.
        case promote
        /// It stays where it is and is not told any more.
        case discard
        /// It goes on in a session of its own.
        case fork(sessionID: String)
    }

    /// What becomes of it.
    package let action: Action

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content)
        let name = reader.text("action", .line(0...16))
        switch name {
        case "promote": action = .promote
        case "discard": action = .discard
        case "fork": action = .fork(sessionID: reader.sessionID("fork_session_id"))
        default:
            action = .discard
            if reader.member("action")?.kind == .string { reader.refuse("action", "not promote, discard or fork") }
        }
        try reader.finish()
    }
}
