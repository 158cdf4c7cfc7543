import OSSKit
import ObjectStore

/// The bytes of an object in a model: few numbers stand for many bytes.
struct ModelBody: Sendable, Hashable, CustomStringConvertible {
    let count: Int
    let seed: UInt64

    /// The bytes; a pattern whose length has no factor in common with a block's, so that no two places look alike.
    var bytes: [UInt8] {
        let pattern = someBytes(257, seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + pattern.count)
        while bytes.count < count { bytes.append(contentsOf: pattern) }
        return Array(bytes.prefix(count))
    }

    var description: String { "\(count) bytes of seed \(seed)" }
}

/// Where an object of a model is.
struct ModelPlace: Sendable, Hashable, CustomStringConvertible {
    let bucket: Int
    let key: [UInt8]

    var description: String { "\(bucket):\(String(decoding: key.prefix(40), as: UTF8.self).debugDescription)" }
}

/// One call of the store's, to be made of the store and of the model.
enum ModelOperation: Sendable, CustomStringConvertible {
    case makeBucket(Int)
    case deleteBucket(Int)
    case setVersioning(Int, VersioningConfiguration.Status)
    case put(ModelPlace, ModelBody, forbidsOverwrite: Bool)
    case multipart(ModelPlace, [ModelBody], completes: Bool)
    case abandon(ModelBody)
    case get(ModelPlace)
    case range(ModelPlace, from: Int, count: Int)
    case head(ModelPlace)
    case copy(ModelPlace, to: ModelPlace, renamesContent: Bool)
    case delete(Int, [[UInt8]])
    case getVersion(ModelPlace, number: Int)
    case deleteVersion(ModelPlace, number: Int)
    case versions(Int, prefix: [UInt8], delimiter: [UInt8], limit: Int)
    case list(Int, prefix: [UInt8], delimiter: [UInt8], after: [UInt8]?, limit: Int)
    case usage(Int)
    case append(ModelPlace, ModelBody, atEnd: Bool)
    case setTags(ModelPlace, [Tag])
    case symlink(ModelPlace, to: [UInt8])
    case setLimit(Int?)
    case account
    case reopen

    /// The name under which the operation is counted.
    var name: String { String(String(describing: self).prefix { $0 != " " }) }

    /// Whether the store may look otherwise after it.
    var changesStore: Bool {
        switch self {
        case .makeBucket, .deleteBucket, .setVersioning, .put, .multipart, .copy, .delete, .deleteVersion: true
        case .append, .setTags, .symlink, .setLimit: true
        default: false
        }
    }

    var description: String {
        switch self {
        case .makeBucket(let bucket): "makeBucket \(bucket)"
        case .deleteBucket(let bucket): "deleteBucket \(bucket)"
        case .setVersioning(let bucket, let status): "setVersioning \(bucket) \(status)"
        case .getVersion(let place, let number): "getVersion \(place), number \(number) around"
        case .deleteVersion(let place, let number): "deleteVersion \(place), number \(number) around"
        case .versions(let bucket, let prefix, let delimiter, let limit):
            "versions \(bucket) prefix \(prefix) delimiter \(delimiter) limit \(limit)"
        case .put(let place, let body, let forbids): "put \(place), \(body)\(forbids ? ", not over another" : "")"
        case .multipart(let place, let bodies, let completes):
            "multipart \(place), \(bodies), \(completes ? "completed" : "aborted")"
        case .abandon(let body): "abandon \(body)"
        case .get(let place): "get \(place)"
        case .range(let place, let from, let count): "range \(place) from \(from), \(count) bytes"
        case .head(let place): "head \(place)"
        case .copy(let source, let target, let renames): "copy \(source) to \(target)\(renames ? " renamed" : "")"
        case .delete(let bucket, let keys):
            "delete \(keys.map { ModelPlace(bucket: bucket, key: $0).description }.joined(separator: ", "))"
        case .list(let bucket, let prefix, let delimiter, let after, let limit):
            "list \(bucket) prefix \(prefix) delimiter \(delimiter) after \(after ?? []) limit \(limit)"
        case .usage(let bucket): "usage \(bucket)"
        case .append(let place, let body, let atEnd): "append \(place), \(body)\(atEnd ? "" : ", not at the end")"
        case .setTags(let place, let tags): "setTags \(place), \(tags)"
        case .symlink(let place, let target): "symlink \(place) to \(target)"
        case .setLimit(let limit): "setLimit \(limit.map(String.init) ?? "none")"
        case .account: "account"
        case .reopen: "reopen"
        }
    }
}

/// Draws sequences of operations from a seed.
struct ModelDice {
    /// The greatest body that the stores of model tests keep in a row.
    static let inlineLimitBytes = 300
    private static let keys: [[UInt8]] =
        ["a", "a/", "a/b", "a/b/", "a/b/c", "ab", "a0", "b", "b/\u{e9}", "b/e\u{301}", "c//d", "\u{10ffff}"]
        .map { Array($0.utf8) } + [Array(repeating: 0x61, count: 1_023), Array(repeating: 0x61, count: 1_022)]

