import Foundation
import HTTPTypes
import OSSKit
import SessionAPI
import Testing

@Suite struct TokenGateTests {
    private static let header = #"{"alg":"HS256","typ":"JWT"}"#
    private static let ours = #"{"alg":"HS256","kid":"access-1","typ":"JWT"}"#

    /// A token's parts, where `NOW` in the payload stands for the time; with the seconds to wait before it is shown.
    struct Attack: Sendable {
        let name: String
        var header = TokenGateTests.header
        var payload = #"{"sub":"11111111-1111-4111-8111-111111111111","type":"access","exp":NOW+3600}"#
        var secret = Fixture.secret
    }

    static let attacks: [Attack] = [
        Attack(name: "alg none", header: #"{"alg":"none","typ":"JWT"}"#),
        Attack(name: "alg HS512", header: #"{"alg":"HS512","typ":"JWT"}"#),
        Attack(name: "alg RS256", header: #"{"alg":"RS256","typ":"JWT"}"#),
        Attack(name: "alg in lower case", header: #"{"alg":"hs256","typ":"JWT"}"#),
        Attack(name: "no alg", header: #"{"typ":"JWT"}"#),
        Attack(name: "no typ", header: #"{"alg":"HS256"}"#),
        Attack(name: "other typ", header: #"{"alg":"HS256","typ":"JWE"}"#),
        Attack(name: "unknown kid", header: #"{"alg":"HS256","typ":"JWT","kid":"x"}"#),
        Attack(name: "kid is a path", header: #"{"alg":"HS256","typ":"JWT","kid":"../../dev/null"}"#),
        Attack(name: "crit", header: #"{"alg":"HS256","typ":"JWT","crit":["exp"]}"#),
        Attack(name: "jwk", header: #"{"alg":"HS256","typ":"JWT","jwk":{"kty":"oct","k":"AA"}}"#),
        Attack(name: "jku", header: #"{"alg":"HS256","typ":"JWT","jku":"https://evil.example"}"#),
        Attack(name: "x5u", header: #"{"alg":"HS256","typ":"JWT","x5u":"https://evil.example"}"#),
        Attack(name: "doubled alg", header: #"{"alg":"none","alg":"HS256","typ":"JWT"}"#),
        Attack(name: "kid and crit", header: #"{"alg":"HS256","typ":"JWT","kid":"access-1","crit":[]}"#),
        Attack(name: "header is no object", header: "[]"),
        Attack(name: "another secret", secret: "another-secret-of-more-than-32-bytes-9876543210"),
        Attack(name: "empty secret", secret: ""),
        Attack(name: "no sub", payload: #"{"type":"access","exp":NOW+3600}"#),
        Attack(name: "sub in upper case", payload: payload(sub: "AAAAAAAA-1111-4111-8111-111111111111")),
        Attack(name: "sub is no UUID", payload: payload(sub: "1' OR '1'='1")),
        Attack(name: "sub with NUL", payload: payload(sub: "11111111-1111-4111-8111-11111111111\\u0000")),
        Attack(name: "no type", payload: payload(type: "")),
        Attack(name: "refresh type", payload: payload(type: #""type":"refresh","#)),
        Attack(name: "no exp", payload: #"{"sub":"\#(Client.alice)","type":"access"}"#),
        Attack(name: "exp is text", payload: payload(times: #""exp":"NOW+3600""#)),
        Attack(name: "exp is a fraction", payload: payload(times: #""exp":NOW+3600.5"#)),
        Attack(name: "exp is 1e12", payload: payload(times: #""exp":1e12"#)),
        Attack(name: "exp is negative", payload: payload(times: #""exp":-1"#)),
        Attack(name: "exp is null", payload: payload(times: #""exp":null"#)),
        Attack(name: "exp is huge", payload: payload(times: #""exp":99999999999999999999999"#)),
        Attack(name: "exp is over the cap", payload: payload(times: #""exp":NOW+86401"#)),
        Attack(name: "lifetime is over the cap", payload: payload(times: #""iat":NOW-80000,"exp":NOW+6401"#)),
        Attack(name: "exp before iat", payload: payload(times: #""iat":NOW+20,"exp":NOW+10"#)),
        Attack(name: "iat is ahead", payload: payload(times: #""iat":NOW+31,"exp":NOW+3600"#)),
        Attack(name: "nbf is ahead", payload: payload(times: #""nbf":NOW+31,"exp":NOW+3600"#)),
        Attack(name: "iat is text", payload: payload(times: #""iat":"1","exp":NOW+3600"#)),
        Attack(name: "for somebody else", payload: payload(times: #""aud":"x","exp":NOW+3600"#)),
        Attack(name: "doubled sub", payload: payload(times: #""sub":"\#(Client.bob)","exp":NOW+3600"#)),
        Attack(name: "ours without iat", header: ours),
    ]

    private static func payload(
        sub: String = Client.alice, type: String = #""type":"access","#, times: String = #""exp":NOW+3600"#
    ) -> String {
        #"{"sub":"\#(sub)",\#(type)\#(times)}"#
    }

    @Test(arguments: attacks)
    func aTokenThatIsNotExactlyOneOfOursIsInvalid(_ attack: Attack) async throws {
        try await Fixture().run { client in
            let payload = Self.atNow(attack.payload, client)
            let token = Fixture.sign(header: attack.header, payload: payload, secret: attack.secret)
            let answer = try await show(token, client)
            #expect(answer.refusal == "401 INVALID_TOKEN")
        }
    }

    @Test func aChangedPartIsInvalid() async throws {
        try await Fixture().run { client in
            let token = client.fixture.token(user: Client.alice)
            let good = try await show(token, client)
            #expect(good.status == 200)
            let parts = token.split(separator: ".").map(String.init)
            let other = client.fixture.token(user: Client.bob).split(separator: ".").map(String.init)
            let broken = [
                [parts[0], other[1], parts[2]].joined(separator: "."), parts[0] + "." + parts[1] + ".",
                parts[0] + "." + parts[1], token + ".", "." + token, token + "=", token + "A",
                String(token.dropLast()), parts[0] + "=." + parts[1] + "." + parts[2], "..", ".", "x",
                parts.joined(separator: ".").replacingOccurrencesOfFirst(".", with: ".."),
                String(repeating: "a", count: 5_000),
            ]
            for token in broken {
                let answer = try await show(token, client)
                #expect(answer.refusal == "401 INVALID_TOKEN", "\(token)")
            }
        }
    }

    @Test(arguments: ["", "Bearer", "Bearer ", "Basic abc", "bearertoken", "Token abc"])
    func anotherSchemeIsNoToken(_ value: String) async throws {
        try await Fixture().run { client in
            let answer = try await client.send(.get, "/v1/me", as: nil, headers: ["Authorization": value])
            #expect(answer.refusal == "401 UNAUTHORIZED")
            #expect(try answer.text("error", "message") == "Missing authorization token")
        }
    }

    @Test func aTokenEndsThirtySecondsAfterItsExpiry() async throws {
        try await Fixture().run { client in
            let token = client.fixture.token(user: Client.alice, lifetimeSeconds: 100)
            client.fixture.clock.advance(seconds: 129)
            let inLeeway = try await show(token, client)
            client.fixture.clock.advance(seconds: 1)
            let plan = try await show(token, client)
            let version2 = try await client.send(
                .get, "/v1/me", as: nil, headers: ["Authorization": "Bearer \(token)", "X-Sync-Protocol": "2"])
            #expect(inLeeway.status == 200)
            #expect([plan.refusal, version2.refusal] == ["401 INVALID_TOKEN", "401 TOKEN_EXPIRED"])
        }
    }

    @Test func aUserOfThePlansBackendGetsARowAtFirstSight() async throws {
        try await Fixture().run { client in
            let answers = try await together(8) { _ in try await client.send(.get, "/v1/me") }
            #expect(answers.map(\.status) == Array(repeating: 200, count: 8))
            let users = try await client.fixture.accounts.listUsers()
            #expect(users.map(\.profile.id) == [Client.alice])
        }
    }

    @Test func aTokenOfOursForAUserWhoIsNotThereIsRefused() async throws {
        try await Fixture().run { client in
            let payload = Self.atNow(
                #"{"sub":"\#(Client.alice)","type":"access","iat":NOW+0,"exp":NOW+60}"#, client)
            let answer = try await show(Fixture.sign(header: Self.ours, payload: payload), client)
            #expect(answer.refusal == "401 INVALID_USER")
        }
    }

    private func show(_ token: String, _ client: Client) async throws -> Answer {
        try await client.send(.get, "/v1/me", as: nil, headers: ["Authorization": "Bearer \(token)"])
    }

    private static func atNow(_ payload: String, _ client: Client) -> String {
        let now = client.fixture.clock.nowSeconds
        return payload.replacing(/NOW([+-]\d+)/) { match in
            "\(now + (Int64(match.output.1.drop { $0 == "+" }) ?? 0))"
        }
    }
}

extension String {
    fileprivate func replacingOccurrencesOfFirst(_ text: String, with other: String) -> String {
        guard let range = range(of: text) else { return self }
        return replacingCharacters(in: range, with: other)
    }
}
