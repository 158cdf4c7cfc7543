import OSSKit
import Synchronization

/// Refuses writes while the volume is nearly full, so that the database can always move its log and rows can be deleted.
final class FreeSpace: Sendable {
    /// The least floor that is taken when none is configured, in bytes.
    private static let leastFloorBytes: Int64 = 1_024 * 1_024 * 1_024
    /// The part of the volume that is kept free when none is configured.
    private static let floorPart: Int64 = 50
    /// The greatest part of a small volume that is kept free when none is configured.
    private static let greatestFloorPart: Int64 = 4
    /// How long an answer of the volume is believed, in milliseconds.
    private static let believedMilliseconds: Int64 = 250

    private struct Answer {
        let atMilliseconds: Int64
        /// What the volume could spare, less what was let in since.
        var spareBytes: Int64
    }

    private let disk: any Disk
    private let threads: WorkerThreads
    private let floorBytes: Int64?
    private let now: @Sendable () -> Int64
    private let lastAnswer = Mutex<Answer?>(nil)

    /// Takes the disk that is watched; a nil floor is the greater of 1 GiB and 2 % of the volume, but at most a quarter.
    init(disk: any Disk, threads: WorkerThreads, floorBytes: Int64?, now: @escaping @Sendable () -> Int64) {
        self.disk = disk
        self.threads = threads
        self.floorBytes = floorBytes
        self.now = now
    }

    /// Lets a body of this many bytes begin.
    ///
    /// - Throws: `ServiceUnavailable` if less than the floor would be left.
    func require(_ bytes: Int64) async throws {
        try await admit(bytes, taking: 0)
    }

    /// Lets the next bytes be written.
    ///
    /// They count at once, not only when the volume is asked again: many writes cannot pass on one answer.
    /// - Throws: `ServiceUnavailable` if less than the floor would be left.
    func take(_ bytes: Int64) async throws {
        try await admit(bytes, taking: max(0, bytes))
    }

    private func admit(_ bytes: Int64, taking takenBytes: Int64) async throws {
        let time = now()
        if !isBelieved(at: time) { try await askVolume(at: time) }
        let isLetIn = lastAnswer.withLock { answer in
            guard let spareBytes = answer?.spareBytes, spareBytes >= 0, bytes <= spareBytes else { return false }
            answer?.spareBytes -= takenBytes
            return true
        }
        if !isLetIn { throw OSSError(.serviceUnavailable) }
    }

    private func isBelieved(at time: Int64) -> Bool {
        guard let answer = lastAnswer.withLock({ $0 }) else { return false }
        let age = time.subtractingReportingOverflow(answer.atMilliseconds)
        return !age.overflow && (0..<Self.believedMilliseconds).contains(age.partialValue)
    }

    private func askVolume(at time: Int64) async throws {
        let space = try await threads.run { [disk] in try disk.space() }
        let usualFloor = max(Self.leastFloorBytes, space.totalBytes / Self.floorPart)
        let floor = floorBytes ?? min(usualFloor, space.totalBytes / Self.greatestFloorPart)
        let answer = Answer(atMilliseconds: time, spareBytes: space.freeBytes - max(0, floor))
        lastAnswer.withLock { $0 = answer }
    }
}
