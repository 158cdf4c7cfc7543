import HTTPTypes

/// Finds out who calls: the one place where an `Authorization` header is judged.
struct TokenGate: Sendable {
    private let tokens: AccessTokens
    private let store: SessionStore
    private let limiter: RateLimiter

    init(tokens: AccessTokens, store: SessionStore, limiter: RateLimiter) {
        self.tokens = tokens
        self.store = store
        self.limiter = limiter
    }

    /// The user that a request's token belongs to.
    ///
    /// A user of the plan's backend gets a row at first sight.
    /// - Throws: `UNAUTHORIZED`, `INVALID_TOKEN`, `TOKEN_EXPIRED`, `INVALID_USER` or `TOO_MANY_REQUESTS`.
    func caller(of request: HTTPRequest, nowMicroseconds: Int64) async throws -> UserID {
        guard let token = bearerToken(of: request) else {
            throw APIProblem(.unauthorized, "Missing authorization token")
        }
        switch await tokens.judge(token, nowSeconds: nowMicroseconds / 1_000_000) {
        case .invalid:
            throw APIProblem(.invalidToken, "Invalid access token")
        case .expired:
            let isKnownToClient = request.headerFields[.syncProtocol] == "2"
            throw APIProblem(isKnownToClient ? .tokenExpired : .invalidToken, "The access token has expired")
        case .valid(let claims):
            try limiter.admit(claims.user.text, nowMicroseconds: nowMicroseconds)
            try await requireActive(claims, nowMicroseconds)
            return claims.user
        }
    }

    private func requireActive(_ claims: TokenClaims, _ nowMicroseconds: Int64) async throws {
        switch try await store.status(of: claims.user, family: claims.family) {
        case .loggedOut: throw APIProblem(.invalidToken, "The log-in has ended")
        case .known(.active): return
        case .known: throw APIProblem.invalidUser
        case .unknown:
            guard !claims.isOurs else { throw APIProblem.invalidUser }
            try await store.adopt(claims.user, nowMicroseconds: nowMicroseconds)
        }
    }

    private func bearerToken(of request: HTTPRequest) -> String? {
        let values = request.headerFields[values: .authorization]
        guard values.count == 1, let value = values.first else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bearer", !parts[1].isEmpty else { return nil }
        return String(parts[1])
    }
}
