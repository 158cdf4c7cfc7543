/// A request's target, split once and not decoded: the path for the route table, the query for its handler.
struct RequestTarget: Sendable {
    /// The path's bytes without a trailing slash, percent-encoded as they came.
    let path: ArraySlice<UInt8>
    private let query: ArraySlice<UInt8>

    /// Splits a target in origin form.
    init(_ target: String) {
        let bytes = Array(target.utf8)
        let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        let path = bytes[..<end]
        self.path = path.count > 1 && path.last == UInt8(ascii: "/") ? path.dropLast() : path
        query = bytes[end...].dropFirst()
    }

    /// The last value of a query parameter, or nil if it is absent or cannot be decoded.
    func queryValue(_ name: String) -> String? {
        var found: String?
        for pair in query.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = parts.first.flatMap({ PercentEncoding.decode($0, plusIsBlank: true) }) else { continue }
            guard key.utf8.elementsEqual(name.utf8) else { continue }
            found = parts.count == 2 ? PercentEncoding.decode(parts[1], plusIsBlank: true) : ""
        }
        return found
    }
}

/// The one place where percent-encoding is undone.
enum PercentEncoding {
    /// The text of encoded bytes, or nil for a bad escape or bytes that are not UTF-8.
    static func decode(_ bytes: ArraySlice<UInt8>, plusIsBlank: Bool = false) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(plusIsBlank && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
