import SessionModels

/// Whether a user may use the service.
package enum UserStatus: String, Sendable {
    case active, disabled, deleted
}

/// Whether the bearer of an access token may use the service.
enum CallerStatus: Sendable {
    /// There is such a user.
    case known(UserStatus)
    /// The user may, but the log-in of the token has ended.
    case loggedOut
    /// There is no such user.
    case unknown
}

/// A user as the command line lists it.
package struct UserRow: Sendable {
    /// Who it is.
    package let profile: UserProfile
    /// Whether it may use the service.
    package let status: UserStatus
    /// When it was made, in microseconds since 1970.
    package let createdAtMicroseconds: Int64
}

/// What a log-in is checked against.
struct StoredCredentials: Sendable {
    /// Who it is.
    let profile: UserProfile
    /// The password as `PasswordHasher` keeps it.
    let passwordHash: String
    /// Whether it may use the service.
    let status: UserStatus
}

/// A new account.
struct NewAccount: Sendable {
    /// Who it is.
    let profile: UserProfile
    /// The address.
    let email: String
    /// The password as `PasswordHasher` keeps it.
    let passwordHash: String
    /// When it happens, in microseconds since 1970.
    let nowMicroseconds: Int64
}

extension SessionStore {
    /// The form of an address under which it is unique.
    static func uniqueForm(of email: String) -> String {
        email.lowercased()
    }

    /// Makes an account.
    ///
    /// - Returns: false if the address has one already.
    func insert(_ account: NewAccount) async throws -> Bool {
        try await write { database in
            let inserted = try database.run(
                """
                INSERT INTO users (user_id, email, email_ci, display_name, password_hash, created_at)
                VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (email_ci) DO NOTHING
                """,
                [
                    account.profile.id, account.email, Self.uniqueForm(of: account.email),
                    account.profile.displayName, account.passwordHash, account.nowMicroseconds,
                ])
            return .keep(inserted == 1)
        }
    }

    /// Makes the row of a user whose account another identity provider keeps, unless there is one.
    func adopt(_ user: UserID, nowMicroseconds: Int64) async throws {
        try await write { database in
            try database.run(
                "INSERT INTO users (user_id, created_at) VALUES (?, ?) ON CONFLICT (user_id) DO NOTHING",
                [user.text, nowMicroseconds])
            return .keep(())
        }
    }

    /// Whether a user may use the service, with an access token of a family of refresh tokens or of none.
    func status(of user: UserID, family: String?) async throws -> CallerStatus {
        try await read { database in
            let row = try database.firstRow(
                """
                SELECT status, EXISTS (SELECT 1 FROM refresh_tokens WHERE family = ?2 AND state = 'revoked')
                FROM users WHERE user_id = ?1
                """, [user.text, family])
            guard let row, let status = UserStatus(rawValue: try row[0]) else { return .unknown }
            let isLoggedOut: Bool = try row[1]
            return status == .active && isLoggedOut ? .loggedOut : .known(status)
        }
    }

    /// Who a user is, or nil if there is no such user.
    func profile(of user: UserID) async throws -> UserProfile? {
        try await read { database in
            try database.firstRow(
                "SELECT user_id, email, display_name FROM users WHERE user_id = ?", [user.text]
            ).map(UserProfile.init(row:))
        }
    }

    /// What a log-in with that address is checked against, or nil if nobody can log in with it.
    func credentials(email: String) async throws -> StoredCredentials? {
        try await read { database in
            let row = try database.firstRow(
                """
                SELECT user_id, email, display_name, password_hash, status FROM users
                WHERE email_ci = ? AND password_hash IS NOT NULL
                """, [Self.uniqueForm(of: email)])
            return try row.map {
                StoredCredentials(
                    profile: try UserProfile(row: $0), passwordHash: try $0[3],
                    status: UserStatus(rawValue: try $0[4]) ?? .disabled)
            }
        }
    }

    /// All users, oldest first.
    func users() async throws -> [UserRow] {
        try await read { database in
            try database.allRows(
                "SELECT user_id, email, display_name, status, created_at FROM users ORDER BY created_at, user_id", []
            ).map {
                UserRow(
                    profile: try UserProfile(row: $0), status: UserStatus(rawValue: try $0[3]) ?? .disabled,
                    createdAtMicroseconds: try $0[4])
            }
        }
    }

    /// Replaces a password and ends every log-in of the user.
    ///
    /// - Returns: false if there is no such user.
    func setPasswordHash(_ hash: String, email: String) async throws -> Bool {
        try await write { database in
            let changed = try database.run(
                "UPDATE users SET password_hash = ? WHERE email_ci = ?", [hash, Self.uniqueForm(of: email)])
            try database.revokeTokens(email: email)
            return .keep(changed == 1)
        }
    }

    /// Lets a user in or keeps it out; out ends every log-in.
    ///
    /// - Returns: false if there is no such user.
    func setStatus(_ status: UserStatus, email: String) async throws -> Bool {
        try await write { database in
            let changed = try database.run(
                "UPDATE users SET status = ? WHERE email_ci = ?", [status.rawValue, Self.uniqueForm(of: email)])
            if status != .active { try database.revokeTokens(email: email) }
            return .keep(changed == 1)
        }
    }
}

// MARK: - Email codes

extension SessionStore {
    /// Keeps a code; the address's earlier ones die, and all that have expired go.
    func putEmailCode(
        _ hash: [UInt8], email: String, expiresAtMicroseconds: Int64, nowMicroseconds: Int64
    ) async throws {
        try await write { database in
            try database.run("DELETE FROM email_codes WHERE expires_at <= ?", [nowMicroseconds])
            try database.run(
                """
                INSERT INTO email_codes (email_ci, purpose, code_hash, expires_at) VALUES (?, 'register', ?, ?)
                ON CONFLICT (email_ci, purpose) DO UPDATE SET code_hash = excluded.code_hash, attempts = 0,
                    expires_at = excluded.expires_at
                """, [Self.uniqueForm(of: email), hash, expiresAtMicroseconds])
            return .keep(())
        }
    }

    /// Uses a code up.
    ///
    /// - Returns: false if it is wrong or too old, or was guessed at too often.
    func spendEmailCode(_ hash: [UInt8], email: String, nowMicroseconds: Int64) async throws -> Bool {
        try await write { database in
            let key = Self.uniqueForm(of: email)
            let spent = try database.run(
                """
                DELETE FROM email_codes WHERE email_ci = ? AND purpose = 'register' AND code_hash = ?
                    AND expires_at > ? AND attempts < 5
                """, [key, hash, nowMicroseconds])
            if spent == 0 {
                try database.run("UPDATE email_codes SET attempts = attempts + 1 WHERE email_ci = ?", [key])
            }
            return .keep(spent == 1)
        }
    }
}

extension UserProfile {
    fileprivate init(row: SQLRow) throws {
        self.init(id: try row[0], email: try row[1], displayName: try row[2])
    }
}

extension SQLConnection {
    fileprivate func revokeTokens(email: String) throws {
        try run(
            """
            UPDATE refresh_tokens SET state = 'revoked'
            WHERE user_id = (SELECT user_id FROM users WHERE email_ci = ?)
            """, [SessionStore.uniqueForm(of: email)])
    }
}
