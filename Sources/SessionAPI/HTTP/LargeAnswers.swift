import Synchronization

/// Keeps the answers few that take much memory, from the first read until the last byte was sent.
final class LargeAnswers: Sendable {
    /// From this size on an answer is large.
    static let fromBytes: Int64 = 4 * 1_024 * 1_024
    /// The large answers that exist at the same time.
    private static let limit = 2
    /// The most requests that wait for their turn; one more is refused as unavailable.
    private static let waitingLimit = 8
    /// How long a request waits before it is refused as unavailable.
    private static let patience = Duration.seconds(5)

    /// The right to make one large answer; it ends with its last reference.
    final class Turn: Sendable {
        private let answers: LargeAnswers

        fileprivate init(_ answers: LargeAnswers) {
            self.answers = answers
        }

        deinit {
            answers.give()
        }
    }

    private struct State {
        var takenCount = 0
        var nextNumber = 0
        var waiting: [(number: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    }

    private let state = Mutex(State())

    /// Waits for a turn.
    ///
    /// - Throws: `UNAVAILABLE` if too many wait, or if none ends in time.
    func take() async throws -> Turn {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        let timer = Task { [self] in
            try await Task.sleep(for: Self.patience)
            refuse(number)
        }
        defer { timer.cancel() }
        try await withCheckedThrowingContinuation { wait(number, $0) }
        return Turn(self)
    }

    private func wait(_ number: Int, _ continuation: CheckedContinuation<Void, any Error>) {
        enum Next { case go, wait, refuse }
        let next = state.withLock { state -> Next in
            if state.takenCount < Self.limit {
                state.takenCount += 1
                return .go
            }
            guard state.waiting.count < Self.waitingLimit else { return .refuse }
            state.waiting.append((number, continuation))
            return .wait
        }
        switch next {
        case .go: continuation.resume()
        case .wait: break
        case .refuse: continuation.resume(throwing: APIProblem.unavailable)
        }
    }

    private func refuse(_ number: Int) {
        let continuation = state.withLock { state in
            state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0).continuation }
        }
        continuation?.resume(throwing: APIProblem.unavailable)
    }

    /// Hands a turn to who waits longest.
    private func give() {
        let continuation = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst().continuation }
            state.takenCount -= 1
            return nil
        }
        continuation?.resume()
    }
}
