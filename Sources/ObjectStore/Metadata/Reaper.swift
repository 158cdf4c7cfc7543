import OSSKit
import Synchronization

/// Takes apart what nobody names any more: the segments of a body, or the parts of an upload that has ended.
///
/// There may be ten thousand of them, so they go a few in each commit, beside the writes of clients. A body that
/// somebody reads waits for its last reader. What is not done when the process ends is done after the next start.
final class Reaper: Sendable {
    /// How many bodies are released in one commit.
    private static let batchSize = 128

    private struct State {
        /// What is to be taken apart, in order.
        var waiting: [Release] = []
        /// How many readers a body has.
        var readerCounts: [Int64: Int] = [:]
        /// What waits for the last reader of its body.
        var parked: [Int64: Release] = [:]
        var isRunning = false
        var idleContinuations: [CheckedContinuation<Void, Never>] = []
    }

    private let committer: Committer
    private let blobs: BlobFolder
    private let state = Mutex(State())

    /// Takes the committer that makes its changes.
    init(committer: Committer, blobs: BlobFolder) {
        self.committer = committer
        self.blobs = blobs
    }

    /// Takes over what a committed change has left; removes files at once.
    func clear(_ leftovers: Leftovers) {
        for blob in leftovers.blobs {
            blobs.threads.start { [blobs] in blobs.remove(blob) }
        }
        guard !leftovers.releases.isEmpty else { return }
        state.withLock { $0.waiting += leftovers.releases }
        wake()
    }

    /// Keeps a body of segments as it is until the pin is gone.
    ///
    /// Whoever pins looks at the body afterwards: it may be that nothing named it any more before.
    func pin(_ bodyID: Int64) -> BodyPin {
        state.withLock { $0.readerCounts[bodyID, default: 0] += 1 }
        return BodyPin(bodyID: bodyID, reaper: self)
    }

    /// Returns when nothing is left but what somebody reads, or when it cannot go on.
    func waitUntilIdle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.isRunning { state.idleContinuations.append(continuation) }
                return !state.isRunning
            }
            if isIdle { continuation.resume() }
        }
    }

    /// Gives back what a pin held.
    fileprivate func unpin(_ bodyID: Int64) {
        let isDue = state.withLock { state in
            let count = (state.readerCounts[bodyID] ?? 1) - 1
            state.readerCounts[bodyID] = count > 0 ? count : nil
            guard count <= 0, let release = state.parked.removeValue(forKey: bodyID) else { return false }
            state.waiting.append(release)
            return true
        }
        if isDue { wake() }
    }

    private func wake() {
        let isFirst = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isFirst { step() }
    }

    /// Has the next few bodies released; the commit's end leads to the next step.
    private func step() {
        guard let release = nextRelease() else { return }
        committer.submit(
            freesRoom: true,
            { database in
                var leftovers = Leftovers()
                let isDone = try ReleaseTable.takeApart(release, limit: Self.batchSize, &leftovers, in: database)
                return (isDone, leftovers)
            },
            completion: { [self] result in
                guard case .success(let (isDone, leftovers)) = result else {
                    // The disk is full or the store is closing: the next release, or the next start, tries again.
                    return stop(keeping: release)
                }
                if !isDone { state.withLock { $0.waiting.insert(release, at: 0) } }
                clear(leftovers)
                step()
            })
    }

    /// Takes the first release that nobody reads; ends the run if there is none.
    private func nextRelease() -> Release? {
        let (release, idle) = state.withLock { state -> (Release?, [CheckedContinuation<Void, Never>]) in
            while !state.waiting.isEmpty {
                let release = state.waiting.removeFirst()
                guard case .body(let id) = release.object, state.readerCounts[id] != nil else { return (release, []) }
                state.parked[id] = release
            }
            return (nil, Self.endRun(&state))
        }
        for continuation in idle { continuation.resume() }
        return release
    }

    private func stop(keeping release: Release) {
        let idle = state.withLock { state in
            state.waiting.append(release)
            return Self.endRun(&state)
        }
        for continuation in idle { continuation.resume() }
    }

    private static func endRun(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
        state.isRunning = false
        defer { state.idleContinuations = [] }
        return state.idleContinuations
    }
}

/// Keeps a body of segments as it is while somebody reads it.
final class BodyPin: Sendable {
    /// The number of the body.
    let bodyID: Int64
    private let reaper: Reaper

    fileprivate init(bodyID: Int64, reaper: Reaper) {
        self.bodyID = bodyID
        self.reaper = reaper
    }

    deinit {
        reaper.unpin(bodyID)
    }
}
