import OSSKit

/// A temporary access key, and until when it is good.
public struct TemporaryCredentials: Sendable {
    /// The access key with its security token.
    public let credentials: Credentials
    /// The first moment at which it is no longer good, in unix seconds.
    public let expiresAtUnixSeconds: Int64

    /// Makes a temporary access key.
    public init(_ credentials: Credentials, expiresAtUnixSeconds: Int64) {
        self.credentials = credentials
        self.expiresAtUnixSeconds = expiresAtUnixSeconds
    }
}

extension CredentialsProvider {
    /// When temporary credentials are fetched anew.
    public struct Refreshing: Sendable {
        /// How long before its end an access key is replaced, in seconds; at most a quarter of its whole life.
        public var leadSeconds: Int64 = 300
        /// How long after a fetch that failed none is tried while the access key is still good, in seconds.
        public var retrySeconds: Int64 = 10

        /// The usual times.
        public init() {}
    }

    /// Takes temporary credentials from a source, such as a call of AssumeRole, and fetches new ones before they end.
    ///
    /// One fetch at a time is under way, however many requests wait for it; one that is cancelled does not end it for
    /// the others. If a fetch fails, an access key that is still good goes on.
    ///
    /// - Parameters:
    ///   - nowUnixSeconds: the time.
    ///   - refreshing: when new ones are fetched.
    ///   - fetch: fetches credentials.
    /// - Throws: each request throws what `fetch` throws once there is no access key that is still good, and
    ///   `CredentialsError.expired` if `fetch` gives one that is not.
    public static func temporary(
        nowUnixSeconds: @escaping @Sendable () -> Int64, refreshing: Refreshing = Refreshing(),
        fetch: @escaping @Sendable () async throws -> TemporaryCredentials
    ) -> CredentialsProvider {
        let source = TemporarySource(nowUnixSeconds: nowUnixSeconds, refreshing: refreshing, fetch: fetch)
        return CredentialsProvider { try await source.current() }
    }
}

/// Keeps a temporary access key, and lets one fetch serve all who wait.
private actor TemporarySource {
    private let nowUnixSeconds: @Sendable () -> Int64
    private let refreshing: CredentialsProvider.Refreshing
    private let fetch: @Sendable () async throws -> TemporaryCredentials
    private var kept: (temporary: TemporaryCredentials, leadSeconds: Int64)?
    /// The fetch that is under way; nil if there is none.
    private var running: Task<TemporaryCredentials, any Error>?
    /// Before this moment no fetch is tried while the access key is good.
    private var nextFetchUnixSeconds: Int64 = .min

    init(
        nowUnixSeconds: @escaping @Sendable () -> Int64, refreshing: CredentialsProvider.Refreshing,
        fetch: @escaping @Sendable () async throws -> TemporaryCredentials
    ) {
        self.nowUnixSeconds = nowUnixSeconds
        self.refreshing = refreshing
        self.fetch = fetch
    }

    func current() async throws -> Credentials {
        let now = nowUnixSeconds()
        let good = kept.flatMap { $0.temporary.expiresAtUnixSeconds > now ? $0 : nil }
        if let good {
            let isFresh = good.temporary.expiresAtUnixSeconds - now > good.leadSeconds
            // While one request fetches a new key, the others go on with the old one.
            if isFresh || now < nextFetchUnixSeconds || running != nil { return good.temporary.credentials }
        }
        do {
            let fetched = try await fetchOnce()
            guard fetched.expiresAtUnixSeconds > nowUnixSeconds() else { throw CredentialsError.expired }
            return fetched.credentials
        } catch {
            guard let good, good.temporary.expiresAtUnixSeconds > nowUnixSeconds() else { throw error }
            return good.temporary.credentials
        }
    }

    /// Waits for the fetch that is under way, or begins one.
    private func fetchOnce() async throws -> TemporaryCredentials {
        let task: Task<TemporaryCredentials, any Error>
        if let running {
            task = running
        } else {
            // The fetch belongs to all who wait; whoever began it may be cancelled without ending it.
            task = Task { [fetch] in try await fetch() }
            running = task
        }
        let result = await task.result
        // The first of those who waited takes note of it for all.
        if running == task {
            running = nil
            note(result)
        }
        return try result.get()
    }

    private func note(_ result: Result<TemporaryCredentials, any Error>) {
        let now = nowUnixSeconds()
        switch result {
        case .success(let fetched) where fetched.expiresAtUnixSeconds > now:
            kept = (fetched, min(refreshing.leadSeconds, (fetched.expiresAtUnixSeconds - now) / 4))
        case .success, .failure:
            nextFetchUnixSeconds = now + refreshing.retrySeconds
        }
    }
}
