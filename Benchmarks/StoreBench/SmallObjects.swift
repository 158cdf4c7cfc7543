import ArgumentParser
import NIOCore
import OSSKit
import ObjectStore

/// Durable puts of small objects by several clients at once, and with one flush for each put to compare.
struct PutSmall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Puts small objects with several clients.")

    @Option(help: "An empty folder on the disk to measure.") var folder: String
    @Option(help: "The size of an object in bytes.") var bytes = 4_096
    @Option(help: "How many clients put at once.") var clients = 64
    @Option(help: "How long each rate is measured, in seconds.") var seconds = 5
    @Flag(help: "Let every put have a flush of its own.") var oneFlushEach = false

    func run() async throws {
        let store = try await MeasuredStore.open(folder) { configuration in
            if oneFlushEach { configuration.groupLimitRequests = 1 }
        }
        let body = MeasuredStore.body(bytes)
        let (before, processor) = (store.commitCounts, try ProcessorTime.now())
        let (start, round) = (ContinuousClock.now, UInt32.random(in: 0 ... .max))
        let durations = try await SmallPuts.run(
            for: seconds, clients: clients, into: store, prefix: String(round), body
        ).flatMap { $0 }
        let spent = (ContinuousClock.now - start).seconds
        let (commits, changes) = (
            store.commitCounts.commits - before.commits, store.commitCounts.changes - before.changes
        )
        let ending = oneFlushEach ? ", one flush each" : ""
        try Measurement(
            what: "engine: durable put \(bytes) B, \(clients) clients\(ending)",
            figure: Double(durations.count) / spent, unit: "puts/s",
            note: "\(durations.percentiles); \(changes) changes in \(commits) commits, "
                + (try ProcessorTime.now() - processor).each(changes, "put")
        ).write()
        try await store.close()
    }
}

/// Clients that each put one small object after the other.
enum SmallPuts {
    /// Puts for so many seconds.
    ///
    /// - Parameter prefix: what all keys begin with; then come the client's number and that of its object.
    /// - Returns: how long each put of each client took.
    static func run(
        for seconds: Int, clients: Int, into store: DiskStore, prefix: String, _ body: ByteBuffer
    ) async throws -> [[Duration]] {
        let bucket = try await MeasuredStore.bucket(of: store)
        let end = ContinuousClock.now + .seconds(seconds)
        return try await withThrowingTaskGroup(of: (Int, [Duration]).self) { group in
            for client in 0..<clients {
                group.addTask {
                    var durations: [Duration] = []
                    while true {
                        let began = ContinuousClock.now
                        if began >= end { return (client, durations) }
                        try await store.put(body, in: bucket, key: key(prefix, client, durations.count))
                        durations.append(ContinuousClock.now - began)
                    }
                }
            }
            return try await group.reduce(into: Array(repeating: [], count: clients)) { $0[$1.0] = $1.1 }
        }
    }

    /// The key of an object.
    static func key(_ prefix: String, _ client: Int, _ number: Int) throws -> ObjectKey {
        try ObjectKey("\(prefix)/\(client)/\(number)")
    }
}

extension DiskStore {
    /// Stores a small body under a key.
    func put(_ body: ByteBuffer, in bucket: BucketRecord, key: ObjectKey) async throws {
        let upload = try await beginUpload(expectedBytes: Int64(body.readableBytes))
        try await upload.append(body)
        _ = try await upload.finish()
        _ = try await put(upload, in: bucket, key: key, attributes: ObjectAttributes())
    }
}

/// Looking one small object up and reading it, again and again.
struct GetSmall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Gets one small object again and again.")

    @Option(help: "A folder for the store.") var folder: String
    @Option(help: "The size of the object in bytes.") var bytes = 4_096
    @Option(help: "How often it is read.") var count = 200_000

    func run() async throws {
        let store = try await MeasuredStore.open(folder)
        let bucket = try await MeasuredStore.bucket(of: store)
        let key = try ObjectKey("hot/object")
        try await store.put(ByteBuffer(repeating: 7, count: bytes), in: bucket, key: key)
        var total = 0
        for isWarm in [false, true] {
            let start = ContinuousClock.now
            let rounds = isWarm ? count : 100
            for _ in 0..<rounds { total += try await Self.get(store, bucket.name, key) }
            guard isWarm else { continue }
            let spent = (ContinuousClock.now - start).seconds
            try Measurement(
                what: "engine: get of a cached object of \(bytes) B", figure: spent / Double(rounds) * 1e9, unit: "ns",
                note: "bucket, object and bytes; \(total) bytes in all"
            ).write()
        }
        try await store.close()
    }

    /// What the surface does for a GET: the bucket, the object, its bytes.
    private static func get(_ store: DiskStore, _ bucket: BucketName, _ key: ObjectKey) async throws -> Int {
        let bucket = try await store.bucket(bucket)
        let record = try await store.object(in: bucket, key: key)
        var count = 0
        for try await chunk in try await store.read(record, range: 0..<record.sizeBytes) {
            count += chunk.readableBytes
        }
        return count
    }
}
