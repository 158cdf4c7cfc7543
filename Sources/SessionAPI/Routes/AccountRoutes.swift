import Crypto
import OSSKit
import SessionModels

/// The endpoints of accounts and log-ins.
///
/// Source: session-api.md 4.5.
struct AccountRoutes: Sendable {
    /// How long an email code lives.
    private static let codeLifetimeSeconds: Int64 = 600

    /// Makes accounts and checks passwords.
    let accounts: Accounts
    /// Opens, prolongs and ends log-ins.
    let logIns: LogIns
    /// Where everything is kept.
    let store: SQLiteSessionStore
    /// Slows down who guesses.
    let limiter: RateLimiter
    /// The options.
    let configuration: SessionAPIConfiguration
    /// Clock and randomness.
    let environment: SessionEnvironment

    /// One line for each route.
    var routes: [Route] {
        [
            .account("/v1/auth/register", register),
            .account("/v1/auth/request-email-code", requestEmailCode),
            .account("/v1/auth/login", logIn),
            .account("/v1/auth/refresh", refresh),
            .account("/v1/auth/logout", logOut),
            .get("/v1/me", .user, me),
        ]
    }

    private func register(_ call: Call) async throws -> Reply {
        let request = try call.read(RegisterRequest.init)
        try admit(call, request.email)
        guard configuration.isRegistrationOpen else {
            throw APIProblem(.registrationClosed, "Registration is closed")
        }
        if configuration.requiresEmailCode { try await spendCode(request, call.nowMicroseconds) }
        let profile = try await accounts.createUser(
            email: request.email, password: Secret(request.password), displayName: request.displayName)
        return Reply(.created, try await logIns.open(profile, device: request.deviceID ?? call.device))
    }

    private func requestEmailCode(_ call: Call) async throws -> Reply {
        let request = try call.read(EmailCodeRequest.init)
        try admit(call, request.email)
        let code = newCode()
        try await store.putEmailCode(
            Self.hash(code), email: request.email,
            expiresAtMicroseconds: call.nowMicroseconds + Self.codeLifetimeSeconds * 1_000_000,
            nowMicroseconds: call.nowMicroseconds)
        return Reply(
            .ok,
            [
                "sent": .boolean(configuration.isDevelopment),
                "expires_in_seconds": .integer(Self.codeLifetimeSeconds),
                "dev_code": configuration.isDevelopment ? .string(code) : .null,
            ])
    }

    private func logIn(_ call: Call) async throws -> Reply {
        let request = try call.read(LoginRequest.init)
        try admit(call, request.email)
        let profile = try await accounts.logIn(email: request.email, password: Secret(request.password))
        return Reply(.ok, try await logIns.open(profile, device: request.deviceID ?? call.device))
    }

    private func refresh(_ call: Call) async throws -> Reply {
        let request = try call.read(RefreshRequest.init)
        try admit(call, Hexadecimal.lower(Self.hash(request.refreshToken)))
        return Reply(.ok, try await logIns.refresh(request))
    }

    private func logOut(_ call: Call) async throws -> Reply {
        let request = try call.read(LogoutRequest.init)
        try await logIns.close(refreshToken: request.refreshToken)
        return Reply(.ok, ["success": true])
    }

    private func me(_ call: Call) async throws -> Reply {
        guard let profile = try await store.profile(of: call.user()) else { throw APIProblem.invalidUser }
        return Reply(.ok, profile.json)
    }

    private func admit(_ call: Call, _ subject: String) throws(APIProblem) {
        let subject = SQLiteSessionStore.uniqueForm(of: subject)
        try limiter.admit("\(call.peerAddress) \(subject)", nowMicroseconds: call.nowMicroseconds)
    }

    private func spendCode(_ request: RegisterRequest, _ nowMicroseconds: Int64) async throws {
        let hash = Self.hash(request.verificationCode ?? "")
        guard try await store.spendEmailCode(hash, email: request.email, nowMicroseconds: nowMicroseconds) else {
            throw APIProblem(.invalidVerificationCode, "Invalid or expired verification code")
        }
    }

    /// Six digits.
    private func newCode() -> String {
        let number = environment.randomBytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 1_000_000
        let digits = String(number)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }

    private static func hash(_ text: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(text.utf8)))
    }
}
