import GRDB
import GRDBSQLite

/// A copy of the database, made a few pages at a time through the connection that commits.
///
/// SQLite brings what was copied already up to date with every commit of that connection, so that commits go on between
/// the steps, and the copy is the state of the moment in which the last step ends.
///
/// It is `@unchecked Sendable` because its connections are touched by `begin`, `step`, `finish` and `end` alone, which
/// are called one after the other on the committer's thread.
final class DatabaseCopy: @unchecked Sendable {
    /// How many pages are copied while writers wait.
    private static let pagesPerStep: Int32 = 256

    private let path: String
    private var target: OpaquePointer?
    private var backup: OpaquePointer?

    /// Names the file to be made; it must not be there.
    init(path: String) {
        self.path = path
    }

    deinit {
        end()
    }

    /// Opens the target and begins; on the committer's thread.
    func begin(_ database: Database) throws {
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW
        try check(sqlite3_open_v2(path, &target, flags, nil))
        backup = sqlite3_backup_init(target, "main", database.sqliteConnection, "main")
        guard backup != nil else { throw failure(sqlite3_errcode(target)) }
    }

    /// Copies the next pages; on the committer's thread.
    ///
    /// - Returns: how many pages are copied, how many there are, and whether the copy is whole.
    func step() throws -> (copied: Int64, all: Int64, isDone: Bool) {
        let code = sqlite3_backup_step(backup, Self.pagesPerStep)
        guard [SQLITE_OK, SQLITE_DONE, SQLITE_BUSY, SQLITE_LOCKED].contains(code) else { throw failure(code) }
        let all = Int64(sqlite3_backup_pagecount(backup))
        let left = Int64(sqlite3_backup_remaining(backup))
        return (all - left, all, code == SQLITE_DONE)
    }

    /// Ends the copying and makes the copy a file that needs no log; on the committer's thread.
    func finish() throws {
        let code = sqlite3_backup_finish(backup)
        backup = nil
        try check(code)
        try check(sqlite3_exec(target, "PRAGMA journal_mode = DELETE", nil, nil, nil))
        let closed = sqlite3_close(target)
        target = nil
        try check(closed)
    }

    /// Gives everything up; does nothing after `finish()`.
    func end() {
        if backup != nil { sqlite3_backup_finish(backup) }
        if target != nil { sqlite3_close_v2(target) }
        backup = nil
        target = nil
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw failure(code) }
    }

    private func failure(_ code: Int32) -> StoreFailure { StoreFailure.database(resultCode: code) }
}
