import Synchronization

/// Counts the bytes of answers that were made and have not left yet, on all connections.
package final class UnsentBytes: Sendable {
    private let bytes = Atomic<Int>(0)

    /// Begins to count.
    package init() {}

    /// How many there are.
    package var count: Int { bytes.load(ordering: .relaxed) }

    /// Notes bytes that are to be sent.
    func add(_ count: Int) {
        bytes.wrappingAdd(count, ordering: .relaxed)
    }

    /// Notes bytes that have left, or never will.
    func remove(_ count: Int) {
        bytes.wrappingSubtract(count, ordering: .relaxed)
    }
}
