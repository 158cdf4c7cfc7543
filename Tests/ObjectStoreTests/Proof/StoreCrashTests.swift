import Foundation
import OSSKit
import ObjectStore
import Synchronization
import Testing

/// The power goes away before any operation of the disk: what was answered is there, and nothing is there by half.
///
/// A sequence of calls runs once. Before each operation that changes the disk its image is kept, together with the number
/// of calls that were answered by then. From each image crash states are drawn: nothing, everything or any part of what
/// was not flushed is left. In each the store is opened and must hold what the model held after the answered calls, or
/// with the one call beyond that was under way.
@Suite struct StoreCrashTests {
    private static let statesOfAnImage = 10

    @Test func nothingAnsweredIsLostAtAnyCrash() async throws {
        try await run(RandomPlan(name: "crash", usualSeconds: 50, leastSequences: 12), clients: 1)
    }

    @Test func nothingAnsweredToAnyOfThreeClientsIsLostAtAnyCrash() async throws {
        try await run(RandomPlan(name: "crash-clients", usualSeconds: 20, leastSequences: 6), clients: 3)
    }

    private func run(_ plan: RandomPlan, clients: Int) async throws {
        let start = try await CrashBench.emptyStore()
        let tally = CrashTally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    while let seed = plan.nextSeed() {
                        var bench = CrashBench(
                            seed: seed, clients: clients, statesOfAnImage: Self.statesOfAnImage, tally: tally)
                        if let difference = try await bench.run(from: start) {
                            plan.remember(seed)
                            Issue.record("\(plan.seedName)=\(seed): \(difference)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let counts = tally.counts
        let text = "\(counts.states) states of \(counts.images) images, \(counts.opened) different ones opened"
        print("crash, clients: \(clients): \(text)")
        #expect(counts.states >= counts.images)
    }

    @Test func aStoreThatWasBeingMadeIsMadeAnew() async throws {
        let recorder = CrashRecorder()
        let folder = TestFolder()
        let operations = Atomic<Int>(0)
        // Most of the operations make one of 4,096 equal folders; keeping an image of each would take long.
        let disk = SimulatedDisk(
            now: { folder.clock.milliseconds },
            onChange: { image in
                let number = operations.wrappingAdd(1, ordering: .relaxed).newValue
                if number < 4 || number > 4_090 { recorder.keep(image) }
            })
        let store = try await CrashBench.open(disk, folder)
        recorder.keep(disk.image)
        try await store.close()
        var dice = SeededGenerator(seed: 7)
        let images = recorder.moments.map(\.image)
        var seen: Set<Int> = []
        for image in images {
            for keeping in [DiskImage.Keeping.nothing, .everything, .some, .some] {
                let crashed = image.crashed(keeping: keeping, using: &dice)
                guard seen.insert(crashed.fingerprint).inserted else { continue }
                let again = try await CrashBench.open(SimulatedDisk(crashed, now: { 0 }), folder)
                _ = try await again.createBucket(NewBucket(name: BucketName("bucket"), ownerID: "alice"))
                try await again.close()
            }
        }
        print("crash while a store is made: \(seen.count) different states of \(images.count) images")
        #expect(folder.reports.all == [])
    }
}

/// One sequence, or one of each of several clients, its images and the states drawn from them.
struct CrashBench {
    private let seed: UInt64
    private let clients: Int
    private let statesOfAnImage: Int
    private let tally: CrashTally
    private let folder = TestFolder()
    private var dice: SeededGenerator
    private var readings: [Int: StoreModel] = [:]

    init(seed: UInt64, clients: Int, statesOfAnImage: Int, tally: CrashTally) {
        self.seed = seed
        self.clients = clients
        self.statesOfAnImage = statesOfAnImage
        self.tally = tally
        self.dice = SeededGenerator(seed: ~seed)
    }

    /// The disk of a store that was made and closed.
    static func emptyStore() async throws -> DiskImage {
        let folder = TestFolder()
        let disk = SimulatedDisk(now: { folder.clock.milliseconds })
        try await open(disk, folder).close()
        return disk.image.settled()
    }

    static func open(_ disk: SimulatedDisk, _ folder: TestFolder) async throws -> DiskStore {
        var configuration = StoreConfiguration(disk: disk)
        configuration.freeSpaceFloorBytes = 0
        configuration.inlineLimitBytes = ModelDice.inlineLimitBytes
        configuration.checkpointBytes = 64 * 1_024
        configuration.ioThreads = 1
        configuration.readConnections = 1
        return try await DiskStore.open(configuration, environment: folder.environment)
    }

    /// Runs the sequences, then looks at their crash states.
    mutating func run(from start: DiskImage) async throws -> ModelDifference? {
        let recorder = CrashRecorder(clients: clients)
        let disk = SimulatedDisk(start, now: { [folder] in folder.clock.milliseconds }, onChange: { recorder.keep($0) })
        let store = CrashStore(try await Self.open(disk, folder))
        let bench = self
        let histories = try await withThrowingTaskGroup(of: CrashHistory.self) { group in
            for client in 0..<clients {
                group.addTask { try await bench.run(client, on: store, disk, recorder) }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.client < $1.client }
        }
        try await store.current.close()
        recorder.keep(disk.image)
        if let difference = histories.compactMap(\.difference).first { return difference }
        return try await judge(recorder.moments, histories)
    }

    /// Makes the calls of one client; several have a bucket of their own each, and the clock stands still.
    private func run(
        _ client: Int, on store: CrashStore, _ disk: SimulatedDisk, _ recorder: CrashRecorder
    ) async throws -> CrashHistory {
        let isAlone = clients == 1
        var dice = ModelDice(
            seed: seed &+ UInt64(client), hasLargeBodies: false, ownBucket: isAlone ? nil : client)
        let operations = dice.sequence(upTo: isAlone ? 40 : 15).filter(\.touchesDisk)
        var history = CrashHistory(
            client: client, isAlone: isAlone, operations: operations,
            models: [StoreModel(milliseconds: folder.clock.milliseconds)])
        for operation in operations {
            if isAlone { folder.clock.advance(byMilliseconds: 1_000) }
            var model = history.models[history.models.count - 1]
            model.milliseconds = folder.clock.milliseconds
            let wanted = model.apply(operation)
            history.models.append(model)
            if case .reopen = operation {
                try await store.current.close()
                store.replace(with: try await Self.open(disk, folder))
            }
            let found = try await ModelCaller(store: store.current).apply(operation)
            guard found == wanted else {
                history.difference = ModelDifference(text: "\(operation): \(found), not \(wanted)")
                return history
            }
            recorder.answer(client)
            // With others beside it, the image would be older than what is answered by now.
            if isAlone { recorder.keep(disk.image) }
        }
        return history
    }

    private mutating func judge(
        _ moments: [CrashRecorder.Moment], _ histories: [CrashHistory]
    ) async throws -> ModelDifference? {
        for moment in moments {
            let parts = (2..<max(3, statesOfAnImage)).map { _ in DiskImage.Keeping.some }
            for keeping in [.nothing, .everything] + parts {
                let crashed = moment.image.crashed(keeping: keeping, using: &dice)
                tally.countState()
                do {
                    let found = try await read(crashed)
                    for history in histories {
                        guard let problem = history.problem(with: found, after: moment.answered[history.client]) else {
                            continue
                        }
                        return ModelDifference(text: problem)
                    }
                } catch {
                    return ModelDifference(text: "after \(moment.answered) answers: \(error)")
                }
            }
            tally.countImage()
        }
        return nil
    }

    /// What the store holds that is opened on a disk; one in eight must also go on working.
    private mutating func read(_ image: DiskImage) async throws -> StoreModel {
        let fingerprint = image.fingerprint
        if let known = readings[fingerprint] { return known }
        tally.countOpened()
        let disk = SimulatedDisk(image, now: { [folder] in folder.clock.milliseconds })
        let store = try await Self.open(disk, folder)
        let model = try await StoreModel(reading: store)
        let reservedBytes = try await store.usage(ofAccount: ModelCaller.ownerID).reservedBytes
        guard reservedBytes == 0 else { throw ModelDifference(text: "\(reservedBytes) bytes are reserved for nobody") }
        readings[fingerprint] = model
        let goesOn = Int.random(in: 0..<8, using: &dice) == 0
        if goesOn { try await goOn(store, disk, model) } else { try await store.close() }
        guard folder.reports.all == [] else { throw ModelDifference(text: "fatal: \(folder.reports.all)") }
        return model
    }

    private func goOn(_ store: DiskStore, _ disk: SimulatedDisk, _ model: StoreModel) async throws {
        var model = model
        model.milliseconds = folder.clock.milliseconds
        let place = ModelPlace(bucket: 0, key: Array("a/b".utf8))
        for operation in [
            ModelOperation.makeBucket(0), .put(place, ModelBody(count: 1_000, seed: 4), forbidsOverwrite: false),
        ] {
            _ = (try await ModelCaller(store: store).apply(operation), model.apply(operation))
        }
        try await store.close()
        let again = try await Self.open(disk, folder)
        let found = try await StoreModel(reading: again)
        try await again.close()
        guard found == model else { throw ModelDifference(text: "afterwards: \(found), not \(model)") }
    }
}

extension ModelOperation {
    /// Whether a crash during it can leave anything that was not there before.
    fileprivate var touchesDisk: Bool {
        switch self {
        case .abandon, .reopen: true
        default: changesStore
        }
    }
}

/// The calls of one client, and the model after each of them.
struct CrashHistory: Sendable {
    let client: Int
    /// Whether there is no other client, so that the whole store is this one's.
    let isAlone: Bool
    let operations: [ModelOperation]
    var models: [StoreModel]
    var difference: ModelDifference?

    /// What is wrong with a store of which so many calls were answered: it may hold the effect of one more, and no less.
    func problem(with found: StoreModel, after answered: Int) -> String? {
        let allowed = models[answered...].prefix(2)
        let fits = allowed.contains { isAlone ? $0 == found : $0.contents[client] == found.contents[client] }
        let under = answered < operations.count ? "\(operations[answered])" : "close"
        return fits ? nil : "client \(client), after \(answered) answers, during \(under): \(found), not \(allowed)"
    }
}

/// The store of a crash test, which is opened anew now and then.
final class CrashStore: Sendable {
    private let store: Mutex<DiskStore>

    init(_ store: DiskStore) {
        self.store = Mutex(store)
    }

    var current: DiskStore { store.withLock { $0 } }

    func replace(with other: DiskStore) {
        store.withLock { $0 = other }
    }
}

/// The images of a disk, each with the numbers of calls that were answered before it.
final class CrashRecorder: Sendable {
    /// The disk before one of its operations.
    struct Moment: Sendable {
        let image: DiskImage
        /// How many calls of each client were answered.
        let answered: [Int]
    }

    private let state: Mutex<(moments: [Moment], answered: [Int])>

    init(clients: Int = 1) {
        state = Mutex(([], Array(repeating: 0, count: clients)))
    }

    var moments: [Moment] { state.withLock { $0.moments } }

    func keep(_ image: DiskImage) {
        state.withLock { $0.moments.append(Moment(image: image, answered: $0.answered)) }
    }

    func answer(_ client: Int) {
        state.withLock { $0.answered[client] += 1 }
    }
}

/// How many crash states were drawn and looked at.
final class CrashTally: Sendable {
    struct Counts {
        var images = 0
        var states = 0
        var opened = 0
    }

    private let state = Mutex(Counts())

    var counts: Counts { state.withLock { $0 } }

    func countImage() { state.withLock { $0.images += 1 } }
    func countState() { state.withLock { $0.states += 1 } }
    func countOpened() { state.withLock { $0.opened += 1 } }
}
