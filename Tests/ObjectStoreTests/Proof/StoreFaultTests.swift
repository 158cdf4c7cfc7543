import Foundation
import Glibc
import OSSKit
import ObjectStore
import Synchronization
import Testing

/// Each call fails at each of its disk operations, in each way: no success without the data, and no harm that stays.
///
/// Usually `EIO` strikes once at each operation, and each other way at every fourth; `STORE_FAULTS=all` tries all of them.
@Suite struct StoreFaultTests {
    private static let triesAll = ProcessInfo.processInfo.environment["STORE_FAULTS"] == "all"
    private static let usualStride = 4

    /// The ways to fail but the first, which is `EIO` once.
    ///
    /// What is interrupted for ever never ends; the kernel promises that this does not happen.
    private static let otherWays: [(kind: SimulatedDisk.Fault.Kind, lasts: Bool)] =
        [(.error(EIO), true), (.error(EINTR), false), (.shortWrite, false), (.shortWrite, true)]
        + [ENOSPC, EDQUOT, EMFILE].flatMap { [(.error($0), false), (.error($0), true)] }

    @Test(arguments: FaultCase.all)
    func aFailedDiskOperationLosesNothing(_ tried: FaultCase) async throws {
        let start = try await FaultBench.filledStore()
        var (operations, runs) = (0, 0)
        while try await FaultBench(tried, .init(kind: .error(EIO), operation: operations, lasts: false)).run(
            from: start)
        {
            operations += 1
        }
        #expect(operations > 0 || !tried.touchesDisk, "\(tried) met no fault")
        for (index, way) in Self.otherWays.enumerated() {
            for operation in 0..<operations
            where Self.triesAll || operation % Self.usualStride == index % Self.usualStride {
                let fault = SimulatedDisk.Fault(kind: way.kind, operation: operation, lasts: way.lasts)
                _ = try await FaultBench(tried, fault).run(from: start)
                runs += 1
            }
        }
        print("faults of \(tried): \(operations) operations, \(operations + runs) runs")
    }

    @Test(arguments: FaultCase.all.filter(\.operation.changesStore))
    func afterAFailedFlushNothingMoreIsWritten(_ tried: FaultCase) async throws {
        let start = try await FaultBench.filledStore()
        var operation = 0
        while true {
            var fault = SimulatedDisk.Fault(kind: .error(EIO), operation: operation, lasts: false)
            fault.calls = ["fsync", "fdatasync"]
            let folder = TestFolder()
            let disk = SimulatedDisk(start, now: { folder.clock.milliseconds })
            let store = try await CrashBench.open(disk, folder)
            disk.setFault(fault)
            let found = await failure { _ = try await ModelCaller(store: store).apply(tried.operation) }
            guard disk.faultCount > 0 else {
                disk.setFault(nil)
                try await store.close()
                break
            }
            #expect(found is StoreFailure, "\(tried), flush \(operation): \(String(describing: found))")
            #expect(folder.reports.all.count == 1, "\(tried), flush \(operation)")
            let flushes = disk.operationCount
            let put = await storeFailure { _ = try await store.beginUpload() }
            #expect(put == .writesStopped)
            let delete = await storeFailure {
                try await store.delete(in: store.bucket(ModelCaller.bucketName(0)), keys: [ObjectKey("row")])
            }
            #expect(delete == .writesStopped)
            let contents = try await StoreModel(reading: store)
            #expect(contents == FaultBench.before, "\(tried), flush \(operation)")
            try await store.close()
            #expect(disk.operationCount == flushes, "\(tried), flush \(operation): something was flushed afterwards")
            #expect(disk.secondSyncs == [])
            operation += 1
        }
        #expect(operation > 0)
    }

    @Test func aFailedFlushOfACheckpointIsFatal() async throws {
        let start = try await FaultBench.filledStore()
        var operation = 0
        while true {
            var fault = SimulatedDisk.Fault(kind: .error(EIO), operation: operation, lasts: false)
            fault.calls = ["fsync", "fdatasync"]
            let folder = TestFolder()
            let disk = SimulatedDisk(start, now: { folder.clock.milliseconds })
            let store = try await CrashBench.open(disk, folder)
            disk.setFault(fault)
            var answered = FaultBench.before
            for number in 0..<12 {
                let put = ModelOperation.put(
                    ModelPlace(bucket: 0, key: Array("\(number)".utf8)), ModelBody(count: 10, seed: UInt64(number)),
                    forbidsOverwrite: false)
                guard (try? await ModelCaller(store: store).apply(put)) != nil else { break }
                _ = answered.apply(put)
            }
            try? await store.close()
            guard disk.faultCount > 0 else { break }
            #expect(folder.reports.all.count == 1, "flush \(operation)")
            #expect(disk.secondSyncs == [], "flush \(operation)")
            var dice = SeededGenerator(seed: 3)
            for keeping in [DiskImage.Keeping.nothing, .everything, .some] {
                let image = disk.image.crashed(keeping: keeping, using: &dice)
                let again = try await CrashBench.open(SimulatedDisk(image, now: { 0 }), TestFolder())
                let contents = try await StoreModel(reading: again)
                for (key, object) in answered.buckets[0] ?? [:] {
                    #expect(contents.buckets[0]?[key] == object, "flush \(operation), \(keeping): \(key) is missing")
                }
                try await again.close()
            }
            operation += 1
        }
        print("flushes of twelve puts, their checkpoints and the close: \(operation)")
        #expect(operation > 12)
    }
}

