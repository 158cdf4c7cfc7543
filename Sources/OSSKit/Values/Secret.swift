/// A text that opens a door: an access key secret, a token, a password.
///
/// It prints as `<redacted>` and compares in constant time. The only way to the text is `reveal()`.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    /// Wraps a secret text.
    public init(_ text: String) {
        self.text = text
    }

    /// The text itself, for a signer or for the file that keeps it.
    public func reveal() -> String { text }

    /// The length of the text in UTF-8 bytes.
    public var lengthBytes: Int { text.utf8.count }

    public var description: String { "<redacted>" }
    public var debugDescription: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
///
/// The only comparison that this project uses for signatures, digests of tokens and secrets.
@inlinable
public func equalInConstantTime(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    // Bytes that lie side by side, as those of arrays and texts do, are compared many at a time.
    let found = left.withContiguousStorageIfAvailable { leftBytes in
        right.withContiguousStorageIfAvailable { differingBits(leftBytes, $0) }
    }
    return (found.flatMap { $0 } ?? differingBits(left, right)) == 0
}

/// The bits that differ in any byte of two strings of one length; all bytes are looked at.
@inlinable
func differingBits(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> UInt8 {
    var difference: UInt8 = 0
    for (leftByte, rightByte) in zip(left, right) {
        difference |= leftByte ^ rightByte
    }
    return difference
}
