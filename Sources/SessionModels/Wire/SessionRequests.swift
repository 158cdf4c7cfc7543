/// The body of `POST /v1/chapters/{chapter_id}/sessions`.
package struct CreateSessionRequest: Sendable {
    /// The id that the client made, or nil; only of a client that speaks version 2.
    package let sessionID: String?
    /// The course, or nil.
    package let courseID: String?
    /// The version of the course's bundle, or nil.
    package let bundleVersion: String?
    /// A title for people, or nil.
    package let title: String?

    /// Reads the body; `isStrict` if the client speaks version 2.
    package init(_ content: RequestContent, isStrict: Bool = false) throws(RequestFault) {
        var reader = try ModelReader(content)
        courseID = reader.optionalText("course_id", .line(SessionLimits.courseCharacters))
        bundleVersion = reader.optionalText("bundle_version", .line(SessionLimits.titleCharacters))
        title = reader.optionalText("title", .line(SessionLimits.titleCharacters))
        sessionID = isStrict ? reader.optionalSessionID("session_id") : nil
        try reader.finish()
    }
}

/// One turn as a client sends it.
package struct TurnContent: Sendable {
    /// The turn's index, as the client counts.
    package let turnIndex: Int64
    /// What the student wrote.
    package let userMessage: String
    /// What the companion answered.
    package let companionResponse: String
    /// The outcome as it was sent, or nil for an empty one.
    package let turnOutcome: JSONValue?
    /// When it happened by the client's clock, in microseconds since 1970, or nil.
    package let occurredAtMicroseconds: Int64?
    /// The hash that the client has for it, or nil.
    package let contentHash: [UInt8]?

    /// Reads the fields of a turn; what only version 2 knows if `isStrict`.
    init(_ reader: inout ModelReader, isStrict: Bool) {
        turnIndex = reader.integer("turn_index", in: SessionLimits.turnIndexes)
        userMessage = reader.text("user_message", .text(maximumBytes: SessionLimits.userMessageBytes))
        companionResponse = reader.text(
            "companion_response", .text(maximumBytes: SessionLimits.companionResponseBytes))
        turnOutcome = reader.optionalObject("turn_outcome", maximumBytes: SessionLimits.documentBytes)
        occurredAtMicroseconds = isStrict ? reader.optionalTime("occurred_at") : nil
        contentHash = isStrict ? reader.optionalHash("content_hash") : nil
    }
}

/// The body of `POST /v1/sessions/{session_id}/turns`.
package struct AppendTurnRequest: Sendable {
    /// The chapter.
    package let chapterID: String
    /// The turn.
    package let turn: TurnContent
    /// The hash of the turn before it, or nil; only of a client that speaks version 2.
    package let previousHash: [UInt8]?

    /// The turn's index, as the client counts.
    package var turnIndex: Int64 { turn.turnIndex }

    /// Reads the body; `isStrict` if the client speaks version 2.
    package init(_ content: RequestContent, isStrict: Bool = false) throws(RequestFault) {
        var reader = try ModelReader(content)
        chapterID = reader.text("chapter_id", .line(SessionLimits.chapterCharacters))
        turn = TurnContent(&reader, isStrict: isStrict)
        previousHash = isStrict ? reader.optionalHash("prev_hash") : nil
        try reader.finish()
    }
}

/// The body of `PUT /v1/sessions/{session_id}/memory`.
package struct UpsertMemoryRequest: Sendable {
    /// The chapter.
    package let chapterID: String
    /// The memory, an object.
    package let memory: JSONValue
    /// The agent's own state, an object, or nil.
    package let agentState: JSONValue?
    /// The turn up to which it reaches, or nil; only of a client that speaks version 2.
    package let asOfTurn: Int64?

    /// Reads the body; `isStrict` if the client speaks version 2.
    package init(_ content: RequestContent, isStrict: Bool = false) throws(RequestFault) {
        var reader = try ModelReader(content)
        chapterID = reader.text("chapter_id", .line(SessionLimits.chapterCharacters))
        let memory = reader.object("memory_json", maximumBytes: SessionLimits.documentBytes)
        agentState = reader.optionalObject("agent_state", maximumBytes: SessionLimits.documentBytes)
        asOfTurn = isStrict ? reader.optionalInteger("as_of_turn", in: SessionLimits.turnIndexes) : nil
        try reader.finish()
        guard let memory else { throw .invalid([]) }
        self.memory = memory
    }
}

/// The body of `PUT /v1/sessions/{session_id}/report`.
package struct UpsertReportRequest: Sendable {
    /// The chapter.
    package let chapterID: String
    /// The report in Markdown; may be empty.
    package let report: String
    /// The turn up to which it reaches, or nil; only of a client that speaks version 2.
    package let asOfTurn: Int64?

    /// Reads the body; `isStrict` if the client speaks version 2.
    package init(_ content: RequestContent, isStrict: Bool = false) throws(RequestFault) {
        var reader = try ModelReader(content)
        chapterID = reader.text("chapter_id", .line(SessionLimits.chapterCharacters))
        report = reader.text("report_md", .text(maximumBytes: SessionLimits.reportBytes))
        asOfTurn = isStrict ? reader.optionalInteger("as_of_turn", in: SessionLimits.turnIndexes) : nil
        try reader.finish()
    }
}
