import Synchronization

/// Rows that were read, kept in memory up to a number of bytes, and never older than the last commit that was answered.
///
/// Two rules make it so. A row that a commit is about to change leaves the cache before the commit and cannot come back
/// until it is over: whoever asks meanwhile reads the database. And whoever reads the database to fill the cache says so
/// before the database is read; a change of that row in between makes the reader keep its result to itself. Readings of
/// one row between which it did not change saw the same row: the first that ends fills the cache for all.
///
/// What was used least recently goes first, about: entries are in a young or in an old half, use moves them to the young
/// one, and once that has half of the bytes it becomes the old one, whose entries are dropped.
package final class CoherentCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// The announcement of somebody who reads a row from the database.
    package struct Reading: Sendable {
        /// What is read.
        let key: Key
        /// Nil if the row is being changed, so that what is read must not be kept.
        fileprivate let number: UInt64?
    }

    fileprivate struct Entry {
        var value: Value
        var costBytes: Int
    }

    /// Those who read one key now and have seen no change of it.
    fileprivate struct Readings {
        /// The number of the one that was announced first.
        let first: UInt64
        /// How many there are.
        var count = 0
    }

    fileprivate struct Shard {
        var young: [Key: Entry] = [:]
        var old: [Key: Entry] = [:]
        var youngBytes = 0
        var oldBytes = 0
        /// The readings of each key that were announced since its last change and are not over.
        var readings: [Key: Readings] = [:]
        /// How many changes of each key are under way.
        var changes: [Key: Int] = [:]
        var lastNumber: UInt64 = 0
    }

    private final class LockedShard: Sendable {
        let state = Mutex(Shard())
    }

    private static var shardCount: Int { 16 }

    private let shards: [LockedShard]
    private let halfLimitBytes: Int

    /// Makes an empty cache; with a limit of 0 it stays empty.
    package init(limitBytes: Int) {
        shards = (0..<Self.shardCount).map { _ in LockedShard() }
        halfLimitBytes = max(0, limitBytes) / Self.shardCount / 2
    }

    /// How many bytes the entries are counted with.
    package var costBytes: Int {
        shards.reduce(0) { sum, shard in sum + shard.state.withLock { $0.youngBytes + $0.oldBytes } }
    }

    /// The value of a key; nil if it is not here.
    package func value(of key: Key) -> Value? {
        let (value, dropped) = shard(of: key).state.withLock { shard -> (Value?, [Key: Entry]) in
            if let entry = shard.young[key] { return (entry.value, [:]) }
            guard let entry = shard.remove(key) else { return (nil, [:]) }
            return (entry.value, shard.insert(entry, key, halfLimitBytes))
        }
        // What is dropped is freed here, not while others wait for the lock.
        withExtendedLifetime(dropped) {}
        return value
    }

    // MARK: Filling

    /// Says that a row is about to be read from the database; `end` must follow, whatever the reading comes to.
    package func beginReading(_ key: Key) -> Reading {
        shard(of: key).state.withLock { shard in
            guard shard.changes[key] == nil else { return Reading(key: key, number: nil) }
            shard.lastNumber += 1
            shard.readings[key, default: Readings(first: shard.lastNumber)].count += 1
            return Reading(key: key, number: shard.lastNumber)
        }
    }

    /// Keeps what was read, unless the row changed since the reading was announced; nil if there is nothing to keep.
    package func end(_ reading: Reading, with value: Value?, costBytes: Int = 0) {
        let dropped = shard(of: reading.key).state.withLock { shard -> [Key: Entry] in
            guard let number = reading.number, var readings = shard.readings[reading.key], number >= readings.first
            else { return [:] }
            readings.count -= 1
            shard.readings[reading.key] = readings.count > 0 ? readings : nil
            // What another reading put in is the same row, and may have been added to since.
            guard let value, !shard.holds(reading.key) else { return [:] }
            return shard.insert(Entry(value: value, costBytes: costBytes), reading.key, halfLimitBytes)
        }
        withExtendedLifetime(dropped) {}
    }

    /// The value of a key, from here or from the database.
    ///
    /// - Parameters:
    ///   - key: what is asked for.
    ///   - costBytes: how many bytes a value is counted with.
    ///   - read: reads the database; what it throws is thrown, and nothing is kept.
    package func value(
        of key: Key, costBytes: (Value) -> Int, orRead read: () async throws -> Value
    ) async throws -> Value {
        if let value = value(of: key) { return value }
        let reading = beginReading(key)
        do {
            let value = try await read()
            end(reading, with: value, costBytes: costBytes(value))
            return value
        } catch {
            end(reading, with: nil)
            throw error
        }
    }

    /// Adds to an entry, if it is still here, there is room, and the closure says that it was added to.
    package func extend(_ key: Key, byBytes more: Int, _ change: (inout Value) -> Bool) {
        let dropped = shard(of: key).state.withLock { shard -> [Key: Entry] in
            guard let entry = shard.remove(key) else { return [:] }
            var longer = entry
            longer.costBytes += more
            let isKept = longer.costBytes <= halfLimitBytes && change(&longer.value)
            return shard.insert(isKept ? longer : entry, key, halfLimitBytes)
        }
        withExtendedLifetime(dropped) {}
    }

    // MARK: Changing

    /// Removes what a commit is about to change, and keeps it out until `endChange`.
    package func beginChange(of keys: some Collection<Key>) {
        for key in keys {
            let dropped = shard(of: key).state.withLock { shard in
                shard.readings[key] = nil
                shard.changes[key, default: 0] += 1
                return shard.remove(key)
            }
            withExtendedLifetime(dropped) {}
        }
    }

    /// Lets changed rows in again: their commit is over, before anybody was told of it.
    package func endChange(of keys: some Collection<Key>) {
        for key in keys {
            shard(of: key).state.withLock { shard in
                guard let count = shard.changes[key] else { return }
                shard.changes[key] = count > 1 ? count - 1 : nil
            }
        }
    }

    private func shard(of key: Key) -> LockedShard {
        shards[Int(truncatingIfNeeded: UInt(bitPattern: key.hashValue) % UInt(Self.shardCount))]
    }
}

extension CoherentCache.Shard {
    fileprivate func holds(_ key: Key) -> Bool { young[key] != nil || old[key] != nil }

    fileprivate mutating func remove(_ key: Key) -> CoherentCache.Entry? {
        if let entry = young.removeValue(forKey: key) {
            youngBytes -= entry.costBytes
            return entry
        }
        guard let entry = old.removeValue(forKey: key) else { return nil }
        oldBytes -= entry.costBytes
        return entry
    }

    /// Puts an entry into the young half.
    ///
    /// - Returns: what had to go for it.
    fileprivate mutating func insert(
        _ entry: CoherentCache.Entry, _ key: Key, _ halfLimitBytes: Int
    ) -> [Key: CoherentCache.Entry] {
        _ = remove(key)
        guard entry.costBytes <= halfLimitBytes else { return [:] }
        var dropped: [Key: CoherentCache.Entry] = [:]
        if youngBytes + entry.costBytes > halfLimitBytes {
            dropped = old
            (old, oldBytes) = (young, youngBytes)
            (young, youngBytes) = ([:], 0)
        }
        young[key] = entry
        youngBytes += entry.costBytes
        return dropped
    }
}
