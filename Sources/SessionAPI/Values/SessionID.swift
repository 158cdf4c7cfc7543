import OSSKit

/// The id of a session: 1 to 64 letters, digits, `-` and `_`.
package struct SessionID: Hashable, Sendable {
    /// The id as it stands in paths; always ASCII.
    package let text: String

    /// Takes an id from a path.
    ///
    /// - Returns: nil for an id that no session can have.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard (1...64).contains(bytes.count), bytes.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    /// Makes a new id of 32 hexadecimal digits.
    package init(environment: SessionEnvironment) {
        text = Hexadecimal.lower(environment.randomBytes(16))
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
