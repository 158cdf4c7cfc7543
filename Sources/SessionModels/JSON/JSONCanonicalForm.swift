/// The form of a JSON value that only hashing sees.
///
/// Two texts that a parser takes for the same value have one canonical form, so that a client which reads and rewrites
/// its JSON does not look like a conflict: names sorted by bytes, the last of doubled names, least escapes, numbers as
/// coefficient and exponent. Source: session-api.md 5.10.
package enum JSONCanonicalForm {
    /// The canonical bytes of a value.
    package static func bytes(of value: JSONValue) -> [UInt8] {
        var bytes: [UInt8] = []
        write(value, to: &bytes)
        return bytes
    }

    private static func write(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value.kind {
        case .null, .boolean: bytes.append(contentsOf: value.compact)
        case .string: JSONOutput.write(value.string ?? "", to: &bytes)
        case .number: bytes.append(contentsOf: canonicalNumber(value.compact))
        case .array: writeArray(value.elements ?? [], to: &bytes)
        case .object: writeObject(value.members ?? [], to: &bytes)
        }
    }

    private static func writeArray(_ elements: [JSONValue], to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(element, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private static func writeObject(_ members: [JSONValue.Member], to bytes: inout [UInt8]) {
        var lastByName: [[UInt8]: JSONValue] = [:]
        for member in members { lastByName[Array(member.name.utf8)] = member.value }
        bytes.append(UInt8(ascii: "{"))
        let sorted = lastByName.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (index, member) in sorted.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            JSONOutput.write(String(decoding: member.key, as: UTF8.self), to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            write(member.value, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static func canonicalNumber(_ token: ArraySlice<UInt8>) -> [UInt8] {
        guard let number = JSONNumber(token) else { return Array(token) }
        guard !number.digits.isEmpty else { return [UInt8(ascii: "0")] }
        let sign: [UInt8] = number.isNegative ? [UInt8(ascii: "-")] : []
        return sign + number.digits + Array("e\(number.exponent)".utf8)
    }
}
