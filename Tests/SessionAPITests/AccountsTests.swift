import OSSKit
import Testing

@testable import SessionAPI

@Suite struct AccountsTests {
    /// What a log-in costs must not tell whether there is such an account.
    @Test func aWrongPasswordAndAnUnknownAccountCostTheSameHash() async throws {
        let fixture = try Fixture()
        let hasher = PasswordHasher(rounds: 1_000, environment: fixture.environment)
        let accounts = Accounts(store: fixture.store, hasher: hasher, environment: fixture.environment)
        _ = try await accounts.createUser(email: "a@example.com", password: Secret("StrongPass123"), displayName: "A")
        for email in ["a@example.com", "b@example.com"] {
            let before = hasher.derivedRounds
            await #expect(throws: APIProblem.self) {
                try await accounts.logIn(email: email, password: Secret("StrongPass124"))
            }
            let spent = hasher.derivedRounds - before
            #expect(spent == 1_000, "\(email)")
        }
    }
}
