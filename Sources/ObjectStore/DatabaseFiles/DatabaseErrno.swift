import GRDB
import GRDBSQLite
import Glibc

/// Tells why SQLite's own file system could not write, which its result codes do not say.
enum DatabaseErrno {
    /// Whether a quota of the machine is used up, as far as the database's file and its log know.
    ///
    /// Each of them remembers the `errno` of its last failed call; anything else than a quota in either is another matter.
    static func isQuota(_ database: Database) -> Bool {
        let numbers = [SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER].map { lastNumber(of: $0, database) }
        return numbers.contains(EDQUOT) && numbers.allSatisfy { $0 == 0 || $0 == EDQUOT }
    }

    /// The `errno` of the last failed call on a file; 0 if none failed, or nobody remembers.
    private static func lastNumber(of file: Int32, _ database: Database) -> Int32 {
        var pointer: UnsafeMutablePointer<sqlite3_file>?
        guard sqlite3_file_control(database.sqliteConnection, "main", file, &pointer) == SQLITE_OK, let pointer,
            let control = pointer.pointee.pMethods?.pointee.xFileControl
        else { return 0 }
        var number: Int32 = 0
        return control(pointer, SQLITE_FCNTL_LAST_ERRNO, &number) == SQLITE_OK ? number : 0
    }
}
