import Crypto

/// The sum of a session's turns, in which their order of arrival does not show.
///
/// It is the sum of SHA-256(index ‖ content hash) modulo 2^256, with the index as 8 bytes, highest first, so that a turn
/// is put in or taken out without looking at the others. Source: session-api.md 5.10, A-145.
struct SessionDigest: Sendable, Equatable {
    /// The number as 32 bytes, highest first.
    private(set) var bytes = [UInt8](repeating: 0, count: 32)

    /// The digest of no turns.
    init() {}

    /// Takes a digest from its bytes; nil unless there are 32.
    init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Puts a turn in.
    mutating func insert(index: Int64, contentHash: [UInt8]) {
        var carry = 0
        for (place, byte) in Self.term(index, contentHash).enumerated().reversed() {
            carry += Int(bytes[place]) + Int(byte)
            bytes[place] = UInt8(carry & 0xFF)
            carry >>= 8
        }
    }

    /// Takes a turn out that was put in.
    mutating func remove(index: Int64, contentHash: [UInt8]) {
        var borrow = 0
        for (place, byte) in Self.term(index, contentHash).enumerated().reversed() {
            let difference = Int(bytes[place]) - Int(byte) - borrow
            bytes[place] = UInt8(difference & 0xFF)
            borrow = difference < 0 ? 1 : 0
        }
    }

    private static func term(_ index: Int64, _ contentHash: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: (0..<8).map { UInt8(truncatingIfNeeded: index >> (56 - 8 * $0)) } + contentHash))
    }
}
