import Foundation
import OSSKit
import SessionAPI
import Testing

/// Random interleavings of everything that can happen to uploads, crashes included.
///
/// The model knows which URLs a store would still take and what their PUTs leave behind. At every instant what is in
/// the store may not be more than the quota; when all is quiet, what is used is what is there. Source:
/// upload-gateway.md 5.
@Suite struct UploadWalkTests {
    private static let quotaBytes: Int64 = 1_000

    /// How many walks: 500 steps are one, and `UPLOAD_WALKS` says how many there are.
    static let seeds: [UInt64] = {
        let count = ProcessInfo.processInfo.environment["UPLOAD_WALKS"].flatMap { Int($0) } ?? 2
        let given = ProcessInfo.processInfo.environment["UPLOAD_SEED"].flatMap { UInt64($0) }
        let first = given ?? .random(in: 0...1_000_000)
        return (0..<UInt64(count)).map { first &+ $0 }
    }()

    @Test(arguments: seeds)
    func theQuotaIsExactAtEveryInstant(_ seed: UInt64) async throws {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var fixture = try Fixture(change: { $0.quotaBytes = Self.quotaBytes })
        var walk = UploadWalk()
        // A crash of the server ends a life; what is in the database and in the store goes on.
        for _ in 0..<5 {
            let (before, seeded) = (walk, generator)
            (walk, generator) = try await fixture.living { client in
                var (life, random) = (before, seeded)
                for _ in 0..<100 { try await life.step(client, &random) }
                return (life, random)
            }
            fixture = try fixture.reopened()
        }
        try await fixture.living { client in
            client.fixture.storage?.isReachable = true
            for _ in 0..<4 {
                client.fixture.clock.advance(seconds: 4_000)
                _ = try await client.fixture.settle()
            }
            let quota = try await client.send(.get, "/v1/storage/workspace/quota")
            let used = try quota.text("used_bytes")
            let stored = client.fixture.storage?.totalBytes
            #expect(used == "\(stored ?? -1)", "seed \(seed)")
            #expect(try [quota.text("reserved_bytes"), quota.text("pending_delete_bytes")] == ["0", "0"])
        }
        try fixture.close()
    }
}

/// What a store and its users know.
private struct UploadWalk: Sendable {
    /// A URL that was given out.
    struct GivenURL: Sendable {
        let name: String
        let sizeBytes: Int64
        let endsAtSeconds: Int64
    }

    private var urls: [GivenURL] = []

    /// Does one thing, and looks whether the store holds more than the quota.
    mutating func step(_ client: Client, _ random: inout SeededGenerator) async throws {
        let name = ["a.py", "b.py", "c.ipynb"][Int.random(in: 0..<3, using: &random)]
        let clock = client.fixture.clock
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30:
            let size = Int64.random(in: 0...700, using: &random)
            let answer = try await client.uploadURL(name, Int(size))
            #expect([200, 409, 429, 503].contains(answer.status), "\(answer.body)")
            if answer.status == 200 {
                urls.append(GivenURL(name: name, sizeBytes: size, endsAtSeconds: clock.nowSeconds + 300))
            }
        case 30..<55: put(client, &random)
        case 55..<75:
            let answer = try await client.confirm(name)
            #expect([201, 422, 503].contains(answer.status), "\(answer.body)")
        case 75..<80:
            async let first = client.confirm(name)
            async let second = client.confirm(name)
            let statuses = try await [first.status, second.status]
            #expect(statuses.allSatisfy { [201, 422, 503].contains($0) })
        case 80..<86:
            let answer = try await client.send(.delete, "/v1/storage/workspace/chapter-files/c1/\(name)")
            #expect(answer.status == 200)
        case 86..<88:
            client.fixture.storage?.isReachable = Bool.random(using: &random)
        case 88..<93: _ = try await client.fixture.settle()
        default: clock.advance(seconds: Int64.random(in: 1...200, using: &random))
        }
        let stored = client.fixture.storage?.totalBytes ?? 0
        #expect(stored <= 1_000)
        let report = try await client.send(.get, "/v1/storage/workspace/quota")
        let sums = try ["used_bytes", "reserved_bytes", "pending_delete_bytes"].map { try Int64(report.text($0)) ?? -1 }
        #expect(sums.allSatisfy { $0 >= 0 } && sums.reduce(0, +) <= 1_000)
        #expect(stored <= sums.reduce(0, +))
    }

    /// Uses a URL as its store lets it be used: only with its own length, and only until it ends.
    private func put(_ client: Client, _ random: inout SeededGenerator) {
        guard let url = urls.randomElement(using: &random) else { return }
        let clock = client.fixture.clock
        guard clock.nowSeconds < url.endsAtSeconds else { return }
        client.fixture.storage?.put(
            "user/\(Client.alice)/workspace/c1/\(url.name)", sizeBytes: url.sizeBytes,
            modifiedAtSeconds: clock.nowSeconds)
    }
}
