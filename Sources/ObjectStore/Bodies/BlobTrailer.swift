import OSSKit

/// What stands behind the bytes of a blob in its file: a checksum of each block, and what binds them to the row.
///
/// It is in the file and not in the database so that reading needs no second query, so that a blob can be checked by
/// itself, and so that the database stays small: it is 8 bytes for each MiB. The size and the CRC-64 of the whole body
/// are in the row too, and must agree: a file that was put in the place of another is found.
///
/// Layout, integers little-endian: the block checksums, 8 bytes each; then 40 bytes of footer, which are the mark, the
/// size of the body (8), the size of a block (4), the number of blocks (4), the CRC-64 of the body (8), and the CRC-64 of
/// everything in the trailer before it (8).
struct BlobTrailer: Sendable, Equatable {
    /// The checksums of the blocks, in order.
    let blockChecksums: [UInt64]
    /// The size of the body.
    let sizeBytes: Int64
    /// The CRC-64 of the whole body.
    let crc64: UInt64

    private static let mark = Array("OSSBLOB1".utf8)
    private static let footerBytes = 40

    /// How many bytes the trailer of a body of this size takes.
    static func lengthBytes(forBodyBytes sizeBytes: Int64) -> Int64 {
        let block = Int64(BodyDigest.blockBytes)
        let blocks = sizeBytes / block + (sizeBytes % block == 0 ? 0 : 1)
        return blocks * 8 + Int64(footerBytes)
    }

    /// The bytes to write behind the body.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(blockChecksums.count * 8 + Self.footerBytes)
        for checksum in blockChecksums {
            Self.append(checksum, to: &bytes)
        }
        bytes += Self.mark
        Self.append(UInt64(bitPattern: sizeBytes), to: &bytes)
        Self.append(UInt32(BodyDigest.blockBytes), to: &bytes)
        Self.append(UInt32(truncatingIfNeeded: blockChecksums.count), to: &bytes)
        Self.append(crc64, to: &bytes)
        Self.append(Self.checksum(of: bytes[...]), to: &bytes)
        return bytes
    }

    /// Reads a trailer back.
    ///
    /// - Returns: nil unless it is whole and belongs to a body of this size and CRC-64.
    init?(_ bytes: [UInt8], sizeBytes: Int64, crc64: UInt64) {
        guard Int64(bytes.count) == Self.lengthBytes(forBodyBytes: sizeBytes) else { return nil }
        let blockCount = (bytes.count - Self.footerBytes) / 8
        var blockChecksums: [UInt64] = []
        blockChecksums.reserveCapacity(blockCount)
        for number in 0..<blockCount {
            blockChecksums.append(Self.number(in: bytes, at: number * 8))
        }
        self.init(blockChecksums: blockChecksums, sizeBytes: sizeBytes, crc64: crc64)
        // Everything in the trailer follows from these three, so comparing the bytes checks each of its fields.
        guard encoded() == bytes else { return nil }
    }

    /// Reads a trailer back, with the CRC-64 that it names itself.
    ///
    /// - Returns: nil unless it is whole and belongs to a body of this size.
    init?(_ bytes: [UInt8], sizeBytes: Int64) {
        guard bytes.count >= Self.footerBytes else { return nil }
        self.init(bytes, sizeBytes: sizeBytes, crc64: Self.number(in: bytes, at: bytes.count - 16))
    }

    /// The CRC-64 that the checksums of the blocks make together.
    var crc64OfBlocks: UInt64 {
        var left = sizeBytes
        return blockChecksums.reduce(0) { whole, block in
            let length = min(left, Int64(BodyDigest.blockBytes))
            left -= length
            return CRC64.combine(whole, block, secondLengthBytes: length)
        }
    }

    /// Collects the parts of a trailer.
    init(blockChecksums: [UInt64], sizeBytes: Int64, crc64: UInt64) {
        self.blockChecksums = blockChecksums
        self.sizeBytes = sizeBytes
        self.crc64 = crc64
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func number(in bytes: [UInt8], at offset: Int) -> UInt64 {
        bytes[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func checksum(of bytes: ArraySlice<UInt8>) -> UInt64 {
        var crc = CRC64()
        bytes.withUnsafeBytes { crc.update($0) }
        return crc.value
    }
}
