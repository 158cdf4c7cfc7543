/// A connection to the database of sessions, inside a transaction.
///
/// The same statements run on SQLite and on PostgreSQL, so they keep to what both understand: placeholders `?` or `?1`
/// (not mixed), `INSERT … ON CONFLICT`, `RETURNING`; no functions but those of the SQL standard (`CASE` and not `iif`
/// or a `max` of two values), sums cast to `BIGINT`, derived tables with a name, no column beside a `GROUP BY`.
protocol SQLConnection {
    /// Runs one statement, kept prepared, and returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ arguments: SQLArguments) throws -> Int

    /// All rows of a statement, kept prepared; one that changes something is carried out in full.
    func allRows(_ sql: String, _ arguments: SQLArguments) throws -> [SQLRow]
}

extension SQLConnection {
    /// The first row of a statement, or nil.
    func firstRow(_ sql: String, _ arguments: SQLArguments) throws -> SQLRow? {
        try allRows(sql, arguments).first
    }

    /// Takes the user's next number; the first statement of every change.
    ///
    /// The user's row is locked until the transaction ends, so that the changes of one user are in one order.
    /// - Throws: `INVALID_USER` if there is no such user or it may not write.
    func takeSequence(of user: UserID) throws -> Int64 {
        let row = try firstRow(
            "UPDATE users SET seq = seq + 1 WHERE user_id = ? AND status = 'active' RETURNING seq", [user.text])
        guard let row else { throw APIProblem.invalidUser }
        return try row[0]
    }
}

/// Why the database could not do what it was told.
enum SQLFailure: Error, Sendable, Equatable {
    /// A column holds what the statement's reader did not expect.
    case unexpectedValue(column: Int)
    /// There is no room left.
    case full
    /// A rule of the schema forbids it; with the name that the database gives.
    case constraint(String)
    /// The database cannot be reached, or has too much to do.
    case unavailable
    /// Anything else, with the database's own code.
    case refused(code: String)
}
