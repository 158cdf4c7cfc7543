import Foundation
import HTTPTypes
import SessionModels
import Testing

@Suite struct HostileInputTests {
    private static let routes: [(HTTPRequest.Method, String)] = [
        (.post, "/v1/chapters/c1/sessions"), (.post, "/v1/sessions/SESSION/turns"),
        (.put, "/v1/sessions/SESSION/memory"), (.put, "/v1/sessions/SESSION/report"),
        (.post, "/v1/storage/workspace/upload-url"), (.post, "/v1/storage/workspace/confirm"),
        (.post, "/v1/auth/register"), (.post, "/v1/auth/login"), (.post, "/v1/auth/refresh"),
        (.post, "/v1/auth/logout"), (.post, "/v1/auth/request-email-code"),
    ]
    private static let names = [
        "chapter_id", "turn_index", "user_message", "companion_response", "turn_outcome", "memory_json", "agent_state",
        "report_md", "filename", "file_size_bytes", "oss_key", "content_md5", "email", "password", "refresh_token",
        "rotate", "purpose", "device_id", "course_id", "title",
    ]
    private static let values = [
        "null", "true", "0", "-1", "1e400", "9223372036854775808", "\"\"", "\"c1\"", "\"\\u0000\"", "\"\\ud800\"", "[]",
        "{}", "[[[[]]]]", "{\"a\":{\"a\":1,\"a\":2}}", "\"'; DROP TABLE users; --\"", "\"../..\"", "\"é\"",
        "\"e\u{301}\"",
        "\"a@example.com\"", "\"register\"", "\"StrongPass123\"", "7", "\"7\"", "8.0",
    ]

    @Test func noBodyWhateverItHoldsIsAnsweredWith5xx() async throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        let fixture = try Fixture(change: {
            $0.requestBurstPerUser = 1_000_000
            $0.loginsPerMinute = 1_000_000
        })
        try await fixture.run { client in
            var random = SeededGenerator(seed: seed)
            let session = try await client.session()
            for _ in 0..<1_500 {
                guard let (method, path) = Self.routes.randomElement(using: &random) else { continue }
                let body = Self.body(using: &random)
                let answer = try await client.send(
                    method, path.replacingOccurrences(of: "SESSION", with: session), body)
                #expect(answer.status < 500, "\(method) \(path) \(body)")
                _ = try JSONDocument(answer.body.utf8)
            }
        }
    }

    @Test func noTargetWhateverItHoldsIsAnsweredWith5xx() async throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        try await Fixture(change: { $0.requestBurstPerUser = 1_000_000 }).run { client in
            var random = SeededGenerator(seed: seed)
            let pieces = [
                "/", "v1", "chapters", "sessions", "session-state", "%", "%2", "%2F", "%00", "%ff", "?", "&", "=", "+",
                "#",
                "..", ".", "course_id", "chapter_id", "storage/workspace/files", "a", "/v1/chapters/", "/sessions",
            ]
            for _ in 0..<1_500 {
                let count = Int.random(in: 0...8, using: &random)
                let path = "/" + (0..<count).compactMap { _ in pieces.randomElement(using: &random) }.joined()
                let answer = try await client.send(Bool.random(using: &random) ? .get : .post, path)
                #expect(answer.status < 500, "\(path)")
            }
        }
    }

    private static func body(using random: inout SeededGenerator) -> String {
        var members: [String] = []
        for name in names where Int.random(in: 0...2, using: &random) > 0 {
            members.append("\"\(name)\":\(values.randomElement(using: &random) ?? "0")")
        }
        var body = "{\(members.shuffled(using: &random).joined(separator: ","))}"
        if Int.random(in: 0...9, using: &random) == 0 {
            body = String(body.dropLast(Int.random(in: 1...body.count, using: &random)))
        }
        return body
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
