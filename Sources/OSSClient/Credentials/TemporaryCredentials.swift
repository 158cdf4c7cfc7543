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
    /// While an access key is good it is given at once, and a new one is fetched beside that. Only where there is none
    /// do requests wait: for one fetch, however many they are, and one that is cancelled does not end it for the others.
    /// If a fetch fails, an access key that is still good goes on.
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
    /// Whether a fetch is under way.
    private var isFetching = false
    /// Those who wait for its end.
    private var waiters: [Int: CheckedContinuation<TemporaryCredentials, any Error>] = [:]
    private var nextWaiter = 0
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
        if let kept, kept.temporary.expiresAtUnixSeconds > now {
            let isFresh = kept.temporary.expiresAtUnixSeconds - now > kept.leadSeconds
            if !isFresh && now >= nextFetchUnixSeconds { fetchOnce() }
            return kept.temporary.credentials
        }
        fetchOnce()
        let fetched = try await outcome()
        guard fetched.expiresAtUnixSeconds > nowUnixSeconds() else { throw CredentialsError.expired }
        return fetched.credentials
    }

    /// Begins a fetch unless one is under way.
    private func fetchOnce() {
        guard !isFetching else { return }
        isFetching = true
        // The fetch belongs to all who wait; whoever began it may be cancelled without ending it.
        Task {
            do {
                note(.success(try await fetch()))
            } catch {
                note(.failure(error))
            }
        }
    }

    /// Waits for the fetch that is under way, or until the task is cancelled.
    private func outcome() async throws -> TemporaryCredentials {
        let number = nextWaiter
        nextWaiter += 1
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    waiters[number] = continuation
                }
            }
        } onCancel: {
            // It comes after the waiter is noted, since that happens without a pause.
            Task { await self.giveUp(number) }
        }
    }

    private func giveUp(_ number: Int) {
        waiters.removeValue(forKey: number)?.resume(throwing: CancellationError())
    }

    /// Takes note of the end of a fetch, for all who wait.
    private func note(_ result: Result<TemporaryCredentials, any Error>) {
        let now = nowUnixSeconds()
        switch result {
        case .success(let fetched) where fetched.expiresAtUnixSeconds > now:
            kept = (fetched, min(refreshing.leadSeconds, (fetched.expiresAtUnixSeconds - now) / 4))
        case .success, .failure:
            nextFetchUnixSeconds = now + refreshing.retrySeconds
        }
        isFetching = false
        let served = waiters.values
        waiters = [:]
        for waiter in served {
            waiter.resume(with: result)
        }
    }
}