    private var generator: SeededGenerator
    /// Whether bodies may be so large that they have more than one block.
    private let hasLargeBodies: Bool
    /// The one bucket of a client that has others beside it; nil for a client that has the store for itself.
    private let ownBucket: Int?

    /// Takes the seed.
    init(seed: UInt64, hasLargeBodies: Bool = true, ownBucket: Int? = nil) {
        generator = SeededGenerator(seed: seed)
        self.hasLargeBodies = hasLargeBodies
        self.ownBucket = ownBucket
    }

    /// Draws up to so many operations, the first of which makes a bucket.
    mutating func sequence(upTo limit: Int) -> [ModelOperation] {
        [.makeBucket(ownBucket ?? 0)] + (1..<Int.random(in: 2...limit, using: &generator)).map { _ in operation() }
    }

    private mutating func operation() -> ModelOperation {
        switch Int.random(in: 0..<122, using: &generator) {
        case ..<5: return .makeBucket(bucket())
        case ..<8: return .deleteBucket(bucket())
        case ..<11: return .setVersioning(bucket(), chance(3) ? .suspended : .enabled)
        case ..<15: return .deleteVersion(place(), number: pick(4))
        case ..<18: return .getVersion(place(), number: pick(4))
        case ..<21:
            return .versions(
                bucket(), prefix: chance(2) ? [] : part(), delimiter: [[], [0x2f], [0x61, 0x2f]][pick(3)],
                limit: chance(3) ? 1_000 : Int.random(in: 1...5, using: &generator))
        case ..<42: return .put(place(), body(), forbidsOverwrite: chance(5))
        case ..<45: return .multipart(place(), parts(), completes: !chance(4))
        case ..<48: return .abandon(body())
        case ..<55: return .get(place())
        case ..<60: return .range(place(), from: near(body().count), count: near(body().count))
        case ..<64: return .head(place())
        case ..<72: return .copy(place(), to: place(), renamesContent: chance(2))
        case ..<83:
            return .delete(bucket(), (0..<Int.random(in: 1...3, using: &generator)).map { _ in key() })
        case ..<93:
            let limit = chance(3) ? 1_000 : Int.random(in: 1...5, using: &generator)
            return .list(
                bucket(), prefix: chance(2) ? [] : part(), delimiter: [[], [0x2f], [0x2f], [0x61, 0x2f]][pick(4)],
                after: chance(2) ? nil : part(), limit: limit)
        case ..<97: return .usage(bucket())
        case ..<100: return ownBucket == nil ? .reopen : .usage(bucket())
        case ..<107: return .append(place(), body(), atEnd: !chance(8))
        case ..<111: return .setTags(place(), (0..<pick(3)).map { Tag("key-\($0)", "\(pick(9))") })
        case ..<115: return .symlink(place(), to: key())
        case ..<119: return ownBucket == nil ? .setLimit(limit()) : .usage(bucket())
        default: return ownBucket == nil ? .account : .usage(bucket())
        }
    }

    /// Half the time there is no limit, since little happens below a narrow one.
    private mutating func limit() -> Int? {
        chance(2) ? nil : [0, 299, 301, 1_000, 6_000, 103_000, 300_000][pick(7)]
    }

    private mutating func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }
    private mutating func chance(_ oneIn: Int) -> Bool { pick(oneIn) == 0 }
    private mutating func bucket() -> Int { ownBucket ?? (chance(6) ? 1 : 0) }
    private mutating func key() -> [UInt8] { Self.keys[pick(Self.keys.count)] }
    private mutating func place() -> ModelPlace { ModelPlace(bucket: bucket(), key: key()) }
    private mutating func near(_ count: Int) -> Int { max(0, count + pick(3) - 1) }

    private mutating func part() -> [UInt8] {
        let key = key()
        return Array(key.prefix(pick(key.count + 1)))
    }

    /// One to three parts; all but the last are as large as they must be, or once in a while a byte less.
    private mutating func parts() -> [ModelBody] {
        let earlier = (0..<pick(3)).map { _ in
            ModelBody(count: chance(8) ? 102_399 : 102_400 + pick(2), seed: UInt64(pick(1_000)))
        }
        return earlier + [body()]
    }

    private mutating func body() -> ModelBody {
        let limit = Self.inlineLimitBytes
        let block = 1_048_576
        let usual = [0, 1, 2, limit - 1, limit, limit + 1, 700, 5_000]
        let large = [65_535, 65_536, 65_537, block - 1, block, block + 1, 2 * block + 1]
        let sizes = hasLargeBodies && chance(60) ? large : usual
        return ModelBody(count: sizes[pick(sizes.count)], seed: UInt64(pick(1_000)))
    }
}
