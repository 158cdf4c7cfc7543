import Foundation
import HTTPTypes
import SessionModels
import Testing

/// The plan's own answers, measured, line by line.
///
/// Source: vectors/session-api-golden.txt; differences are decided in session-api.md and named with their reason.
@Suite struct GoldenFileTests {
    /// A recorded request and answer.
    struct Line: Sendable {
        let number: Int
        let method: String
        let path: String
        let status: Int
        let headers: String
        let body: String
    }

    /// A line that we answer otherwise, and why.
    struct Difference: Sendable {
        let status: Int
        let reason: String
        /// What the answer's body must hold.
        let holds: String

        init(_ status: Int, holds: String, _ reason: String) {
            self.status = status
            self.holds = holds
            self.reason = reason
        }
    }

    static let differences: [Int: Difference] = [
        10: .init(201, holds: #""session_id""#, "4.1 rule 5: a chapter may hold slashes"),
        11: .init(201, holds: #""session_id""#, "4.1 rule 5: a chapter may hold slashes"),
        13: .init(422, holds: #""string_too_long","loc":["path","chapter_id"]"#, "4.4: over 128 characters, was 500"),
        14: .init(201, holds: #""session_id""#, "4.1 rule 6: both paths are served"),
        17: .init(200, holds: #"{"sessions":["#, "4.7: the list of a chapter's sessions, was 405"),
        31: .init(422, holds: #""greater_than_equal","loc":["body","turn_index"]"#, "D4: negative index"),
        32: .init(422, holds: #""less_than_equal","loc":["body","turn_index"]"#, "4.4: over 2^31, was 500"),
        35: .init(201, holds: #"{"accepted":true}"#, "5.10: U+0000 becomes U+FFFD, was 500"),
        36: .init(201, holds: #"{"accepted":true}"#, "5.10: a lone surrogate becomes U+FFFD, was 500"),
        37: .init(422, holds: #""json_invalid""#, "5.10: NaN is not JSON, was 500"),
        62: .init(422, holds: #""greater_than_equal","loc":["body","file_size_bytes"]"#, "D4: negative size"),
        65: .init(422, holds: #""loc":["body","chapter_id"]"#, "4.4: no traversal in names"),
        67: .init(201, holds: #"{"quota_used_bytes":10,"#, "D2: counted once"),
        68: .init(400, holds: #""VALIDATION_ERROR""#, "D3: a key of somebody else"),
        69: .init(400, holds: #""VALIDATION_ERROR""#, "D3: a key of another file"),
        70: .init(200, holds: "dev-no-oss", "D2, D3: 10 bytes are used, not 200 MiB"),
        71: .init(200, holds: #""quota_used_bytes":10,"#, "D2, D3: one row, not four"),
    ]

    private static let firstSession = "949f5917bba94a0ca9379e18bd74ac8f"
    private static let secondSession = "82c3bde050af4cec9040ff4893c1671a"
    private static let user = "e530ce42-640e-4a70-9036-671c2a025332"
    private static let other = "0b8f1c7e-0000-4000-8000-000000000001"

    private static let turn =
        #""chapter_id":"c1","user_message":"hello","companion_response":"hi there","turn_outcome":{}"#
    private static let withoutOutcome = #""chapter_id":"c1","user_message":"hello","companion_response":"hi there""#

    /// The bodies that were sent; the recording does not hold them.
    private static let bodies: [Int: String] = [
        4: #"{"course_id":null}"#, 2: "{}", 3: "{}", 5: "{}", 7: "null", 8: #"{"course_id":null,"extra":1}"#,
        9: #"{"course_id":5}"#, 10: "{}", 11: "{}", 12: "{}", 13: "{}", 14: "{}", 15: #"{"course_id":"#,
        16: #"{"course_id":null}"#, 19: "{\(turn),\"turn_index\":0}", 20: "{\(turn),\"turn_index\":0}",
        21: #"{\#(withoutOutcome.replacingOccurrences(of: "hello", with: "other")),"turn_index":0}"#,
        22: "{\(turn.replacingOccurrences(of: "c1", with: "zz")),\"turn_index\":1}", 23: "{\(turn),\"turn_index\":5}",
        24: "{\(withoutOutcome),\"turn_index\":6}", 25: #"{\#(withoutOutcome),"turn_index":9,"turn_outcome":null}"#,
        26: #"{\#(withoutOutcome),"turn_index":9,"turn_outcome":[]}"#, 27: #"{\#(turn),"turn_index":"7"}"#,
        28: "{\(turn),\"turn_index\":8.0}", 29: "{\(turn),\"turn_index\":8.5}", 30: "{\(turn),\"turn_index\":true}",
        31: "{\(turn),\"turn_index\":-1}", 32: "{\(turn),\"turn_index\":2147483648}", 33: #"{"turn_index":9}"#,
        34: #"{"chapter_id":"","turn_index":10,"user_message":"","companion_response":""}"#,
        35: #"{"chapter_id":"c1","turn_index":11,"user_message":"a\u0000b","companion_response":""}"#,
        36: #"{"chapter_id":"c1","turn_index":12,"user_message":"a\ud800b","companion_response":""}"#,
        37: #"{\#(withoutOutcome),"turn_index":13,"turn_outcome":{"a":NaN}}"#,
        38: #"{\#(withoutOutcome),"turn_index":14,"turn_outcome":{"z":1.0, "a":1e3,"z":2.50}}"#,
        39: "{\(turn),\"turn_index\":0}", 40: "{\(turn),\"turn_index\":0}", 41: "{}", 42: "{}",
        43: #"{"chapter_id":"c1","turn_index":9,"user_message":5,"companion_response":""}"#,
        44: #"{"chapter_id":"c1","memory_json":{"a":1}}"#, 45: #"{"chapter_id":"c1","memory_json":{}}"#,
        46: #"{"chapter_id":"c1","memory_json":null}"#, 47: #"{"chapter_id":"c1","memory_json":[1]}"#,
        48: #"{"chapter_id":"c1","memory_json":{"a":1}}"#, 49: #"{"chapter_id":"c1","report_md":"report"}"#,
        50: #"{"chapter_id":"c1","report_md":""}"#, 54: "{}",
        56: #"{"chapter_id":"c1","report_md":"only report"}"#, 58: #"{"chapter_id":"c1","memory_json":{}}"#,
        60: upload(10), 61: upload(0), 62: upload(-5), 63: upload(104_857_600), 64: upload(104_857_601),
        65: #"{"chapter_id":"../x","filename":"../../b/c.py","file_size_bytes":10}"#, 66: confirm(), 67: confirm(),
        68: confirm(key: "user/other/x", size: 1), 69: confirm(filename: "b.py", size: 209_715_200), 70: upload(10),
    ]

    private static func upload(_ size: Int) -> String {
        #"{"chapter_id":"c1","filename":"a.py","file_size_bytes":\#(size)}"#
    }

    private static func confirm(
        key: String = "user/\(user)/workspace/c1/a.py", filename: String = "a.py", size: Int = 10
    ) -> String {
        #"{"oss_key":"\#(key)","filename":"\#(filename)","chapter_id":"c1","file_size_bytes":\#(size)}"#
    }

    @Test func everyLineIsAnsweredAsThePlanDoesButForWhatIsDecided() async throws {
        let lines = try Self.lines()
        #expect(lines.map(\.number) == Array(1...72))
        try await Fixture(storage: nil).run { client in
            var sessions: [String: String] = [:]
            for line in lines {
                client.fixture.clock.advance(seconds: 1)
                let answer = try await ask(line, client, sessions)
                if line.number == 4 { sessions[Self.firstSession] = try answer.text("session_id") }
                if line.number == 54 { sessions[Self.secondSession] = try answer.text("session_id") }
                try judge(answer, line, sessions)
            }
        }
    }

    private func ask(_ line: Line, _ client: Client, _ sessions: [String: String]) async throws -> Answer {
        var path = line.path
        for (recorded, ours) in sessions { path = path.replacingOccurrences(of: recorded, with: ours) }
        var headers: [String: String] = [:]
        var user: String? = Self.user
        switch line.number {
        case 1, 2, 42: user = nil
        case 3: (user, headers) = (nil, ["Authorization": "Basic abc"])
        case 16: headers = ["Content-Type": "text/plain"]
        case 40, 53, 72: user = Self.other
        default: break
        }
        let method = try #require(HTTPRequest.Method(line.method))
        return try await client.send(method, path, Self.bodies[line.number], as: user, headers: headers)
    }

    private func judge(_ answer: Answer, _ line: Line, _ sessions: [String: String]) throws {
        let comment = Comment(rawValue: "line \(line.number): \(answer.body)")
        if let difference = Self.differences[line.number] {
            #expect(answer.status == difference.status, comment)
            #expect(answer.body.contains(difference.holds), comment)
            return
        }
        #expect(answer.status == line.status, comment)
        #expect(answer.headers[.contentType] == "application/json", comment)
        if line.headers.contains("'allow'") { #expect(line.headers == "{'allow': '\(answer.headers[.allow] ?? "")'}") }
        var found = Self.masked(answer.body)
        for (recorded, ours) in sessions { found = found.replacingOccurrences(of: ours, with: recorded) }
        if line.number == 51 { return judgeState(found, line) }
        if line.status == 422 {
            found = #"{"detail":\#(try answer.text("detail"))}"#
            #expect(answer.refusal == "422 VALIDATION_ERROR", comment)
        }
        let wanted = Self.masked(line.body)
        #expect(found == wanted, comment)
    }

    /// The recording ends within this answer and begins with the negative index that we refuse (line 31).
    private func judgeState(_ found: String, _ line: Line) {
        let refused =
            #"{"turn_index":-1,"user_message":"hello","companion_response":"hi there","turn_outcome":{},"created_at":"T"},"#
        let wanted = Self.masked(line.body).replacingOccurrences(of: refused, with: "")
        #expect(wanted.count > 300)
        let beginning = String(found.prefix(wanted.count))
        #expect(beginning == wanted)
        #expect(
            found.contains(
                #""turn_index":14,"user_message":"hello","companion_response":"hi there","#
                    + #""turn_outcome":{"z":1.0,"a":1e3,"z":2.50}"#))
        #expect(found.hasSuffix(#""memory":{"a":1},"report_md":""}"#))
    }

    private static func lines() throws -> [Line] {
        let url = try #require(
            Bundle.module.url(forResource: "session-api-golden", withExtension: "txt", subdirectory: "Vectors"))
        let rows = try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n")
        return try stride(from: 0, to: rows.count - 2, by: 3).map { start in
            let number = try #require(Int(rows[start].prefix(2)))
            let words = rows[start + 1].trimmingCharacters(in: .whitespaces).components(separatedBy: " ")
            let headers = rows[start + 1].firstIndex(of: "{").map { String(rows[start + 1][$0...]) } ?? ""
            return Line(
                number: number, method: words[0], path: words[1], status: try #require(Int(words[3])),
                headers: headers, body: String(rows[start + 2].dropFirst(3)))
        }
    }

    /// A body without what differs from run to run: times, and ids of sessions that are not asked for again.
    private static func masked(_ body: String) -> String {
        var masked = body.replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/, with: "T")
        if masked.contains(#","created_at":"T"}"#), masked.hasPrefix(#"{"session_id""#) {
            masked = masked.replacing(/[0-9a-f]{32}/, with: "S")
        }
        return masked
    }
}
