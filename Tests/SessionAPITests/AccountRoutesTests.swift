import HTTPTypes
import OSSKit
import SessionAPI
import Testing

@Suite struct AccountRoutesTests {
    @Test func theDemoAccountLogsInAsThePlansSmokeTestDoes() async throws {
        try await Fixture().run { client in
            try await client.fixture.accounts.ensureDemoAccount()
            try await client.fixture.accounts.ensureDemoAccount()
            let answer = try await logIn(client, "student@example.com", "StrongPass123")
            #expect(answer.status == 200)
            #expect(try answer.text("access_token_expires_in") == "3600")
            let me = try await me(client, try answer.text("access_token"))
            #expect(try me.text("email") == "student@example.com")
            #expect(try me.text("id") == answer.text("user", "id"))
        }
    }

    @Test func anAccountIsMadeOnceWhoeverComesFirst() async throws {
        try await Fixture(change: { $0.loginsPerMinute = 100 }).run { client in
            let answers = try await together(8) { number in
                try await register(client, number.isMultiple(of: 2) ? "a@example.com" : "A@Example.COM")
            }
            #expect(answers.map(\.status).sorted() == [201] + Array(repeating: 400, count: 7))
            let refusals = Set(answers.map(\.refusal))
            #expect(refusals == ["201 -", "400 EMAIL_ALREADY_REGISTERED"])
            let answer = try await logIn(client, "a@EXAMPLE.com", "StrongPass123")
            #expect(answer.status == 200)
        }
    }

    @Test(arguments: [
        #"{"email":"a@example.com","password":"short"}"#, #"{"email":"nobody","password":"StrongPass123"}"#,
        #"{"email":"a@b@c","password":"StrongPass123"}"#, #"{"email":"@b","password":"StrongPass123"}"#,
        #"{"email":"a b@c","password":"StrongPass123"}"#, #"{"email":5,"password":"StrongPass123"}"#, "{}", "",
        #"{"email":"a@example.com","password":"StrongPass123","device_id":""}"#,
        #"{"email":"a@example.com","password":"StrongPass123","display_name":"\n"}"#,
    ])
    func anAccountThatBreaksARuleIsRefusedWithoutRepeatingThePassword(_ body: String) async throws {
        try await Fixture().run { client in
            let answer = try await client.send(.post, "/v1/auth/register", body, as: nil)
            #expect(answer.refusal == "422 VALIDATION_ERROR")
            #expect(!answer.body.contains("StrongPass123"))
            #expect(!answer.body.contains("\"short\""))
        }
    }

    @Test func aClosedRegistrationIsClosed() async throws {
        try await Fixture(change: { $0.isRegistrationOpen = false }).run { client in
            let answer = try await register(client, "a@example.com")
            #expect(answer.refusal == "403 REGISTRATION_CLOSED")
        }
    }

    @Test func aWrongPasswordAndAnUnknownAccountAreToldTheSame() async throws {
        try await Fixture().run { client in
            _ = try await register(client, "a@example.com")
            let wrong = try await logIn(client, "a@example.com", "StrongPass124")
            let unknown = try await logIn(client, "b@example.com", "StrongPass123")
            #expect([wrong.refusal, unknown.refusal] == ["401 INVALID_CREDENTIALS", "401 INVALID_CREDENTIALS"])
            #expect(wrong.body == unknown.body)
            #expect(wrong.headers[.cacheControl] == "no-store")
        }
    }

    @Test func elevenLogInsAMinuteAreOneTooMany() async throws {
        try await Fixture().run { client in
            var statuses: [Int] = []
            for _ in 0..<11 { statuses.append(try await logIn(client, "a@example.com", "x").status) }
            #expect(statuses == Array(repeating: 401, count: 10) + [429])
            let otherCase = try await logIn(client, "A@EXAMPLE.com", "x")
            let otherAccount = try await logIn(client, "b@example.com", "x")
            #expect([otherCase.status, otherAccount.status] == [429, 401])
            client.fixture.clock.advance(seconds: 6)
            let later = try await logIn(client, "a@example.com", "x")
            #expect(later.status == 401)
        }
    }

