/// What becomes of a write's changes.
enum Completion<Value: Sendable>: Sendable {
    /// They are committed before the value is returned.
    case keep(Value)
    /// They are undone; the value is returned all the same.
    case discard(Value)
}

/// Where accounts, sessions and files are kept: transactions that are durable before they are answered.
///
/// Source: session-api.md 5.1 and 6; store.md 1.3.
protocol SessionDatabase: Sendable {
    /// Runs a write in a transaction and returns its value when it is durable.
    ///
    /// - Parameters:
    ///   - weightBytes: about how much text it brings.
    ///   - body: the statements; it may run more than once, and what it throws undoes all of it.
    /// - Throws: what the body throws; `STORAGE_FULL` or `UNAVAILABLE` if the database cannot take it.
    func write<Value: Sendable>(
        weightBytes: Int, _ body: @escaping @Sendable (any SQLConnection) throws -> Completion<Value>
    ) async throws -> Value

    /// Runs reads that all see one snapshot.
    func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value

    /// Copies the database, as it is at one moment, into a file that is empty.
    ///
    /// - Throws: `SessionStoreError.cannotBackUp` if the database is not a file of ours.
    func backUp(to path: String) throws

    /// Ends all connections; nothing may use the database after that.
    func shutDown() throws
}
