import Foundation
import GRDB
import GRDBSQLite
import Glibc

/// A value that SQLite takes as it is.
protocol BareValue {
    /// Sets an argument of a statement, and returns SQLite's result code.
    func bind(to handle: SQLiteStatement, at index: CInt) -> CInt
}

/// Statements that run a hundred times in a commit, or return a thousand rows: their values go to SQLite and come back
/// without an object for each, and without a list of arguments that is checked and converted.
///
/// SQLite's own hooks see them as any others. A statement is used by one caller at a time.
extension Statement {
    /// Runs a statement that returns no rows.
    func run<each Value: BareValue>(_ values: repeat each Value) throws {
        defer { end() }
        try begin(repeat each values)
        _ = try next()
    }

    /// The first row of a query; nil if there is none.
    ///
    /// - Parameter read: takes what it needs out of the row, which is gone afterwards.
    func first<each Value: BareValue, Result>(
        _ values: repeat each Value, read: (BareRow) throws -> Result
    ) throws -> Result? {
        defer { end() }
        try begin(repeat each values)
        return try next() ? try read(BareRow(handle: sqliteStatement)) : nil
    }

    /// Sets the arguments of a query and goes before its first row; `end` must follow, whatever becomes of it.
    func begin<each Value: BareValue>(_ values: repeat each Value) throws {
        let handle = sqliteStatement
        sqlite3_reset(handle)
        var index: CInt = 0
        for value in repeat each values {
            index += 1
            let code = value.bind(to: handle, at: index)
            if code != SQLITE_OK { throw failure(code) }
        }
    }

    /// Goes to the next row; false if there is none.
    func next() throws -> Bool {
        switch sqlite3_step(sqliteStatement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code)
        }
    }

    /// The row that `next` went to, which is there until the next step.
    var row: BareRow { BareRow(handle: sqliteStatement) }

    /// Gives rows and arguments back; the statement can begin again.
    func end() {
        sqlite3_reset(sqliteStatement)
        sqlite3_clear_bindings(sqliteStatement)
    }

    private func failure(_ code: CInt) -> DatabaseError {
        let message = sqlite3_db_handle(sqliteStatement).map { String(cString: sqlite3_errmsg($0)) }
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }
}

/// The row that a statement stands at, read where SQLite has it.
struct BareRow {
    fileprivate let handle: SQLiteStatement

    /// The bytes of a column, which are there until the next step; empty for NULL.
    func withBytes<Value>(at column: CInt, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        let start = sqlite3_column_blob(handle, column)
        let count = start == nil ? 0 : Int(sqlite3_column_bytes(handle, column))
        return try body(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// A copy of the bytes of a column; empty for NULL.
    func bytes(at column: CInt) -> [UInt8] { withBytes(at: column) { Array($0) } }

    /// The number in a column; 0 for NULL.
    func integer(at column: CInt) -> Int64 { sqlite3_column_int64(handle, column) }

    /// The number in a column; nil for NULL.
    func integerIfAny(at column: CInt) -> Int64? { isNull(at: column) ? nil : integer(at: column) }

    /// The text in a column; empty for NULL.
    func text(at column: CInt) -> String {
        // Asked for first, so that the bytes are those of a text in UTF-8.
        let start = sqlite3_column_text(handle, column)
        let count = start == nil ? 0 : Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// The text in a column; nil for NULL.
    func textIfAny(at column: CInt) -> String? { isNull(at: column) ? nil : text(at: column) }

    private func isNull(at column: CInt) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
}

// MARK: - Values

extension UnsafeRawBufferPointer {
    /// A copy of bytes for SQLite, which frees it; nil without memory.
    fileprivate func copied() -> UnsafeMutableRawPointer? {
        guard let copy = malloc(Swift.max(1, count)) else { return nil }
        if let baseAddress { copy.copyMemory(from: baseAddress, byteCount: count) }
        return copy
    }

    fileprivate func bindBlob(to handle: SQLiteStatement, at index: CInt) -> CInt {
        guard let copy = copied() else { return SQLITE_NOMEM }
        return sqlite3_bind_blob64(handle, index, copy, UInt64(count), free)
    }

    fileprivate func bindText(to handle: SQLiteStatement, at index: CInt) -> CInt {
        guard let copy = copied() else { return SQLITE_NOMEM }
        let characters = copy.assumingMemoryBound(to: CChar.self)
        return sqlite3_bind_text64(handle, index, characters, UInt64(count), free, UInt8(SQLITE_UTF8))
    }
}

extension Int64: BareValue {
    func bind(to handle: SQLiteStatement, at index: CInt) -> CInt { sqlite3_bind_int64(handle, index, self) }
}

extension Int: BareValue {
    func bind(to handle: SQLiteStatement, at index: CInt) -> CInt { sqlite3_bind_int64(handle, index, Int64(self)) }
}

extension Bool: BareValue {
    func bind(to handle: SQLiteStatement, at index: CInt) -> CInt { sqlite3_bind_int64(handle, index, self ? 1 : 0) }
}

extension String: BareValue {
    func bind(to handle: SQLiteStatement, at index: CInt) -> CInt {
        var text = self
        return text.withUTF8 { UnsafeRawBufferPointer($0).bindText(to: handle, at: index) }
    }
}

extension [UInt8]: BareValue {
    func bind(to handle: SQLiteStatement, at index: CInt) -> CInt {
        withUnsafeBytes { $0.bindBlob(to: handle, at: index) }
    }
}

extension Data: BareValue {
    func bind(to handle: SQLiteStatement, at index: CInt) -> CInt {
        withUnsafeBytes { $0.bindBlob(to: handle, at: index) }
    }
}

extension Optional: BareValue where Wrapped: BareValue {
    func bind(to handle: SQLiteStatement, at index: CInt) -> CInt {
        self?.bind(to: handle, at: index) ?? sqlite3_bind_null(handle, index)
    }
}
