import SessionModels
import Testing

@Suite struct JSONDocumentTests {
    /// A text and its compact form.
    struct Accepted: Sendable {
        let text: String
        let compact: String

        init(_ text: String, _ compact: String? = nil) {
            self.text = text
            self.compact = compact ?? text
        }
    }

    /// A text, the rule that it breaks and where.
    struct Refused: Sendable {
        let text: String
        let reason: JSONSyntaxError.Reason
        let offset: Int

        init(_ text: String, _ reason: JSONSyntaxError.Reason, _ offset: Int) {
            self.text = text
            self.reason = reason
            self.offset = offset
        }
    }

    @Test(arguments: [
        Accepted("{}"), Accepted("[]"), Accepted(" \t\r\n{ } ", "{}"), Accepted("[ 1 , 2 ]", "[1,2]"), Accepted("null"),
        Accepted("true"), Accepted(" false", "false"), Accepted("\"\""), Accepted("\" a  b \""), Accepted("0"),
        Accepted("-0"), Accepted("1.0"), Accepted("1e3"), Accepted("1E+3"), Accepted("2.50e-10"), Accepted("1e400"),
        Accepted("12345678901234567890123"), Accepted("{\"z\":1.0,\"a\":1e3,\"z\":2.50}"),
        Accepted("\"\\ud83d\\ude00\\u4f60\\n\\/\\\\\\\"\""), Accepted("\"你\""),
        Accepted("{\"a\" : [ {\"b\" : [ ] } ] }", "{\"a\":[{\"b\":[]}]}"),
    ])
    func textIsKeptByteForByteButForWhitespaceOutsideStrings(_ vector: Accepted) throws {
        let document = try JSONDocument(vector.text.utf8)
        let compact = String(decoding: document.root.compact, as: UTF8.self)
        #expect(compact == vector.compact)
        #expect(!document.isSanitized)
    }

