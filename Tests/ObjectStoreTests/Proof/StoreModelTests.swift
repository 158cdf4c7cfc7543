import Foundation
import OSSKit
import ObjectStore
import Synchronization
import Testing

/// Sequences of calls, drawn from seeds, answer what a model of a few dozen lines answers.
///
/// `STORE_MODEL_SEED` runs one seed alone, `STORE_MODEL_SEQUENCES` a number of them however long that takes.
@Suite struct StoreModelTests {
    private static let longestSequence = 60
    private static let leastHits = 1_000

    @Test func theStoreAnswersAsTheModelDoes() async throws {
        let plan = RandomPlan(name: "model", usualSeconds: 45, leastSequences: 1_700)
        let tally = ModelTally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<2 {
                group.addTask {
                    var bench = try await ModelBench()
                    while let seed = plan.nextSeed() {
                        var dice = ModelDice(seed: seed)
                        let sequence = dice.sequence(upTo: Self.longestSequence)
                        tally.count(sequence)
                        if let difference = try await bench.run(sequence) {
                            try await report(difference, seed: seed, sequence, plan)
                            bench = try await ModelBench()
                        }
                    }
                    try await bench.close()
                    _ = worker
                }
            }
            try await group.waitForAll()
        }
        print("model: \(tally.sequenceCount) sequences, \(tally.hits.sorted { $0.key < $1.key })")
        guard plan.isWhole else { return }
        for (name, count) in tally.hits { #expect(count >= Self.leastHits, "\(name) was called \(count) times") }
        #expect(tally.hits.count == 22)
    }

    @Test func theStoreInAFolderAnswersAsTheModelDoes() async throws {
        let plan = RandomPlan(name: "model-folder", usualSeconds: 5, leastSequences: 10)
        var bench = try await ModelBench(in: .folder)
        while let seed = plan.nextSeed() {
            var dice = ModelDice(seed: seed)
            let sequence = dice.sequence(upTo: Self.longestSequence)
            if let difference = try await bench.run(sequence) {
                try await report(difference, seed: seed, sequence, plan)
                bench = try await ModelBench(in: .folder)
            }
        }
        try await bench.close()
    }

    @Test func aSequenceThatFailsIsMadeShort() async throws {
        let place = ModelPlace(bucket: 0, key: [0x61])
        let noise = (0..<40).map { ModelOperation.usage($0 % 2) }
        let sequence = [ModelOperation.makeBucket(0)] + noise + [.head(place)] + noise
        let short = try await ModelShrinker.shortest(sequence) { sequence in
            sequence.contains { $0.name == "makeBucket" } && sequence.contains { $0.name == "head" }
        }
        #expect(short.map(\.name) == ["makeBucket", "head"])
    }

    private func report(
        _ difference: ModelDifference, seed: UInt64, _ sequence: [ModelOperation], _ plan: RandomPlan
    ) async throws {
        let short = try await ModelShrinker.shortest(sequence) { sequence in
            var bench = try await ModelBench()
            let difference = try await bench.run(sequence)
            try await bench.close()
            return difference != nil
        }
        plan.remember(seed)
        let lines = short.map(\.description).joined(separator: "\n")
        Issue.record("STORE_MODEL_SEED=\(seed): \(difference)\nThe shortest sequence that differs:\n\(lines)")
    }
}

/// A store and its model side by side.
struct ModelBench {
    private let folder: TestFolder
    private var caller: ModelCaller
    private var model = StoreModel()

    /// Opens an empty store.
    init(in kind: TestDiskKind = .memory) async throws {
        folder = TestDiskKind.$current.withValue(kind) { TestFolder() }
        caller = ModelCaller(store: try await Self.open(folder))
    }

    /// Makes the calls, and leaves the store empty again.
    ///
    /// - Returns: the first difference between the store and the model, after which the bench is of no more use.
    mutating func run(_ sequence: [ModelOperation]) async throws -> ModelDifference? {
        for (number, operation) in sequence.enumerated() {
            folder.clock.advance(byMilliseconds: 1_000)
            model.milliseconds = folder.clock.milliseconds
            let wanted = model.apply(operation)
            let found: String
            do {
                if case .reopen = operation { try await reopen() }
                let outcome = try await caller.apply(operation)
                if outcome == wanted { continue }
                found = "\(outcome)"
            } catch {
                found = "\(error)"
            }
            return ModelDifference(
                text: "call \(number), \(operation): \(found.prefix(400)) instead of \("\(wanted)".prefix(400))")
        }
        return try await leaveEmpty()
    }

    /// Closes the store, and removes its folder.
    func close() async throws {
        try await caller.store.close()
        try folder.remove()
    }

    private mutating func leaveEmpty() async throws -> ModelDifference? {
        let read = try await StoreModel(reading: caller.store)
        guard read == model else { return ModelDifference(text: "at the end the store holds something else") }
        _ = (try await caller.apply(.setLimit(nil)), model.apply(.setLimit(nil)))
        for (bucket, found) in model.contents {
            let deletions: [ModelOperation] =
                found.versioning == nil
                ? [.delete(bucket, Array(found.keys.keys))]
                : found.keys.flatMap { key, versions in
                    versions.map { _ in .deleteVersion(ModelPlace(bucket: bucket, key: key), number: 0) }
                }
            for call in deletions + [.deleteBucket(bucket)] {
                _ = (try await caller.apply(call), model.apply(call))
            }
        }
        // Files go after the answer, on the store's threads; closing it waits for them.
        if Int.random(in: 0..<20) == 0 {
            await caller.store.waitUntilCleared()
            try await reopen()
            let files = try folder.blobFiles()
            if !files.isEmpty { return ModelDifference(text: "\(files.count) files are left that nobody needs") }
        }
        return nil
    }

    private mutating func reopen() async throws {
        try await caller.store.close()
        caller.store = try await Self.open(folder)
    }

    private static func open(_ folder: TestFolder) async throws -> DiskStore {
        try await folder.open { configuration in
            configuration.inlineLimitBytes = ModelDice.inlineLimitBytes
            configuration.ioThreads = 2
            configuration.readConnections = 1
        }
    }
}

/// How often each call was made.
final class ModelTally: Sendable {
    private let state = Mutex<(sequences: Int, hits: [String: Int])>((0, [:]))

    var sequenceCount: Int { state.withLock { $0.sequences } }
    var hits: [String: Int] { state.withLock { $0.hits } }

    func count(_ sequence: [ModelOperation]) {
        let names = sequence.map(\.name)
        state.withLock { state in
            state.sequences += 1
            for name in names { state.hits[name, default: 0] += 1 }
        }
    }
}

/// Leaves out of a failing sequence what it fails without.
enum ModelShrinker {
    private static let mostTries = 400

    /// The shortest sequence found that still fails.
    static func shortest(
        _ sequence: [ModelOperation], fails: ([ModelOperation]) async throws -> Bool
    ) async throws -> [ModelOperation] {
        var sequence = sequence
        var tries = 0
        var length = max(1, sequence.count / 2)
        while tries < mostTries {
            var start = 0
            var hasShrunk = false
            while start < sequence.count, tries < mostTries {
                tries += 1
                let end = min(start + length, sequence.count)
                let shorter = Array(sequence[..<start] + sequence[end...])
                if try await fails(shorter) {
                    sequence = shorter
                    hasShrunk = true
                } else {
                    start = end
                }
            }
            if length == 1, !hasShrunk { break }
            length = max(1, length / 2)
        }
        return sequence
    }
}
