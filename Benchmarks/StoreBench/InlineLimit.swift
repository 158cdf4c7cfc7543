import ArgumentParser
import NIOCore
import OSSKit
import ObjectStore

/// Bodies of several sizes, once in the database and once in files, to find the size from which on files are better.
struct InlineLimit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Compares bodies in the database with bodies in files.")

    @Option(help: "A folder for the stores, on the disk to measure.") var folder: String
    @Option(help: "How many clients put at once.") var clients = 64
    @Option(help: "How many clients get at once.") var readers = 4
    @Option(help: "How long each rate is measured, in seconds.") var seconds = 3
    @Option(help: "How often each rate is measured; the best counts.") var rounds = 2

    private enum Place: String, CaseIterable {
        case database, file
    }

    /// Requests a second.
    private struct Rates {
        var puts = 0.0
        var gets = 0.0
    }

    func run() async throws {
        for kibibytes in [4, 16, 32, 64, 128] {
            var best: [Place: Rates] = [:]
            for round in 0..<rounds {
                // One after the other in each round, so that a change of the machine meets both.
                for place in Place.allCases {
                    let rates = try await measure(place, kibibytes * 1_024, "\(kibibytes)-\(round)-\(place.rawValue)")
                    best[place, default: Rates()].puts = max(best[place, default: Rates()].puts, rates.puts)
                    best[place, default: Rates()].gets = max(best[place, default: Rates()].gets, rates.gets)
                }
            }
            guard let database = best[.database], let file = best[.file] else { continue }
            try Measurement(
                what: "engine: bodies of \(kibibytes) KiB in the database against files",
                figure: database.puts / file.puts,
                unit: "times the puts", note: note(database, file)
            ).write()
        }
    }

    private func note(_ database: Rates, _ file: Rates) -> String {
        func whole(_ rate: Double) -> String { String(Int(rate)) }
        let ratio = Int(database.gets / max(1, file.gets) * 100)
        return "durable puts \(whole(database.puts)) against \(whole(file.puts)) a second, gets that no cache answers"
            + " \(whole(database.gets)) against \(whole(file.gets)): \(ratio) %"
    }

    private func measure(_ place: Place, _ bytes: Int, _ name: String) async throws -> Rates {
        let store = try await MeasuredStore.open(folder + "/" + name) { configuration in
            configuration.inlineLimitBytes = place == .database ? 1_024 * 1_024 : 0
            configuration.cacheLimitBytes = 0
        }
        var start = ContinuousClock.now
        let body = MeasuredStore.body(bytes)
        let counts = try await SmallPuts.run(for: seconds, clients: clients, into: store, prefix: "k", body).map(
            \.count)
        let puts = Double(counts.reduce(0, +)) / (ContinuousClock.now - start).seconds
        start = ContinuousClock.now
        let gets = try await get(counts, from: store, until: start + .seconds(seconds))
        let rates = Rates(puts: puts, gets: Double(gets) / (ContinuousClock.now - start).seconds)
        try await store.close()
        return rates
    }

    /// Reads objects chosen at random; returns how many.
    private func get(
        _ counts: [Int], from store: DiskStore, until end: ContinuousClock.Instant
    ) async throws -> Int {
        let bucket = try await MeasuredStore.bucket(of: store)
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<readers {
                group.addTask {
                    var count = 0
                    while ContinuousClock.now < end {
                        let client = Int.random(in: counts.indices)
                        guard counts[client] > 0 else { continue }
                        let key = try SmallPuts.key("k", client, Int.random(in: 0..<counts[client]))
                        let record = try await store.object(in: bucket, key: key)
                        for try await _ in try await store.read(record, range: 0..<record.sizeBytes) {}
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
    }
}