/// A call that is made to fail.
struct FaultCase: Sendable, CustomStringConvertible {
    let description: String
    let operation: ModelOperation
    var touchesDisk = true

    static let all: [FaultCase] = {
        let place = { (key: String) in ModelPlace(bucket: 0, key: Array(key.utf8)) }
        let (small, blob) = (ModelBody(count: 100, seed: 8), ModelBody(count: 5_000, seed: 9))
        let large = ModelBody(count: 1_100_000, seed: 10)
        let put = { (key: String, body: ModelBody) in
            ModelOperation.put(place(key), body, forbidsOverwrite: false)
        }
        return [
            FaultCase(description: "making a bucket", operation: .makeBucket(1)),
            FaultCase(description: "deleting a bucket", operation: .deleteBucket(2)),
            FaultCase(description: "a new row", operation: put("new", small)),
            FaultCase(description: "a new blob", operation: put("new", blob)),
            FaultCase(description: "a large blob", operation: put("new", large)),
            FaultCase(description: "an empty object", operation: put("new", ModelBody(count: 0, seed: 2))),
            FaultCase(description: "a row over a blob", operation: put("blob", small)),
            FaultCase(description: "a blob over a row", operation: put("row", blob)),
            FaultCase(description: "a blob over a blob", operation: put("blob", blob)),
            FaultCase(
                description: "a blob where none may be",
                operation: .put(place("blob"), blob, forbidsOverwrite: true)),
            FaultCase(
                description: "a multipart upload",
                operation: .multipart(
                    place("new"), [ModelBody(count: 102_400, seed: 3), blob], completes: true)),
            FaultCase(description: "an abandoned blob", operation: .abandon(ModelBody(count: 1_100_000, seed: 3))),
            FaultCase(description: "deleting a row", operation: .delete(0, [Array("row".utf8)])),
            FaultCase(description: "deleting a blob", operation: .delete(0, [Array("blob".utf8)])),
            FaultCase(
                description: "deleting three",
                operation: .delete(0, ["row", "blob", "none"].map { Array($0.utf8) })),
            FaultCase(
                description: "a copy of a blob",
                operation: .copy(place("blob"), to: place("copy"), renamesContent: true)),
            FaultCase(
                description: "a copy over a blob",
                operation: .copy(place("row"), to: place("blob"), renamesContent: false)),
            FaultCase(description: "a new log", operation: .append(place("new"), small, atEnd: true)),
            FaultCase(
                description: "a few bytes more of a log",
                operation: .append(place("log"), ModelBody(count: 40, seed: 12), atEnd: true)),
            FaultCase(description: "a blob behind a log", operation: .append(place("log"), blob, atEnd: true)),
            FaultCase(description: "a link over a blob", operation: .symlink(place("blob"), to: Array("row".utf8))),
            FaultCase(description: "new tags", operation: .setTags(place("blob"), [Tag("colour", "red")])),
            FaultCase(description: "a new limit", operation: .setLimit(9_000_000)),
            FaultCase(
                description: "an aborted upload",
                operation: .multipart(place("new"), [ModelBody(count: 102_400, seed: 3), blob], completes: false)),
            FaultCase(description: "the account", operation: .account, touchesDisk: false),
            FaultCase(description: "reading a blob", operation: .get(place("blob"))),
            FaultCase(description: "reading a row", operation: .get(place("row")), touchesDisk: false),
            FaultCase(description: "a range", operation: .range(place("blob"), from: 10, count: 20)),
            FaultCase(description: "a look", operation: .head(place("blob"))),
            FaultCase(
                description: "a list",
                operation: .list(0, prefix: [], delimiter: [], after: nil, limit: 10), touchesDisk: false),
            FaultCase(description: "the usage", operation: .usage(0), touchesDisk: false),
            FaultCase(description: "closing and opening", operation: .reopen),
        ]
    }()
}

/// One store, one call, one fault.
struct FaultBench {
    private let tried: FaultCase
    private let fault: SimulatedDisk.Fault
    private let folder = TestFolder()
    private static let day: Int64 = 24 * 60 * 60 * 1_000

