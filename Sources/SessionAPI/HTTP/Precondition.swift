/// What a document must be for a change of it to be made, or not be for an answer to hold it.
///
/// Tags are compared without `W/`, which a proxy that compresses puts before them. Source: RFC 9110, section 13.
struct Precondition: Sendable {
    /// The tags of `If-Match`, or nil without one.
    private let wanted: [String]?
    /// The tags of `If-None-Match`, or nil without one.
    private let unwanted: [String]?

    /// No condition, or those of two headers.
    init(ifMatch: String? = nil, ifNoneMatch: String? = nil) {
        wanted = ifMatch.map(Self.tags)
        unwanted = ifNoneMatch.map(Self.tags)
    }

    /// Whether everything is allowed.
    var isEmpty: Bool { wanted == nil && unwanted == nil }

    /// Whether the client has what it would get.
    func isKnown(_ etag: String) -> Bool {
        unwanted.map { Self.matches($0, etag) } ?? false
    }

    /// Judges a change of what has that tag, or of what is not there.
    ///
    /// - Throws: `PRECONDITION_FAILED` with the tag.
    func check(_ etag: String?) throws(APIProblem) {
        let isWanted = wanted.map { Self.matches($0, etag) } ?? true
        let isUnwanted = unwanted.map { Self.matches($0, etag) } ?? false
        guard isWanted, !isUnwanted else { throw .preconditionFailed(etag) }
    }

    private static func matches(_ tags: [String], _ etag: String?) -> Bool {
        guard let etag else { return false }
        return tags.contains { $0 == "*" || $0.utf8.elementsEqual(etag.utf8) }
    }

    private static func tags(_ header: String) -> [String] {
        header.split(separator: ",").map { part in
            var bytes = Array(part.utf8)[...]
            while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
            while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
            if bytes.starts(with: "W/".utf8) { bytes = bytes.dropFirst(2) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
