/// The body of `POST /v1/chapters/{chapter_id}/sessions`.
package struct CreateSessionRequest: Sendable {
    /// The course, or nil.
    package let courseID: String?
    /// The version of the course's bundle, or nil.
    package let bundleVersion: String?
    /// A title for people, or nil.
    package let title: String?

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content)
        courseID = reader.optionalText("course_id", .line(SessionLimits.courseCharacters))
        bundleVersion = reader.optionalText("bundle_version", .line(SessionLimits.titleCharacters))
        title = reader.optionalText("title", .line(SessionLimits.titleCharacters))
        try reader.finish()
    }
}

/// The body of `POST /v1/sessions/{session_id}/turns`.
package struct AppendTurnRequest: Sendable {
    /// The chapter.
    package let chapterID: String
    /// The turn's index, as the client counts.
    package let turnIndex: Int64
    /// What the student wrote.
    package let userMessage: String
    /// What the companion answered.
    package let companionResponse: String
    /// The outcome as it was sent, or nil for an empty one.
    package let turnOutcome: JSONValue?

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content)
        chapterID = reader.text("chapter_id", .line(SessionLimits.chapterCharacters))
        turnIndex = reader.integer("turn_index", in: SessionLimits.turnIndexes)
        userMessage = reader.text("user_message", .text(maximumBytes: SessionLimits.userMessageBytes))
        companionResponse = reader.text(
            "companion_response", .text(maximumBytes: SessionLimits.companionResponseBytes))
        turnOutcome = reader.optionalObject("turn_outcome", maximumBytes: SessionLimits.documentBytes)
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

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content)
        chapterID = reader.text("chapter_id", .line(SessionLimits.chapterCharacters))
        let memory = reader.object("memory_json", maximumBytes: SessionLimits.documentBytes)
        agentState = reader.optionalObject("agent_state", maximumBytes: SessionLimits.documentBytes)
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

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content)
        chapterID = reader.text("chapter_id", .line(SessionLimits.chapterCharacters))
        report = reader.text("report_md", .text(maximumBytes: SessionLimits.reportBytes))
        try reader.finish()
    }
}
