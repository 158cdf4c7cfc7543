import CommandKit
import Testing

@Suite struct ByteAmountTests {
    @Test(arguments: [
        ("0", 0), ("1", 1), ("1023B", 1_023), ("1k", 1_024), ("512K", 524_288), ("5M", 5_242_880),
        ("2GiB", 2_147_483_648), ("2gb", 2_147_483_648), ("1T", 1_099_511_627_776),
    ])
    func amountsAreRead(_ text: String, _ wanted: Int64) {
        let bytes = ByteAmount.parse(text)
        #expect(bytes == wanted)
    }

    @Test(arguments: ["", "k", "B", "-1", "+1", "1.5M", "1 M", "1KK", "1E", "0x10", "999999999999T", "１"])
    func whatIsNoAmountIsRefused(_ text: String) {
        let bytes = ByteAmount.parse(text)
        #expect(bytes == nil)
    }

    @Test(
        arguments: [
            (0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (1_535, "1.4 KiB"), (1_536, "1.5 KiB"),
            (102_400, "100 KiB"), (1_048_575, "1023 KiB"), (1_048_576, "1.0 MiB"), (5_368_709_120, "5.0 GiB"),
            (Int64.max, "8191 PiB"),
        ] as [(Int64, String)])
    func amountsArePrinted(_ bytes: Int64, _ wanted: String) {
        let text = ByteAmount.text(bytes)
        #expect(text == wanted)
    }
}
