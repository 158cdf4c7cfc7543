import OSSKit

/// What the session API is told at start.
package struct SessionAPIConfiguration: Sendable {
    /// What a confirm rests on.
    package enum ConfirmMode: String, Sendable, CaseIterable {
        /// The object is looked at; its real size counts.
        case verifying
        /// The client is believed and there is no store: for test rigs only, said loudly at start.
        case trusting
    }

    /// The key of access tokens, at least 32 bytes.
    package var tokenSecret: Secret
    /// How long an access token of ours lives, in seconds; 60 to 86,400.
    package var accessTokenLifetimeSeconds: Int64 = 3_600
    /// The longest lifetime of an access token that is accepted, in seconds; 60 to 604,800.
    package var maximumTokenLifetimeSeconds: Int64 = 86_400
    /// How long a refresh token lives, in seconds; 3,600 to 31,536,000.
    package var refreshTokenLifetimeSeconds: Int64 = 30 * 86_400
    /// The bytes that one user may keep; 0 to 2^50.
    package var quotaBytes: Int64 = 104_857_600
    /// How long an upload URL lives, in seconds; 1 to 3,600.
    package var uploadURLLifetimeSeconds: Int64 = 300
    /// How long a download link lives, in seconds; 1 to 86,400.
    package var downloadURLLifetimeSeconds: Int64 = 3_600
    /// What a confirm rests on.
    package var confirmMode = ConfirmMode.verifying
    /// Whether strangers may make accounts.
    package var isRegistrationOpen = true
    /// Whether an account needs a code that was sent to its address.
    package var requiresEmailCode = false
    /// Whether codes are answered instead of sent and cheap password hashes are allowed.
    package var isDevelopment = false
    /// The rounds of PBKDF2; at least 600,000, in development at least 1,000.
    package var passwordRounds = 600_000
    /// The origins that browsers may call from, such as `https://app.example.com`; `*` for all.
    package var allowedOrigins: [String] = []
    /// Requests of one user: that many at once, then half as many a minute; 1 to 1,000,000.
    package var requestBurstPerUser = 240
    /// Log-ins of one address and email a minute; 1 to 1,000,000.
    package var loginsPerMinute = 10
    /// Log-ins, and as many refreshes, of one address a minute, whatever the email; 1 to 1,000,000.
    package var loginsPerMinuteOfAddress = 60

    /// Takes the key of access tokens and leaves everything else at its default.
    package init(tokenSecret: Secret) {
        self.tokenSecret = tokenSecret
    }

    /// Checks all options together.
    ///
    /// - Throws: `SessionConfigurationError` with the name of the first option that is wrong.
    package func validate() throws(SessionConfigurationError) {
        let secret = tokenSecret.reveal()
        guard secret.utf8.count >= 32, !Self.isExample(secret) else { throw .init(option: "tokenSecret") }
        let ranges: [(String, Int64, ClosedRange<Int64>)] = [
            ("accessTokenLifetimeSeconds", accessTokenLifetimeSeconds, 60...86_400),
            ("maximumTokenLifetimeSeconds", maximumTokenLifetimeSeconds, 60...604_800),
            ("refreshTokenLifetimeSeconds", refreshTokenLifetimeSeconds, 3_600...31_536_000),
            ("quotaBytes", quotaBytes, 0...(1 << 50)),
            ("uploadURLLifetimeSeconds", uploadURLLifetimeSeconds, 1...3_600),
            ("downloadURLLifetimeSeconds", downloadURLLifetimeSeconds, 1...86_400),
            ("passwordRounds", Int64(passwordRounds), (isDevelopment ? 1_000 : 600_000)...10_000_000),
            ("requestBurstPerUser", Int64(requestBurstPerUser), 1...1_000_000),
            ("loginsPerMinute", Int64(loginsPerMinute), 1...1_000_000),
            ("loginsPerMinuteOfAddress", Int64(loginsPerMinuteOfAddress), 1...1_000_000),
        ]
        for (option, value, range) in ranges where !range.contains(value) { throw .init(option: option) }
        // There is no way to send mail yet, so outside development nobody could ever register.
        guard !requiresEmailCode || isDevelopment else { throw .init(option: "requiresEmailCode") }
        guard accessTokenLifetimeSeconds <= maximumTokenLifetimeSeconds else {
            throw .init(option: "maximumTokenLifetimeSeconds")
        }
    }

    /// Whether a secret is one that a manual prints, or hardly varies.
    private static func isExample(_ secret: String) -> Bool {
        secret.lowercased().contains("change-me") || Set(secret.utf8).count < 8
    }
}

/// An option of the session API is missing or out of range.
package struct SessionConfigurationError: Error, Equatable {
    /// The option's name.
    package let option: String
}
