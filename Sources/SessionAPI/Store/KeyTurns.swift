import Synchronization

/// Lets the steps that look at one object and then act on what they saw follow each other, key by key.
///
/// One process at a time uses the session store, so that memory suffices.
final class KeyTurns: Sendable {
    /// Who waits for each key that somebody has; an entry without waiters is a key that is taken.
    private let waiting = Mutex<[[UInt8]: [CheckedContinuation<Void, Never>]]>([:])

    /// Runs a body while no other has the key, in the order of arrival.
    func withTurn<Value: Sendable>(
        of key: [UInt8], _ body: () async throws -> Value
    ) async throws -> Value {
        await take(key)
        defer { give(key) }
        return try await body()
    }

    private func take(_ key: [UInt8]) async {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                guard waiting[key] != nil else {
                    waiting[key] = []
                    return true
                }
                waiting[key]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func give(_ key: [UInt8]) {
        let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            guard let queue = waiting[key], let first = queue.first else {
                waiting[key] = nil
                return nil
            }
            waiting[key] = Array(queue.dropFirst())
            return first
        }
        next?.resume()
    }
}
