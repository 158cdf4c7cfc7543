import OSSKit
import ObjectStore
import Testing

@Suite(.onEachDisk) struct DiskStoreListTests {
    /// What a list is by its definition, over all keys in memory.
    private struct Model {
        let keys: [[UInt8]]

        func page(_ query: ListQuery) -> (keys: [[UInt8]], prefixes: [[UInt8]], next: [UInt8]?) {
            var (found, prefixes, last) = ([[UInt8]](), [[UInt8]](), [UInt8]?.none)
            let skipped = query.after.flatMap { rolledUp($0, query) }
            for key in keys where key.starts(with: query.prefix) {
                if let after = query.after, !after.lexicographicallyPrecedes(key) { continue }
                if let skipped, key.starts(with: skipped) { continue }
                let prefix = rolledUp(key, query)
                if let prefix, prefixes.last == prefix { continue }
                if found.count + prefixes.count == query.limit { return (found, prefixes, last) }
                if let prefix { prefixes.append(prefix) } else { found.append(key) }
                last = prefix ?? key
            }
            return (found, prefixes, nil)
        }

        private func rolledUp(_ key: [UInt8], _ query: ListQuery) -> [UInt8]? {
            guard key.starts(with: query.prefix), !query.delimiter.isEmpty else { return nil }
            var end = query.prefix.count
            while end + query.delimiter.count <= key.count {
                if key[end...].starts(with: query.delimiter) { return Array(key[..<(end + query.delimiter.count)]) }
                end += 1
            }
            return nil
        }
    }

    @Test(arguments: [UInt64(1), 2, 3, .random(in: 4...(.max))])
    func listsAgreeWithTheModel(seed: UInt64) async throws {
        print("seed of listsAgreeWithTheModel: \(seed)")
        try await withStore { store, _ in
            var generator = SeededGenerator(seed: seed)
            let (bucket, other) = (try await store.makeBucket(), try await store.makeBucket("other"))
            var keys: Set<ObjectKey> = []
            for _ in 0..<150 {
                guard let key = try? ObjectKey(bytes: randomText(1...7, &generator)) else { continue }
                keys.insert(key)
                try await store.store([], in: bucket, key.text)
                try await store.store([], in: other, key.text + "x")
            }
            let model = Model(keys: keys.sorted().map(\.bytes))
            for _ in 0..<400 {
                let query = randomQuery(Array(keys), &generator)
                let page = try await store.list(in: bucket, query)
                let wanted = model.page(query)
                #expect(page.entries.map(\.key.bytes) == wanted.keys, "seed \(seed), \(query)")
                #expect(page.commonPrefixes == wanted.prefixes, "seed \(seed), \(query)")
                #expect(page.next == wanted.next, "seed \(seed), \(query)")
                #expect(page.isTruncated == (wanted.next != nil), "seed \(seed), \(query)")
            }
        }
    }

    private func randomText(_ length: ClosedRange<Int>, _ generator: inout SeededGenerator) -> [UInt8] {
        let letters = ["a", "b", "/", "/", "-", "\u{7f}", "\u{e9}", "\u{10ffff}", "%", "_", "\u{1}"]
        let count = Int.random(in: length, using: &generator)
        return (0..<count).flatMap { _ in Array((letters.randomElement(using: &generator) ?? "a").utf8) }
    }

    private func randomQuery(_ keys: [ObjectKey], _ generator: inout SeededGenerator) -> ListQuery {
        let delimiters: [[UInt8]] = [
            [], Array("/".utf8), Array("/".utf8), Array("//".utf8), Array("a/".utf8), [0xff], [0xf4], Array("-".utf8),
        ]
        return ListQuery(
            prefix: Bool.random(using: &generator) ? [] : randomBytes(keys, &generator),
            delimiter: delimiters.randomElement(using: &generator) ?? [],
            after: Bool.random(using: &generator) ? nil : randomBytes(keys, &generator),
            limit: Bool.random(using: &generator) ? 1_000 : Int.random(in: 1...8, using: &generator))
    }

    /// Bytes that are often near a key: a part of one, one with something appended, or anything.
    private func randomBytes(_ keys: [ObjectKey], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = keys.randomElement(using: &generator)?.bytes ?? []
        switch Int.random(in: 0...5, using: &generator) {
        case 0: break
        case 1: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
        case 2: bytes.append([0, 0x2f, 0xff].randomElement(using: &generator) ?? 0)
        case 3: bytes = [0xff, 0xff]
        case 4: bytes = []
        default: bytes = randomText(0...4, &generator)
        }
        return bytes
    }

    @Test func pagesTogetherAreTheWholeList() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            for number in 0..<60 { try await store.store([], in: bucket, "d\(number % 7)/\(number)") }
            for number in 0..<5 { try await store.store([], in: bucket, "k\(number)") }
            for limit in 1...13 {
                var (found, after, isTruncated) = ([[UInt8]](), [UInt8]?.none, true)
                while isTruncated {
                    let page = try await store.list(
                        in: bucket, ListQuery(delimiter: Array("/".utf8), after: after, limit: limit))
                    found += page.commonPrefixes + page.entries.map(\.key.bytes)
                    (after, isTruncated) = (page.next, page.isTruncated)
                }
                let texts = found.map { String(decoding: $0, as: UTF8.self) }
                let wanted = (0..<7).map { "d\($0)/" } + (0..<5).map { "k\($0)" }
                #expect(texts == wanted)
            }
        }
    }

    @Test func anEntryShowsWhatTheObjectIs() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let record = try await store.store(
                someBytes(40_000), in: bucket, "key", attributes: ObjectAttributes(storageClass: "IA"))
            let page = try await store.list(in: bucket, ListQuery())
            let entry = try #require(page.entries.first)
            #expect(entry.etag == record.etag)
            #expect(entry.sizeBytes == 40_000)
            #expect(entry.lastModifiedMilliseconds == record.lastModifiedMilliseconds)
            #expect(entry.type == .normal)
            #expect(entry.storageClass == "IA")
            #expect(page.next == nil)
        }
    }

    @Test(arguments: [(Int.min, 1), (0, 1), (1, 1), (1_000, 1_000), (1_001, 1_000), (Int.max, 1_000)])
    func theLimitIsTakenIntoItsRange(limit: Int, wanted: Int) {
        let query = ListQuery(limit: limit)
        #expect(query.limit == wanted)
    }
}
