import Crypto
import OSSKit
import SessionModels

/// How often strangers may try; each limit remembers its own keys, so that one cannot be used to forget another's.
struct AccountLimits: Sendable {
    /// Log-ins of one IP address and email.
    let logIns: RateLimiter
    /// Log-ins of one IP address, whatever the email.
    let logInsOfAddress: RateLimiter
    /// Refreshes of one IP address.
    let refreshesOfAddress: RateLimiter

    /// Makes the limits that a configuration asks for.
    init(_ configuration: SessionAPIConfiguration) {
        let (perEmail, perAddress) = (configuration.loginsPerMinute, configuration.loginsPerMinuteOfAddress)
        logIns = RateLimiter(burst: perEmail, perMinute: perEmail)
        logInsOfAddress = RateLimiter(burst: perAddress, perMinute: perAddress)
        refreshesOfAddress = RateLimiter(burst: perAddress, perMinute: perAddress)
    }
}

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
    let store: SessionStore
    /// Slows down who guesses.
    let limits: AccountLimits
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
        try limits.refreshesOfAddress.admit(call.peerAddress, nowMicroseconds: call.nowMicroseconds)
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
        try limits.logInsOfAddress.admit(call.peerAddress, nowMicroseconds: call.nowMicroseconds)
        let subject = SessionStore.uniqueForm(of: subject)
        try limits.logIns.admit("\(call.peerAddress) \(subject)", nowMicroseconds: call.nowMicroseconds)
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
