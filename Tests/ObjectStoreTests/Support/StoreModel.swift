import OSSKit
import ObjectStore

/// What an object store is, without disk, database or threads: a table of buckets of objects.
struct StoreModel: Sendable, Equatable {
    /// An object as the model and the store both see it.
    struct Object: Sendable, Equatable {
        var bytes: ModelBytes
        var modifiedAtMilliseconds: Int64
        var contentType: String?
        var type = ObjectType.normal
        var tags: [Tag] = []
        var symlinkTarget: [UInt8]?
    }

    /// Bytes that are compared as bytes and held as numbers as long as they come from the model itself.
    enum ModelBytes: Sendable, Equatable {
        case body(ModelBody)
        case bodies([ModelBody])
        case bytes([UInt8])

        var count: Int {
            switch self {
            case .body(let body): body.count
            case .bodies(let bodies): bodies.reduce(0) { $0 + $1.count }
            case .bytes(let bytes): bytes.count
            }
        }

        var bytes: [UInt8] {
            switch self {
            case .body(let body): body.bytes
            case .bodies(let bodies): bodies.flatMap(\.bytes)
            case .bytes(let bytes): bytes
            }
        }

        static func == (one: ModelBytes, other: ModelBytes) -> Bool {
            if case .body(let one) = one, case .body(let other) = other { return one == other }
            return one.bytes == other.bytes
        }
    }

    /// What a call answers.
    enum Outcome: Sendable, Equatable {
        case done
        case refused(OSSErrorCode)
        case outside
        case object(Object)
        case bytes(ModelBytes)
        case listed(keys: [[UInt8]], prefixes: [[UInt8]], next: [UInt8]?)
        case usage(objects: Int, bytes: Int)
        case account(limit: Int?, used: Int)
    }

    /// The objects of each bucket.
    var buckets: [Int: [[UInt8]: Object]] = [:]
    /// How many bytes the one owner of all buckets may have.
    var limit: Int?
    /// What the clock of the store says.
    var milliseconds: Int64 = 0

    /// Makes a call.
    mutating func apply(_ operation: ModelOperation) -> Outcome {
        switch operation {
        case .makeBucket(let bucket):
            buckets[bucket] = buckets[bucket] ?? [:]
            return .done
        case .deleteBucket(let bucket):
            guard let objects = buckets[bucket] else { return .refused(.noSuchBucket) }
            guard objects.isEmpty else { return .refused(.bucketNotEmpty) }
            buckets[bucket] = nil
            return .done
        case .put(let place, let body, let forbidsOverwrite):
            let object = Object(
                bytes: .body(body), modifiedAtMilliseconds: milliseconds, contentType: "text/\(body.seed)")
            guard buckets[place.bucket] == nil || !body.isAnnounced || isTaken(body) else {
                return .refused(.quotaExceeded)
            }
            return write(object, place, forbidsOverwrite: forbidsOverwrite)
        case .multipart(let place, let bodies, let completes):
            guard buckets[place.bucket] != nil else { return .refused(.noSuchBucket) }
            guard fits(bodies) else { return .refused(.quotaExceeded) }
            guard completes else { return .done }
            let object = Object(
                bytes: .bodies(bodies), modifiedAtMilliseconds: milliseconds, contentType: "text/parts",
                type: .multipart)
            if bodies.dropLast().contains(where: { $0.count < 102_400 }) {
                return .refused(.entityTooSmall)
            }
            return write(object, place, forbidsOverwrite: false)
        case .abandon(let body):
            let isJudged = buckets[0] != nil && body.isAnnounced
            return isJudged && !isTaken(body) ? .refused(.quotaExceeded) : .done
        case .reopen:
            return .done
        case .append, .setTags, .symlink, .setLimit, .account:
            return applyMore(operation)
        case .copy(let source, let target, let renamesContent):
            return copy(source, target, renamesContent: renamesContent)
        case .delete(let bucket, let keys):
            guard buckets[bucket] != nil else { return .refused(.noSuchBucket) }
            for key in keys { buckets[bucket]?[key] = nil }
            return .done
        default:
            return ask(operation)
        }
    }

    /// Makes a call that changes nothing.
    private func ask(_ operation: ModelOperation) -> Outcome {
        switch operation {
        case .get(let place):
            return find(place) { .bytes($0.bytes) }
        case .range(let place, let from, let count):
            return find(place) { object in
                let (end, overflow) = from.addingReportingOverflow(count)
                guard !overflow, end <= object.bytes.count else { return .outside }
                return .bytes(.bytes(Array(object.bytes.bytes[from..<end])))
            }
        case .head(let place):
            return find(place) { .object($0) }
        case .list(let bucket, let prefix, let delimiter, let after, let limit):
            guard let objects = buckets[bucket] else { return .refused(.noSuchBucket) }
            let query = ListQuery(prefix: prefix, delimiter: delimiter, after: after, limit: limit)
            return Self.list(objects.keys.sorted { $0.lexicographicallyPrecedes($1) }, query)
        case .usage(let bucket):
            guard let objects = buckets[bucket] else { return .refused(.noSuchBucket) }
            return .usage(objects: objects.count, bytes: objects.values.reduce(0) { $0 + $1.bytes.count })
        default:
            return .done
        }
    }

