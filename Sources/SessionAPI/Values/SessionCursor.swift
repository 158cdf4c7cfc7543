import OSSKit

/// Where a page of a list of sessions ended.
///
/// Clients see a text that tells them nothing.
struct SessionCursor: Sendable {
    /// When the last session of the page was written, in microseconds since 1970.
    let lastActiveAtMicroseconds: Int64
    /// That session.
    let session: SessionID

    /// The end of a page.
    init(_ last: SessionRecord) {
        lastActiveAtMicroseconds = last.lastActiveAtMicroseconds
        session = last.id
    }

    /// Reads what a client was given.
    ///
    /// - Throws: `INVALID_CURSOR` for anything else.
    init(_ text: String) throws(APIProblem) {
        let parts = Base64URL.decode(text.utf8)?.split(separator: UInt8(ascii: "."), maxSplits: 2) ?? []
        guard parts.count == 3, parts[0].elementsEqual("1".utf8), let time = DecimalNumber.parse(bytes: parts[1]),
            let session = SessionID(String(decoding: parts[2], as: UTF8.self))
        else { throw .invalidCursor }
        lastActiveAtMicroseconds = time
        self.session = session
    }

    /// The text that a client is given.
    var text: String { Base64URL.encode(Array("1.\(lastActiveAtMicroseconds).\(session.text)".utf8)) }
}
