import CLibLZMA

/// The checksum that OSS sends as `x-oss-hash-crc64ecma`: CRC-64/XZ, also called ECMA-182 reflected.
///
/// Source: oss-wire fact 5. `123456789` has the value 11051210869376104954, nothing has 0.
public struct CRC64: Sendable, Hashable {
    /// The checksum of all bytes so far; OSS writes it as an unsigned decimal.
    public private(set) var value: UInt64 = 0

    /// Starts with no bytes.
    public init() {}

    /// Goes on from the checksum of the bytes before, such as those of an object that is appended to.
    public init(continuing value: UInt64) {
        self.value = value
    }

    /// Takes in the next bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        value = lzma_crc64(start.assumingMemoryBound(to: UInt8.self), bytes.count, value)
    }

    /// Takes in the next bytes.
    public mutating func update(_ bytes: some Collection<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { update($0) }
        }
    }

    /// The checksum of some bytes.
    public static func of(_ bytes: some Collection<UInt8>) -> UInt64 {
        var checksum = CRC64()
        checksum.update(bytes)
        return checksum.value
    }

    /// The checksum of two runs of bytes put end to end, from the checksum of each.
    ///
    /// - Parameters:
    ///   - first: the checksum of the first run.
    ///   - second: the checksum of the second run.
    ///   - secondLengthBytes: the length of the second run; 0 and less mean that there is none.
    public static func combine(_ first: UInt64, _ second: UInt64, secondLengthBytes: Int64) -> UInt64 {
        guard secondLengthBytes > 0 else { return first }
        // The checksum is linear over GF(2): feeding zero bytes is a matrix, and a power of it costs its logarithm.
        var step = ZeroBytesOperator.oneByte
        var remaining = secondLengthBytes
        var moved = first
        while remaining > 0 {
            if remaining & 1 == 1 {
                moved = step.applied(to: moved)
            }
            remaining >>= 1
            if remaining > 0 {
                step = step.doubled()
            }
        }
        return moved ^ second
    }

    /// Puts the checksums of many runs of one length end to end, at a small part of what `combine` costs for each.
    public struct Joint: Sendable {
        private let zeros: ZeroBytesOperator

        /// Prepares for second runs of this length; 0 and less mean that there is none.
        public init(secondLengthBytes: Int64) {
            // Where each bit of the register goes is where the checksum of that bit alone goes.
            zeros = ZeroBytesOperator(
                columns: (0..<64).map { CRC64.combine(1 << UInt64($0), 0, secondLengthBytes: secondLengthBytes) })
        }

        /// The checksum of two runs put end to end, the second of which has the length that was prepared for.
        public func combine(_ first: UInt64, _ second: UInt64) -> UInt64 {
            zeros.applied(to: first) ^ second
        }
    }
}

/// What a run of zero bytes does to the register of the checksum, as a matrix over GF(2).
private struct ZeroBytesOperator {
    /// Column `i` is what becomes of a register in which only bit `i` is set.
    private let columns: [UInt64]

    /// The polynomial 0x42F0E1EBA9EA3693 with its bits in reverse order.
    private static let reflectedPolynomial: UInt64 = 0xC96C_5795_D787_0F42

    /// The operator of one zero byte.
    static let oneByte = ZeroBytesOperator(
        columns: (0..<64).map { bit in
            var register: UInt64 = 1 << UInt64(bit)
            for _ in 0..<8 {
                register = register & 1 == 1 ? (register >> 1) ^ reflectedPolynomial : register >> 1
            }
            return register
        })

    init(columns: [UInt64]) {
        self.columns = columns
    }

    func applied(to register: UInt64) -> UInt64 {
        var sum: UInt64 = 0
        var bits = register
        while bits != 0 {
            sum ^= columns[bits.trailingZeroBitCount]
            bits &= bits - 1
        }
        return sum
    }

    /// The operator of a run twice as long.
    func doubled() -> ZeroBytesOperator {
        ZeroBytesOperator(columns: columns.map { applied(to: $0) })
    }
}
