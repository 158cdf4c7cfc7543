import OSSKit
import SessionModels

/// The kinds of documents of a session.
enum DocumentKind: String, Sendable, CaseIterable {
    case memory, report
    case agentState = "agent_state"

    /// The letter that ETags of the kind begin with.
    var tagLetter: String {
        switch self {
        case .memory: "m"
        case .report: "r"
        case .agentState: "a"
        }
    }

    /// What a change of the kind is called in the list of changes.
    var changeKind: String { self == .report ? "report" : "memory" }
}

/// A document to be put.
struct DocumentBody: Sendable {
    /// What it is.
    let kind: DocumentKind
    /// The content as it is stored.
    let text: String
    /// What tells one content from another, 32 bytes.
    let hash: [UInt8]

    /// A JSON document, kept as it was sent.
    init(_ kind: DocumentKind, _ value: JSONValue) {
        self.kind = kind
        text = String(decoding: value.compact, as: UTF8.self)
        hash = ContentHash.document(value)
    }

    /// A content that was stored before.
    init(_ kind: DocumentKind, text: String, hash: [UInt8]) {
        self.kind = kind
        self.text = text
        self.hash = hash
    }

    /// A text.
    init(_ kind: DocumentKind, text: String) {
        self.kind = kind
        self.text = text
        hash = ContentHash.text(text)
    }
}

/// When a document takes the place of the stored one.
///
/// Source: session-api.md 5.3.
struct DocumentRule: Sendable {
    /// What the stored one must be; decides alone where it says something.
    var condition = Precondition()
    /// The turn up to which the document reaches, or nil if its writer did not say.
    var asOfTurn: Int64?
    /// Whether its writer must say how it knows what it replaces.
    var isStrict = false
}

/// What became of a document that was put.
struct DocumentOutcome: Sendable {
    /// Whether it is what is stored now.
    let isApplied: Bool
    /// What is stored now.
    let stored: DocumentRecord

    /// The members of an answer about it.
    var members: [(String, JSONOutput)] {
        var members: [(String, JSONOutput)] = [("applied", .boolean(isApplied))]
        if !isApplied { members.append(("reason", "superseded")) }
        return members + [("etag", .string(stored.etag)), ("as_of_turn", .optional(stored.asOfTurn))]
    }
}

/// A stored document with what decides whether another one takes its place.
struct StoredDocument: Sendable {
    /// The document.
    let record: DocumentRecord
    /// What tells its content from others.
    let hash: [UInt8]
    /// The turn up to which it is taken to reach; -1 for none.
    let reachesTurn: Int64
}

extension SQLConnection {
    /// A document of a session, or nil if none was ever put.
    func document(_ kind: DocumentKind, of session: SessionID, _ user: UserID) throws -> StoredDocument? {
        try firstRow(
            """
            SELECT body, hash, as_of_turn, seq, device, updated_at, reaches_turn FROM documents
            WHERE user_id = ? AND session_id = ? AND kind = ?
            """, [user.text, session.text, kind.rawValue]
        ).map { try StoredDocument(kind, row: $0) }
    }

    /// Stores a document in place of any other.
    func write(
        _ document: DocumentBody, in session: SessionID, reaching turns: (asOf: Int64?, reaches: Int64),
        _ sequence: Int64, by author: Author
    ) throws {
        try run(
            """
            INSERT INTO documents
                (user_id, session_id, kind, body, hash, as_of_turn, reaches_turn, seq, device, updated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (user_id, session_id, kind) DO UPDATE SET body = excluded.body, hash = excluded.hash,
                as_of_turn = excluded.as_of_turn, reaches_turn = excluded.reaches_turn, seq = excluded.seq,
                device = excluded.device, updated_at = excluded.updated_at
            """,
            [
                author.user.text, session.text, document.kind.rawValue, document.text, document.hash, turns.asOf,
                turns.reaches, sequence, author.device, author.nowMicroseconds,
            ])
    }

    /// Keeps the stored document as a version, and the newest versions only.
    func keepVersion(of kind: DocumentKind, in session: SessionID, _ user: UserID) throws {
        let names: SQLArguments = [user.text, session.text, kind.rawValue]
        try run(
            """
            INSERT INTO document_versions
                (user_id, session_id, kind, seq, body, hash, as_of_turn, reaches_turn, device, updated_at)
            SELECT user_id, session_id, kind, seq, body, hash, as_of_turn, reaches_turn, device, updated_at
            FROM documents WHERE user_id = ? AND session_id = ? AND kind = ?
            """, names)
        try run(
            """
            DELETE FROM document_versions WHERE user_id = ?1 AND session_id = ?2 AND kind = ?3 AND seq <= (
                SELECT seq FROM document_versions WHERE user_id = ?1 AND session_id = ?2 AND kind = ?3
                ORDER BY seq DESC LIMIT 1 OFFSET ?4)
            """, names + [SessionLimits.versionsPerDocument])
    }
}

extension StoredDocument {
    /// Reads a row of body, hash, as_of_turn, seq, device, updated_at, reaches_turn.
    init(_ kind: DocumentKind, row: SQLRow) throws {
        hash = try row[1]
        reachesTurn = try row[6]
        record = DocumentRecord(
            tagLetter: kind.tagLetter, body: try row[0], hash: hash.hexadecimal, asOfTurn: try row[2],
            sequence: try row[3], deviceID: try row[4], updatedAtMicroseconds: try row[5])
    }
}

extension [UInt8] {
    /// The bytes as lower-case hexadecimal digits.
    var hexadecimal: String { Hexadecimal.lower(self) }
}
