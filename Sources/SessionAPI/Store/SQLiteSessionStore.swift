import GRDB
import Logging
import OSSKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Accounts, sessions and files in one SQLite file.
///
/// One connection writes, with a flush before every answer; a pool of others reads snapshots. One process at a time.
/// Source: store.md 1.3; session-api.md 5.1 and 6.
package final class SQLiteSessionStore: Sendable {
    /// The connections that read at the same time.
    private static let readerCount = 4

    /// Who may look at a file's object and act on what was seen.
    let keyTurns = KeyTurns()

    private let pool: DatabasePool
    private let committer: GroupCommitter

    /// Opens the file, makes it if there is none, and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist and belong to this process alone.
    ///   - logger: told once if the disk or the file fails.
    ///   - onFatalFailure: called after that; the process should exit, since no write is taken any more.
    /// - Throws: an error of SQLite, or `SessionStoreError` if a setting does not hold.
    package init(path: String, logger: Logger, onFatalFailure: @escaping @Sendable () -> Void = {}) throws {
        try Self.makeFile(path)
        var configuration = Configuration()
        configuration.maximumReaderCount = Self.readerCount
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.label = "session store"
        configuration.prepareDatabase { database in
            try database.execute(
                sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0")
        }
        pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction(Self.makeDurable)
        try SessionMigrations.migrator.migrate(pool)
        // What the last run left in the log; from here on the committer makes the checkpoints.
        try pool.writeWithoutTransaction { _ = try $0.checkpoint(.passive) }
        committer = GroupCommitter(pool: pool) { error in
            logger.critical("session store failed, no more writes", metadata: ["error": "\(type(of: error))"])
            onFatalFailure()
        }
    }

    /// Copies the database, as it is at one moment, into a file that is empty; writers wait meanwhile.
    ///
    /// The copy is made through the connection that writes, and needs no log beside it.
    package func backUp(to path: String) throws {
        let copy = try DatabaseQueue(path: path)
        try pool.writeWithoutTransaction { database in
            try copy.writeWithoutTransaction { try database.backup(to: $0) }
        }
        try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        try copy.close()
    }

    /// Closes the file; nothing may use the store after that.
    package func shutDown() throws {
        try pool.close()
    }

    /// Runs a write in the next commit; `weightBytes` is about how much text it brings.
    func write<Value: Sendable>(
        weightBytes: Int = 0, _ body: @escaping @Sendable (Database) throws -> Completion<Value>
    ) async throws -> Value {
        do {
            return try await committer.write(weightBytes: weightBytes, body)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            throw APIProblem(.storageFull, "The service has no room left", retryAfterSeconds: 60)
        }
    }

    /// Runs reads that all see one snapshot.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await pool.read(body)
    }

    /// Makes an empty file that only its owner can read; SQLite gives the same mode to the files beside it.
    private static func makeFile(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SessionStoreError.cannotOpen }
        let isPrivate = fchmod(descriptor, 0o600) == 0
        guard close(descriptor) == 0, isPrivate else { throw SessionStoreError.cannotOpen }
    }

    /// Sets what durability rests on, and reads it back: the pool itself sets `synchronous` lower when it opens.
    private static func makeDurable(_ database: Database) throws {
        try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
        let wanted = [
            "synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "trusted_schema": "0",
            "cell_size_check": "1", "wal_autocheckpoint": "0",
        ]
        for (name, value) in wanted {
            let found = try Row.fetchOne(database, sql: "PRAGMA \(name)").map { row -> DatabaseValue in row[0] }
            guard found?.storage.description == value else { throw SessionStoreError.settingDoesNotHold(name) }
        }
    }
}

/// Why a session store does not open.
package enum SessionStoreError: Error, Equatable {
    /// The file can be neither opened nor made.
    case cannotOpen
    /// SQLite does not keep a setting that durability rests on.
    case settingDoesNotHold(String)
}

extension DatabaseValue.Storage {
    fileprivate var description: String {
        switch self {
        case .int64(let number): String(number)
        case .string(let text): text
        case .null, .double, .blob: ""
        }
    }
}

extension Database {
    /// Runs one statement, kept prepared, and returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ arguments: StatementArguments) throws -> Int {
        try cachedStatement(sql: sql).execute(arguments: arguments)
        return changesCount
    }

    /// The first row of a statement, kept prepared, or nil.
    func firstRow(_ sql: String, _ arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
    }

    /// All rows of a statement, kept prepared.
    func allRows(_ sql: String, _ arguments: StatementArguments) throws -> [Row] {
        try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments)
    }

    /// Takes the user's next number; the first statement of every change.
    ///
    /// - Throws: `INVALID_USER` if there is no such user or it may not write.
    func takeSequence(of user: UserID) throws -> Int64 {
        let row = try firstRow(
            "UPDATE users SET seq = seq + 1 WHERE user_id = ? AND status = 'active' RETURNING seq", [user.text])
        guard let row else { throw APIProblem.invalidUser }
        return row[0]
    }
}
