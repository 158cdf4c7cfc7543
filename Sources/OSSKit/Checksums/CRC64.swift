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
        var moved = first
        for (bit, step) in ZeroBytesOperator.powers.enumerated() where secondLengthBytes >> Int64(bit) & 1 == 1 {
            moved = step.applied(to: moved)
        }
        return moved ^ second
    }
}

/// What a run of zero bytes does to the register of the checksum, as a matrix over GF(2).
private struct ZeroBytesOperator {
    /// Column `i` is what becomes of a register in which only bit `i` is set.
    private var columns: [UInt64]

    /// The polynomial 0x42F0E1EBA9EA3693 with its bits in reverse order.
    private static let reflectedPolynomial: UInt64 = 0xC96C_5795_D787_0F42

    /// The operators of 1, 2, 4 and so on zero bytes, one for each bit of a length: an upload may have 10,000 parts.
    static let powers: [ZeroBytesOperator] = (1..<63).reduce(into: [oneByte]) { powers, _ in
        powers.append(powers[powers.count - 1].doubled())
    }

    private static let oneByte = ZeroBytesOperator(
        columns: (0..<64).map { bit in
            var register: UInt64 = 1 << UInt64(bit)
            for _ in 0..<8 {
                register = register & 1 == 1 ? (register >> 1) ^ reflectedPolynomial : register >> 1
            }
            return register
        })

    /// The register after the run.
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
    private func doubled() -> ZeroBytesOperator {
        ZeroBytesOperator(columns: columns.map { applied(to: $0) })
    }
}