    private func find(_ place: ModelPlace, _ use: (Object) -> Outcome) -> Outcome {
        guard let objects = buckets[place.bucket] else { return .refused(.noSuchBucket) }
        guard let object = objects[place.key] else { return .refused(.noSuchKey) }
        return use(object)
    }

    mutating func write(_ object: Object, _ place: ModelPlace, forbidsOverwrite: Bool) -> Outcome {
        guard let objects = buckets[place.bucket] else { return .refused(.noSuchBucket) }
        if forbidsOverwrite, objects[place.key] != nil { return .refused(.fileAlreadyExists) }
        guard fits(object.bytes.count - (objects[place.key]?.bytes.count ?? 0)) else {
            return .refused(.quotaExceeded)
        }
        buckets[place.bucket]?[place.key] = object
        return .done
    }

    private mutating func copy(_ source: ModelPlace, _ target: ModelPlace, renamesContent: Bool) -> Outcome {
        // The callers look the source up first, and the target's bucket before that.
        guard buckets[target.bucket] != nil, let objects = buckets[source.bucket] else {
            return .refused(.noSuchBucket)
        }
        guard var object = objects[source.key] else { return .refused(.noSuchKey) }
        object.modifiedAtMilliseconds = milliseconds
        if renamesContent { object.contentType = "text/copy" }
        if object.type == .appendable { object.type = .normal }
        return write(object, target, forbidsOverwrite: false)
    }

    private static func list(_ keys: [[UInt8]], _ query: ListQuery) -> Outcome {
        var (found, prefixes, last) = ([[UInt8]](), [[UInt8]](), [UInt8]?.none)
        let skipped = query.after.flatMap { rolledUp($0, query) }
        for key in keys where key.starts(with: query.prefix) {
            if let after = query.after, !after.lexicographicallyPrecedes(key) { continue }
            if let skipped, key.starts(with: skipped) { continue }
            let prefix = rolledUp(key, query)
            if let prefix, prefixes.last == prefix { continue }
            if found.count + prefixes.count == query.limit {
                return .listed(keys: found, prefixes: prefixes, next: last)
            }
            if let prefix { prefixes.append(prefix) } else { found.append(key) }
            last = prefix ?? key
        }
        return .listed(keys: found, prefixes: prefixes, next: nil)
    }

    private static func rolledUp(_ key: [UInt8], _ query: ListQuery) -> [UInt8]? {
        guard key.starts(with: query.prefix), !query.delimiter.isEmpty else { return nil }
        var end = query.prefix.count
        while end + query.delimiter.count <= key.count {
            if key[end...].starts(with: query.delimiter) { return Array(key[..<(end + query.delimiter.count)]) }
            end += 1
        }
        return nil
    }

    /// The model of what a store holds, read out of it.
    init(reading store: DiskStore) async throws {
        for number in 0..<4 {
            let found = try? await store.bucket(ModelCaller.bucketName(number))
            guard let bucket = found else { continue }
            var objects: [[UInt8]: Object] = [:]
            let page = try await store.list(in: bucket, ListQuery(limit: 1_000))
            for entry in page.entries {
                let record = try await store.object(in: bucket, key: entry.key)
                objects[entry.key.bytes] = Object(record, bytes: try await store.bytes(of: record))
            }
            let usage = try await store.usage(of: bucket)
            let sum = objects.values.reduce(0) { $0 + $1.bytes.count }
            guard usage == BucketUsage(objectCount: Int64(objects.count), sizeBytes: Int64(sum)) else {
                throw ModelDifference(text: "bucket \(number) counts \(usage), and holds \(objects.count) of \(sum)")
            }
            buckets[number] = objects
        }
        try await readAccount(of: store)
    }

    /// Makes an empty store at a time.
    init(milliseconds: Int64 = 0) {
        self.milliseconds = milliseconds
    }

    static func == (one: StoreModel, other: StoreModel) -> Bool {
        one.limit == other.limit && one.buckets == other.buckets
    }
}

extension StoreModel: CustomStringConvertible {
    var description: String {
        let texts = buckets.sorted { $0.key < $1.key }.map { number, objects in
            let objects = objects.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, object in
                let place = ModelPlace(bucket: number, key: key)
                return "\(place) \(object.bytes.count) bytes \(object.contentType ?? "")"
            }
            return "bucket \(number) [\(objects.joined(separator: ", "))]"
        }
        return texts.joined(separator: " ") + (limit.map { " limit \($0)" } ?? "")
    }
}

/// What the store did otherwise than the model.
struct ModelDifference: Error, CustomStringConvertible {
    let text: String

    var description: String { text }
}
