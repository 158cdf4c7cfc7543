import SessionModels
import Testing

@Suite struct ModelReaderTests {
    /// A body and the rows of its 422.
    struct Vector: Sendable {
        let body: String
        let rows: String

        init(_ body: String, _ rows: String) {
            self.body = body
            self.rows = rows
        }
    }

    @Test(arguments: [
        Vector(
            #"{"turn_index":9}"#,
            #"[{"type":"missing","loc":["body","chapter_id"],"msg":"Field required","input":{"turn_index":9}},"#
                + #"{"type":"missing","loc":["body","user_message"],"msg":"Field required","input":{"turn_index":9}},"#
                + #"{"type":"missing","loc":["body","companion_response"],"msg":"Field required","input":{"turn_index":9}}]"#
        ),
        Vector("", #"[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]"#),
        Vector("null", #"[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]"#),
        Vector(
            "[1]",
            #"[{"type":"model_attributes_type","loc":["body"],"#
                + #""msg":"Input should be a valid dictionary or object to extract fields from","input":[1]}]"#),
        Vector(
            #"{"turn_index": NaN}"#,
            #"[{"type":"json_invalid","loc":["body",15],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting value"}}]"#
        ),
    ])
    func bodiesThatAreNoTurnAreRefusedAsThePlanDoes(_ vector: Vector) throws {
        let found = try rows(of: vector.body)
        #expect(found == vector.rows)
    }

    @Test(
        arguments: [
            ("7", 7), ("\"7\"", 7), ("8.0", 8), ("true", 1), ("false", 0), ("1e3", 1_000), ("80e-1", 8),
            ("\" 12 \"", 12),
            ("\"+3\"", 3), ("2147483647", 2_147_483_647), ("-0", 0), ("0.000", 0), ("\"007\"", 7),
        ] as [(String, Int64)])
    func whatThePlanTakesForANumberIsANumber(_ value: String, _ wanted: Int64) throws {
        let found = try turn(index: value).turnIndex
        #expect(found == wanted)
    }

    @Test(arguments: [
        ("8.5", "int_from_float"), ("1e-400", "int_from_float"), ("null", "int_type"), ("[]", "int_type"),
        ("{}", "int_type"),
        ("\"x\"", "int_parsing"), ("\"\"", "int_parsing"), ("\"7.5\"", "int_parsing"), ("\"0x7\"", "int_parsing"),
        ("\"--7\"", "int_parsing"), ("\"١\"", "int_parsing"), ("-1", "greater_than_equal"),
        ("\"-1\"", "greater_than_equal"),
        ("-1e400", "greater_than_equal"), ("2147483648", "less_than_equal"), ("1e400", "less_than_equal"),
        ("1e99999999999", "less_than_equal"), ("99999999999999999999", "less_than_equal"),
        ("\"99999999999999999999\"", "less_than_equal"),
    ])
    func whatIsNoNumberIsRefusedByItsKind(_ value: String, _ wanted: String) throws {
        let fault = #expect(throws: RequestFault.self) { try turn(index: value) }
        guard case .invalid(let issues) = try #require(fault) else { return #expect(Bool(false), "too large") }
        #expect(issues.map(\.type) == [wanted])
        #expect(issues.first?.location == [.name("body"), .name("turn_index")])
    }

    @Test func aTextOverItsLimitIsTooLargeAndOneOfItsLimitIsNot() throws {
        let limit = SessionLimits.userMessageBytes
        _ = try turn(message: String(repeating: "a", count: limit))
        let fault = #expect(throws: RequestFault.self) { try turn(message: String(repeating: "a", count: limit + 1)) }
        guard case .tooLarge(let field, let of, let got) = try #require(fault) else {
            return #expect(Bool(false), "not too large")
        }
        #expect(field == "user_message")
        #expect([of, got] == [limit, limit + 1])
    }

    @Test func aLongInputIsNotRepeated() throws {
        let found = try rows(of: "{\"turn_index\":\"" + String(repeating: "x", count: 3_000) + "\"}")
        #expect(!found.contains("xxx"))
        #expect(found.contains("(3002 bytes)"))
    }

    @Test func aPasswordIsNotRepeated() throws {
        let content = try RequestContent(bytes: Array(#"{"password":"StrongPass123"}"#.utf8), contentType: nil)
        let fault = #expect(throws: RequestFault.self) { try LoginRequest(content) }
        let found = json(of: try #require(fault))
        #expect(found == #"[{"type":"missing","loc":["body","email"],"msg":"Field required","input":null}]"#)
    }

    @Test(
        arguments: [
            "application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json", "", nil,
        ] as [String?])
    func aBodyThatCallsItselfJSONIsRead(_ type: String?) throws {
        let content = try RequestContent(bytes: Array("{}".utf8), contentType: type)
        guard case .json = content else { return #expect(Bool(false), "not read as JSON") }
    }

    @Test(arguments: ["text/plain", "text/json", "application/x-www-form-urlencoded", "json", "application"])
    func aBodyOfAnotherTypeIsNot(_ type: String) throws {
        let content = try RequestContent(bytes: Array("{}".utf8), contentType: type)
        guard case .text = content else { return #expect(Bool(false), "read as JSON") }
    }

    @Test(arguments: ["a.py", "章 1.ipynb", "...", "a b", ".hidden", String(repeating: "a", count: 255)])
    func filesMayHaveThatName(_ name: String) {
        #expect(WorkspaceName.isFileName(name))
    }

    @Test(arguments: [
        "", ".", "..", "a/b", "a\\b", "a?b", "a#b", "a\u{0}", "a\n", "a\u{7F}", String(repeating: "a", count: 256),
        String(repeating: "章", count: 86),
    ])
    func filesMayNotHaveThatName(_ name: String) {
        #expect(!WorkspaceName.isFileName(name))
    }

    @Test(arguments: ["", "/", "a/", "/a", "a//b", "../x", "a/../b", "a/.", "a\\b/c"])
    func chaptersMayNotHaveThatName(_ name: String) {
        #expect(!WorkspaceName.isChapter(name))
    }

    private func turn(index: String = "0", message: String = "hello") throws -> AppendTurnRequest {
        let body = #"{"chapter_id":"c","turn_index":\#(index),"user_message":"\#(message)","companion_response":""}"#
        return try AppendTurnRequest(RequestContent(bytes: Array(body.utf8), contentType: "application/json"))
    }

    private func rows(of body: String) throws -> String {
        let fault = #expect(throws: RequestFault.self) {
            try AppendTurnRequest(RequestContent(bytes: Array(body.utf8), contentType: "application/json"))
        }
        return json(of: try #require(fault))
    }

    private func json(of fault: RequestFault) -> String {
        guard case .invalid(let issues) = fault else { return "" }
        return String(decoding: JSONOutput.array(issues.map(\.json)).bytes, as: UTF8.self)
    }
}
