import Logging

/// Accounts, sessions and files: the rules that hold between them, on either database.
///
/// Each change is one transaction that begins with the user's next number. Source: session-api.md 5.1 and 6.
package final class SessionStore: Sendable {
    /// Who may look at a file's object and act on what was seen.
    let keyTurns = KeyTurns()

    private let database: any SessionDatabase

    /// A store in a database whose schema is up to date.
    init(database: any SessionDatabase) {
        self.database = database
    }

    /// Opens a store in one SQLite file, makes it if there is none, and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist and belong to this process alone.
    ///   - logger: told once if the disk or the file fails.
    ///   - onFatalFailure: called after that; the process should exit, since no write is taken any more.
    /// - Throws: an error of SQLite, or `SessionStoreError` if a setting does not hold.
    package convenience init(
        path: String, logger: Logger, onFatalFailure: @escaping @Sendable () -> Void = {}
    ) throws {
        self.init(database: try SQLiteDatabase(path: path, logger: logger, onFatalFailure: onFatalFailure))
    }

    /// Copies the store, as it is at one moment, into a file that is empty.
    ///
    /// - Throws: `SessionStoreError.cannotBackUp` if the store is not a file of ours.
    package func backUp(to path: String) throws {
        try database.backUp(to: path)
    }

    /// Closes the store; nothing may use it after that.
    package func shutDown() throws {
        try database.shutDown()
    }

    /// Runs a write and returns its value when it is durable; `weightBytes` is about how much text it brings.
    func write<Value: Sendable>(
        weightBytes: Int = 0, _ body: @escaping @Sendable (any SQLConnection) throws -> Completion<Value>
    ) async throws -> Value {
        try await database.write(weightBytes: weightBytes, body)
    }

    /// Runs reads that all see one snapshot.
    func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value {
        try await database.read(body)
    }
}

/// Why a session store does not open.
package enum SessionStoreError: Error, Equatable {
    /// The file can be neither opened nor made.
    case cannotOpen
    /// The database does not keep a setting that durability rests on.
    case settingDoesNotHold(String)
    /// The schema is newer than this program.
    case unknownSchema(String)
    /// The database is not a file of ours, so that its own tools copy it.
    case cannotBackUp
}
