import Crypto
import OSSKit
import SessionModels

/// Opens, prolongs and ends log-ins: an access token that is signed, and a refresh token that is stored as a hash.
///
/// Source: session-api.md 4.5; SECURITY 29.
struct LogIns: Sendable {
    /// Where everything is kept.
    let store: SessionStore
    /// Signs access tokens.
    let tokens: AccessTokens
    /// How long a refresh token lives.
    let refreshLifetimeSeconds: Int64
    /// Clock and randomness.
    let environment: SessionEnvironment

    /// Opens a log-in on a device, which gets a name if it has none.
    func open(_ profile: UserProfile, device: String?) async throws -> JSONOutput {
        let device = device ?? "server-\(Hexadecimal.lower(environment.randomBytes(8)))"
        let (refresh, stored) = newToken()
        let family = Hexadecimal.lower(environment.randomBytes(16))
        try await store.openFamily(
            family, stored, user: profile.id, device: device)
        let access = try await tokens.issue(user: profile.id, device: device, family: family)
        return .object([
            ("user", profile.json), ("access_token", .string(access.token.reveal())),
            ("access_token_expires_in", .integer(access.lifetimeSeconds)), ("refresh_token", .string(refresh.reveal())),
        ])
    }

    /// Signs a new access token, and gives a new refresh token if one is wanted.
    ///
    /// - Throws: `INVALID_REFRESH_TOKEN`, `REFRESH_TOKEN_EXPIRED`, `DEVICE_MISMATCH`.
    func refresh(_ request: RefreshRequest) async throws -> JSONOutput {
        let next = request.rotates ? newToken() : nil
        let presented = PresentedRefreshToken(
            hash: Self.hash(request.refreshToken), device: request.deviceID,
            nowMicroseconds: environment.nowMicroseconds(), successor: next?.stored)
        switch try await store.present(presented) {
        case .unknown: throw APIProblem(.invalidRefreshToken, "Invalid refresh token")
        case .expired: throw APIProblem(.refreshTokenExpired, "The refresh token has expired")
        case .otherDevice: throw APIProblem(.deviceMismatch, "The refresh token belongs to another device")
        case .accepted(let user, let device, let family):
            let access = try await tokens.issue(user: user.text, device: device, family: family)
            var members: [(String, JSONOutput)] = [
                ("access_token", .string(access.token.reveal())),
                ("access_token_expires_in", .integer(access.lifetimeSeconds)),
            ]
            if let next { members.append(("refresh_token", .string(next.token.reveal()))) }
            return .object(members)
        }
    }

    /// Ends the log-in of a refresh token, whether there is one or not.
    func close(refreshToken: String) async throws {
        try await store.closeFamily(tokenHash: Self.hash(refreshToken))
    }

    private func newToken() -> (token: Secret, stored: NewRefreshToken) {
        let token = Base64URL.encode(environment.randomBytes(32))
        let now = environment.nowMicroseconds()
        let stored = NewRefreshToken(
            hash: Self.hash(token), nowMicroseconds: now,
            expiresAtMicroseconds: now + refreshLifetimeSeconds * 1_000_000)
        return (Secret(token), stored)
    }

    private static func hash(_ token: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(token.utf8)))
    }
}
