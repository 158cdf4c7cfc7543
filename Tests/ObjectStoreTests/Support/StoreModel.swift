import OSSKit
import ObjectStore

/// What an object store is, without disk, database or threads: a table of buckets of versions of objects.
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

    /// What was written under a key once, or a mark that hides it.
    struct Version: Sendable, Equatable {
        var isNull: Bool
        var modifiedAtMilliseconds: Int64
        /// Nil for a delete marker.
        var object: Object?
    }

    /// A bucket: of each key the versions, the newest first.
    struct Bucket: Sendable, Equatable {
        var versioning: VersioningConfiguration.Status?
        var keys: [[UInt8]: [Version]] = [:]

        /// What the keys show.
        var shown: [[UInt8]: Object] { keys.compactMapValues { $0.first?.object } }
        var allVersions: [Version] { keys.values.flatMap { $0 } }
        var bytes: Int { allVersions.reduce(0) { $0 + ($1.object?.bytes.count ?? 0) } }

        mutating func add(_ object: Object?, _ key: [UInt8], atMilliseconds time: Int64) {
            var versions = versioning == nil ? [] : keys[key] ?? []
            if versioning == .suspended { versions.removeAll { $0.isNull } }
            let version = Version(isNull: versioning != .enabled, modifiedAtMilliseconds: time, object: object)
            keys[key] = [version] + versions
        }

        mutating func remove(_ key: [UInt8], atMilliseconds time: Int64) {
            if versioning == nil { keys[key] = nil } else { add(nil, key, atMilliseconds: time) }
        }

        /// One of the versions of a key, counted around.
        func index(_ number: Int, of key: [UInt8]) -> Int? {
            keys[key].map { number % $0.count }
        }

        mutating func removeVersion(_ number: Int, of key: [UInt8]) {
            guard let index = index(number, of: key) else { return }
            keys[key]?.remove(at: index)
            if keys[key]?.isEmpty == true { keys[key] = nil }
        }
    }

    /// A version as a list shows it.
    struct ListedVersion: Sendable, Equatable {
        let key: [UInt8]
        let isNull: Bool
        let isLatest: Bool
        let size: Int?
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
        case versions([ListedVersion], prefixes: [[UInt8]])
        case usage(objects: Int, bytes: Int, markers: Int)
        case account(limit: Int?, used: Int)
    }

    /// The buckets.
    var contents: [Int: Bucket] = [:]
    /// What the keys of each bucket show.
    var buckets: [Int: [[UInt8]: Object]] { contents.mapValues(\.shown) }
    /// How many bytes the one owner of all buckets may have.
    var limit: Int?
    /// What the clock of the store says.
    var milliseconds: Int64 = 0

    /// Makes a call.
    mutating func apply(_ operation: ModelOperation) -> Outcome {
        switch operation {
        case .makeBucket(let bucket):
            contents[bucket] = contents[bucket] ?? Bucket()
            return .done
        case .deleteBucket(let bucket):
            guard let found = contents[bucket] else { return .refused(.noSuchBucket) }
            guard found.keys.isEmpty else { return .refused(.bucketNotEmpty) }
            contents[bucket] = nil
            return .done
        case .setVersioning(let bucket, let status):
            guard contents[bucket] != nil else { return .refused(.noSuchBucket) }
            contents[bucket]?.versioning = status
            return .done
        case .deleteVersion(let place, let number):
            guard contents[place.bucket] != nil else { return .refused(.noSuchBucket) }
            contents[place.bucket]?.removeVersion(number, of: place.key)
            return .done
        case .put(let place, let body, let forbidsOverwrite):
            let object = Object(
                bytes: .body(body), modifiedAtMilliseconds: milliseconds, contentType: "text/\(body.seed)")
            guard contents[place.bucket] == nil || !body.isAnnounced || isTaken(body) else {
                return .refused(.quotaExceeded)
            }
            return write(object, place, forbidsOverwrite: forbidsOverwrite)
        case .multipart(let place, let bodies, let completes):
            guard contents[place.bucket] != nil else { return .refused(.noSuchBucket) }
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
            let isJudged = contents[0] != nil && body.isAnnounced
            return isJudged && !isTaken(body) ? .refused(.quotaExceeded) : .done
        case .reopen:
            return .done
        case .append, .setTags, .symlink, .setLimit, .account:
            return applyMore(operation)
        case .copy(let source, let target, let renamesContent):
            return copy(source, target, renamesContent: renamesContent)
        case .delete(let bucket, let keys):
            guard contents[bucket] != nil else { return .refused(.noSuchBucket) }
            for key in keys { contents[bucket]?.remove(key, atMilliseconds: milliseconds) }
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
            guard let objects = contents[bucket]?.shown else { return .refused(.noSuchBucket) }
            let query = ListQuery(prefix: prefix, delimiter: delimiter, after: after, limit: limit)
            return Self.list(objects.keys.sorted { $0.lexicographicallyPrecedes($1) }, query)
        case .usage(let bucket):
            guard let versions = contents[bucket]?.allVersions else { return .refused(.noSuchBucket) }
            let objects = versions.compactMap(\.object)
            return .usage(
                objects: objects.count, bytes: objects.reduce(0) { $0 + $1.bytes.count },
                markers: versions.count - objects.count)
        case .getVersion(let place, let number):
            guard let bucket = contents[place.bucket] else { return .refused(.noSuchBucket) }
            guard let index = bucket.index(number, of: place.key), let version = bucket.keys[place.key]?[index] else {
                return .refused(.noSuchVersion)
            }
            return version.object.map { .bytes($0.bytes) } ?? .refused(.methodNotAllowed)
        case .versions(let bucket, let prefix, let delimiter, _):
            guard let bucket = contents[bucket] else { return .refused(.noSuchBucket) }
            return Self.versions(bucket, ListQuery(prefix: prefix, delimiter: delimiter))
        default:
            return .done
        }
    }

    private func find(_ place: ModelPlace, _ use: (Object) -> Outcome) -> Outcome {
        guard let bucket = contents[place.bucket] else { return .refused(.noSuchBucket) }
        guard let object = bucket.keys[place.key]?.first?.object else { return .refused(.noSuchKey) }
        return use(object)
    }

    mutating func write(_ object: Object, _ place: ModelPlace, forbidsOverwrite: Bool) -> Outcome {
        guard var bucket = contents[place.bucket] else { return .refused(.noSuchBucket) }
        if forbidsOverwrite, bucket.versioning == nil, bucket.keys[place.key] != nil {
            return .refused(.fileAlreadyExists)
        }
        let before = bucket.bytes
        bucket.add(object, place.key, atMilliseconds: milliseconds)
        guard fits(bucket.bytes - before) else { return .refused(.quotaExceeded) }
        contents[place.bucket] = bucket
        return .done
    }

    private mutating func copy(_ source: ModelPlace, _ target: ModelPlace, renamesContent: Bool) -> Outcome {
        // The callers look the source up first, and the target's bucket before that.
        guard contents[target.bucket] != nil, let bucket = contents[source.bucket] else {
            return .refused(.noSuchBucket)
        }
        guard var object = bucket.keys[source.key]?.first?.object else { return .refused(.noSuchKey) }
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

    private static func versions(_ bucket: Bucket, _ query: ListQuery) -> Outcome {
        var (found, prefixes) = ([ListedVersion](), [[UInt8]]())
        for (key, versions) in bucket.keys.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
        where key.starts(with: query.prefix) {
            if let prefix = rolledUp(key, query) {
                if prefixes.last != prefix { prefixes.append(prefix) }
                continue
            }
            found += versions.enumerated().map { number, version in
                ListedVersion(
                    key: key, isNull: version.isNull, isLatest: number == 0, size: version.object?.bytes.count)
            }
        }
        return .versions(found, prefixes: prefixes)
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
            guard let found else { continue }
            var bucket = Bucket(versioning: found.versioning)
            for entry in try await store.versions(in: found, VersionQuery(limit: 1_000)).entries {
                let version = try await Self.version(entry, in: found, store)
                bucket.keys[entry.key.bytes, default: []].append(version)
            }
            let objects = bucket.allVersions.compactMap(\.object)
            let usage = try await store.usage(of: found)
            let wanted = BucketUsage(
                objectCount: Int64(objects.count), sizeBytes: Int64(objects.reduce(0) { $0 + $1.bytes.count }),
                markerCount: Int64(bucket.allVersions.count - objects.count))
            guard usage == wanted else {
                throw ModelDifference(text: "bucket \(number) counts \(usage), and holds \(wanted)")
            }
            let listed = try await store.list(in: found, ListQuery(limit: 1_000)).entries.map(\.key.bytes)
            guard Set(listed) == Set(bucket.shown.keys), listed.count == bucket.shown.count else {
                throw ModelDifference(text: "bucket \(number) lists \(listed.count) of \(bucket.shown.count)")
            }
            contents[number] = bucket
        }
        try await readAccount(of: store)
    }

    private static func version(
        _ entry: VersionEntry, in bucket: BucketRecord, _ store: DiskStore
    ) async throws -> Version {
        let (time, isNull) = (entry.lastModifiedMilliseconds, entry.id == .null)
        guard entry.object != nil else { return Version(isNull: isNull, modifiedAtMilliseconds: time, object: nil) }
        let record =
            entry.isLatest
            ? try await store.object(in: bucket, key: entry.key)
            : try await store.object(in: bucket, key: entry.key, version: entry.id)
        let object = Object(record, bytes: try await store.bytes(of: record))
        return Version(isNull: isNull, modifiedAtMilliseconds: time, object: object)
    }

    /// Makes an empty store at a time.
    init(milliseconds: Int64 = 0) {
        self.milliseconds = milliseconds
    }

    static func == (one: StoreModel, other: StoreModel) -> Bool {
        one.limit == other.limit && one.contents == other.contents
    }
}

extension StoreModel: CustomStringConvertible {
    var description: String {
        let texts = contents.sorted { $0.key < $1.key }.map { number, bucket in
            let keys = bucket.keys.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, versions in
                "\(ModelPlace(bucket: number, key: key)) \(versions.map(\.description).joined(separator: ", "))"
            }
            let state = bucket.versioning.map { " \($0)" } ?? ""
            return "bucket \(number)\(state) [\(keys.joined(separator: "; "))]"
        }
        return texts.joined(separator: " ") + (limit.map { " limit \($0)" } ?? "")
    }
}

extension StoreModel.Version: CustomStringConvertible {
    var description: String {
        let text = object.map { "\($0.bytes.count) bytes \($0.contentType ?? "")" } ?? "marker"
        return isNull ? text : text + " numbered"
    }
}

/// What the store did otherwise than the model.
struct ModelDifference: Error, CustomStringConvertible {
    let text: String

    var description: String { text }
}
