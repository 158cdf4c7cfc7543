import Synchronization

/// Counts the bytes of bodies that are in memory for all readers together, and says when they are many.
///
/// Nobody waits for room. Who finds none is served all the same, in small pieces: a block is read and checked as a whole,
/// a little of it is kept, and the rest is read and checked again when it is wanted. So readers who do not take what they
/// asked for cost little each, and keep nobody from progress.
final class ReadMemory: Sendable {
    private let limitBytes: Int
    private let elsewhere: @Sendable () -> Int
    private let bytes = Atomic<Int>(0)

    /// Begins to count.
    ///
    /// - Parameters:
    ///   - limitBytes: How many bytes there may be before readers get small pieces.
    ///   - elsewhere: How many bytes of bodies are in memory after their readers got them, until they are sent.
    init(limitBytes: Int, elsewhere: @escaping @Sendable () -> Int) {
        self.limitBytes = limitBytes
        self.elsewhere = elsewhere
    }

    /// Room for so many bytes; nil if there is none.
    func take(_ count: Int) -> Room? {
        let taken = bytes.wrappingAdd(count, ordering: .relaxed).newValue
        guard taken <= limitBytes, taken <= limitBytes - max(0, elsewhere()) else {
            bytes.wrappingSubtract(count, ordering: .relaxed)
            return nil
        }
        return Room(in: self, count: count)
    }

    /// How many bytes have room.
    var takenBytes: Int { bytes.load(ordering: .relaxed) }

    /// Room that is given back with its last reference.
    final class Room: Sendable {
        private let memory: ReadMemory
        private let count: Int

        fileprivate init(in memory: ReadMemory, count: Int) {
            self.memory = memory
            self.count = count
        }

        deinit {
            memory.bytes.wrappingSubtract(count, ordering: .relaxed)
        }
    }
}
