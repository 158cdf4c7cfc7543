import SessionModels

/// What became of a batch.
struct SyncOutcome: Sendable {
    /// Whether the batch went into a session of its own.
    let isForked: Bool
    /// The session that has the batch, after it.
    let session: SessionRecord
    /// Each turn's index and what became of it, in the order of the batch.
    let turns: [(index: Int64, status: TurnStatus)]
    /// What became of the memory, or nil if there was none.
    let memory: DocumentOutcome?
    /// What became of the report, or nil if there was none.
    let report: DocumentOutcome?
    /// The indexes between the lowest and the highest that no turn has.
    let gaps: [ClosedRange<Int64>]

    /// The answer's body.
    func json(nowMicroseconds: Int64) -> JSONOutput {
        var members: [(String, JSONOutput)] = [
            ("result", .string(isForked ? "forked" : "applied")), ("session_id", .string(session.id.text)),
            ("forked_from", .optional(session.forkedFrom)), ("seq", .integer(session.sequence)),
            (
                "turns",
                .array(
                    turns.map {
                        .object([("turn_index", .integer($0.index)), ("status", .string($0.status.rawValue))])
                    })
            ),
        ]
        if let memory { members.append(("memory", .object(memory.members))) }
        if let report { members.append(("report", .object(report.members))) }
        return .object(
            members + [
                ("next_turn_index", .integer(session.nextTurnIndex)), ("turn_count", .integer(session.turnCount)),
                ("gaps", .ranges(gaps)), ("digest", .string((session.digest ?? SessionDigest()).bytes.hexadecimal)),
                ("server_time", .time(nowMicroseconds)),
            ])
    }
}

/// A batch with what can be worked out before the database is asked.
struct SyncBatch: Sendable {
    /// The request.
    let request: SyncRequest
    /// Its turns, in its order.
    let rows: [TurnRow]
    /// Its memory, or nil.
    let memory: DocumentBody?
    /// Its report, or nil.
    let report: DocumentBody?
    /// The agent's own state, or nil.
    let agentState: DocumentBody?

    /// Works it out.
    ///
    /// - Throws: `VALIDATION_ERROR` if a turn has another hash than the client says.
    init(_ request: SyncRequest, by author: Author) throws(APIProblem) {
        self.request = request
        let now = author.nowMicroseconds
        let clock = ClientClock(clientTimeMicroseconds: request.clientTimeMicroseconds, nowMicroseconds: now)
        var rows: [TurnRow] = []
        for (number, turn) in request.turns.enumerated() {
            let happened = clock.corrected(turn.content.occurredAtMicroseconds, nowMicroseconds: now)
            do throws(APIProblem) {
                rows.append(
                    try TurnRow(
                        turn.content, chapter: turn.chapterID ?? "", author: author, happenedAtMicroseconds: happened))
            } catch {
                throw error.inElement(number)
            }
        }
        self.rows = rows
        memory = request.memory.map { DocumentBody(.memory, $0.content) }
        report = request.report.map { DocumentBody(.report, text: $0.content) }
        agentState = request.agentState.map { DocumentBody(.agentState, $0) }
    }

    /// About how much text it brings.
    var weightBytes: Int {
        rows.reduce(0) { $0 + Int($1.sizeBytes) }
            + [memory, report, agentState].reduce(0) { $0 + 2 * ($1?.text.utf8.count ?? 0) }
    }

    /// The turn up to which the agent's own state reaches: the memory's, or else the batch's last.
    var stateTurn: Int64? { request.memory?.asOfTurn ?? rows.map(\.index).max() }
}

extension SessionStore {
    /// Carries out a batch: all of it in one transaction, or nothing.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`, `CHAPTER_MISMATCH`, `TURN_CONFLICT`,
    ///   `LIMIT_REACHED`, `SESSION_EXISTS`.
    func sync(_ batch: SyncBatch, to id: SessionID, by author: Author) async throws -> SyncOutcome {
        try await change(by: author, weightBytes: batch.weightBytes) { database, sequence in
            var edit = try database.target(of: batch, id, sequence, by: author)
            try batch.requireChapter(of: edit.session)
            var isForked = false
            if let parting = try database.parting(of: batch, from: edit.session, author.user) {
                switch batch.request.onConflict {
                case .keep: break
                case .reject: throw APIProblem.turnConflict(parting.index, stored: parting.storedHash, edit.session)
                case .fork:
                    guard let name = batch.request.forkSessionID.flatMap({ SessionID($0) }) else {
                        throw APIProblem(.validationError, "fork_session_id: Field required")
                    }
                    let copied = min(parting.index, batch.rows.map(\.index).min() ?? parting.index)
                    edit = try database.fork(
                        edit.session, as: name, from: copied, requiresSameIndex: false, sequence, by: author)
                    isForked = true
                }
            }
            let outcome = try edit.apply(batch, isForked: isForked)
            let keeps = try edit.finish()
            let gaps = try database.gaps(of: edit.session, author.user, limit: SessionLimits.gapsPerAnswer)
            var session = edit.session
            if session.digest == nil { session.digest = try database.digest(of: session, author.user) }
            let told = SyncOutcome(
                isForked: isForked, session: session, turns: outcome.turns, memory: outcome.memory,
                report: outcome.report, gaps: gaps)
            return keeps ? .keep(told) : .discard(told)
        }
    }
}

