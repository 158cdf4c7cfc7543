import ArgumentParser
import Foundation
import NIOCore
import OSSKit
import ObjectStore

/// The keys of the measurements with very many objects.
enum ManyKeys {
    /// How many small folders there are.
    static let folders = 1_000

    /// The key of a number: half of them in one deep folder, half spread over small ones.
    static func key(_ number: Int, of count: Int) throws -> ObjectKey {
        number < count / 2
            ? try ObjectKey("one/deep/folder/\(padded(number))")
            : try ObjectKey("spread/\(padded(number % folders))/\(padded(number))")
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }
}

/// Fills a store with very many objects, each put as any client puts it.
struct Fill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Fills a store with very many small objects.")

    @Option(help: "The folder of the store, which is kept.") var folder: String
    @Option(help: "How many objects.") var count = 1_000_000

    func run() async throws {
        let store = try await MeasuredStore.open(folder)
        let bucket = try await MeasuredStore.bucket(of: store)
        let start = ContinuousClock.now
        let (count, clients) = (count, 512)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<clients {
                group.addTask {
                    for number in stride(from: client, to: count, by: clients) {
                        try await store.put(
                            ByteBuffer(string: String(number)), in: bucket, key: ManyKeys.key(number, of: count))
                    }
                }
            }
            try await group.waitForAll()
        }
        try Measurement(
            what: "engine: fill with \(count) objects", figure: Double(count) / (ContinuousClock.now - start).seconds,
            unit: "puts/s", note: "\(clients) clients, durable"
        ).write()
        try await store.close()
    }
}

/// Pages of 1,000 of a store that `Fill` made, at places chosen at random.
struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists pages of a filled store.")

    @Option(help: "The folder of the store.") var folder: String
    @Option(help: "How many objects it was filled with.") var count = 1_000_000
    @Option(help: "How many pages are read of each kind.") var pages = 500

    func run() async throws {
        let store = try await MeasuredStore.open(folder)
        let bucket = try await MeasuredStore.bucket(of: store)
        let shapes: [(name: String, query: (Int) throws -> ListQuery)] = [
            ("any place, no delimiter", { try page(after: ManyKeys.key($0, of: count).bytes) }),
            (
                "any place, prefix and delimiter",
                { number in
                    let key = try ManyKeys.key(number, of: count).bytes
                    let slash = UInt8(ascii: "/")
                    let prefix = Array(key[...(key.lastIndex(of: slash) ?? 0)])
                    return ListQuery(prefix: prefix, delimiter: [slash], after: key, limit: 1_000)
                }
            ),
            ("every object in one common prefix", { _ in ListQuery(delimiter: Array("/".utf8), limit: 1_000) }),
            (
                "1,000 common prefixes",
                { _ in
                    ListQuery(prefix: Array("spread/".utf8), delimiter: Array("/".utf8), limit: 1_000)
                }
            ),
            (
                "common prefixes after a key within one",
                { number in
                    ListQuery(
                        prefix: Array("spread/".utf8), delimiter: Array("/".utf8),
                        after: try ManyKeys.key(count / 2 + number / 2, of: count).bytes, limit: 1_000)
                }
            ),
        ]
        for shape in shapes {
            try await measure(shape.name, store, bucket, shape.query)
        }
        try await store.close()
    }

    private func page(after: [UInt8]) -> ListQuery { ListQuery(after: after, limit: 1_000) }

    private func measure(
        _ name: String, _ store: DiskStore, _ bucket: BucketRecord, _ query: (Int) throws -> ListQuery
    ) async throws {
        var durations: [Duration] = []
        var entries = 0
        let before = try ProcessorTime.now()
        for _ in 0..<pages {
            let query = try query(Int.random(in: 0..<count))
            let start = ContinuousClock.now
            let page = try await store.list(in: bucket, query)
            durations.append(ContinuousClock.now - start)
            entries += page.entries.count + page.commonPrefixes.count
        }
        try Measurement(
            what: "engine: list of \(count), \(name)", figure: durations.percentile99Milliseconds, unit: "ms p99",
            note: "\(durations.percentiles); \(entries / max(1, pages)) entries a page, "
                + (try ProcessorTime.now() - before).each(pages, "page")
        ).write()
    }
}

/// What a filled store costs while nobody asks anything of it.
struct Idle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Opens a filled store and measures time and memory.")

    @Option(help: "The folder of the store.") var folder: String
    @Option(help: "How many objects it was filled with.") var count = 1_000_000

    func run() async throws {
        let start = ContinuousClock.now
        let store = try await MeasuredStore.open(folder)
        let bucket = try await MeasuredStore.bucket(of: store)
        let opened = (ContinuousClock.now - start).seconds
        let usage = try await store.usage(of: bucket)
        let asked = (ContinuousClock.now - start).seconds - opened
        try Measurement(
            what: "engine: open with \(usage.objectCount) objects", figure: opened, unit: "s",
            note: "usage answered after \(String(format: "%.1f", asked * 1e3)) ms more; resident "
                + "\(try Self.residentKibibytes()) KiB"
        ).write()
        try await store.close()
    }

    private static func residentKibibytes() throws -> String {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line?.split(separator: " ").dropLast().last.map(String.init) ?? "?"
    }
}
