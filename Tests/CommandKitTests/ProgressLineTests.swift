import CommandKit
import Testing

@Suite struct ProgressLineTests {
    private static func line(_ name: String, _ done: Int64, _ total: Int64?, _ speed: Int64? = nil) -> ProgressLine {
        ProgressLine(name: name, doneBytes: done, totalBytes: total, bytesPerSecond: speed)
    }

    @Test func eachNumberHasItsPlace() {
        let text = Self.line("photo.jpg", 4_718_592, 10_485_760, 2_097_152).text(columns: 79)
        #expect(text == "photo.jpg        [#######.........]   45%    4.5/10.0 MiB   2.0 MiB/s     00:02")
        let later = Self.line("photo.jpg", 10_485_760, 10_485_760).text(columns: 79)
        #expect(later == "photo.jpg        [################]  100%   10.0/10.0 MiB                      ")
    }

    @Test(arguments: 0...120)
    func aLineIsNeverWiderThanTheTerminal(_ columns: Int) {
        for name in ["a", "a-rather-long-name-of-a-file-that-nobody-would-type.tar.gz", "照片照片照片照片照片照片照片照片"] {
            for total in [nil, 0, 10, Int64.max] {
                let text = Self.line(name, 9, total, 1).text(columns: columns)
                let width = text.unicodeScalars.reduce(0) { $0 + ($1.value >= 0x3041 && $1.value < 0xA000 ? 2 : 1) }
                #expect(width <= columns)
            }
        }
    }

    @Test(
        arguments: [
            (0, 10, "   0%"), (5, 10, "  50%"), (10, 10, " 100%"), (12, 10, " 100%"), (0, 0, " 100%"),
            (Int64.max - 1, Int64.max, " 100%"), (-1, 10, "   0%"),
        ] as [(Int64, Int64, String)])
    func theShareStaysBetweenNoughtAndHundred(_ done: Int64, _ total: Int64, _ share: String) {
        let text = Self.line("a", done, total).text(columns: 100)
        #expect(text.contains(share))
    }

    @Test func withoutALengthThereIsNoBar() {
        let text = Self.line("a", 5, nil).text(columns: 100)
        #expect(!text.contains("["))
        #expect(!text.contains("%"))
        #expect(text.contains("5 B"))
    }

    @Test func aNameCannotMoveTheCursor() {
        let text = Self.line("a\r\u{1B}[2Jb", 1, 2).text(columns: 100)
        #expect(Printable.isPrintable(text))
    }
}
