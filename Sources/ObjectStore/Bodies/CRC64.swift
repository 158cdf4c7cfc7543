import CLibLZMA

/// The running CRC-64/XZ of a body, which is OSS's `x-oss-hash-crc64ecma`.
struct CRC64: Sendable {
    /// The CRC-64 of all bytes so far; 0 before the first.
    private(set) var value: UInt64 = 0

    /// Takes more bytes in.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        value = lzma_crc64(start.assumingMemoryBound(to: UInt8.self), bytes.count, value)
    }
}
