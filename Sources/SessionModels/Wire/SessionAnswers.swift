/// A session that was just made.
package struct CreatedSession: Sendable {
    /// The session's id: 32 hexadecimal digits.
    package let sessionID: String
    /// When it was made, in microseconds since 1970.
    package let createdAtMicroseconds: Int64

    /// Makes the answer.
    package init(sessionID: String, createdAtMicroseconds: Int64) {
        self.sessionID = sessionID
        self.createdAtMicroseconds = createdAtMicroseconds
    }

    /// The answer's body.
    package var json: JSONOutput {
        .object([
            ("session_id", .string(sessionID)), ("created_at", .string(Timestamp.text(createdAtMicroseconds))),
        ])
    }
}

/// One turn of a session's history.
package struct TurnRecord: Sendable {
    /// The turn's index, as the client counts.
    package let turnIndex: Int64
    /// What the student wrote.
    package let userMessage: String
    /// What the companion answered.
    package let companionResponse: String
    /// The outcome as JSON, as it was sent.
    package let turnOutcome: [UInt8]
    /// When it was made, in microseconds since 1970.
    package let createdAtMicroseconds: Int64

    /// Makes a record.
    package init(
        turnIndex: Int64, userMessage: String, companionResponse: String, turnOutcome: [UInt8],
        createdAtMicroseconds: Int64
    ) {
        self.turnIndex = turnIndex
        self.userMessage = userMessage
        self.companionResponse = companionResponse
        self.turnOutcome = turnOutcome
        self.createdAtMicroseconds = createdAtMicroseconds
    }

    fileprivate var json: JSONOutput {
        .object([
            ("turn_index", .integer(turnIndex)), ("user_message", .string(userMessage)),
            ("companion_response", .string(companionResponse)), ("turn_outcome", .verbatim(turnOutcome)),
            ("created_at", .string(Timestamp.text(createdAtMicroseconds))),
        ])
    }
}

/// The state of a chapter's newest session.
package struct SessionState: Sendable {
    /// The session's id.
    package let sessionID: String
    /// The turns in the order of their indexes.
    package let turns: [TurnRecord]
    /// The memory as JSON, or nil if none was ever put.
    package let memory: [UInt8]?
    /// The report, or nil if none was ever put.
    package let report: String?
    /// The agent's own state as JSON, or nil if none was ever put.
    package let agentState: [UInt8]?

    /// Makes a state.
    package init(
        sessionID: String, turns: [TurnRecord], memory: [UInt8]?, report: String?, agentState: [UInt8]?
    ) {
        self.sessionID = sessionID
        self.turns = turns
        self.memory = memory
        self.report = report
        self.agentState = agentState
    }

    /// Whether the plan calls the session worth restoring: a report alone does not count.
    package var hasData: Bool { !turns.isEmpty || memory != nil }

    /// The body of a state, or of none.
    package static func json(of state: SessionState?) -> JSONOutput {
        guard let state, state.hasData else {
            return .object([
                ("has_data", false), ("session_id", .null), ("turns", []), ("memory", .object([])),
                ("report_md", .null),
            ])
        }
        var members: [(String, JSONOutput)] = [
            ("has_data", true), ("session_id", .string(state.sessionID)), ("turns", .array(state.turns.map(\.json))),
            ("memory", state.memory.map { .verbatim($0) } ?? .object([])), ("report_md", .optional(state.report)),
        ]
        if let agentState = state.agentState { members.append(("agent_state", .verbatim(agentState))) }
        return .object(members)
    }
}
