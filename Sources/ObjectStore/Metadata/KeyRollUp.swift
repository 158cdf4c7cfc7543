/// The keys with a prefix, and what those that have a delimiter behind it are rolled up into.
struct KeyRollUp: Sendable {
    /// What all keys begin with.
    let prefix: [UInt8]
    /// What rolls keys up; empty rolls up none.
    let delimiter: [UInt8]

    /// The least byte string after all keys with the prefix; nil if there is none.
    var end: [UInt8]? { Self.successor(of: prefix) }

    /// What a key with the prefix is rolled up into; nil if it is not.
    func commonPrefix(of key: [UInt8]) -> [UInt8]? {
        key.withUnsafeBytes { commonPrefix(of: $0) }
    }

    /// What a key with the prefix is rolled up into; nil if it is not.
    func commonPrefix(of key: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let first = delimiter.first, key.count >= prefix.count else { return nil }
        var place = prefix.count
        while let start = key[place...].firstIndex(of: first) {
            let end = start + delimiter.count
            guard end <= key.count else { return nil }
            if delimiter.count == 1 || key[start..<end].elementsEqual(delimiter) { return Array(key[..<end]) }
            place = start + 1
        }
        return nil
    }

    /// What a place in a list is rolled up into; nil if it is not, or has not the prefix.
    func commonPrefix(around place: [UInt8]) -> [UInt8]? {
        place.starts(with: prefix) ? commonPrefix(of: place) : nil
    }

    /// The least byte string after all those that begin with a prefix; nil if there is none.
    static func successor(of prefix: [UInt8]) -> [UInt8]? {
        var bytes = prefix
        while let last = bytes.popLast() {
            if last < 0xff { return bytes + [last + 1] }
        }
        return nil
    }
}
