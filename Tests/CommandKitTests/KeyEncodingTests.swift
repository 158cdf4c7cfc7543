import CommandKit
import Testing

@Suite struct KeyEncodingTests {
    @Test(arguments: [
        ("plain/key.txt", "plain/key.txt"), ("ü 中 %25 +", "ü 中 %25 +"),
        ("family-\u{1F468}\u{200D}\u{1F469}", "family-\u{1F468}\u{200D}\u{1F469}"),
        ("a\nb", "a%0Ab"), ("\u{1B}[31mred/ü", "%1B%5B31mred/%C3%BC"), ("a\u{202E}b", "a%E2%80%AEb"),
        ("a\u{7F}", "a%7F"), ("a\u{9B}b", "a%C2%9Bb"), ("a\u{2028}b", "a%E2%80%A8b"),
    ])
    func aKeyThatWouldChangeATerminalIsPrintedInPercentForm(_ key: String, _ wanted: String) {
        let shown = KeyEncoding.plain.shown(Array(key.utf8))
        #expect(shown == wanted)
    }

    @Test(arguments: ["plain", "a b", "100%", "a\nb", "中/文", "~-_.", "a+b", "\u{1}"])
    func percentFormReadsBack(_ key: String) throws {
        let shown = KeyEncoding.url.shown(Array(key.utf8))
        let isASCII = shown.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        #expect(isASCII)
        let read = KeyEncoding.url.bytes(of: shown.utf8)
        #expect(read == Array(key.utf8))
    }

    @Test func aTextFromElsewhereStaysOneLine() {
        let text = Printable.text("a\r\n\u{1B}]0;title\u{7}b")
        #expect(text == "a???]0;title?b")
        #expect(!Printable.isPrintable("\u{85}"))
    }

    @Test func aJSONLineStaysOneLine() {
        var line = JSONLine()
        line.add("text", "a\"\\\n\t\u{1B}\u{9B}\u{2028}\u{202E}ü")
        line.add("none", nil as String?)
        line.add("number", -5)
        line.add("is", true)
        line.add("list", ["a", "b"])
        line.add("pairs", pairs: [("n", "v"), ("n", "w")])
        let wanted =
            #"{"text":"a\"\\\n\t\u001b\u009b\u2028\u202eü","number":-5,"is":true,"list":["a","b"],"#
            + #""pairs":{"n":"v","n":"w"}}"#
        #expect(line.text == wanted)
    }
}
