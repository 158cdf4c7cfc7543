import Synchronization

/// Counts the requests that one listener answers, and says when there are too many.
///
/// Each listener has its own: who may send a body to the session API without an account must not keep the store from
/// its work.
package final class RequestSlots: Sendable {
    private let limit: Int
    private let taken = Mutex(0)

    /// Begins to count.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Counts a connection that has a request, unless it is one too many.
    ///
    /// - Returns: Whether the request may be answered; then `leave` takes it from the count again.
    package func enter() -> Bool {
        taken.withLock { taken in
            guard taken < limit else { return false }
            taken += 1
            return true
        }
    }

    /// Takes a connection whose requests are answered from the count.
    package func leave() {
        taken.withLock { $0 -= 1 }
    }
}
