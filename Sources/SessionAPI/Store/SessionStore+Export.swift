import SessionModels

extension SessionStore {
    /// A whole session in a form to be taken away, from one snapshot; nil if the client has it already.
    ///
    /// Its bytes are made on the thread that reads, since they can be many.
    /// - Throws: `SESSION_NOT_FOUND`, `SESSION_ACCESS_DENIED`, `SESSION_DELETED`.
    func export(
        _ id: SessionID, of user: UserID, as format: SessionExport.Format, unless known: Precondition
    ) async throws -> (session: SessionRecord, bytes: [UInt8]?) {
        try await read { database in
            let session = try database.session(id, of: user)
            guard !known.isKnown(session.etag) else { return (session, nil) }
            let export = SessionExport(
                user: user, session: session, turns: try database.turns(TurnSelection(), of: session, user).turns,
                memory: try database.document(.memory, of: id, user)?.record,
                report: try database.document(.report, of: id, user)?.record,
                agentState: try database.document(.agentState, of: id, user)?.record)
            return (session, try export.bytes(as: format))
        }
    }
}
