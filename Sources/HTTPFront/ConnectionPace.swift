import NIOCore

/// How fast a client sends its body and takes its answer.
struct ConnectionPace {
    /// Whether the server asked for bytes and has none yet; when it did not ask, slowness is its own.
    var isWaitingForBytes = false

    private var receivedBytes = 0
    private var unfinishedWrites = 0
    private var lastWriteProgress = NIODeadline.distantPast

    /// Notes bytes of a body.
    mutating func received(_ bytes: Int) {
        receivedBytes += bytes
    }

    /// Notes that a write begins.
    mutating func writing(at now: NIODeadline) {
        if unfinishedWrites == 0 { lastWriteProgress = now }
        unfinishedWrites += 1
    }

    /// Notes that all bytes of a write have left.
    mutating func written(at now: NIODeadline) {
        unfinishedWrites -= 1
        lastWriteProgress = now
    }

    /// Begins to count anew.
    mutating func startInterval() {
        receivedBytes = 0
    }

    /// Begins to count anew, with an interval that is not judged, since it may be a short one.
    mutating func reset() {
        receivedBytes = Int(Int32.max)
    }

    /// Whether fewer bytes came in the interval than must come, although the server waits for them.
    func isBodyTooSlow(least: Int) -> Bool {
        isWaitingForBytes && receivedBytes < least
    }

    /// Whether the reader of an answer has taken nothing for so long.
    func isWriteStalled(at now: NIODeadline, after limit: TimeAmount) -> Bool {
        unfinishedWrites > 0 && now - lastWriteProgress > limit
    }
}
