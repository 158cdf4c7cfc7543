import Synchronization

/// Counts the connections of all listeners, and says when there are too many.
package final class Admission: Sendable {
    /// How many there may be.
    package struct Limits: Sendable {
        /// The most connections that are open at once.
        package var connections = 4_096
        /// The most connections of one client address: generous, since a whole office may share one.
        package var connectionsPerAddress = 512
        /// The most connections of one listener that have a request to be answered at once.
        package var requests = 1_024

        /// Makes the default limits.
        package init() {}
    }

    private struct Counts {
        var connections = 0
        var byAddress: [ClientAddress: Int] = [:]
    }

    /// How many there may be.
    package let limits: Limits
    private let counts = Mutex(Counts())

    /// Begins to count.
    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Counts a connection, unless it is one too many.
    ///
    /// - Returns: Whether it may stay; then `leave` takes it from the count again.
    package func enter(_ address: ClientAddress) -> Bool {
        counts.withLock { counts in
            let ofAddress = counts.byAddress[address, default: 0]
            guard counts.connections < limits.connections, ofAddress < limits.connectionsPerAddress else {
                return false
            }
            counts.connections += 1
            counts.byAddress[address] = ofAddress + 1
            return true
        }
    }

    /// Takes a connection that entered from the count.
    package func leave(_ address: ClientAddress) {
        counts.withLock { counts in
            counts.connections -= 1
            let left = counts.byAddress[address, default: 0] - 1
            counts.byAddress[address] = left > 0 ? left : nil
        }
    }
}
