/// A refresh token to be stored; the token itself is not.
struct NewRefreshToken: Sendable {
    /// SHA-256 of the token.
    let hash: [UInt8]
    /// When it happens, in microseconds since 1970.
    let nowMicroseconds: Int64
    /// When it ends, in microseconds since 1970.
    let expiresAtMicroseconds: Int64
}

/// A refresh token that a client presents.
struct PresentedRefreshToken: Sendable {
    /// SHA-256 of the token.
    let hash: [UInt8]
    /// The device that presents it, or nil if it does not say.
    let device: String?
    /// When it happens, in microseconds since 1970.
    let nowMicroseconds: Int64
    /// The token that shall follow it, or nil.
    let successor: NewRefreshToken?
}

/// What a presented refresh token is worth.
enum RefreshOutcome: Sendable {
    case accepted(UserID, device: String, family: String)
    case unknown, expired, otherDevice
}

extension SessionStore {
    /// How long an expired token is kept: no access token of a family that was revoked may outlive its row.
    private static let keptAfterExpiryMicroseconds: Int64 = 2 * 86_400_000_000

    /// Stores the first token of a new family.
    func openFamily(
        _ family: String, _ token: NewRefreshToken, user: String, device: String
    ) async throws {
        try await write { database in
            try database.run(
                """
                INSERT INTO devices (user_id, device_id, created_at, last_seen_at) VALUES (?1, ?2, ?3, ?3)
                ON CONFLICT (user_id, device_id) DO UPDATE SET last_seen_at = excluded.last_seen_at
                """, [user, device, token.nowMicroseconds])
            try database.run(
                "DELETE FROM refresh_tokens WHERE user_id = ? AND expires_at < ?",
                [user, token.nowMicroseconds - Self.keptAfterExpiryMicroseconds])
            try database.insert(token, user, device, family, generation: 1)
            return .keep(())
        }
    }

    /// Judges a token, stores its successor if there is one, and ends what it replaces.
    ///
    /// A token dies when its successor is first used, and so do the successor's siblings, which were answers that got
    /// lost. One that comes back after that was stolen or leaked: its whole family is revoked. Source: session-api.md 4.5.
    func present(_ token: PresentedRefreshToken) async throws -> RefreshOutcome {
        try await write { database in
            let row = try database.firstRow(
                """
                SELECT t.user_id, t.device_id, t.family, t.generation, t.state, t.expires_at, u.status
                FROM refresh_tokens AS t JOIN users AS u USING (user_id) WHERE t.token_hash = ?
                """, [token.hash])
            guard let row, let user = UserID(try row[0] as String) else { return .discard(.unknown) }
            let (device, family, generation): (String, String, Int64) = (try row[1], try row[2], try row[3])
            let (state, expiresAt, status): (String, Int64, String) = (try row[4], try row[5], try row[6])
            if state == "spent" {
                try database.run("UPDATE refresh_tokens SET state = 'revoked' WHERE family = ?", [family])
                return .keep(.unknown)
            }
            guard state == "active", status == UserStatus.active.rawValue else { return .discard(.unknown) }
            guard expiresAt > token.nowMicroseconds else { return .discard(.expired) }
            if let presented = token.device, !presented.utf8.elementsEqual(device.utf8) {
                return .discard(.otherDevice)
            }
            try database.use(token.hash, family, generation, user.text, device)
            if let successor = token.successor {
                try database.insert(successor, user.text, device, family, generation: generation + 1)
            }
            return .keep(.accepted(user, device: device, family: family))
        }
    }

    /// Ends the log-in that a token belongs to; an unknown token is no error.
    func closeFamily(tokenHash: [UInt8]) async throws {
        try await write { database in
            try database.run(
                """
                UPDATE refresh_tokens SET state = 'revoked'
                WHERE family = (SELECT family FROM refresh_tokens WHERE token_hash = ?)
                """, [tokenHash])
            return .keep(())
        }
    }
}

extension SQLConnection {
    fileprivate func insert(
        _ token: NewRefreshToken, _ user: String, _ device: String, _ family: String, generation: Int64
    ) throws {
        try run(
            """
            INSERT INTO refresh_tokens (token_hash, user_id, device_id, family, generation, created_at, expires_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                token.hash, user, device, family, generation, token.nowMicroseconds,
                token.expiresAtMicroseconds,
            ])
    }

    /// Notes that a token is in use: those before and beside it in its family, and the device's earlier families, end.
    fileprivate func use(
        _ hash: [UInt8], _ family: String, _ generation: Int64, _ user: String, _ device: String
    ) throws {
        try run(
            """
            UPDATE refresh_tokens SET state = 'spent'
            WHERE family = ? AND generation <= ? AND token_hash <> ? AND state = 'active'
            """, [family, generation, hash])
        try run(
            """
            UPDATE refresh_tokens SET state = 'revoked'
            WHERE user_id = ?1 AND device_id = ?2 AND family <> ?3 AND created_at < (
                SELECT min(created_at) FROM refresh_tokens WHERE family = ?3)
            """, [user, device, family])
    }
}