    @Test func oneAddressCannotTryEveryAccount() async throws {
        try await Fixture(change: { $0.loginsPerMinuteOfAddress = 20 }).run { client in
            let token = try await register(client, "a@example.com").text("refresh_token")
            var statuses: [Int] = []
            for number in 0..<20 {
                statuses.append(try await logIn(client, "a\(number)@example.com", "x").status)
            }
            #expect(statuses == Array(repeating: 401, count: 19) + [429])
            let other = try await register(client, "b@example.com")
            #expect(other.refusal == "429 TOO_MANY_REQUESTS")
            statuses = []
            for number in 0..<21 {
                statuses.append(try await refresh(client, number == 0 ? token : "unknown").status)
            }
            #expect(statuses == [200] + Array(repeating: 401, count: 19) + [429])
            client.fixture.clock.advance(seconds: 3)
            let later = try await refresh(client, token)
            #expect(later.status == 200)
        }
    }

    @Test func anAccessTokenOfOursEndsAndARefreshTokenBringsTheNext() async throws {
        try await Fixture().run { client in
            let tokens = try await register(client, "a@example.com")
            let first = try tokens.text("access_token")
            client.fixture.clock.advance(seconds: 3_631)
            let expired = try await me(client, first)
            #expect(expired.refusal == "401 INVALID_TOKEN")
            let refreshed = try await refresh(client, try tokens.text("refresh_token"))
            #expect(refreshed.status == 200)
            #expect(!refreshed.body.contains("refresh_token\""))
            let again = try await me(client, try refreshed.text("access_token"))
            #expect(again.status == 200)
        }
    }

    @Test func aTokenLivesUntilItsSuccessorIsUsedAndThenBetraysItsThief() async throws {
        try await Fixture(change: { $0.loginsPerMinute = 100 }).run { client in
            let first = try await register(client, "a@example.com").text("refresh_token")
            let second = try await refresh(client, first, rotates: true).text("refresh_token")
            let lostReply = try await refresh(client, first, rotates: true)
            #expect(lostReply.status == 200)
            let third = try await refresh(client, second, rotates: true).text("refresh_token")
            let again = try await refresh(client, third)
            #expect(again.status == 200)
            let replayed = try await refresh(client, first)
            #expect(replayed.refusal == "401 INVALID_REFRESH_TOKEN")
            for token in [second, third, try lostReply.text("refresh_token")] {
                let answer = try await refresh(client, token)
                #expect(answer.refusal == "401 INVALID_REFRESH_TOKEN")
            }
        }
    }

    @Test func aSiblingOfAUsedTokenBetraysItsThief() async throws {
        try await Fixture(change: { $0.loginsPerMinute = 100 }).run { client in
            let first = try await register(client, "a@example.com").text("refresh_token")
            let owners = try await refresh(client, first, rotates: true).text("refresh_token")
            let thiefs = try await refresh(client, first, rotates: true).text("refresh_token")
            let used = try await refresh(client, owners, rotates: true)
            let usedAgain = try await refresh(client, owners)
            #expect([used.status, usedAgain.status] == [200, 200])
            for token in [thiefs, owners, try used.text("refresh_token")] {
                let answer = try await refresh(client, token)
                #expect(answer.refusal == "401 INVALID_REFRESH_TOKEN")
            }
        }
    }

