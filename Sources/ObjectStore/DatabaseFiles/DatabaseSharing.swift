import Synchronization

/// What the connections of one process to one database share: the locks on its file, and the index of its log.
///
/// SQLite keeps these in the file and beside it; here no other process can have the file, so they are in memory.
package final class DatabaseSharing: Sendable {
    /// How much of the file a connection has locked, as SQLite counts.
    package enum Level: Int32, Comparable {
        case none, shared, reserved, pending, exclusive

        package static func < (one: Level, other: Level) -> Bool { one.rawValue < other.rawValue }
    }

    /// What one connection holds.
    package struct Held {
        fileprivate var level = Level.none
        fileprivate var hasReserved = false
        fileprivate var hasMapped = false
        fileprivate var sharedSlots: Set<Int> = []
        fileprivate var exclusiveSlots: Set<Int> = []

        /// Holds nothing.
        package init() {}
    }

    private struct State {
        var sharedCount = 0
        var isReserved = false
        var isPending = false
        var mappedCount = 0
        /// The addresses of the index's parts, which live until this object goes.
        var regions: [UInt] = []
        var sharedSlots: [Int: Int] = [:]
        var exclusiveSlots: Set<Int> = []
    }

    private let state = Mutex(State())

    /// Makes what no connection uses yet.
    package init() {}

    deinit {
        for region in state.withLock({ $0.regions }) {
            UnsafeMutableRawPointer(bitPattern: region)?.deallocate()
        }
    }

    /// Whether any connection means to write to the file.
    package var isReserved: Bool { state.withLock { $0.isReserved } }

    /// Raises a connection's lock on the file.
    ///
    /// - Returns: whether it holds the level now; on the way to `exclusive` it may have got `pending`, which keeps new
    ///   readers out.
    package func lock(_ level: Level, _ held: inout Held) -> Bool {
        let earlier = held
        let reached = state.withLock { state -> Held in
            var held = earlier
            if held.level == .none, level >= .shared, !state.isPending {
                state.sharedCount += 1
                held.level = .shared
            }
            if held.level == .shared, level == .reserved, !state.isReserved {
                state.isReserved = true
                held.hasReserved = true
                held.level = .reserved
            }
            if held.level >= .shared, held.level < .pending, level == .exclusive, !state.isPending,
                held.hasReserved || !state.isReserved
            {
                state.isPending = true
                held.level = .pending
            }
            if held.level == .pending, level == .exclusive, state.sharedCount == 1 { held.level = .exclusive }
            return held
        }
        held = reached
        return held.level >= level
    }

    /// Lowers a connection's lock on the file to `shared` or `none`.
    package func unlock(_ level: Level, _ held: inout Held) {
        let earlier = held
        state.withLock { state in
            if earlier.level >= .pending { state.isPending = false }
            if earlier.hasReserved { state.isReserved = false }
            if earlier.level >= .shared, level == .none { state.sharedCount -= 1 }
        }
        held.hasReserved = false
        held.level = min(held.level, level)
    }

    /// Gives a part of the index of the log, zeros at first.
    ///
    /// - Returns: its address; 0 if it is not there and not to be made.
    package func map(_ number: Int, sizeBytes: Int, extends: Bool, _ held: inout Held) -> UInt {
        let isFirst = !held.hasMapped
        held.hasMapped = true
        return state.withLock { state in
            if isFirst { state.mappedCount += 1 }
            while extends, state.regions.count <= number {
                let region = UnsafeMutableRawPointer.allocate(byteCount: sizeBytes, alignment: 4_096)
                region.initializeMemory(as: UInt8.self, repeating: 0, count: sizeBytes)
                state.regions.append(UInt(bitPattern: region))
            }
            return number < state.regions.count ? state.regions[number] : 0
        }
    }

    /// Ends a connection's use of the index; with the last one the index is gone, and the next one reads the log anew.
    package func unmap(_ held: inout Held) {
        for isExclusive in [true, false] {
            let slots = isExclusive ? held.exclusiveSlots : held.sharedSlots
            for slot in slots { unlock(slot..<slot + 1, isExclusive: isExclusive, &held) }
        }
        guard held.hasMapped else { return }
        held.hasMapped = false
        let unused = state.withLock { state -> [UInt] in
            state.mappedCount -= 1
            guard state.mappedCount == 0 else { return [] }
            defer { state.regions = [] }
            return state.regions
        }
        for region in unused { UnsafeMutableRawPointer(bitPattern: region)?.deallocate() }
    }

    /// Locks slots of the index, all or none.
    package func lock(_ slots: Range<Int>, isExclusive: Bool, _ held: inout Held) -> Bool {
        let mine = isExclusive ? held.exclusiveSlots : held.sharedSlots
        let wanted = slots.filter { !mine.contains($0) }
        let isGranted = state.withLock { state in
            guard wanted.allSatisfy({ !state.exclusiveSlots.contains($0) }) else { return false }
            guard isExclusive else {
                for slot in wanted { state.sharedSlots[slot, default: 0] += 1 }
                return true
            }
            guard wanted.allSatisfy({ state.sharedSlots[$0, default: 0] == 0 }) else { return false }
            state.exclusiveSlots.formUnion(wanted)
            return true
        }
        guard isGranted else { return false }
        if isExclusive { held.exclusiveSlots.formUnion(wanted) } else { held.sharedSlots.formUnion(wanted) }
        return true
    }

    /// Gives slots of the index back.
    package func unlock(_ slots: Range<Int>, isExclusive: Bool, _ held: inout Held) {
        let mine = (isExclusive ? held.exclusiveSlots : held.sharedSlots).intersection(slots)
        state.withLock { state in
            if isExclusive { state.exclusiveSlots.subtract(mine) }
            guard !isExclusive else { return }
            for slot in mine { state.sharedSlots[slot, default: 1] -= 1 }
        }
        if isExclusive { held.exclusiveSlots.subtract(mine) } else { held.sharedSlots.subtract(mine) }
    }

    /// Makes what one thread wrote into the index visible to the others.
    func fence() {
        state.withLock { _ in }
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }
}
