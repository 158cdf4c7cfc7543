import HTTPTypes
import SessionModels

/// The endpoints of sessions that only version 2 has.
///
/// Source: session-api.md 4.7 and 4.8.
struct SyncRoutes: Sendable {
    /// Where everything is kept.
    let store: SessionStore
    /// Keeps large answers few.
    let largeAnswers: LargeAnswers

    /// One line for each route.
    var routes: [Route] {
        let small = SessionLimits.smallBodyBytes
        return [
            .get("/v1/sessions", .user, list),
            .get("/v1/chapters/{chapter_id...}/sessions", .user, listOfChapter),
            .user(.put, "/v1/sessions/{session_id}", bodyLimit: small, put),
            .get("/v1/sessions/{session_id}", .user, show),
            .user(.patch, "/v1/sessions/{session_id}", bodyLimit: small, change),
            .user(.delete, "/v1/sessions/{session_id}", bodyLimit: small, delete),
            .user(.post, "/v1/sessions/{session_id}/undelete", bodyLimit: small, undelete),
            .session(.post, "/v1/sessions/{session_id}/sync", bodyLimit: SessionLimits.batchBytes, sync),
            .user(.post, "/v1/sessions/{session_id}/fork", bodyLimit: small, fork),
            .session(.get, "/v1/sessions/{session_id}/turns", turns),
            .session(.get, "/v1/sessions/{session_id}/digest", digest),
            .get("/v1/sessions/{session_id}/export", .user, export),
            .get("/v1/sessions/{session_id}/alternates", .user, alternates),
            .user(.post, "/v1/sessions/{session_id}/alternates/{alternate_id}", bodyLimit: small, decide),
        ]
    }

    private func put(_ call: Call) async throws -> Reply {
        let head = try call.read { content throws(RequestFault) in try SessionHead(content) }
        let (isNew, session) = try await store.putSession(call.session(), head, by: call.author())
        return Reply(isNew ? .created : .ok, session.summary.json)
            .with(sequence: session.sequence, etag: session.etag)
    }

    private func show(_ call: Call) async throws -> Reply {
        let session = try await store.session(call.session(), of: call.user())
        return Reply.unless(call.precondition, session.etag, sequence: session.sequence) { session.summary.json }
    }

    private func change(_ call: Call) async throws -> Reply {
        let request = try call.read { content throws(RequestFault) in try ChangeSessionRequest(content) }
        let session = try await store.changeSession(
            call.session(), request, if: call.precondition, by: call.author())
        return Reply(.ok, session.summary.json).with(sequence: session.sequence, etag: session.etag)
    }

    private func delete(_ call: Call) async throws -> Reply {
        let session = try await store.deleteSession(call.session(), if: call.precondition, by: call.author())
        let body = JSONOutput.object([("deleted", true), ("undo_until", .time(session.undoUntilMicroseconds))])
        return Reply(.ok, body).with(sequence: session.sequence)
    }

    private func undelete(_ call: Call) async throws -> Reply {
        let session = try await store.undeleteSession(call.session(), by: call.author())
        return Reply(.ok, session.summary.json).with(sequence: session.sequence, etag: session.etag)
    }

    private func list(_ call: Call) async throws -> Reply {
        var filter = SessionFilter()
        filter.chapter = try call.target.queryValue("chapter_id")
        filter.course = try call.target.queryValue("course_id")
        if let text = try call.target.queryValue("state") {
            guard let state = SessionFilter.State(rawValue: text) else {
                throw APIProblem(.validationError, "state: active, archived or deleted")
            }
            filter.state = state
        }
        if let text = try call.target.queryValue("has") {
            guard text == "turns" else { throw APIProblem(.validationError, "has: only turns is known") }
            filter.hasTurns = true
        }
        let limit = try call.queryNumber("limit", in: SessionLimits.sessionsPerPage)
        var cursor: SessionCursor?
        if let text = try call.target.queryValue("cursor") { cursor = try SessionCursor(text) }
        let page = try await store.sessions(
            of: call.user(), filter, after: cursor, limit: limit ?? SessionLimits.defaultSessionsPerPage)
        return Reply.unless(call.precondition, "\"u\(page.sequence)\"", sequence: page.sequence) {
            let next = page.hasMore ? page.sessions.last.map { SessionCursor($0).text } : nil
            return .object([
                ("sessions", .array(page.sessions.map(\.summary.json))), ("next_cursor", .optional(next)),
                ("seq", .integer(page.sequence)),
            ])
        }
    }

    private func listOfChapter(_ call: Call) async throws -> Reply {
        var filter = SessionFilter()
        filter.chapter = try call.chapter()
        filter.course = try call.target.queryValue("course_id")
        let page = try await store.sessions(
            of: call.user(), filter, after: nil, limit: SessionLimits.sessionsPerChapterList)
        return Reply.unless(call.precondition, "\"u\(page.sequence)\"", sequence: page.sequence) {
            .object([("sessions", .array(page.sessions.map(\.summary.chapterJSON)))])
        }
    }

