/// A value as a database keeps it.
enum SQLValue: Sendable, Equatable {
    /// No value.
    case null
    /// A whole number; also a truth value, as 0 or 1.
    case integer(Int64)
    /// A text without U+0000.
    case text(String)
    /// Bytes.
    case bytes([UInt8])
}

/// What a statement takes as an argument and gives as a column.
protocol SQLConvertible: Sendable {
    /// The value as a database keeps it.
    var sqlValue: SQLValue { get }

    /// Reads a value that a database gave; nil if it is of another kind.
    init?(sqlValue: SQLValue)
}

/// The arguments of a statement, in the order of their numbers.
typealias SQLArguments = [any SQLConvertible]

extension Int64: SQLConvertible {
    var sqlValue: SQLValue { .integer(self) }

    init?(sqlValue: SQLValue) {
        guard case .integer(let number) = sqlValue else { return nil }
        self = number
    }
}

extension Int: SQLConvertible {
    var sqlValue: SQLValue { .integer(Int64(self)) }

    init?(sqlValue: SQLValue) {
        guard case .integer(let number) = sqlValue, let value = Int(exactly: number) else { return nil }
        self = value
    }
}

extension Bool: SQLConvertible {
    var sqlValue: SQLValue { .integer(self ? 1 : 0) }

    init?(sqlValue: SQLValue) {
        guard case .integer(let number) = sqlValue else { return nil }
        self = number != 0
    }
}

extension String: SQLConvertible {
    var sqlValue: SQLValue { .text(self) }

    init?(sqlValue: SQLValue) {
        guard case .text(let text) = sqlValue else { return nil }
        self = text
    }
}

extension Array: SQLConvertible where Element == UInt8 {
    var sqlValue: SQLValue { .bytes(self) }

    init?(sqlValue: SQLValue) {
        guard case .bytes(let bytes) = sqlValue else { return nil }
        self = bytes
    }
}

extension Optional: SQLConvertible where Wrapped: SQLConvertible {
    var sqlValue: SQLValue { self?.sqlValue ?? .null }

    init?(sqlValue: SQLValue) {
        guard sqlValue != .null else {
            self = .none
            return
        }
        guard let value = Wrapped(sqlValue: sqlValue) else { return nil }
        self = .some(value)
    }
}

/// A row that a statement gave.
struct SQLRow: Sendable {
    /// Its columns, in the order of the statement.
    let values: [SQLValue]

    /// The column of a number, from 0.
    ///
    /// - Throws: `SQLFailure.unexpectedValue` if there is none, or one of another kind.
    subscript<Value: SQLConvertible>(column: Int) -> Value {
        get throws {
            guard values.indices.contains(column), let value = Value(sqlValue: values[column]) else {
                throw SQLFailure.unexpectedValue(column: column)
            }
            return value
        }
    }
}
