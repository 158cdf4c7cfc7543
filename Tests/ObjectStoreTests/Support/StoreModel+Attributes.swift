import OSSKit
import ObjectStore

/// What the model knows of appending, tags, links and quotas.
extension StoreModel {
    /// Makes a call of those that are described here.
    mutating func applyMore(_ operation: ModelOperation) -> Outcome {
        switch operation {
        case .append(let place, let body, let atEnd):
            return append(body, to: place, atEnd: atEnd)
        case .setTags(let place, let tags):
            guard let bucket = contents[place.bucket] else { return .refused(.noSuchBucket) }
            guard bucket.shown[place.key] != nil else { return .refused(.noSuchKey) }
            contents[place.bucket]?.keys[place.key]?[0].object?.tags = tags
            return .done
        case .symlink(let place, let target):
            let link = Object(
                bytes: .bodies([]), modifiedAtMilliseconds: milliseconds, type: .symlink, symlinkTarget: target)
            return write(link, place, forbidsOverwrite: false)
        case .setLimit(let limit):
            self.limit = limit
            return .done
        case .account:
            return .account(limit: limit, used: usedBytes)
        default:
            return .done
        }
    }

    private mutating func append(_ body: ModelBody, to place: ModelPlace, atEnd: Bool) -> Outcome {
        guard let bucket = contents[place.bucket] else { return .refused(.noSuchBucket) }
        guard isTaken(body) else { return .refused(.quotaExceeded) }
        let newest = bucket.keys[place.key]?.first
        // Behind a delete marker there is nothing to add to.
        if let newest, newest.object?.type != .appendable { return .refused(.objectNotAppendable) }
        guard atEnd else { return .refused(.positionNotEqualToLength) }
        if newest != nil, body.count == 0 { return .done }
        guard fits(body.count) else { return .refused(.quotaExceeded) }
        var object =
            newest?.object
            ?? Object(
                bytes: .bodies([]), modifiedAtMilliseconds: milliseconds, contentType: "text/appended",
                type: .appendable)
        if case .bodies(let bodies) = object.bytes { object.bytes = .bodies(bodies + [body]) }
        object.modifiedAtMilliseconds = milliseconds
        // An appendable object is always the version `null`.
        let version = Version(isNull: true, modifiedAtMilliseconds: milliseconds, object: object)
        let older = bucket.keys[place.key]?.dropFirst() ?? []
        contents[place.bucket]?.keys[place.key] = [version] + older
        return .done
    }

    /// Whether room is kept for a body before its first byte, or need not be.
    func isTaken(_ body: ModelBody) -> Bool {
        body.count <= ModelDice.inlineLimitBytes || fits(body.count)
    }

    /// Whether the parts fit one after the other, in which it does not matter when they are judged.
    func fits(_ bodies: [ModelBody]) -> Bool {
        var sum = 0
        for body in bodies where body.count > 0 {
            sum += body.count
            guard fits(sum) else { return false }
        }
        return true
    }

    /// Whether so many bytes more are allowed; fewer always are.
    func fits(_ more: Int) -> Bool {
        guard let limit, more > 0 else { return true }
        return usedBytes + more <= limit
    }

    private var usedBytes: Int {
        contents.values.reduce(0) { $0 + $1.bytes }
    }

    /// Reads the limit of a store, whose account must be charged for exactly what the store holds.
    mutating func readAccount(of store: DiskStore) async throws {
        let account = try await store.usage(ofAccount: ModelCaller.ownerID)
        limit = account.limitBytes.map { Int($0) }
        var wanted = Int64(usedBytes)
        // Uploads in parts that a crash cut off are not in the model, and are charged.
        if account.usedBytes != wanted { wanted += try await Self.partBytes(in: store) }
        guard account.usedBytes == wanted else {
            throw ModelDifference(text: "the account is charged \(account.usedBytes), and holds \(wanted)")
        }
    }

    private static func partBytes(in store: DiskStore) async throws -> Int64 {
        var sum: Int64 = 0
        for number in 0..<4 {
            guard let bucket = try? await store.bucket(ModelCaller.bucketName(number)) else { continue }
            for upload in try await store.multipartUploads(in: bucket, UploadQuery(limit: 1_000)).uploads {
                let page = try await store.parts(of: upload, limit: 1_000)
                sum += page.parts.reduce(0) { $0 + $1.sizeBytes }
            }
        }
        return sum
    }
}

extension StoreModel.Object {
    /// What a store says of an object, and its bytes.
    init(_ record: ObjectRecord, bytes: [UInt8]) {
        self.init(
            bytes: .bytes(bytes), modifiedAtMilliseconds: record.lastModifiedMilliseconds,
            contentType: record.attributes.contentType, type: record.type, tags: record.attributes.tags,
            symlinkTarget: record.symlinkTarget?.bytes)
    }
}

extension ModelBody {
    /// Whether its length is told before it comes.
    var isAnnounced: Bool { seed % 2 == 0 }
}
