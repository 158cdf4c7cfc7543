import OSSKit

/// The bytes of an IP address: 4 of version 4, 16 of version 6.
///
/// An address of version 4 inside one of version 6 (`::ffff:1.2.3.4`) is the one of version 4.
package struct NetworkAddress: Sendable, Equatable {
    let bytes: [UInt8]

    /// Reads an address; nil for a text that is none.
    package init?(_ text: some StringProtocol) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let bytes = Self.version6(text) else { return nil }
            let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            self.bytes = isMapped ? Array(bytes[12...]) : bytes
        } else {
            guard let bytes = Self.version4(text) else { return nil }
            self.bytes = bytes
        }
    }

    private static func version4(_ text: some StringProtocol) -> [UInt8]? {
        let pieces = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = pieces.compactMap { piece -> UInt8? in
            guard piece.utf8.count <= 3, let number = DecimalNumber.parse(piece) else { return nil }
            return UInt8(exactly: number)
        }
        return pieces.count == 4 && bytes.count == 4 ? bytes : nil
    }

    private static func version6(_ text: some StringProtocol) -> [UInt8]? {
        // A zone, as in `fe80::1%eth0`, says which network the address is of, and is no part of it.
        let address = text.prefix { $0 != "%" }
        let halves = address.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        guard let front = halves.first.flatMap({ groups($0, isEnd: halves.count == 1) }) else { return nil }
        guard halves.count == 2 else { return front.count == 16 ? front : nil }
        guard let back = groups(halves[1], isEnd: true), front.count + back.count <= 14 else { return nil }
        return front + [UInt8](repeating: 0, count: 16 - front.count - back.count) + back
    }

    /// The bytes of groups of four digits, the last of which can be an address of version 4 at the end of the text.
    private static func groups(_ text: some StringProtocol, isEnd: Bool) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        let pieces = text.split(separator: ":", omittingEmptySubsequences: false)
        for (position, piece) in pieces.enumerated() {
            if piece.utf8.contains(UInt8(ascii: ".")) {
                guard isEnd, position == pieces.count - 1, let last = version4(piece) else { return nil }
                bytes += last
            } else {
                let digits = String(repeating: "0", count: max(0, 4 - piece.utf8.count)) + piece
                guard !piece.isEmpty, digits.utf8.count == 4, let group = Hexadecimal.decode(digits) else { return nil }
                bytes += group
            }
            guard bytes.count <= 16 else { return nil }
        }
        return bytes
    }
}

/// A range of IP addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address.
package struct NetworkRange: Sendable, Equatable {
    private let address: NetworkAddress
    private let prefixBits: Int

    /// Reads a range; nil for a text that is none.
    package init?(_ text: some StringProtocol) {
        let pieces = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = pieces.first, let address = NetworkAddress(first) else { return nil }
        let wholeBits = address.bytes.count * 8
        guard pieces.count == 2 else {
            self.address = address
            prefixBits = wholeBits
            return
        }
        guard let bits = DecimalNumber.parse(pieces[1]), let prefixBits = Int(exactly: bits), prefixBits <= wholeBits
        else { return nil }
        self.address = address
        self.prefixBits = prefixBits
    }

    /// Whether every address of its version is in the range.
    var isEverything: Bool { prefixBits == 0 }

    /// Whether an address is in the range; one of the other version never is.
    package func contains(_ other: NetworkAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        for (position, (left, right)) in zip(address.bytes, other.bytes).enumerated() {
            let bits = prefixBits - position * 8
            guard bits > 0 else { return true }
            let mask = bits >= 8 ? 0xFF : UInt8(truncatingIfNeeded: 0xFF00 >> bits)
            guard left & mask == right & mask else { return false }
        }
        return true
    }
}
