import HTTPTypes
import OSSKit
import SessionModels

/// What the endpoints of sessions read from a call.
extension Call {
    /// The session of the path; an id that no session can have is not found.
    func session() throws(APIProblem) -> SessionID {
        guard let session = decodedPart.flatMap(SessionID.init) else { throw .sessionNotFound }
        return session
    }

    /// The chapter of the path: 1 to 128 characters, decoded once.
    func chapter() throws(APIProblem) -> String {
        guard let chapter = decodedPart else {
            throw Self.chapterProblem("value_error", "Value error, not percent-encoded UTF-8", .null, [])
        }
        let rule = TextRule.line(1...SessionLimits.chapterCharacters.upperBound)
        if let offence = rule.offence(of: chapter) {
            throw Self.chapterProblem(offence.type, offence.message, .string(chapter), offence.context)
        }
        return chapter
    }

    /// A whole number of the query, or nil if it is absent.
    ///
    /// - Throws: `VALIDATION_ERROR` for anything else.
    func queryNumber(_ name: String, in range: ClosedRange<Int64>) throws(APIProblem) -> Int64? {
        guard let text = try target.queryValue(name) else { return nil }
        guard let number = DecimalNumber.parse(text), range.contains(number) else {
            throw APIProblem(.validationError, "\(name): a number of \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A number of the query from which a client goes on, or nil if it is absent.
    ///
    /// - Throws: `INVALID_CURSOR` for anything else.
    func cursorNumber(_ name: String) throws(APIProblem) -> Int64? {
        guard let text = try target.queryValue(name) else { return nil }
        guard let number = DecimalNumber.parse(text) else { throw .invalidCursor }
        return number
    }

    /// How the client's clock differs from the server's.
    func clock() -> ClientClock {
        ClientClock(
            clientTimeMicroseconds: clientTime.flatMap { Timestamp.parse($0) }, nowMicroseconds: nowMicroseconds)
    }

    private static func chapterProblem(
        _ type: String, _ message: String, _ input: JSONOutput, _ context: [(String, JSONOutput)]
    ) -> APIProblem {
        APIProblem(
            .invalid([
                ValidationIssue(
                    type, at: [.name("path"), .name("chapter_id")], message: message, input: input, context: context)
            ]))
    }
}

extension Reply {
    /// The headers of an answer that has a number and perhaps a tag.
    func with(sequence: Int64, etag: String? = nil) -> Reply {
        var reply = self
        reply.headers[.syncSequence] = String(sequence)
        reply.headers[.eTag] = etag
        return reply
    }

    /// An answer to a GET, or that the client has it already.
    static func unless(
        _ known: Precondition, _ etag: String, sequence: Int64, _ body: () throws -> JSONOutput
    ) rethrows -> Reply {
        let reply = known.isKnown(etag) ? Reply(.notModified) : Reply(.ok, try body())
        return reply.with(sequence: sequence, etag: etag)
    }

    /// An answer about a session, which can be large, or that the client has it already.
    ///
    /// - Parameter turn: the right to a large answer, or nil for a small one.
    static func unless(
        _ known: Precondition, _ session: SessionRecord, _ turn: LargeAnswers.Turn?, _ body: () throws -> JSONOutput
    ) rethrows -> Reply {
        let reply =
            known.isKnown(session.etag)
            ? Reply(.notModified) : Reply(.ok, MadeBody(bytes: try body().bytes, turn: turn))
        return reply.with(sequence: session.sequence, etag: session.etag)
    }

    /// The header that names gaps.
    static func gapText(_ gaps: [ClosedRange<Int64>]) -> String {
        gaps.prefix(SessionLimits.gapsPerHeader).map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }
}
