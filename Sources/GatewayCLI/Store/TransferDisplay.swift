import CommandKit
import OSSClient
import Synchronization

/// Shows on a terminal how far the transfers of a command are, all of them in one line.
final class TransferDisplay: Sendable {
    private let console: Console
    private let state = Mutex(State())

    private struct State {
        var underWay: [Int: (name: String, progress: TransferProgress)] = [:]
        var doneCount = 0
        var nextNumber = 0
        var shownAt: ContinuousClock.Instant?
    }

    /// The least time between two pictures of one line.
    private static let pause = Duration.milliseconds(100)

    /// Makes a display that shows nothing yet.
    init(console: Console) {
        self.console = console
    }

    /// Does a transfer, and shows how far it is meanwhile.
    func watching<Outcome: Sendable>(_ transfer: Transfer<Outcome>, name: String) async throws -> Outcome {
        guard console.showsProgress else { return try await transfer.run() }
        let number = begin(name)
        defer { end(number) }
        async let outcome = transfer.run()
        for await progress in transfer.progress {
            show(progress, ofTransfer: number)
        }
        return try await outcome
    }

    private func begin(_ name: String) -> Int {
        state.withLock { state in
            state.nextNumber += 1
            state.underWay[state.nextNumber] = (name, TransferProgress())
            return state.nextNumber
        }
    }

    private func end(_ number: Int) {
        state.withLock { state in
            state.underWay[number] = nil
            state.doneCount += 1
        }
        console.clearProgress()
    }

    private func show(_ progress: TransferProgress, ofTransfer number: Int) {
        let now = ContinuousClock.now
        let line: ProgressLine? = state.withLock { state in
            state.underWay[number]?.progress = progress
            guard state.shownAt.map({ now - $0 >= Self.pause }) ?? true else { return nil }
            state.shownAt = now
            return Self.line(state)
        }
        if let line { console.progress(line) }
    }

    private static func line(_ state: State) -> ProgressLine {
        let all = state.underWay.values
        let isOne = all.count == 1
        let done = state.doneCount > 0 ? ", \(state.doneCount) done" : ""
        let totals = all.compactMap(\.progress.totalBytes)
        let speed = all.reduce(0) { $0 + $1.progress.bytesPerSecond }
        return ProgressLine(
            name: isOne ? all.first?.name ?? "" : "\(all.count) at a time\(done)",
            doneBytes: all.reduce(0) { $0 + $1.progress.transferredBytes },
            totalBytes: totals.count == all.count ? totals.reduce(0, +) : nil,
            bytesPerSecond: speed > 0 ? Int64(min(speed, 1e15)) : nil)
    }
}
