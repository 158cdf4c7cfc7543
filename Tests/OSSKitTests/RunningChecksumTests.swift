import OSSKit
import Testing

/// Checksums have the values that their definitions give for `123456789`, however the bytes are cut.
@Suite struct RunningChecksumTests {
    struct Case: Sendable {
        let kind: RunningChecksum.Kind
        let value: String
    }

    @Test(arguments: [
        Case(kind: .crc32, value: "cbf43926"), Case(kind: .crc32c, value: "e3069283"),
        Case(kind: .crc64nvme, value: "ae8b14860a799888"),
        Case(kind: .md5, value: "25f9e794323b453885f5181f1b624d0b"),
        Case(kind: .sha1, value: "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        Case(kind: .sha256, value: "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
    ])
    func theCheckValueIsThatOfTheDefinition(_ row: Case) {
        let text = Array("123456789".utf8)
        for cut in 0...text.count {
            var checksum = RunningChecksum(row.kind)
            text[..<cut].withUnsafeBytes { checksum.update($0) }
            text[cut...].withUnsafeBytes { checksum.update($0) }
            let found = Hexadecimal.lower(checksum.bytes)
            #expect(found == row.value)
        }
    }

    @Test(arguments: RunningChecksum.Kind.allCases)
    func longBytesGiveTheSameInPieces(kind: RunningChecksum.Kind) {
        let bytes = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 7) }
        var whole = RunningChecksum(kind)
        bytes.withUnsafeBytes { whole.update($0) }
        var pieces = RunningChecksum(kind)
        for start in stride(from: 0, to: bytes.count, by: 13) {
            bytes[start..<min(start + 13, bytes.count)].withUnsafeBytes { pieces.update($0) }
        }
        #expect(whole.bytes == pieces.bytes)
        #expect(whole.bytes.count == kind.length)
    }

    @Test(arguments: RunningChecksum.Kind.allCases)
    func oneChangedByteChangesIt(kind: RunningChecksum.Kind) {
        var first = RunningChecksum(kind)
        var second = RunningChecksum(kind)
        Array("123456789".utf8).withUnsafeBytes { first.update($0) }
        Array("123456780".utf8).withUnsafeBytes { second.update($0) }
        #expect(first.bytes != second.bytes)
    }
}
