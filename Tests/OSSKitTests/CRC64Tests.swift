import OSSKit
import Testing

@Suite struct CRC64Tests {
    /// Source: oss-wire facts 0.11 and 5.
    @Test(
        arguments: [
            ("", 0),
            ("123456789", 11_051_210_869_376_104_954),
            ("hello", 11_177_612_005_948_864_433),
            ("hello world", 5_981_764_153_023_615_706),
        ] as [(String, UInt64)])
    func checkValuesHold(text: String, wanted: UInt64) {
        let found = CRC64.of(Array(text.utf8))
        #expect(found == wanted)
    }

    @Test func piecesGiveTheSameAsTheWhole() {
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let wanted = CRC64.of(bytes)
        for cut in [0, 1, 7, 8, 9, 500, 999, 1_000] {
            var found = CRC64()
            found.update(bytes[..<cut])
            found.update(bytes[cut...])
            #expect(found.value == wanted, "cut at \(cut)")
            let continued = CRC64.combine(
                CRC64.of(bytes[..<cut]), CRC64.of(bytes[cut...]), secondLengthBytes: Int64(1_000 - cut))
            #expect(continued == wanted, "combined at \(cut)")
        }
    }

    @Test func anAppendedObjectGoesOnFromItsChecksum() {
        var found = CRC64(continuing: CRC64.of(Array("hello".utf8)))
        found.update(Array(" world".utf8))
        #expect(found.value == 5_981_764_153_023_615_706)
    }

    @Test(arguments: [0, -1, Int64.min])
    func combiningWithNothingChangesNothing(length: Int64) {
        let found = CRC64.combine(42, 0, secondLengthBytes: length)
        #expect(found == 42)
    }

    @Test func combiningTakesTheLongestLength() {
        let once = CRC64.combine(1, 0, secondLengthBytes: Int64.max)
        let halves = CRC64.combine(
            CRC64.combine(1, 0, secondLengthBytes: Int64.max / 2), 0, secondLengthBytes: Int64.max / 2 + 1)
        #expect(once == halves)
    }
}