    @Test func aRefreshTokenBelongsToItsDeviceAndEnds() async throws {
        try await Fixture().run { client in
            let body = #"{"email":"a@example.com","password":"StrongPass123","device_id":"mac-1"}"#
            let token = try await client.send(.post, "/v1/auth/register", body, as: nil).text("refresh_token")
            let other = try await refresh(client, token, more: #","device_id":"mac-2""#)
            let same = try await refresh(client, token, more: #","device_id":"mac-1""#)
            #expect([other.refusal, same.refusal] == ["401 DEVICE_MISMATCH", "200 -"])
            client.fixture.clock.advance(seconds: 30 * 86_400)
            let late = try await refresh(client, token)
            #expect(late.refusal == "401 REFRESH_TOKEN_EXPIRED")
        }
    }

    @Test func aNewLogInOfADeviceEndsItsEarlierOneWhenItIsFirstUsed() async throws {
        try await Fixture().run { client in
            _ = try await register(client, "a@example.com")
            let first = try await logIn(client, "a@example.com", "StrongPass123", device: "mac").text("refresh_token")
            let other = try await logIn(client, "a@example.com", "StrongPass123", device: "pc").text("refresh_token")
            client.fixture.clock.advance(seconds: 1)
            let second = try await logIn(client, "a@example.com", "StrongPass123", device: "mac").text("refresh_token")
            let before = try await refresh(client, first)
            _ = try await refresh(client, second)
            let after = try await refresh(client, first)
            let untouched = try await refresh(client, other)
            #expect([before.status, after.status, untouched.status] == [200, 401, 200])
        }
    }

    @Test func loggingOutEndsTheFamilyAndCanBeRepeated() async throws {
        try await Fixture().run { client in
            let token = try await register(client, "a@example.com").text("refresh_token")
            for token in [token, token, "unknown"] {
                let answer = try await client.send(
                    .post, "/v1/auth/logout", #"{"refresh_token":"\#(token)"}"#, as: nil)
                #expect(answer.status == 200)
                #expect(answer.body == #"{"success":true}"#)
            }
            let refused = try await refresh(client, token)
            #expect(refused.refusal == "401 INVALID_REFRESH_TOKEN")
        }
    }

    @Test func anAccessTokenEndsWithItsLogIn() async throws {
        try await Fixture().run { client in
            let here = try await register(client, "a@example.com")
            let there = try await logIn(client, "a@example.com", "StrongPass123", device: "pc")
            let token = try here.text("refresh_token")
            let later = try await refresh(client, token).text("access_token")
            _ = try await client.send(.post, "/v1/auth/logout", #"{"refresh_token":"\#(token)"}"#, as: nil)
            var refusals: [String] = []
            for token in [try here.text("access_token"), later, try there.text("access_token")] {
                refusals.append(try await me(client, token).refusal)
            }
            #expect(refusals == ["401 INVALID_TOKEN", "401 INVALID_TOKEN", "200 -"])
            let password = Secret("AnotherPass456")
            _ = try await client.fixture.accounts.setPassword(email: "a@example.com", password: password)
            let ended = try await me(client, try there.text("access_token"))
            let plans = try await client.send(.get, "/v1/me", as: here.text("user", "id"))
            #expect([ended.refusal, plans.refusal] == ["401 INVALID_TOKEN", "200 -"])
        }
    }

    @Test(arguments: ["x", "' OR 1=1 --", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
    func anUnknownRefreshTokenIsRefused(_ token: String) async throws {
        try await Fixture().run { client in
            let answer = try await refresh(client, token)
            #expect(answer.refusal == "401 INVALID_REFRESH_TOKEN")
        }
    }

    @Test func aDisabledUserIsOutAtOnce() async throws {
        try await Fixture().run { client in
            let tokens = try await register(client, "a@example.com")
            let found = try await client.fixture.accounts.setStatus(.disabled, email: "A@example.com")
            #expect(found)
            let me = try await me(client, try tokens.text("access_token"))
            let refreshed = try await refresh(client, try tokens.text("refresh_token"))
            let logIn = try await logIn(client, "a@example.com", "StrongPass123")
            #expect(
                [me.refusal, refreshed.refusal, logIn.refusal]
                    == ["401 INVALID_USER", "401 INVALID_REFRESH_TOKEN", "401 INVALID_CREDENTIALS"])
        }
    }

    @Test func aNewPasswordEndsEveryLogIn() async throws {
        try await Fixture().run { client in
            let tokens = try await register(client, "a@example.com")
            let password = Secret("AnotherPass456")
            let isThere = try await client.fixture.accounts.setPassword(email: "a@example.com", password: password)
            let isNotThere = try await client.fixture.accounts.setPassword(email: "b@example.com", password: password)
            #expect([isThere, isNotThere] == [true, false])
            let refreshed = try await refresh(client, try tokens.text("refresh_token"))
            let old = try await logIn(client, "a@example.com", "StrongPass123")
            let new = try await logIn(client, "a@example.com", "AnotherPass456")
            #expect([refreshed.status, old.status, new.status] == [401, 401, 200])
        }
    }

    @Test func anEmailCodeIsAnsweredInDevelopmentOnly() async throws {
        let body = #"{"email":"a@example.com","purpose":"register"}"#
        try await Fixture().run { client in
            let answer = try await client.send(.post, "/v1/auth/request-email-code", body, as: nil)
            let code = try answer.text("dev_code")
            #expect(code.count == 6)
            #expect(try answer.text("sent") == "true")
        }
        let production = try Fixture(change: {
            $0.isDevelopment = false
            $0.passwordRounds = 600_000
        })
        try await production.run { client in
            let answer = try await client.send(.post, "/v1/auth/request-email-code", body, as: nil)
            #expect(answer.body == #"{"sent":false,"expires_in_seconds":600,"dev_code":null}"#)
        }
    }

    @Test func whereCodesAreRequiredOnlyTheNewestWorksOnce() async throws {
        try await Fixture(change: {
            $0.requiresEmailCode = true; $0.loginsPerMinute = 100
        }).run { client in
            let ask = { (email: String) in
                try await client.send(
                    .post, "/v1/auth/request-email-code", #"{"email":"\#(email)","purpose":"register"}"#, as: nil
                ).text("dev_code")
            }
            let old = try await ask("a@example.com")
            let new = try await ask("a@example.com")
            let none = try await register(client, "a@example.com")
            let others = try await register(client, "b@example.com", code: new)
            #expect(
                [none.refusal, others.refusal] == ["400 INVALID_VERIFICATION_CODE", "400 INVALID_VERIFICATION_CODE"])
            if old != new {
                let stale = try await register(client, "a@example.com", code: old)
                #expect(stale.refusal == "400 INVALID_VERIFICATION_CODE")
            }
            let right = try await register(client, "a@example.com", code: new)
            #expect(right.status == 201)
            let late = try await ask("c@example.com")
            client.fixture.clock.advance(seconds: 600)
            let expired = try await register(client, "c@example.com", code: late)
            #expect(expired.refusal == "400 INVALID_VERIFICATION_CODE")
        }
    }

    @Test func fiveWrongCodesBurnTheRightOne() async throws {
        try await Fixture(change: {
            $0.requiresEmailCode = true; $0.loginsPerMinute = 100
        }).run { client in
            let body = #"{"email":"a@example.com","purpose":"register"}"#
            let code = try await client.send(.post, "/v1/auth/request-email-code", body, as: nil).text("dev_code")
            for _ in 0..<5 { _ = try await register(client, "a@example.com", code: "nothing") }
            let right = try await register(client, "a@example.com", code: code)
            #expect(right.refusal == "400 INVALID_VERIFICATION_CODE")
        }
    }

    /// The shortest of four runs, since other tests run beside this one.
    private func register(_ client: Client, _ email: String, code: String? = nil) async throws -> Answer {
        let more = code.map { #","verification_code":"\#($0)""# } ?? ""
        return try await client.send(
            .post, "/v1/auth/register", #"{"email":"\#(email)","password":"StrongPass123"\#(more)}"#, as: nil)
    }

    private func logIn(
        _ client: Client, _ email: String, _ password: String, device: String? = nil
    ) async throws -> Answer {
        let more = device.map { #","device_id":"\#($0)""# } ?? ""
        return try await client.send(
            .post, "/v1/auth/login", #"{"email":"\#(email)","password":"\#(password)"\#(more)}"#, as: nil)
    }

    private func refresh(
        _ client: Client, _ token: String, rotates: Bool = false, more: String = ""
    ) async throws -> Answer {
        try await client.send(
            .post, "/v1/auth/refresh", #"{"refresh_token":"\#(token)","rotate":\#(rotates)\#(more)}"#, as: nil)
    }

    private func me(_ client: Client, _ token: String) async throws -> Answer {
        try await client.send(.get, "/v1/me", as: nil, headers: ["Authorization": "Bearer \(token)"])
    }
}
