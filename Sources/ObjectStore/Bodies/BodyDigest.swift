import Crypto
import OSSKit

/// Everything that is computed over a body while it passes, once.
struct BodyDigest: Sendable {
    /// How many bytes a block of a blob has that carries a checksum of its own.
    static let blockBytes = 1_024 * 1_024

    /// How many bytes came so far.
    private(set) var sizeBytes: Int64 = 0
    private var md5 = Insecure.MD5()
    private var crc64 = CRC64()
    private var block = CRC64()
    private var blockFill = 0
    private var finishedBlocks: [UInt64] = []

    /// Takes more bytes in.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        md5.update(bufferPointer: bytes)
        crc64.update(bytes)
        sizeBytes += Int64(bytes.count)
        var rest = bytes
        while !rest.isEmpty {
            let count = min(rest.count, Self.blockBytes - blockFill)
            block.update(UnsafeRawBufferPointer(rebasing: rest[..<count]))
            blockFill += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if blockFill == Self.blockBytes {
                finishedBlocks.append(block.value)
                block = CRC64()
                blockFill = 0
            }
        }
    }

    /// The size and digests of the bytes so far.
    var summary: BodySummary {
        BodySummary(sizeBytes: sizeBytes, md5: Array(md5.finalize()), crc64: crc64.value)
    }

    /// The checksums of the blocks so far, the last one of which may be short.
    var blockChecksums: [UInt64] {
        blockFill == 0 ? finishedBlocks : finishedBlocks + [block.value]
    }
}