    @Test(arguments: [
        Refused("", .expectingValue, 0), Refused("  ", .expectingValue, 2),
        Refused("{\"course_id\":", .expectingValue, 13),
        Refused("NaN", .expectingValue, 0), Refused("Infinity", .expectingValue, 0),
        Refused("-Infinity", .expectingValue, 0), Refused("[NaN]", .expectingValue, 1),
        Refused("nul", .expectingValue, 0),
        Refused("True", .expectingValue, 0), Refused("01", .extraText, 1), Refused("[01]", .expectingComma, 2),
        Refused("1.", .extraText, 1), Refused(".5", .expectingValue, 0), Refused("+1", .expectingValue, 0),
        Refused("-", .expectingValue, 0), Refused("1e", .extraText, 1), Refused("1e+", .extraText, 1),
        Refused("0x10", .extraText, 1), Refused("[1,]", .expectingValue, 3), Refused("[1 2]", .expectingComma, 3),
        Refused("[", .expectingValue, 1), Refused("[1", .expectingComma, 2), Refused("{", .expectingPropertyName, 1),
        Refused("{,}", .expectingPropertyName, 1), Refused("{\"a\":1,}", .expectingPropertyName, 7),
        Refused("{a:1}", .expectingPropertyName, 1), Refused("{'a':1}", .expectingPropertyName, 1),
        Refused("{\"a\"}", .expectingColon, 4), Refused("{\"a\" 1}", .expectingColon, 5),
        Refused("{\"a\":1 \"b\":2}", .expectingComma, 7), Refused("{\"a\":1", .expectingComma, 6),
        Refused("{} {}", .extraText, 3), Refused("{}x", .extraText, 2), Refused("\"a", .unterminatedString, 0),
        Refused("[\"a]", .unterminatedString, 1), Refused("\"\\", .unterminatedString, 0),
        Refused("\"a\nb\"", .invalidControlCharacter, 2), Refused("\"\u{0}\"", .invalidControlCharacter, 1),
        Refused("\"\\x\"", .invalidEscape, 1), Refused("\"\\u12\"", .invalidUnicodeEscape, 1),
        Refused("\"\\u12G4\"", .invalidUnicodeEscape, 1), Refused("\"\\ud800\\u12\"", .invalidUnicodeEscape, 7),
        Refused("// x\n1", .expectingValue, 0), Refused("[1] // x", .extraText, 4),
        Refused("\u{FEFF}{}", .expectingValue, 0),
        Refused("\"你好\" x", .extraText, 5), Refused("\u{A0}1", .expectingValue, 0),
    ])
    func nearMissesAreRefusedWithTheirPosition(_ vector: Refused) {
        let found = #expect(throws: JSONSyntaxError.self) { try JSONDocument(vector.text.utf8) }
        let wanted = JSONSyntaxError(vector.reason, offset: vector.offset)
        #expect(found == wanted)
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE4, 0xBD, 0x22],
            [0xFF, 0xFE, 0x7B, 0x00],
        ] as [[UInt8]])
    func bytesThatAreNotUTF8AreRefused(_ bytes: [UInt8]) {
        let found = #expect(throws: JSONSyntaxError.self) { try JSONDocument(bytes) }
        #expect(found?.reason == .notUTF8)
    }

    @Test(arguments: [
        Accepted("\"\\u0000\"", "\"\\ufffd\""), Accepted("\"\\ud800\"", "\"\\ufffd\""),
        Accepted("\"\\udc00\"", "\"\\ufffd\""), Accepted("\"\\ud800x\"", "\"\\ufffdx\""),
        Accepted("\"\\ud800\\u0041\"", "\"\\ufffd\\u0041\""),
        Accepted("\"\\ud800\\ud83d\\ude00\"", "\"\\ufffd\\ud83d\\ude00\""),
        Accepted("{\"\\u0000\":[\"\\uDFFF\"]}", "{\"\\ufffd\":[\"\\ufffd\"]}"),
    ])
    func whatNoDatabaseTakesBecomesAReplacementCharacter(_ vector: Accepted) throws {
        let document = try JSONDocument(vector.text.utf8)
        let compact = String(decoding: document.root.compact, as: UTF8.self)
        #expect(compact == vector.compact)
        #expect(document.isSanitized)
    }

    @Test func nestingOf64IsReadAndOf65IsNot() throws {
        let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        _ = try JSONDocument(deepest.utf8)
        let tooDeep = String(repeating: "{\"a\":", count: 65) + "1" + String(repeating: "}", count: 65)
        let found = #expect(throws: JSONSyntaxError.self) { try JSONDocument(tooDeep.utf8) }
        #expect(found?.reason == .tooDeep)
        let flood = #expect(throws: JSONSyntaxError.self) { try JSONDocument(repeatElement(0x5B, count: 1_000_000)) }
        #expect(flood?.reason == .tooDeep)
    }

    @Test func garbageNeverTrapsAndWhatIsReadIsReadAgain() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("{}[]:,\"\\u0dDeE8fF+-.19 \ntrualsn\u{4F60}".utf8) + [0x00, 0x1F, 0x80, 0xC3, 0xED, 0xFF]
        var readCount = 0
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...24, using: &random)
            let bytes = (0..<length).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            guard let document = try? JSONDocument(bytes) else { continue }
            readCount += 1
            walk(document.root)
            let again = try JSONDocument(document.root.compact)
            #expect(again.root.compact == document.root.compact)
        }
        #expect(readCount > 0)
    }

    @Test func changedBytesOfARealBodyNeverTrap() {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let body = Array(
            #"{"chapter_id":"ch0","turn_index":8.0,"user_message":"\ud83d\ude00 你","turn_outcome":{"a":[1e3,{"b":null}]}}"#
                .utf8)
        for _ in 0..<10_000 {
            var changed = body
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(
                    in: .min ... .max, using: &random)
            }
            guard let document = try? JSONDocument(changed) else { continue }
            walk(document.root)
            _ = JSONCanonicalForm.bytes(of: document.root)
        }
    }

    private func walk(_ value: JSONValue) {
        _ = value.string
        _ = value.last("a")
        for element in value.elements ?? [] { walk(element) }
        for member in value.members ?? [] { walk(member.value) }
    }
}

/// A small generator whose seed repeats a run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
