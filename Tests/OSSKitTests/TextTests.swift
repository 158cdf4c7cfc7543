import OSSKit
import Testing

@Suite struct Base64Tests {
    /// Source: RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func knownTextsAreReadAndWritten(text: String, encoded: String) {
        let written = Base64.encode(Array(text.utf8))
        let read = Base64.decode(encoded)
        #expect(written == encoded)
        #expect(read == Array(text.utf8))
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "====", "=", "Zh==", "Zm9=", "Zm9v\n", "Zm9v ", "Zm-v", "Zg==Zg==", "Z===",
    ])
    func otherTextsAreRefused(encoded: String) {
        let found = Base64.decode(encoded)
        #expect(found == nil)
    }

    @Test func allBytesComeBack() {
        let bytes = Array(UInt8.min...UInt8.max)
        for length in 0...bytes.count {
            #expect(Base64.decode(Base64.encode(bytes.prefix(length))) == Array(bytes.prefix(length)))
        }
    }
}

@Suite struct PercentCodingTests {
    @Test func onlyUnreservedBytesStay() {
        let found = PercentCoding.encode("aZ09-_.~ /+!*'()é%", keepingSlash: false)
        #expect(found == "aZ09-_.~%20%2F%2B%21%2A%27%28%29%C3%A9%25")
        #expect(PercentCoding.encode("a/b", keepingSlash: true) == "a/b")
    }

    @Test func everyByteComesBack() {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect(PercentCoding.decodePath(PercentCoding.encode(bytes).utf8) == bytes)
        #expect(PercentCoding.decodeForm(PercentCoding.encode(bytes).utf8) == bytes)
    }

    @Test(arguments: ["%", "%2", "%G0", "%0G", "%%", "a%", "%2%30", "%+1", "% 1"])
    func aBrokenEscapeIsRefused(text: String) {
        #expect(PercentCoding.decodePath(text.utf8) == nil)
        #expect(PercentCoding.decodeForm(text.utf8) == nil)
    }
}

@Suite struct HexadecimalTests {
    @Test func bothCasesAreWritten() {
        #expect(Hexadecimal.upper([0, 0xAF]) == "00AF")
        #expect(Hexadecimal.lower([0, 0xAF]) == "00af")
    }
}

@Suite struct DecimalNumberTests {
    @Test(
        arguments: [
            ("0", 0), ("007", 7), ("999999999999999999", 999_999_999_999_999_999), ("1000000000000000000", nil),
            ("", nil),
            ("-1", nil), ("+1", nil), (" 1", nil), ("1 ", nil), ("1e3", nil), ("0x1", nil), ("١٢", nil), ("1_0", nil),
        ] as [(String, Int64?)])
    func onlyDigitsAreNumbers(text: String, wanted: Int64?) {
        let found = DecimalNumber.parse(text)
        #expect(found == wanted)
    }

    @Test(
        arguments: [
            ("0", 0), ("18446744073709551615", UInt64.max), ("11051210869376104954", 11_051_210_869_376_104_954),
            ("18446744073709551616", nil), ("99999999999999999999", nil), ("000000000000000000001", nil), ("", nil),
            ("-1", nil), (" 1", nil), ("1a", nil),
        ] as [(String, UInt64?)])
    func checksumsAreNumbersOf64Bits(text: String, wanted: UInt64?) {
        let found = DecimalNumber.parseUnsigned64(text)
        #expect(found == wanted)
    }
}
