import OSSKit
import ObjectStore

/// The conditions of a read, or of the source of a copy.
///
/// Source: oss-wire fact 8.2; what a list of tags and `*` mean is assumption A-006.
struct ReadConditions: Sendable {
    /// What the conditions come to.
    enum Outcome: Equatable, Sendable {
        /// All hold.
        case holds
        /// The client has it already: 304.
        case notModified
    }

    private let ifMatch: String?
    private let ifNoneMatch: String?
    private let ifModifiedSince: String?
    private let ifUnmodifiedSince: String?

    /// Takes the conditions from the headers whose names begin with a prefix, such as `x-oss-copy-source-`.
    init(_ call: OSSCall, prefix: String = "") {
        ifMatch = call.header(prefix + "if-match")
        ifNoneMatch = call.header(prefix + "if-none-match")
        ifModifiedSince = call.header(prefix + "if-modified-since")
        ifUnmodifiedSince = call.header(prefix + "if-unmodified-since")
    }

    /// Judges an object.
    ///
    /// - Throws: `PreconditionFailed`, naming the header that failed.
    func judge(_ object: ObjectRecord) throws(OSSError) -> Outcome {
        let modifiedUnixSeconds = object.lastModifiedMilliseconds / 1_000
        if let ifMatch, !Self.names(object.etag, in: ifMatch) {
            throw OSSError(.preconditionFailed, fields: [("Condition", "If-Match")])
        }
        if let date = ifUnmodifiedSince.flatMap({ HTTPDate.parseAnyForm($0) }), modifiedUnixSeconds > date {
            throw OSSError(.preconditionFailed, fields: [("Condition", "If-Unmodified-Since")])
        }
        if let ifNoneMatch, Self.names(object.etag, in: ifNoneMatch) { return .notModified }
        if let date = ifModifiedSince.flatMap({ HTTPDate.parseAnyForm($0) }), modifiedUnixSeconds <= date {
            return .notModified
        }
        return .holds
    }

    private static func names(_ etag: String, in list: String) -> Bool {
        list.split(separator: ",").contains { piece in
            var tag = piece.drop { $0 == " " }
            while tag.last == " " { tag.removeLast() }
            if tag == "*" { return true }
            if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
            if tag.count >= 2, tag.first == "\"", tag.last == "\"" { tag = tag.dropFirst().dropLast() }
            return tag.uppercased() == etag
        }
    }
}
