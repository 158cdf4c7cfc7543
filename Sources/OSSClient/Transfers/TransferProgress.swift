import Synchronization

/// How far a transfer has come.
public struct TransferProgress: Sendable, Equatable {
    /// The bytes that are there: those of finished parts, and those of unfinished ones as far as they have come.
    ///
    /// It falls back when a part has to be sent again.
    public var transferredBytes: Int64 = 0
    /// The bytes that were there before this run, from a checkpoint.
    public var resumedBytes: Int64 = 0
    /// The bytes of the whole; nil before the transfer knows it.
    public var totalBytes: Int64?
    /// The parts that are finished.
    public var finishedParts = 0
    /// The parts of the whole; nil before the transfer knows it.
    public var totalParts: Int?
    /// How fast bytes came in the last seconds, in bytes a second; 0 before that can be told.
    public var bytesPerSecond: Double = 0

    /// A transfer that has not begun.
    public init() {}
}

/// The progress of one transfer, as it changes.
///
/// Who reads it slowly sees fewer states: only the newest one waits, and the transfer never does. It ends when the
/// transfer's `run()` ends.
public struct TransferProgressUpdates: AsyncSequence, Sendable {
    public typealias Element = TransferProgress

    let stream: AsyncStream<TransferProgress>

    public func makeAsyncIterator() -> AsyncStream<TransferProgress>.Iterator {
        stream.makeAsyncIterator()
    }
}

/// Counts the bytes of a transfer whose parts are on their way at the same time.
final class TransferMeter: Sendable {
    /// What is read of the progress.
    let updates: TransferProgressUpdates

    private let continuation: AsyncStream<TransferProgress>.Continuation
    private let now: @Sendable () -> Duration
    private let state = Mutex(State())

    private struct State {
        var progress = TransferProgress()
        var finishedBytes: Int64 = 0
        /// The bytes of unfinished parts, by their numbers.
        var underWay: [Int: Int64] = [:]
        var rate = TransferRate()
    }

    /// Makes a meter.
    ///
    /// - Parameter now: the time since any fixed moment, which never goes back.
    init(now: @escaping @Sendable () -> Duration) {
        self.now = now
        let (stream, continuation) = AsyncStream.makeStream(
            of: TransferProgress.self, bufferingPolicy: .bufferingNewest(1))
        updates = TransferProgressUpdates(stream: stream)
        self.continuation = continuation
    }

    /// Tells what there is to do, and what is there already.
    func begin(totalBytes: Int64, totalParts: Int, resumedBytes: Int64 = 0, resumedParts: Int = 0) {
        update { state in
            state = State()
            state.progress.totalBytes = totalBytes
            state.progress.totalParts = totalParts
            state.progress.resumedBytes = resumedBytes
            state.progress.finishedParts = resumedParts
            state.finishedBytes = resumedBytes
        }
    }

    /// Begins a part, or begins it once more.
    func beginPart(_ number: Int) {
        update { $0.underWay[number] = 0 }
    }

    /// Counts bytes of a part that is under way.
    func count(_ bytes: Int, ofPart number: Int) {
        update { $0.underWay[number, default: 0] += Int64(bytes) }
    }

    /// Counts a part as done, whatever was counted of it before.
    func finishPart(_ number: Int, sizeBytes: Int64) {
        update { state in
            state.underWay[number] = nil
            state.finishedBytes += sizeBytes
            state.progress.finishedParts += 1
        }
    }

    /// Ends the updates.
    func end() {
        continuation.finish()
    }

    private func update(_ change: (inout State) -> Void) {
        let time = now()
        // Inside the lock, so that states are told in their order; telling never waits.
        state.withLock { state in
            change(&state)
            state.progress.transferredBytes = state.underWay.values.reduce(state.finishedBytes, +)
            state.progress.bytesPerSecond = state.rate.note(
                state.progress.transferredBytes - state.progress.resumedBytes, at: time)
            continuation.yield(state.progress)
        }
    }
}

/// Tells how fast a count has grown in the last seconds.
package struct TransferRate: Sendable {
    package init() {}

    private var samples: [(bytes: Int64, time: Duration)] = []

    /// How far back is looked.
    private static let window = Duration.seconds(5)
    /// The least time between two samples that are kept.
    private static let spacing = Duration.milliseconds(500)

    /// Takes the count at a time, and gives the rate in units a second; 0 if there is nothing to compare with.
    package mutating func note(_ bytes: Int64, at time: Duration) -> Double {
        if samples.last.map({ time - $0.time >= Self.spacing }) ?? true {
            samples.append((bytes, time))
        }
        // One sample from before the window stays: it is where the window begins.
        while samples.count > 1, time - samples[1].time >= Self.window {
            samples.removeFirst()
        }
        guard let first = samples.first, time > first.time else { return 0 }
        return max(0, Double(bytes - first.bytes) / ((time - first.time) / .seconds(1)))
    }
}