    init(_ tried: FaultCase, _ fault: SimulatedDisk.Fault) {
        self.tried = tried
        self.fault = fault
    }

    /// What the store holds before the call.
    static let before: StoreModel = {
        var model = StoreModel(milliseconds: TestFolder().clock.milliseconds)
        for operation in beginning { _ = model.apply(operation) }
        return model
    }()

    private static let beginning: [ModelOperation] = [
        .makeBucket(0), .makeBucket(2),
        put("row", ModelBody(count: 200, seed: 5)), put("blob", ModelBody(count: 4_000, seed: 6)),
        put("third", ModelBody(count: 9_000, seed: 7)),
        .append(ModelPlace(bucket: 0, key: Array("log".utf8)), ModelBody(count: 50, seed: 14), atEnd: true),
        // Wide enough for everything, so that room is kept for uploads and must be given back.
        .setLimit(5_000_000),
    ]

    private static func put(_ key: String, _ body: ModelBody) -> ModelOperation {
        .put(ModelPlace(bucket: 0, key: Array(key.utf8)), body, forbidsOverwrite: false)
    }

    /// The disk of a store that holds a little of everything.
    static func filledStore() async throws -> DiskImage {
        let folder = TestFolder()
        let disk = SimulatedDisk(now: { folder.clock.milliseconds })
        let store = try await CrashBench.open(disk, folder)
        for operation in beginning {
            let outcome = try await ModelCaller(store: store).apply(operation)
            guard outcome == .done else { throw ModelDifference(text: "\(operation): \(outcome)") }
        }
        try await store.close()
        return disk.image.settled()
    }

