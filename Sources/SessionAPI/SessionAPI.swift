import Logging

/// The session API as the executable composes it.
package enum SessionAPI {
    /// Makes what answers requests.
    ///
    /// - Parameters:
    ///   - configuration: the options, which are checked here.
    ///   - store: accounts, sessions and files.
    ///   - storage: the bucket of submitted files; nil only with `SESSION_CONFIRM=trusting`.
    ///   - environment: clock and randomness.
    ///   - logger: told once, at start, if clients are trusted.
    /// - Throws: `SessionConfigurationError` with the name of an option that is wrong.
    package static func makeResponder(
        configuration: SessionAPIConfiguration, store: SessionStore, storage: (any WorkspaceStorage)?,
        environment: SessionEnvironment, logger: Logger
    ) async throws -> SessionResponder {
        try configuration.validate()
        guard (storage == nil) == (configuration.confirmMode == .trusting) else {
            throw SessionConfigurationError(option: "confirmMode")
        }
        if configuration.confirmMode == .trusting {
            logger.warning("uploads are confirmed on trust: no object store is asked")
        }
        let tokens = await AccessTokens(configuration: configuration, environment: environment)
        let hasher = PasswordHasher(rounds: configuration.passwordRounds, environment: environment)
        let burst = configuration.requestBurstPerUser
        let gate = TokenGate(
            tokens: tokens, store: store, limiter: RateLimiter(burst: burst, perMinute: max(1, burst / 2)))
        let logIns = LogIns(
            store: store, tokens: tokens, refreshLifetimeSeconds: configuration.refreshTokenLifetimeSeconds,
            environment: environment)
        let accounts = AccountRoutes(
            accounts: Accounts(store: store, hasher: hasher, environment: environment), logIns: logIns, store: store,
            limits: AccountLimits(configuration), configuration: configuration, environment: environment)
        let largeAnswers = LargeAnswers()
        let sessions = SessionRoutes(store: store, environment: environment, largeAnswers: largeAnswers)
        let sessionRoutes =
            sessions.routes + SyncRoutes(store: store, largeAnswers: largeAnswers).routes
            + DocumentRoutes(store: store).routes
        let uploads = UploadRoutes(
            store: store, storage: storage,
            settlement: storage.map {
                UploadSettlement(store: store, storage: $0, environment: environment, logger: logger)
            },
            configuration: configuration, environment: environment, logger: logger)
        let files = FileRoutes(
            store: store, storage: storage, configuration: configuration, environment: environment, logger: logger)
        let routes = OperationRoutes().routes + sessionRoutes + accounts.routes + uploads.routes + files.routes
        return SessionResponder(
            routes: routes, gate: gate,
            crossOrigin: CrossOriginPolicy(allowedOrigins: configuration.allowedOrigins), environment: environment)
    }
}
