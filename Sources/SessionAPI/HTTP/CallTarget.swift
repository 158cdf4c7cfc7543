import OSSKit

/// A request's target, split once and not decoded: the path for the route table, the query for its handler.
struct CallTarget: Sendable {
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

    /// The last value of a query parameter, or nil if it is absent.
    ///
    /// - Throws: `VALIDATION_ERROR` if it is not percent-encoded UTF-8.
    func queryValue(_ name: String) throws(APIProblem) -> String? {
        var found: String?
        for pair in query.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = parts.first.flatMap({ PercentCoding.decodeForm($0) }), key.elementsEqual(name.utf8) else {
                continue
            }
            let value = parts.count == 2 ? PercentCoding.decodeForm(parts[1]) : []
            guard let text = value.flatMap({ String(validating: $0, as: UTF8.self) }) else {
                throw APIProblem(.validationError, "\(name): not percent-encoded UTF-8")
            }
            found = text
        }
        return found
    }
}
