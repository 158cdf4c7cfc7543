import Foundation
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

/// The database of sessions in one SQLite file.
///
/// One connection writes, with a flush before every answer; a pool of others reads snapshots. One process at a time.
/// Source: store.md 1.3; session-api.md 5.1 and 6.
final class SQLiteDatabase: SessionDatabase {
    /// The connections that read at the same time.
    private static let readerCount = 4

    private let pool: DatabasePool
    private let committer: GroupCommitter

    /// Opens the file, makes it if there is none, and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist and belong to this process alone.
    ///   - logger: told once if the disk or the file fails.
    ///   - onFatalFailure: called after that; the process should exit, since no write is taken any more.
    /// - Throws: an error of SQLite, or `SessionStoreError` if a setting does not hold.
    init(path: String, logger: Logger, onFatalFailure: @escaping @Sendable () -> Void) throws {
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
        try SessionSchema.migrator.migrate(pool)
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
    func backUp(to path: String) throws {
        let copy = try DatabaseQueue(path: path)
        try pool.writeWithoutTransaction { database in
            try copy.writeWithoutTransaction { try database.backup(to: $0) }
        }
        try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        try copy.close()
    }

    /// Closes the file; nothing may use the store after that.
    func shutDown() throws {
        try pool.close()
    }

    /// Runs a write in the next commit.
    func write<Value: Sendable>(
        weightBytes: Int, _ body: @escaping @Sendable (any SQLConnection) throws -> Completion<Value>
    ) async throws -> Value {
        do {
            return try await committer.write(weightBytes: weightBytes, body)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            throw APIProblem(.storageFull, "The service has no room left", retryAfterSeconds: 60)
        }
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value {
        try await pool.read { try body(SQLiteConnection(database: $0)) }
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

extension DatabaseValue.Storage {
    fileprivate var description: String {
        switch self {
        case .int64(let number): String(number)
        case .string(let text): text
        case .null, .double, .blob: ""
        }
    }
}

/// A connection to the file, inside a transaction.
struct SQLiteConnection: SQLConnection {
    /// The connection of the library.
    let database: Database

    func run(_ sql: String, _ arguments: SQLArguments) throws -> Int {
        try database.cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments.map(\.databaseValue)))
        return database.changesCount
    }

    func allRows(_ sql: String, _ arguments: SQLArguments) throws -> [SQLRow] {
        let statement = try database.cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: StatementArguments(arguments.map(\.databaseValue)))
        var found: [SQLRow] = []
        while let row = try rows.next() {
            found.append(SQLRow(values: row.databaseValues.map(SQLValue.init)))
        }
        return found
    }
}

extension SQLConvertible {
    fileprivate var databaseValue: DatabaseValue {
        switch sqlValue {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .bytes(let bytes): Data(bytes).databaseValue
        }
    }
}

extension SQLValue {
    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let number): self = .integer(number)
        case .string(let text): self = .text(text)
        case .blob(let bytes): self = .bytes([UInt8](bytes))
        // No column of ours is a fraction: it is what no reader expects.
        case .double(let number): self = .text(String(number))
        }
    }
}
