/// A session with all that belongs to it, from one snapshot.
///
/// Source: session-api.md 4.6, row 5.
package struct SessionState: Sendable {
    /// The session's id.
    package let sessionID: String
    /// The turns in the order of their indexes.
    package let turns: [TurnRecord]
    /// The memory, or nil if none was ever put.
    package let memory: DocumentRecord?
    /// The report, or nil if none was ever put.
    package let report: DocumentRecord?
    /// The agent's own state, or nil if none was ever put.
    package let agentState: DocumentRecord?
    /// What only clients of version 2 are told, or nil.
    package let details: SessionDetails?

    /// Makes a state.
    package init(
        sessionID: String, turns: [TurnRecord], memory: DocumentRecord?, report: DocumentRecord?,
        agentState: DocumentRecord?, details: SessionDetails? = nil
    ) {
        self.sessionID = sessionID
        self.turns = turns
        self.memory = memory
        self.report = report
        self.agentState = agentState
        self.details = details
    }

    /// Whether the plan calls the session worth restoring: a report alone does not count.
    package var hasData: Bool { !turns.isEmpty || memory != nil }

    /// The body of the plan's answer about a state, or about none.
    package static func json(of state: SessionState?) -> JSONOutput {
        guard let state, state.hasData else { return .object(emptyMembers) }
        return state.json(hasData: true)
    }

    /// The body about no session at all, for a client of version 2.
    package static var emptyJSON: JSONOutput { .object(emptyMembers + [("seq", .integer(0))]) }

    /// The body about this session.
    package func json(hasData: Bool) -> JSONOutput {
        let turnsJSON = turns.map { details == nil ? $0.json : $0.fullJSON }
        var members: [(String, JSONOutput)] = [
            ("has_data", .boolean(hasData)), ("session_id", .string(sessionID)), ("turns", .array(turnsJSON)),
        ]
        if details?.changedSince == nil || memory != nil {
            members.append(("memory", memory.map { .verbatim(Array($0.body.utf8)) } ?? .object([])))
        }
        if details?.changedSince == nil || report != nil { members.append(("report_md", .optional(report?.body))) }
        if let agentState { members.append(("agent_state", .verbatim(Array(agentState.body.utf8)))) }
        if let details {
            members += details.members
            if let memory { members.append(("memory_meta", .object(memory.members))) }
            if let report { members.append(("report_meta", .object(report.members))) }
        }
        return .object(members)
    }

    private static var emptyMembers: [(String, JSONOutput)] {
        [
            ("has_data", false), ("session_id", .null), ("turns", []), ("memory", .object([])), ("report_md", .null),
        ]
    }
}

/// What only clients of version 2 are told about a session's state.
package struct SessionDetails: Sendable {
    /// The session itself.
    package let summary: SessionSummary
    /// The indexes between the lowest and the highest that no turn has.
    package let gaps: [ClosedRange<Int64>]
    /// The sum of its turns, as hexadecimal digits.
    package let digest: String
    /// How many other contents of turns nobody has decided about.
    package let alternateCount: Int64
    /// Whether there are more turns than these, or nil if all were asked for.
    package var hasMore: Bool?
    /// The number since which changes are told, or nil for all there is.
    package var changedSince: Int64?

    /// Makes the details of a whole state.
    package init(summary: SessionSummary, gaps: [ClosedRange<Int64>], digest: String, alternateCount: Int64) {
        self.summary = summary
        self.gaps = gaps
        self.digest = digest
        self.alternateCount = alternateCount
    }

    fileprivate var members: [(String, JSONOutput)] {
        var members: [(String, JSONOutput)] = [
            ("seq", .integer(summary.sequence)), ("chapter_id", .string(summary.chapterID)),
            ("last_active_at", .time(summary.lastActiveAtMicroseconds)),
            ("last_device_id", .optional(summary.lastDeviceID)), ("turn_count", .integer(summary.turnCount)),
            ("next_turn_index", .integer(summary.nextTurnIndex)), ("gaps", .ranges(gaps)),
            ("digest", .string(digest)), ("alternates", .integer(alternateCount)),
            ("forked_from", .optional(summary.forkedFrom)),
        ]
        if let hasMore { members.append(("has_more", .boolean(hasMore))) }
        if let changedSince { members.append(("since", .integer(changedSince))) }
        return members
    }
}
