import OSSKit

/// The id of a user: a UUID in lower case.
package struct UserID: Hashable, Sendable, CustomStringConvertible {
    /// The id as it stands in tokens, keys and answers; always ASCII.
    package let text: String

    /// Takes an id from outside.
    ///
    /// - Returns: nil for anything but 36 characters `8-4-4-4-12` of `0-9a-f`.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        for (index, byte) in bytes.enumerated() {
            let isDash = [8, 13, 18, 23].contains(index)
            guard isDash ? byte == UInt8(ascii: "-") : Self.isHexadecimal(byte) else { return nil }
        }
        self.text = String(text)
    }

    /// Makes a new id (version 4) from 16 random bytes.
    package init(environment: SessionEnvironment) {
        var bytes = environment.randomBytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array(Hexadecimal.lower(bytes))
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
        text = groups.joined(separator: "-")
    }

    package var description: String { text }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
            || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"))
    }
}
