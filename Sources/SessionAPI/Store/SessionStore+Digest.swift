import SessionModels

/// What tells whether two copies of a session are the same.
struct DigestAnswer: Sendable {
    /// The session.
    let session: SessionRecord
    /// The sum of its turns.
    let digest: SessionDigest
    /// The indexes that have turns.
    let ranges: [ClosedRange<Int64>]
    /// The memory, or nil.
    let memory: DocumentRecord?
    /// The report, or nil.
    let report: DocumentRecord?
    /// The hash of each turn, or nil if nobody asked.
    let hashes: [(index: Int64, hash: [UInt8])]?

    /// The answer's body.
    var json: JSONOutput {
        var members: [(String, JSONOutput)] = [
            ("seq", .integer(session.sequence)), ("turn_count", .integer(session.turnCount)),
            ("ranges", .ranges(ranges)), ("digest", .string(digest.bytes.hexadecimal)),
            ("memory", Self.json(of: memory)), ("report", Self.json(of: report)),
        ]
        if let hashes {
            members.append(("hashes", .object(hashes.map { (String($0.index), .string($0.hash.hexadecimal)) })))
        }
        return .object(members)
    }

    private static func json(of document: DocumentRecord?) -> JSONOutput {
        guard let document else { return .null }
        return .object([
            ("hash", .string(document.hash)), ("as_of_turn", .optional(document.asOfTurn)),
            ("etag", .string(document.etag)),
        ])
    }
}

extension SessionStore {
    /// What tells whether a copy of a session is the stored one.
    ///
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`.
    func digest(of id: SessionID, _ user: UserID, withHashes: Bool) async throws -> DigestAnswer {
        try await read { database in
            let session = try database.session(id, of: user)
            let gaps = try database.gaps(of: session, user, limit: SessionLimits.turnsPerSession)
            var ranges: [ClosedRange<Int64>] = []
            if var lowest = session.minIndex, let highest = session.maxIndex {
                for gap in gaps {
                    ranges.append(lowest...gap.lowerBound - 1)
                    lowest = gap.upperBound + 1
                }
                ranges.append(lowest...highest)
            }
            var hashes: [(index: Int64, hash: [UInt8])]?
            if withHashes {
                hashes = try database.allRows(
                    """
                    SELECT turn_index, content_hash FROM turns WHERE user_id = ? AND session_id = ?
                    ORDER BY turn_index
                    """, [user.text, id.text]
                ).map { (try $0[0], try $0[1]) }
            }
            return DigestAnswer(
                session: session, digest: try database.digest(of: session, user), ranges: ranges,
                memory: try database.document(.memory, of: id, user)?.record,
                report: try database.document(.report, of: id, user)?.record, hashes: hashes)
        }
    }
}
