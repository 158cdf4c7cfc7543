import Crypto
import OSSKit

/// Everything that is computed over a body while it passes, once.
struct BodyDigest: Sendable {
    /// How many bytes a block of a blob has that carries a checksum of its own.
    static let blockBytes = 1_024 * 1_024

    private var md5 = Insecure.MD5()
    private var checksums = BlockChecksums()

    /// Takes more bytes in.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        md5.update(bufferPointer: bytes)
        checksums.update(bytes)
    }

    /// The size and digests of the bytes so far.
    var summary: BodySummary {
        BodySummary(sizeBytes: checksums.sizeBytes, md5: Array(md5.finalize()), crc64: checksums.crc64)
    }
}

/// The checksums of the blocks of a body, and out of them the checksum of the whole: every byte is looked at once.
struct BlockChecksums: Sendable {
    /// How many bytes came so far.
    private(set) var sizeBytes: Int64 = 0
    private var finished: [UInt64] = []
    /// The checksum of all finished blocks together.
    private var crc64OfFinished: UInt64 = 0
    private var block = CRC64()
    private var blockFill = 0

    /// Takes more bytes in.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        sizeBytes += Int64(bytes.count)
        var rest = bytes
        while !rest.isEmpty {
            let count = min(rest.count, BodyDigest.blockBytes - blockFill)
            block.update(UnsafeRawBufferPointer(rebasing: rest[..<count]))
            blockFill += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if blockFill == BodyDigest.blockBytes {
                finished.append(block.value)
                crc64OfFinished = CRC64.combine(
                    crc64OfFinished, block.value, secondLengthBytes: Int64(BodyDigest.blockBytes))
                block = CRC64()
                blockFill = 0
            }
        }
    }

    /// The checksum of all bytes so far.
    var crc64: UInt64 {
        CRC64.combine(crc64OfFinished, block.value, secondLengthBytes: Int64(blockFill))
    }

    /// The checksums of the blocks so far, the last one of which may be short.
    var blocks: [UInt64] {
        blockFill == 0 ? finished : finished + [block.value]
    }
}
