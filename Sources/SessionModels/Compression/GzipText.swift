/// Opens a gzip text up to a limit, so that a small one cannot become a large one in memory.
///
/// Source: RFC 1952, RFC 1951.
package enum GzipText {
    /// Why a text cannot be opened.
    package enum Failure: Error, Sendable, Equatable {
        /// It is not gzip, is cut off, or its checksum is wrong.
        case malformed
        /// What is in it is longer than the limit.
        case tooLarge
    }

    /// The bytes that were compressed; a text of several members is refused.
    package static func open(_ bytes: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
        var inflater = Inflater(bytes, from: try endOfHead(bytes), limit: limit)
        try inflater.run()
        try checkTail(bytes, at: inflater.position, of: inflater.opened)
        return inflater.opened
    }

    /// The index behind the head.
    private static func endOfHead(_ bytes: [UInt8]) throws(Failure) -> Int {
        guard bytes.count >= 18, bytes.starts(with: [0x1F, 0x8B, 8]) else { throw .malformed }
        let flags = bytes[3]
        guard flags & 0xE0 == 0 else { throw .malformed }
        var index = 10
        if flags & 4 != 0 {
            index += 2 + Int(bytes[index]) + Int(bytes[index + 1]) << 8
        }
        for flag in [UInt8(8), 16] where flags & flag != 0 {
            guard index < bytes.count, let end = bytes[index...].firstIndex(of: 0) else { throw .malformed }
            index = end + 1
        }
        if flags & 2 != 0 { index += 2 }
        guard index < bytes.count else { throw .malformed }
        return index
    }

    /// Checks what follows the compressed bytes.
    private static func checkTail(_ bytes: [UInt8], at index: Int, of opened: [UInt8]) throws(Failure) {
        guard index + 8 == bytes.count else { throw .malformed }
        let words = (0..<2).map { word in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[index + 4 * word + $1]) << UInt32(8 * $1) }
        }
        guard words == [checksum(opened), UInt32(truncatingIfNeeded: opened.count)] else { throw .malformed }
    }

    /// The CRC-32 of bytes.
    package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var value = UInt32.max
        for byte in bytes { value = checksumTable[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8 }
        return ~value
    }

    private static let checksumTable: [UInt32] = (0..<256).map { start in
        (0..<8).reduce(UInt32(start)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }
}
