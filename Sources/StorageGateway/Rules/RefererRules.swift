import OSSKit
import ObjectStore

/// From which pages the objects of a bucket may be fetched by those who have no key of their own.
///
/// Source: oss-wire fact 11.9; what an empty list means, and how much of a referer is compared, is assumption A-082.
struct RefererRules: Sendable {
    private let allowsEmpty: Bool
    private let cutsQuery: Bool
    private let cutsPath: Bool
    private let allowed: [[UInt8]]
    private let denied: [[UInt8]]

    /// Takes the rules of a document.
    init(_ document: RefererConfiguration) {
        allowsEmpty = document.allowsEmptyReferer
        cutsQuery = document.truncatesQueryString ?? true
        cutsPath = document.truncatesPath ?? false
        allowed = document.referers.map { Array($0.utf8) }
        denied = (document.deniedReferers ?? []).map { Array($0.utf8) }
    }

    /// The document with what it leaves to the server.
    static func complete(_ document: RefererConfiguration) -> RefererConfiguration {
        var document = document
        document.truncatesQueryString = document.truncatesQueryString ?? true
        return document
    }

    /// Refuses a request without a signature, or with one in its URL or its form, that comes from the wrong page.
    ///
    /// - Throws: `AccessDenied`.
    static func require(_ call: OSSCall) async throws {
        guard !call.requester.signsInHeader, let name = call.resource.bucket else { return }
        let store = call.store
        let bucket: BucketRecord
        do {
            bucket = try await store.bucket(BucketName(name))
        } catch is OSSError {
            // Whether there has to be a bucket is for the operation to say.
            return
        }
        let found = try await store.configuration(.referer, of: bucket) {
            RefererRules(try RefererConfiguration(document: $0))
        }
        guard let rules = found, !rules.allows(call.request.header("referer") ?? "") else { return }
        throw OSSError(
            .accessDenied, message: "You are denied by bucket referer policy.", fields: [("BucketName", name)])
    }

    /// Whether a request with this referer passes; an empty one is none.
    func allows(_ referer: String) -> Bool {
        guard !referer.isEmpty else { return allowsEmpty || allowed.isEmpty }
        let page = compared(Array(referer.utf8))
        if denied.contains(where: { Self.matches($0, page) }) { return false }
        return allowed.isEmpty || allowed.contains { Self.matches($0, page) }
    }

    /// The part of a referer that is compared.
    private func compared(_ referer: [UInt8]) -> [UInt8] {
        var page = referer[...]
        if cutsQuery, let question = page.firstIndex(of: UInt8(ascii: "?")) { page = page[..<question] }
        guard cutsPath else { return Array(page) }
        let slash = UInt8(ascii: "/")
        // The path begins with the first slash behind the two of `://`.
        var start = page.startIndex
        if let colon = page.firstIndex(of: UInt8(ascii: ":")), page[colon...].starts(with: "://".utf8) {
            start = colon + 3
        }
        guard let path = page[start...].firstIndex(of: slash) else { return Array(page) }
        return Array(page[..<path])
    }

    /// Whether a text is a pattern, in which `*` stands for any text and `?` for one character.
    private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var (place, position) = (0, 0)
        // Where the last `*` stood, and how far the text had come then: the only place to go back to.
        var star: (place: Int, position: Int)?
        while position < text.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = (place, position)
                place += 1
            } else if place < pattern.count,
                pattern[place] == UInt8(ascii: "?") || pattern[place] == text[position]
            {
                place += 1
                position += 1
            } else if let back = star {
                star = (back.place, back.position + 1)
                (place, position) = (back.place + 1, back.position + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
