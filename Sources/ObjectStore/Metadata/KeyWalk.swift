import GRDB
import GRDBSQLite

/// A query over keys that is stepped through row by row, and begun anew at another key for a few microseconds.
///
/// Its rows are read where SQLite has them, without an object and a conversion for each column: a page of a list is a
/// thousand rows. Whoever walks calls `end` before anything else uses the connection's statement of this text.
struct KeyWalk {
    /// Has SQLite copy what is bound.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    /// Keeps `handle` alive, as the connection does.
    private let statement: Statement
    private let handle: SQLiteStatement
    private let database: Database

    /// Prepares a query whose arguments are a bucket's number, the first key and the first key no more, in that order.
    init(sql: String, in database: Database) throws {
        self.database = database
        statement = try database.cachedStatement(sql: sql)
        handle = statement.sqliteStatement
    }

    /// Goes before the first row at or behind a key.
    func begin(inBucket bucketID: Int64, from start: [UInt8], to end: [UInt8]) throws {
        sqlite3_reset(handle)
        try require(sqlite3_bind_int64(handle, 1, bucketID))
        try bind(start, at: 2)
        try bind(end, at: 3)
    }

    /// Goes to the next row; false if there is none.
    func next() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code)
        }
    }

    /// Gives the rows back; the walk can begin again.
    func end() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    // MARK: The row

    /// The bytes of a column, which are there until the next step; empty for NULL.
    func withBytes<Value>(at column: CInt, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        let start = sqlite3_column_blob(handle, column)
        let count = start == nil ? 0 : Int(sqlite3_column_bytes(handle, column))
        return try body(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// The number in a column.
    func integer(at column: CInt) -> Int64 { sqlite3_column_int64(handle, column) }

    /// The number in a column; nil for NULL.
    func integerIfAny(at column: CInt) -> Int64? {
        sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : integer(at: column)
    }

    /// The text in a column.
    func text(at column: CInt) -> String {
        // Asked for first, so that the bytes are those of a text in UTF-8.
        let start = sqlite3_column_text(handle, column)
        let count = start == nil ? 0 : Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    private func bind(_ bytes: [UInt8], at index: CInt) throws {
        try bytes.withUnsafeBytes { buffer in
            // Without an address SQLite would bind NULL.
            guard let start = buffer.baseAddress, !buffer.isEmpty else {
                return try require(sqlite3_bind_zeroblob(handle, index, 0))
            }
            try require(sqlite3_bind_blob(handle, index, start, CInt(buffer.count), Self.copied))
        }
    }

    private func require(_ code: CInt) throws {
        if code != SQLITE_OK { throw failure(code) }
    }

    private func failure(_ code: CInt) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: database.sqliteConnection.map { String(cString: sqlite3_errmsg($0)) })
    }
}
