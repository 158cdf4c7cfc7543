import SessionModels
import Testing

@Suite struct JSONValueTests {
    @Test func theLastOfDoubledNamesIsFound() throws {
        let root = try JSONDocument(#"{"a":1,"b":{"a":3},"\u0061":2}"#.utf8).root
        let found = root.last("a").map { Array($0.compact) }
        #expect(found == Array("2".utf8))
        #expect(root.members?.count == 3)
        #expect(root.last("c") == nil)
    }

    @Test func namesAreComparedAsBytes() throws {
        let root = try JSONDocument(#"{"caf\u00e9":1,"cafe\u0301":2}"#.utf8).root
        let composed = root.last("caf\u{E9}").map { Array($0.compact) }
        let decomposed = root.last("cafe\u{301}").map { Array($0.compact) }
        #expect(composed == Array("1".utf8))
        #expect(decomposed == Array("2".utf8))
    }

    @Test func elementsAreFoundInOrderWhateverTheyHold() throws {
        let root = try JSONDocument(#"[1,"],{\"",[2,[3]],{"a":"}"},null]"#.utf8).root
        let found = root.elements?.map { String(decoding: $0.compact, as: UTF8.self) }
        #expect(found == ["1", #""],{\"""#, "[2,[3]]", #"{"a":"}"}"#, "null"])
    }

    @Test(arguments: [
        (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{C}\n\r\t"), (#""\u4f60\ud83d\ude00""#, "你😀"), (#""""#, ""),
        (#""\u0041\u00E9""#, "A\u{E9}"),
    ])
    func escapesAreDecoded(_ text: String, _ wanted: String) throws {
        let found = try JSONDocument(text.utf8).root.string
        #expect(found.map { Array($0.utf8) } == Array(wanted.utf8))
    }

    @Test func writtenTextIsReadBack() throws {
        let text =
            String(String.UnicodeScalarView((1...0x250).compactMap { Unicode.Scalar(UInt32($0)) }))
            + "\u{1F600}\u{2028}"
        let found = try JSONDocument(JSONOutput.string(text).bytes).root.string
        #expect(found.map { Array($0.utf8) } == Array(text.utf8))
    }

    @Test func anObjectKeepsItsOrderAndStoredJSONGoesThrough() {
        let output: JSONOutput = ["z": .verbatim(Array("1.0".utf8)), "a": [.null, true, .integer(-5)], "m": "\u{1}\""]
        let found = String(decoding: output.bytes, as: UTF8.self)
        #expect(found == #"{"z":1.0,"a":[null,true,-5],"m":"\u0001\""}"#)
    }

    @Test(arguments: [
        (#"{"b":1,"a":2}"#, #"{"a":2,"b":1}"#), (#"{"a":1,"a":2}"#, #"{"a":2}"#), ("1.0", "1"), ("1e3", "1000"),
        ("1000.0", "1E+3"), ("0.10", "1e-1"), ("-0.0", "0"), (#""\u4f60\/""#, #""你/""#), (" [ 1 ] ", "[1]"),
        ("12345678901234567890123", "12345678901234567890123.000"),
    ])
    func equalValuesHaveOneCanonicalForm(_ left: String, _ right: String) throws {
        let found = JSONCanonicalForm.bytes(of: try JSONDocument(left.utf8).root)
        let wanted = JSONCanonicalForm.bytes(of: try JSONDocument(right.utf8).root)
        #expect(found == wanted)
    }

    @Test(arguments: [
        ("1", "10"), ("1", "-1"), ("\"1\"", "1"), ("0.1", "0.01"), ("1e400", "1e401"), ("[]", "{}"),
        ("1e99999999999", "1e99999999998"),
    ])
    func unequalValuesHaveTwo(_ left: String, _ right: String) throws {
        let found = JSONCanonicalForm.bytes(of: try JSONDocument(left.utf8).root)
        let other = JSONCanonicalForm.bytes(of: try JSONDocument(right.utf8).root)
        #expect(found != other)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (1_771_761_600_123_456, "2026-02-22T12:00:00.123456Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (4_107_542_399_000_001, "2100-02-28T23:59:59.000001Z"),
        ] as [(Int64, String)])
    func timesHaveSixDigitsAndZ(_ microseconds: Int64, _ wanted: String) {
        let found = Timestamp.text(microseconds)
        #expect(found == wanted)
    }
}
