import Foundation
import Synchronization

/// Which seeds a random test runs: those that failed before, then new ones until its time is over.
///
/// For a test named `model` the environment may hold `STORE_MODEL_SEED`, the one seed to run, or
/// `STORE_MODEL_SEQUENCES`, how many to run however long that takes.
final class RandomPlan: Sendable {
    /// Whether enough is run to expect that everything was seen.
    let isWhole: Bool
    /// The name of the environment variable that runs one seed alone.
    let seedName: String
    private let file: URL
    private let state: Mutex<State>

    private struct State {
        var seeds: [UInt64]
        var left: Int
        let end: ContinuousClock.Instant
        var least: Int
        var dice: SeededGenerator
    }

    /// Takes the name of the test, and how long it usually runs; it runs longer if it had too few sequences by then.
    init(name: String, usualSeconds: Int, leastSequences: Int) {
        let environment = ProcessInfo.processInfo.environment
        let prefix = "STORE_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
        let seed = environment[prefix + "_SEED"].flatMap { UInt64($0) }
        let count = environment[prefix + "_SEQUENCES"].flatMap { Int($0) }
        file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Regressions/store-\(name).txt")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        let failed = text.split(separator: "\n").compactMap { UInt64($0) }
        let start = UInt64.random(in: 1...(.max))
        seedName = prefix + "_SEED"
        print("\(prefix)_SEED=\(seed.map { "\($0)" } ?? "… is drawn from \(start)")")
        isWhole = seed == nil
        let end = ContinuousClock.now + .seconds(count == nil ? usualSeconds : 0)
        state = Mutex(
            State(
                seeds: seed.map { [$0] } ?? failed, left: seed == nil ? .max : 0, end: end,
                least: count ?? leastSequences, dice: SeededGenerator(seed: start)))
    }

    /// The seed of the next sequence; nil if it was enough.
    func nextSeed() -> UInt64? {
        state.withLock { state in
            if !state.seeds.isEmpty { return state.seeds.removeFirst() }
            guard state.left > 0, state.least > 0 || ContinuousClock.now < state.end else { return nil }
            state.left -= 1
            state.least -= 1
            return state.dice.next()
        }
    }

    /// Writes a failed seed down, so that every later run begins with it.
    func remember(_ seed: UInt64) {
        state.withLock { _ in
            let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
            guard !text.split(separator: "\n").contains("\(seed)") else { return }
            let folder = file.deletingLastPathComponent()
            try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try? (text + "\(seed)\n").write(to: file, atomically: true, encoding: .utf8)
        }
    }
}
