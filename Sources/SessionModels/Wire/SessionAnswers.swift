/// A session that was just made.
package struct CreatedSession: Sendable {
    /// The session's id: 32 hexadecimal digits, or what the client chose.
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
    /// When it happened by the client's clock, in microseconds since 1970, or nil.
    package var occurredAtMicroseconds: Int64?
    /// What tells its content from others, as hexadecimal digits.
    package var contentHash = ""
    /// The device that wrote it, or nil.
    package var deviceID: String?

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

    /// The turn as the plan has it.
    package var json: JSONOutput { .object(members) }

    /// The turn as a client of version 2 gets it.
    package var fullJSON: JSONOutput {
        .object(
            members + [
                ("content_hash", .string(contentHash)), ("occurred_at", .time(occurredAtMicroseconds)),
                ("device_id", .optional(deviceID)),
            ])
    }

    fileprivate var members: [(String, JSONOutput)] {
        [
            ("turn_index", .integer(turnIndex)), ("user_message", .string(userMessage)),
            ("companion_response", .string(companionResponse)), ("turn_outcome", .verbatim(turnOutcome)),
            ("created_at", .string(Timestamp.text(createdAtMicroseconds))),
        ]
    }
}

/// What is told of a session in lists and by itself.
package struct SessionSummary: Sendable {
    /// The session's id.
    package var sessionID = ""
    /// The chapter.
    package var chapterID = ""
    /// The course, or nil.
    package var courseID: String?
    /// A title for people, or nil.
    package var title: String?
    /// The version of the course's bundle, or nil.
    package var bundleVersion: String?
    /// When it was made, in microseconds since 1970.
    package var createdAtMicroseconds: Int64 = 0
    /// When its newest turn was written, in microseconds since 1970.
    package var lastActiveAtMicroseconds: Int64 = 0
    /// The number of its turns.
    package var turnCount: Int64 = 0
    /// The index that follows the highest one; 0 without turns.
    package var nextTurnIndex: Int64 = 0
    /// The device that wrote last, or nil.
    package var lastDeviceID: String?
    /// The session that it parted from, or nil.
    package var forkedFrom: String?
    /// The user's number of its last change.
    package var sequence: Int64 = 0
    /// Whether it was put away.
    package var isArchived = false
    /// When it was deleted, in microseconds since 1970, or nil.
    package var deletedAtMicroseconds: Int64?

    /// Makes an empty one.
    package init() {}

    /// The session as a client of version 2 gets it.
    package var json: JSONOutput {
        var members: [(String, JSONOutput)] = [
            ("session_id", .string(sessionID)), ("chapter_id", .string(chapterID)), ("course_id", .optional(courseID)),
            ("title", .optional(title)), ("created_at", .time(createdAtMicroseconds)),
            ("last_active_at", .time(lastActiveAtMicroseconds)), ("turn_count", .integer(turnCount)),
            ("next_turn_index", .integer(nextTurnIndex)), ("last_device_id", .optional(lastDeviceID)),
            ("forked_from", .optional(forkedFrom)), ("seq", .integer(sequence)), ("archived", .boolean(isArchived)),
            ("bundle_version", .optional(bundleVersion)),
        ]
        if let deletedAtMicroseconds { members.append(("deleted_at", .time(deletedAtMicroseconds))) }
        return .object(members)
    }

    /// The session in the list of its chapter.
    package var chapterJSON: JSONOutput {
        .object([
            ("session_id", .string(sessionID)), ("created_at", .time(createdAtMicroseconds)),
            ("last_active_at", .time(lastActiveAtMicroseconds)), ("turn_count", .integer(turnCount)),
            ("bundle_version", .optional(bundleVersion)),
        ])
    }
}

/// The memory, the report or the agent's own state of a session.
package struct DocumentRecord: Sendable {
    /// The letter that its ETag begins with.
    package let tagLetter: String
    /// The content, JSON or text, as it was sent.
    package let body: String
    /// What tells its content from others, as hexadecimal digits.
    package let hash: String
    /// The turn up to which it reaches, or nil if its writer did not say.
    package let asOfTurn: Int64?
    /// The user's number of the change that wrote it.
    package let sequence: Int64
    /// The device that wrote it, or nil.
    package let deviceID: String?
    /// When it was written, in microseconds since 1970.
    package let updatedAtMicroseconds: Int64

    /// Makes a record.
    package init(
        tagLetter: String, body: String, hash: String, asOfTurn: Int64?, sequence: Int64, deviceID: String?,
        updatedAtMicroseconds: Int64
    ) {
        self.tagLetter = tagLetter
        self.body = body
        self.hash = hash
        self.asOfTurn = asOfTurn
        self.sequence = sequence
        self.deviceID = deviceID
        self.updatedAtMicroseconds = updatedAtMicroseconds
    }

    /// What a client compares to learn whether it changed, quotes included.
    package var etag: String { "\"\(tagLetter)\(sequence)\"" }

    /// What is told of it beside its content.
    package var members: [(String, JSONOutput)] {
        [
            ("etag", .string(etag)), ("as_of_turn", .optional(asOfTurn)), ("seq", .integer(sequence)),
            ("hash", .string(hash)), ("device_id", .optional(deviceID)), ("updated_at", .time(updatedAtMicroseconds)),
        ]
    }
}

extension JSONOutput {
    /// A time as text, or null for nil.
    package static func time(_ microseconds: Int64?) -> JSONOutput {
        microseconds.map { .string(Timestamp.text($0)) } ?? .null
    }

    /// A number, or null for nil.
    package static func optional(_ number: Int64?) -> JSONOutput {
        number.map { .integer($0) } ?? .null
    }

    /// Ranges of indexes as pairs of their bounds.
    package static func ranges(_ ranges: [ClosedRange<Int64>]) -> JSONOutput {
        .array(ranges.map { .array([.integer($0.lowerBound), .integer($0.upperBound)]) })
    }
}
