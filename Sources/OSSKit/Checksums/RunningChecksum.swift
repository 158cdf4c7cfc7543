import CLibLZMA
import Crypto

/// A checksum of bytes that come one piece after the other, by one of the ways in which requests name them.
package struct RunningChecksum: Sendable {
    /// How the checksum is computed; the raw values are those of the S3 dialect's `x-amz-checksum-…`, and `md5`.
    package enum Kind: String, Sendable, CaseIterable {
        /// CRC-32 of Ethernet, 4 bytes.
        case crc32
        /// CRC-32C of Castagnoli, 4 bytes.
        case crc32c
        /// CRC-64/NVME, 8 bytes.
        case crc64nvme
        /// SHA-1, 20 bytes.
        case sha1
        /// SHA-256, 32 bytes.
        case sha256
        /// MD5, 16 bytes.
        case md5

        /// How many bytes the checksum has.
        package var length: Int {
            switch self {
            case .crc32, .crc32c: 4
            case .crc64nvme: 8
            case .md5: 16
            case .sha1: 20
            case .sha256: 32
            }
        }
    }

    private enum State {
        case crc32(UInt32)
        case reflected(ReflectedCRC)
        case md5(Insecure.MD5)
        case sha1(Insecure.SHA1)
        case sha256(SHA256)
    }

    /// How it is computed.
    package let kind: Kind
    private var state: State

    /// Starts with no bytes.
    package init(_ kind: Kind) {
        self.kind = kind
        state =
            switch kind {
            case .crc32: .crc32(0)
            case .crc32c: .reflected(ReflectedCRC(.castagnoli))
            case .crc64nvme: .reflected(ReflectedCRC(.nvme))
            case .md5: .md5(Insecure.MD5())
            case .sha1: .sha1(Insecure.SHA1())
            case .sha256: .sha256(SHA256())
            }
    }

    /// Takes in the next bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        switch state {
        case .crc32(let value):
            state = .crc32(lzma_crc32(start.assumingMemoryBound(to: UInt8.self), bytes.count, value))
        case .reflected(var crc):
            crc.update(bytes)
            state = .reflected(crc)
        case .md5(var digest):
            digest.update(bufferPointer: bytes)
            state = .md5(digest)
        case .sha1(var digest):
            digest.update(bufferPointer: bytes)
            state = .sha1(digest)
        case .sha256(var digest):
            digest.update(bufferPointer: bytes)
            state = .sha256(digest)
        }
    }

    /// The bytes of the checksum, the most significant first.
    package var bytes: [UInt8] {
        switch state {
        case .crc32(let value): Self.bigEndian(UInt64(value), kind.length)
        case .reflected(let crc): Self.bigEndian(crc.value, kind.length)
        case .md5(let digest): Array(digest.finalize())
        case .sha1(let digest): Array(digest.finalize())
        case .sha256(let digest): Array(digest.finalize())
        }
    }

    private static func bigEndian(_ value: UInt64, _ length: Int) -> [UInt8] {
        (0..<length).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }
}

/// A CRC whose bits are reflected, with a register of ones at both ends; eight bytes are taken at once.
struct ReflectedCRC: Sendable {
    /// What tells one CRC from another.
    struct Polynomial: Sendable {
        /// All bits of the register.
        let mask: UInt64
        /// For each of eight places, what a byte at this place changes in the register.
        let tables: [[UInt64]]

        /// CRC-32C, of iSCSI.
        ///
        /// `123456789` has the value E3069283.
        static let castagnoli = Polynomial(reflected: 0x82F6_3B78, mask: 0xFFFF_FFFF)
        /// CRC-64/NVME.
        ///
        /// `123456789` has the value AE8B14860A799888.
        static let nvme = Polynomial(reflected: 0x9A6C_9329_AC4B_C9B5, mask: .max)

        private init(reflected: UInt64, mask: UInt64) {
            self.mask = mask
            let first = (0..<256).map { byte in
                (0..<8).reduce(UInt64(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ reflected : value >> 1 }
            }
            var tables = [first]
            for place in 1..<8 {
                tables.append(tables[place - 1].map { $0 >> 8 ^ first[Int($0 & 0xFF)] })
            }
            self.tables = tables
        }
    }

    private let polynomial: Polynomial
    private var register: UInt64

    /// Starts with no bytes.
    init(_ polynomial: Polynomial) {
        self.polynomial = polynomial
        register = polynomial.mask
    }

    /// The checksum of all bytes so far.
    var value: UInt64 { register ^ polynomial.mask }

    /// Takes in the next bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let tables = polynomial.tables
        var value = register
        var position = 0
        while position + 8 <= bytes.count {
            value ^= UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            var next: UInt64 = 0
            for place in 0..<8 {
                next ^= tables[7 - place][Int(value >> UInt64(place * 8) & 0xFF)]
            }
            value = next
            position += 8
        }
        while position < bytes.count {
            value = value >> 8 ^ tables[0][Int((value ^ UInt64(bytes[position])) & 0xFF)]
            position += 1
        }
        register = value
    }
}
