import Synchronization

/// How many chunks of all bodies may be read before anybody wants them: memory must not grow with the number of readers
/// who do not come back for theirs.
final class ReadAhead: Sendable {
    private let limit: Int
    private let count = Atomic<Int>(0)

    /// Lets so many chunks be read ahead at a time.
    init(limit: Int) {
        self.limit = limit
    }

    /// A place for one chunk; nil if all are taken, so that the chunk has to be read when it is wanted.
    func take() -> Place? {
        guard count.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            count.wrappingSubtract(1, ordering: .relaxed)
            return nil
        }
        return Place(of: self)
    }

    /// How many places are taken.
    var takenCount: Int { count.load(ordering: .relaxed) }

    /// A place that is given back with its last reference.
    final class Place: Sendable {
        private let readAhead: ReadAhead

        fileprivate init(of readAhead: ReadAhead) {
            self.readAhead = readAhead
        }

        deinit {
            readAhead.count.wrappingSubtract(1, ordering: .relaxed)
        }
    }
}
