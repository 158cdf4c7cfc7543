import JWTKit
import OSSKit

/// Signs access tokens and judges them.
struct AccessTokens: Sendable {
    /// How far two clocks may differ.
    static let leewaySeconds: Int64 = 30

    /// What a token is worth.
    enum Verdict: Sendable, Equatable {
        case valid(TokenClaims)
        case expired
        case invalid
    }

    private struct SignedClaims: JWTPayload {
        let sub: String
        let type: String
        let iat: Int64
        let exp: Int64
        let jti: String
        let did: String
        let sid: String

        /// Nothing is left to check: the claims are judged by `TokenClaims` with a clock that is given.
        func verify(using algorithm: some JWTAlgorithm) {}
    }

    private struct AnyClaims: JWTPayload {
        func verify(using algorithm: some JWTAlgorithm) {}
    }

    private let keys: JWTKeyCollection
    private let lifetimeSeconds: Int64
    private let maximumLifetimeSeconds: Int64
    private let environment: SessionEnvironment

    /// Takes the key, whose length the configuration has checked.
    init(configuration: SessionAPIConfiguration, environment: SessionEnvironment) async {
        keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: configuration.tokenSecret.reveal()), digestAlgorithm: .sha256)
        lifetimeSeconds = configuration.accessTokenLifetimeSeconds
        maximumLifetimeSeconds = configuration.maximumTokenLifetimeSeconds
        self.environment = environment
    }

    /// Signs a token for a user's device; it is good as long as its family of refresh tokens.
    func issue(user: String, device: String, family: String) async throws -> (token: Secret, lifetimeSeconds: Int64) {
        let now = environment.nowSeconds
        let claims = SignedClaims(
            sub: user, type: "access", iat: now, exp: now + lifetimeSeconds,
            jti: Hexadecimal.lower(environment.randomBytes(16)), did: device, sid: family)
        let token = try await keys.sign(claims, header: ["kid": .string(TokenClaims.keyID)])
        return (Secret(token), lifetimeSeconds)
    }

    /// Judges a token: its form, its signature, then its times.
    func judge(_ token: String, nowSeconds: Int64) async -> Verdict {
        guard let claims = TokenClaims(token) else { return .invalid }
        do {
            _ = try await keys.verify(token, as: AnyClaims.self)
        } catch {
            return .invalid
        }
        let latest = nowSeconds + Self.leewaySeconds
        guard claims.expiresAtSeconds > nowSeconds - Self.leewaySeconds else { return .expired }
        let earliest = claims.expiresAtSeconds - maximumLifetimeSeconds
        guard earliest <= claims.issuedAtSeconds ?? nowSeconds, (claims.notBeforeSeconds ?? 0) <= latest else {
            return .invalid
        }
        if let issued = claims.issuedAtSeconds, issued > latest || issued >= claims.expiresAtSeconds { return .invalid }
        return .valid(claims)
    }
}
