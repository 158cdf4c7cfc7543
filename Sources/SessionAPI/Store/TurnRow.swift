import SessionModels

/// A turn as its row is written, in `turns` or beside it.
struct TurnRow: Sendable {
    /// The columns of both tables that `columns` fills.
    static let names = """
        user_id, session_id, turn_index, content_hash, device, chapter_id, user_message, companion_response, \
        turn_outcome, created_at, occurred_at, size_bytes, seq
        """

    /// Its index.
    let index: Int64
    /// What tells its content from others.
    let hash: [UInt8]
    /// About how much text it holds.
    let sizeBytes: Int64
    /// When it happened by the server's clock, as far as that is known, in microseconds since 1970.
    let happenedAtMicroseconds: Int64

    private var chapter: String
    private let turn: TurnContent
    private let outcome: String
    private let author: Author

    /// Takes a turn.
    ///
    /// - Throws: `VALIDATION_ERROR` if the client has another hash for it.
    init(_ turn: TurnContent, chapter: String, author: Author, happenedAtMicroseconds: Int64) throws(APIProblem) {
        self.turn = turn
        self.chapter = chapter
        self.author = author
        self.happenedAtMicroseconds = happenedAtMicroseconds
        outcome = turn.turnOutcome.map { String(decoding: $0.compact, as: UTF8.self) } ?? "{}"
        index = turn.turnIndex
        hash = ContentHash.turn(
            userMessage: turn.userMessage, companionResponse: turn.companionResponse, outcome: turn.turnOutcome)
        sizeBytes = Int64(turn.userMessage.utf8.count + turn.companionResponse.utf8.count + outcome.utf8.count)
        if let wanted = turn.contentHash, wanted != hash {
            throw APIProblem(.validationError, "content_hash: not the hash of this turn")
        }
    }

    /// The same turn in a chapter.
    func of(chapter: String) -> TurnRow {
        var row = self
        row.chapter = chapter
        return row
    }

    /// All columns of `names`.
    func columns(in session: SessionID, _ sequence: Int64) -> SQLArguments {
        [
            author.user.text, session.text, index, hash, author.device, chapter, turn.userMessage,
            turn.companionResponse, outcome, author.nowMicroseconds, turn.occurredAtMicroseconds, sizeBytes, sequence,
        ]
    }
}

extension TurnRecord {
    /// The columns that a record is read from, in its order.
    static let columns = """
        turn_index, user_message, companion_response, turn_outcome, created_at, occurred_at, content_hash, device
        """

    /// Reads a row of `columns`.
    init(row: SQLRow) throws {
        let outcome: String = try row[3]
        self.init(
            turnIndex: try row[0], userMessage: try row[1], companionResponse: try row[2],
            turnOutcome: Array(outcome.utf8), createdAtMicroseconds: try row[4])
        occurredAtMicroseconds = try row[5]
        let hash: [UInt8] = try row[6]
        contentHash = hash.hexadecimal
        deviceID = try row[7]
    }
}
