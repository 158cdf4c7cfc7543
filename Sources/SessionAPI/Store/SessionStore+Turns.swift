import SessionModels

/// What became of a turn that was sent.
enum TurnStatus: String, Sendable {
    case stored, duplicate, alternate
}

/// What became of a turn, and the session after it.
struct TurnOutcome: Sendable {
    /// What became of the turn.
    let status: TurnStatus
    /// The session after it.
    let session: SessionRecord
    /// The indexes between the lowest and the highest that no turn has.
    let gaps: [ClosedRange<Int64>]
}

/// The turns that one answer holds.
struct TurnPage: Sendable {
    /// The turns, in the order that was asked for.
    let turns: [TurnRecord]
    /// Whether more follow.
    let hasMore: Bool
    /// The session they belong to.
    let session: SessionRecord
}

/// Which turns of a session are asked for.
struct TurnSelection: Sendable {
    /// Only those above this index, or nil.
    var after: Int64?
    /// Only those below this index, or nil.
    var before: Int64?
    /// Only those written by a later change than this, or nil.
    var changedSince: Int64?
    /// Whether the highest index comes first.
    var isDescending = false
    /// The most turns, or nil for all.
    var limit: Int64?
}

extension SessionStore {
    /// Appends a turn as the plan does; the same content again changes nothing, other content is kept beside it.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`, `LIMIT_REACHED`.
    func appendTurn(_ request: AppendTurnRequest, to session: SessionID, by author: Author) async throws -> TurnOutcome
    {
        let row = try TurnRow(
            request.turn, chapter: request.chapterID, author: author, happenedAtMicroseconds: author.nowMicroseconds)
        let (outcome, record) = try await edit(session, by: author, weightBytes: Int(row.sizeBytes)) { edit, database in
            let status = try edit.append(row, .keep)
            edit.touch()
            return (status, try database.gaps(of: edit.session, author.user, limit: SessionLimits.gapsPerAnswer))
        }
        return TurnOutcome(status: outcome.0, session: record, gaps: outcome.1)
    }

    /// Appends a turn as version 2 does: other content of a stored turn is refused.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`, `LIMIT_REACHED`, `CHAPTER_MISMATCH`,
    ///   `TURN_CONFLICT`, `VALIDATION_ERROR`.
    func appendTurn(
        _ request: AppendTurnRequest, to session: SessionID, clock: ClientClock, by author: Author
    ) async throws -> TurnOutcome {
        let happened = clock.corrected(request.turn.occurredAtMicroseconds, nowMicroseconds: author.nowMicroseconds)
        let row = try TurnRow(
            request.turn, chapter: request.chapterID, author: author, happenedAtMicroseconds: happened)
        let (outcome, record) = try await edit(session, by: author, weightBytes: Int(row.sizeBytes)) { edit, database in
            guard edit.session.chapterID.utf8.elementsEqual(request.chapterID.utf8) else {
                throw APIProblem.chapterMismatch()
            }
            if let previous = request.previousHash {
                let stored = try database.storedHash(of: row.index - 1, in: session, author.user)
                guard stored == previous else {
                    throw APIProblem.turnConflict(row.index - 1, stored: stored, edit.session)
                }
            }
            let status = try edit.append(row, .refuse)
            return (status, try database.gaps(of: edit.session, author.user, limit: SessionLimits.gapsPerAnswer))
        }
        return TurnOutcome(status: outcome.0, session: record, gaps: outcome.1)
    }

    /// Some turns of a session; fewer than asked for where they hold much text.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`.
    func turns(_ selection: TurnSelection, of session: SessionID, _ user: UserID) async throws -> TurnPage {
        try await read { database in
            let record = try database.session(session, of: user)
            let (turns, hasMore) = try database.turns(selection, of: record, user)
            return TurnPage(turns: turns, hasMore: hasMore, session: record)
        }
    }
}

/// How a client's clock differs from the server's.
///
/// Source: session-api.md 5.7.
struct ClientClock: Sendable {
    /// What is added to the client's times, in microseconds; nil if they are not looked at.
    let correctionMicroseconds: Int64?

    /// Compares the two clocks; a client that does not tell the time is believed.
    init(clientTimeMicroseconds: Int64?, nowMicroseconds: Int64) {
        guard let clientTimeMicroseconds else {
            correctionMicroseconds = 0
            return
        }
        let correction = nowMicroseconds - clientTimeMicroseconds
        let isNear = abs(correction) <= SessionLimits.clockErrorSeconds * 1_000_000
        correctionMicroseconds = isNear ? correction : nil
    }

    /// A time of the client by the server's clock, never in the future; now if it is not known.
    func corrected(_ occurredAtMicroseconds: Int64?, nowMicroseconds: Int64) -> Int64 {
        guard let occurredAtMicroseconds, let correctionMicroseconds else { return nowMicroseconds }
        return min(nowMicroseconds, occurredAtMicroseconds + correctionMicroseconds)
    }
}

extension SQLConnection {
    /// The hash of a stored turn, or nil if there is none.
    func storedHash(of index: Int64, in session: SessionID, _ user: UserID) throws -> [UInt8]? {
        try firstRow(
            "SELECT content_hash FROM turns WHERE user_id = ? AND session_id = ? AND turn_index = ?",
            [user.text, session.text, index])?[0]
    }

    /// Some turns of a session, and whether more follow.
    func turns(
        _ selection: TurnSelection, of session: SessionRecord, _ user: UserID
    ) throws -> (turns: [TurnRecord], hasMore: Bool) {
        var (conditions, arguments): ([String], SQLArguments) = (["user_id = ? AND session_id = ?"], [])
        arguments = [user.text, session.id.text]
        for (value, condition) in [
            (selection.after, "turn_index > ?"), (selection.before, "turn_index < ?"),
            (selection.changedSince, "seq > ?"),
        ] {
            guard let value else { continue }
            conditions.append(condition)
            arguments.append(value)
        }
        let rest = """
            FROM turns WHERE \(conditions.joined(separator: " AND "))
            ORDER BY turn_index \(selection.isDescending ? "DESC" : "ASC")
            """
        guard let limit = selection.limit else {
            let rows = try allRows("SELECT \(TurnRecord.columns) \(rest)", arguments)
            return (try rows.map { try TurnRecord(row: $0) }, false)
        }
        let sizes = try allRows("SELECT size_bytes \(rest) LIMIT ?", arguments + [limit + 1])
        var (count, bytes): (Int64, Int64) = (0, 0)
        for size in sizes.prefix(Int(limit)) {
            bytes += try size[0]
            guard count == 0 || bytes <= SessionLimits.pageBytes else { break }
            count += 1
        }
        let rows = try allRows("SELECT \(TurnRecord.columns) \(rest) LIMIT ?", arguments + [count])
        return (try rows.map { try TurnRecord(row: $0) }, sizes.count > count)
    }
}
