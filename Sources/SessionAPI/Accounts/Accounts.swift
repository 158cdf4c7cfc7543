import Crypto
import OSSKit
import SessionModels

/// What the command line does with accounts, beside what the API itself offers.
package struct Accounts: Sendable {
    /// The account that `--demo` makes.
    package static let demoEmail = "student@example.com"
    /// Its password, which the plan's smoke test uses.
    package static let demoPassword = Secret("StrongPass123")

    private let store: SessionStore
    private let hasher: PasswordHasher
    private let environment: SessionEnvironment

    /// Opens the accounts of a store.
    package init(store: SessionStore, configuration: SessionAPIConfiguration, environment: SessionEnvironment) {
        self.init(
            store: store, hasher: PasswordHasher(rounds: configuration.passwordRounds, environment: environment),
            environment: environment)
    }

    init(store: SessionStore, hasher: PasswordHasher, environment: SessionEnvironment) {
        self.store = store
        self.hasher = hasher
        self.environment = environment
    }

    /// Makes an account.
    ///
    /// - Throws: `EMAIL_ALREADY_REGISTERED`, or `VALIDATION_ERROR` for an address or password that the API refuses.
    package func createUser(email: String, password: Secret, displayName: String) async throws -> UserProfile {
        try check(email: email, password: password, displayName: displayName)
        let hash = try await hasher.hash(password)
        let profile = UserProfile(id: UserID(environment: environment).text, email: email, displayName: displayName)
        let account = NewAccount(
            profile: profile, email: email, passwordHash: hash, nowMicroseconds: environment.nowMicroseconds())
        guard try await store.insert(account) else {
            throw APIProblem(.emailAlreadyRegistered, "This email is already registered")
        }
        return profile
    }

    /// All users, oldest first.
    package func listUsers() async throws -> [UserRow] {
        try await store.users()
    }

    /// Replaces a password and ends every log-in of its user.
    ///
    /// - Returns: false if there is no such user.
    package func setPassword(email: String, password: Secret) async throws -> Bool {
        try check(email: email, password: password)
        return try await store.setPasswordHash(hasher.hash(password), email: email)
    }

    /// Lets a user in, keeps it out, or marks it as deleted; what it stored stays.
    ///
    /// - Returns: false if there is no such user.
    package func setStatus(_ status: UserStatus, email: String) async throws -> Bool {
        try await store.setStatus(status, email: email)
    }

    /// Makes the demo account unless it is there.
    package func ensureDemoAccount() async throws {
        guard try await store.credentials(email: Self.demoEmail) == nil else { return }
        do {
            _ = try await createUser(email: Self.demoEmail, password: Self.demoPassword, displayName: "Student")
        } catch let problem as APIProblem where problem.code == .emailAlreadyRegistered {
            return
        }
    }

    /// The user with that address and password.
    ///
    /// - Throws: `INVALID_CREDENTIALS`, after the same time whether or not there is such an account.
    func logIn(email: String, password: Secret) async throws -> UserProfile {
        let credentials = try await store.credentials(email: email)
        let isRight = try await hasher.verify(password, hash: credentials?.passwordHash)
        guard isRight, let credentials, credentials.status == .active else {
            throw APIProblem(.invalidCredentials, "Wrong email or password")
        }
        return credentials.profile
    }

    private func check(email: String, password: Secret, displayName: String = "") throws(APIProblem) {
        let body: JSONOutput = [
            "email": .string(email), "password": .string(password.reveal()), "display_name": .string(displayName),
        ]
        do {
            _ = try RegisterRequest(RequestContent(bytes: body.bytes, contentType: nil))
        } catch {
            throw APIProblem(error)
        }
    }
}