    /// Runs the call into the fault and looks at what is left.
    ///
    /// - Returns: whether the fault struck.
    func run(from start: DiskImage) async throws -> Bool {
        let disk = SimulatedDisk(start, now: { [folder] in folder.clock.milliseconds })
        var store: DiskStore? = try await CrashBench.open(disk, folder)
        var after = Self.before
        let wanted = after.apply(tried.operation)
        // What the threads still do after opening must not be counted.
        disk.setFault(fault)
        let found = await outcome(&store, disk)
        let strikes = disk.faultCount
        disk.setFault(nil)
        // An upload that failed gives its room back in the background, and that may have met the fault as well: what is
        // written now is written after it.
        _ = try? await store?.usage(ofAccount: ModelCaller.ownerID)
        judge(found, wanted: wanted)
        let isFatal = !folder.reports.all.isEmpty
        let wasDone = (try? found.get()) != nil
        try await expectContents(wasDone ? [after] : [Self.before, after], store)
        if !isFatal { try await repeatCall(&store, disk, (wanted, after), wasDone: wasDone) }
        try await close(store)
        #expect(disk.secondSyncs == [], "\(tried), \(fault)")
        if !isFatal { #expect(disk.openFileCount == 0, "\(tried), \(fault): files are still open") }
        try await reopen(disk, isFatal: isFatal, found: found, after: after)
        return strikes > 0
    }

    private func outcome(
        _ store: inout DiskStore?, _ disk: SimulatedDisk
    ) async -> Result<StoreModel.Outcome, any Error> {
        do {
            if case .reopen = tried.operation {
                let old = store
                store = nil
                try await old?.close()
                store = try await CrashBench.open(disk, folder)
            }
            guard let store else { throw StoreFailure.closed }
            return .success(try await ModelCaller(store: store).apply(tried.operation))
        } catch {
            return .failure(error)
        }
    }

    private func judge(_ found: Result<StoreModel.Outcome, any Error>, wanted: StoreModel.Outcome) {
        switch found {
        case .success(let outcome): #expect(outcome == wanted, "\(tried), \(fault)")
        case .failure(let error):
            // What a client is told is that it may come back; everything else is for the log.
            let isRefusal = (error as? OSSError)?.code == .serviceUnavailable
            #expect(isRefusal || error is StoreFailure, "\(tried), \(fault): \(error)")
            if case .error(EINTR) = fault.kind { Issue.record("\(tried), \(fault): \(error)") }
            if fault.kind == .shortWrite { Issue.record("\(tried), \(fault): \(error)") }
        }
    }

    private func expectContents(_ allowed: [StoreModel], _ store: DiskStore?) async throws {
        guard let store else { return }
        do {
            let contents = try await StoreModel(reading: store)
            #expect(allowed.contains(contents), "\(tried), \(fault): \(contents)")
        } catch {
            Issue.record("\(tried), \(fault): cannot be read afterwards: \(error)")
        }
    }

    private func repeatCall(
        _ store: inout DiskStore?, _ disk: SimulatedDisk, _ wanted: (outcome: StoreModel.Outcome, after: StoreModel),
        wasDone: Bool
    ) async throws {
        if store == nil { store = try await CrashBench.open(disk, folder) }
        guard let store else { return }
        let contents = try await StoreModel(reading: store)
        if !wasDone, contents == Self.before {
            let found = try await ModelCaller(store: store).apply(tried.operation)
            #expect(found == wanted.outcome, "\(tried), \(fault): called again")
        }
        try await expectContents([wanted.after], store)
        let reservedBytes = try await store.usage(ofAccount: ModelCaller.ownerID).reservedBytes
        #expect(reservedBytes == 0, "\(tried), \(fault): room is kept for nobody")
    }

    private func close(_ store: DiskStore?) async throws {
        do {
            try await store?.close()
        } catch {
            #expect(!folder.reports.all.isEmpty, "\(tried), \(fault): closing failed with \(error)")
        }
    }

    /// Opens the store as the next process would: after a fatal failure with what the machine had flushed, or all of it.
    private func reopen(
        _ disk: SimulatedDisk, isFatal: Bool, found: Result<StoreModel.Outcome, any Error>, after: StoreModel
    ) async throws {
        let isCertain = !isFatal || (try? found.get()) != nil
        let allowed = isCertain ? [after] : [Self.before, after]
        if isFatal { try await restart(disk.copy(), allowed) }
        var dice = SeededGenerator(seed: 1)
        for keeping in isFatal ? [DiskImage.Keeping.nothing, .everything, .some] : [.everything] {
            let other = TestFolder()
            let image = disk.image.crashed(keeping: keeping, using: &dice)
            let clean = SimulatedDisk(image, now: { other.clock.milliseconds })
            let store = try await CrashBench.open(clean, other)
            let contents = try await StoreModel(reading: store)
            #expect(allowed.contains(contents), "\(tried), \(fault), next process: \(contents)")
            try await expectNoOrphans(store, other, clean)
            try await store.close()
        }
    }

    /// Goes on after a failed flush as a new process on the same machine does: what the kernel dropped stays dropped.
    private func restart(_ disk: SimulatedDisk, _ allowed: [StoreModel]) async throws {
        let other = TestFolder()
        let store = try await CrashBench.open(disk, other)
        var model = try await StoreModel(reading: store)
        #expect(allowed.contains(model), "\(tried), \(fault), restarted: \(model)")
        model.milliseconds = other.clock.milliseconds
        for body in [ModelBody(count: 50, seed: 21), ModelBody(count: 2_000, seed: 22)] {
            let operation = Self.put("later-\(body.count)", body)
            let (found, wanted) = (try await ModelCaller(store: store).apply(operation), model.apply(operation))
            #expect(found == wanted)
        }
        var dice = SeededGenerator(seed: 2)
        let image = disk.image.crashed(keeping: .nothing, using: &dice)
        try await store.close()
        let again = try await CrashBench.open(SimulatedDisk(image, now: { 0 }), other)
        let contents = try await StoreModel(reading: again)
        #expect(contents == model, "\(tried), \(fault), restarted and cut off: \(contents), not \(model)")
        try await again.close()
    }

    private func expectNoOrphans(_ store: DiskStore, _ other: TestFolder, _ disk: SimulatedDisk) async throws {
        // An upload in parts that could not be aborted waits for its owner, and so do its files.
        if case .multipart = tried.operation { return }
        // A sweep walks over 4,096 folders, so one way to fail at each operation must do.
        guard fault.kind == .error(EIO), !fault.lasts else { return }
        guard disk.image.folders.filter({ $0.key.hasPrefix("blobs/") }).values.contains(where: { $0.names.count > 0 })
        else { return }
        for _ in 0..<2 {
            other.clock.advance(byMilliseconds: 3 * Self.day)
            let isDue = disk.image.blobCount != blobCount(of: try await StoreModel(reading: store))
            if isDue { _ = try await store.sweepOrphans() }
        }
        let files = disk.image.blobCount
        let wanted = blobCount(of: try await StoreModel(reading: store))
        #expect(files == wanted, "\(tried), \(fault): \(files) files, \(wanted) needed")
    }

    /// How many files the objects need; no object here shares its bytes but a copy with its source.
    private func blobCount(of model: StoreModel) -> Int {
        let bodies = model.buckets.values.flatMap(\.values).map(\.bytes.bytes)
        return Set(bodies.filter { $0.count > ModelDice.inlineLimitBytes }).count
    }
}

extension DiskImage {
    /// How many files there are in the folders of blobs.
    fileprivate var blobCount: Int {
        folders.filter { $0.key.hasPrefix("blobs/") }.values.reduce(0) { $0 + $1.names.count }
    }
}
