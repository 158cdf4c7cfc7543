/// One parameter of a query string, its name and value decoded once.
///
/// Names and values are valid UTF-8. They are compared as bytes: Swift calls the Kelvin sign and the letter K equal.
public struct QueryItem: Sendable, Hashable {
    /// The decoded bytes of the name.
    public let nameBytes: [UInt8]
    /// The decoded bytes of the value; nil if the parameter stood without `=`.
    ///
    /// Nothing in the protocol tells a missing value from an empty one.
    public let valueBytes: [UInt8]?

    /// Makes a parameter of texts that are not encoded.
    public init(_ name: String, _ value: String? = nil) {
        nameBytes = Array(name.utf8)
        valueBytes = value.map { Array($0.utf8) }
    }

    init(nameBytes: [UInt8], valueBytes: [UInt8]?) {
        self.nameBytes = nameBytes
        self.valueBytes = valueBytes
    }

    /// The name as text; to compare, use `isNamed(_:)`.
    public var name: String { String(decoding: nameBytes, as: UTF8.self) }

    /// The value as text; empty if there is none.
    public var value: String { String(decoding: valueBytes ?? [], as: UTF8.self) }

    /// Whether the value is missing or empty.
    public var isValueEmpty: Bool { valueBytes?.isEmpty ?? true }

    /// Whether the name is this one, byte for byte.
    public func isNamed(_ wanted: some StringProtocol) -> Bool {
        ASCII.isEqual(nameBytes, wanted)
    }

    /// The value's bytes; none if it is missing.
    var valueOrEmpty: [UInt8] { valueBytes ?? [] }
}