    private func sync(_ call: Call) async throws -> Reply {
        let request = try call.read { content throws(RequestFault) in try SyncRequest(content) }
        let author = try call.author()
        let batch = try SyncBatch(request, by: author)
        let outcome = try await store.sync(batch, to: call.session(), by: author)
        var reply = Reply(.ok, outcome.json(nowMicroseconds: call.nowMicroseconds))
            .with(sequence: outcome.session.sequence, etag: outcome.session.etag)
        if !outcome.gaps.isEmpty { reply.headers[.turnGaps] = Reply.gapText(outcome.gaps) }
        return reply
    }

    private func fork(_ call: Call) async throws -> Reply {
        let request = try call.read { content throws(RequestFault) in try ForkRequest(content) }
        let (isNew, session) = try await store.fork(call.session(), request, by: call.author())
        return Reply(isNew ? .created : .ok, session.summary.json)
            .with(sequence: session.sequence, etag: session.etag)
    }

    private func turns(_ call: Call) async throws -> Reply {
        var selection = TurnSelection()
        selection.after = try call.queryNumber("after", in: SessionLimits.turnIndexes)
        selection.before = try call.queryNumber("before", in: SessionLimits.turnIndexes)
        selection.limit =
            try call.queryNumber("limit", in: SessionLimits.turnsPerPage) ?? SessionLimits.defaultTurnsPerPage
        switch try call.target.queryValue("order") {
        case nil, "asc": break
        case "desc": selection.isDescending = true
        default: throw APIProblem(.validationError, "order: asc or desc")
        }
        let turn = try await turnIfLarge(call) { $0.turnBytes }
        let page = try await store.turns(selection, of: call.session(), call.user())
        return Reply.unless(call.precondition, page.session, turn) {
            let next = page.hasMore ? page.turns.last?.turnIndex : nil
            return .object([
                ("turns", .array(page.turns.map(\.fullJSON))),
                ("next_after", .optional(selection.isDescending ? nil : next)),
                ("next_before", .optional(selection.isDescending ? next : nil)),
                ("has_more", .boolean(page.hasMore)), ("seq", .integer(page.session.sequence)),
            ])
        }
    }

    private func digest(_ call: Call) async throws -> Reply {
        let withHashes = try call.target.queryValue("hashes") == "1"
        // An index and a hash are told in less than 80 bytes, and are kept in about as many before that.
        let turn = withHashes ? try await turnIfLarge(call) { $0.turnCount * 160 } : nil
        let answer = try await store.digest(of: call.session(), call.user(), withHashes: withHashes)
        return Reply.unless(call.precondition, answer.session, turn) { answer.json }
    }

    private func export(_ call: Call) async throws -> Reply {
        guard let format = SessionExport.Format(rawValue: try call.target.queryValue("format") ?? "json") else {
            throw APIProblem(.validationError, "format: json, md, tar or xapi")
        }
        // The documents come to a few MiB at most.
        let turn = try await turnIfLarge(call) { $0.turnBytes }
        let (session, bytes) = try await store.export(
            call.session(), of: call.user(), as: format, unless: call.precondition)
        var reply =
            bytes.map { bytes in
                Reply(.ok, MadeBody(bytes: bytes, turn: turn, contentType: format.contentType))
            } ?? Reply(.notModified)
        reply.headers[.contentDisposition] = "attachment; filename=\"\(format.fileName(of: session.id))\""
        return reply.with(sequence: session.sequence, etag: session.etag)
    }

    /// Waits for its turn if the answer about a session is large, by what `sizeBytes` tells of it.
    private func turnIfLarge(_ call: Call, _ sizeBytes: (SessionRecord) -> Int64) async throws -> LargeAnswers.Turn? {
        let session = try await store.session(call.session(), of: call.user())
        return sizeBytes(session) >= LargeAnswers.fromBytes ? try await largeAnswers.take() : nil
    }

    private func alternates(_ call: Call) async throws -> Reply {
        let (alternates, session) = try await store.alternates(of: call.session(), call.user())
        return Reply.unless(call.precondition, session.etag, sequence: session.sequence) {
            .object([("alternates", .array(alternates.map(\.json))), ("seq", .integer(session.sequence))])
        }
    }

    private func decide(_ call: Call) async throws -> Reply {
        let request = try call.read { content throws(RequestFault) in try DecideAlternateRequest(content) }
        guard let id = call.decodedPart(1).flatMap({ AlternateID($0) }) else { throw APIProblem.notFound }
        let session = try await store.decide(request.action, about: id, in: call.session(), by: call.author())
        return Reply(.ok, session.summary.json).with(sequence: session.sequence, etag: session.etag)
    }
}