extension SyncBatch {
    /// Refuses a batch that was made for another chapter.
    fileprivate func requireChapter(of session: SessionRecord) throws(APIProblem) {
        if let head = request.head, !head.chapterID.utf8.elementsEqual(session.chapterID.utf8) {
            throw .chapterMismatch()
        }
        for (number, turn) in request.turns.enumerated() {
            guard let chapter = turn.chapterID, !chapter.utf8.elementsEqual(session.chapterID.utf8) else { continue }
            throw .chapterMismatch().inElement(number)
        }
    }
}

extension SessionEdit {
    /// Writes all that a batch brings.
    fileprivate mutating func apply(
        _ batch: SyncBatch, isForked: Bool
    ) throws -> (turns: [(Int64, TurnStatus)], memory: DocumentOutcome?, report: DocumentOutcome?) {
        let collision = batch.request.onConflict == .keep && !isForked ? Collision.keep : .refuse
        var turns: [(Int64, TurnStatus)] = []
        for (row, sent) in zip(batch.rows, batch.request.turns) {
            let status = try append(row.of(chapter: sent.chapterID ?? session.chapterID), collision)
            turns.append((row.index, status))
        }
        let memory = try batch.memory.map { try put($0, DocumentRule(asOfTurn: batch.request.memory?.asOfTurn)) }
        let report = try batch.report.map { try put($0, DocumentRule(asOfTurn: batch.request.report?.asOfTurn)) }
        if let state = batch.agentState, memory?.isApplied ?? true {
            _ = try put(state, DocumentRule(asOfTurn: batch.stateTurn))
        }
        return (turns, memory, report)
    }
}

extension SQLConnection {
    /// The session that a batch is for, made if the batch says how.
    fileprivate func target(
        of batch: SyncBatch, _ id: SessionID, _ sequence: Int64, by author: Author
    ) throws -> SessionEdit {
        if let known = try knownSession(id, of: author.user) {
            guard known.deletedAtMicroseconds == nil else { throw APIProblem.sessionDeleted }
            return SessionEdit(known, self, sequence, by: author, isNew: false)
        }
        guard let head = batch.request.head else { throw APIProblem.sessionNotFound }
        let made = try makeSession(id, head, sequence, by: author)
        return SessionEdit(made, self, sequence, by: author, isNew: true)
    }

    /// The first index at which the client's history is not the stored one, or nil if the batch goes on from it.
    fileprivate func parting(
        of batch: SyncBatch, from session: SessionRecord, _ user: UserID
    ) throws -> (index: Int64, storedHash: [UInt8]?)? {
        if let base = batch.request.base {
            let stored = try storedHash(of: base.turnIndex, in: session.id, user)
            guard stored == base.contentHash else { return (base.turnIndex, stored) }
        }
        let stored = try storedHashes(of: batch.rows.map(\.index), in: session, user)
        return batch.rows.sorted { $0.index < $1.index }.lazy.compactMap { row in
            stored[row.index].flatMap { $0 == row.hash ? nil : (row.index, $0) }
        }.first
    }

    /// The hashes of those turns that are stored.
    private func storedHashes(
        of indexes: [Int64], in session: SessionRecord, _ user: UserID
    ) throws -> [Int64: [UInt8]] {
        guard let lowest = indexes.min(), let highest = indexes.max(), lowest <= session.maxIndex ?? -1 else {
            return [:]
        }
        var found: [Int64: [UInt8]] = [:]
        guard highest - lowest < 1_024 else {
            for index in indexes { found[index] = try storedHash(of: index, in: session.id, user) }
            return found
        }
        let rows = try allRows(
            """
            SELECT turn_index, content_hash FROM turns
            WHERE user_id = ? AND session_id = ? AND turn_index >= ? AND turn_index <= ?
            """, [user.text, session.id.text, lowest, highest])
        for row in rows { found[try row[0]] = try row[1] }
        return found
    }
}
