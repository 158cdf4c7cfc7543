import NIOCore
import OSSKit
import ObjectStore

/// Makes the calls of a model to a store.
struct ModelCaller {
    /// The store.
    var store: DiskStore

    /// Who has all buckets.
    static let ownerID = "alice"

    /// The bucket of a number.
    static func bucketName(_ number: Int) throws -> BucketName { try BucketName("bucket-\(number)") }

    /// Makes a call, and says in the model's words what came of it.
    ///
    /// - Throws: whatever a model has no word for.
    func apply(_ operation: ModelOperation) async throws -> StoreModel.Outcome {
        do {
            return try await call(operation)
        } catch let refusal as OSSError where refusal.code != .serviceUnavailable {
            return .refused(refusal.code)
        } catch StoreFailure.rangeIsOutside {
            return .outside
        }
    }

    private func call(_ operation: ModelOperation) async throws -> StoreModel.Outcome {
        switch operation {
        case .makeBucket(let number):
            _ = try await store.createBucket(NewBucket(name: Self.bucketName(number), ownerID: Self.ownerID))
            return .done
        case .deleteBucket(let number):
            try await store.deleteBucket(Self.bucketName(number), ownedBy: Self.ownerID)
            return .done
        case .put(let place, let body, let forbidsOverwrite):
            return try await put(place, body, WriteCondition(forbidsOverwrite: forbidsOverwrite))
        case .multipart(let place, let bodies, let completes):
            return try await multipart(place, bodies, completes: completes)
        case .abandon(let body):
            return try await abandon(body)
        case .copy(let source, let target, let renamesContent):
            let targetBucket = try await bucket(target)
            let record = try await find(source)
            var attributes = record.attributes
            if renamesContent { attributes.contentType = "text/copy" }
            _ = try await store.copy(
                record, to: targetBucket, key: ObjectKey(bytes: target.key),
                attributes: renamesContent ? attributes : nil)
            return .done
        case .delete(let number, let keys):
            let bucket = try await store.bucket(Self.bucketName(number))
            try await store.delete(in: bucket, keys: keys.map { try ObjectKey(bytes: $0) })
            return .done
        case .append(let place, let body, let atEnd):
            return try await append(body, to: place, atEnd: atEnd)
        case .setTags(let place, let tags):
            try await store.setTags(tags, of: ObjectKey(bytes: place.key), in: bucket(place))
            return .done
        case .symlink(let place, let target):
            _ = try await store.putSymlink(
                to: ObjectKey(bytes: target), at: ObjectPlace(bucket: bucket(place), key: ObjectKey(bytes: place.key)),
                attributes: ObjectAttributes())
            return .done
        case .setLimit(let limit):
            try await store.setLimit(limit.map { Int64($0) }, ofAccount: Self.ownerID)
            return .done
        case .setVersioning(let number, let status):
            try await store.setVersioning(status, of: store.bucket(Self.bucketName(number)))
            return .done
        case .deleteVersion(let place, let number):
            let deletion = Deletion(key: try ObjectKey(bytes: place.key), version: try await version(number, of: place))
            _ = try await store.delete(in: bucket(place), [deletion])
            return .done
        case .reopen:
            return .done
        default:
            return try await ask(operation)
        }
    }

    private func ask(_ operation: ModelOperation) async throws -> StoreModel.Outcome {
        switch operation {
        case .get(let place):
            return .bytes(.bytes(try await store.bytes(of: find(place))))
        case .range(let place, let from, let count):
            let record = try await find(place)
            let range = Int64(from)..<Int64(from) + Int64(count)
            return .bytes(.bytes(try await store.bytes(of: record, range: range)))
        case .head(let place):
            let record = try await find(place)
            return .object(StoreModel.Object(record, bytes: try await store.bytes(of: record)))
        case .list(let number, let prefix, let delimiter, let after, let limit):
            let bucket = try await store.bucket(Self.bucketName(number))
            let query = ListQuery(prefix: prefix, delimiter: delimiter, after: after, limit: limit)
            let page = try await store.list(in: bucket, query)
            return .listed(keys: page.entries.map(\.key.bytes), prefixes: page.commonPrefixes, next: page.next)
        case .usage(let number):
            let usage = try await store.usage(of: store.bucket(Self.bucketName(number)))
            return .usage(
                objects: Int(usage.objectCount), bytes: Int(usage.sizeBytes), markers: Int(usage.markerCount))
        case .account:
            let account = try await store.usage(ofAccount: Self.ownerID)
            guard account.reservedBytes == 0 else { throw ModelDifference(text: "\(account) with nothing under way") }
            return .account(limit: account.limitBytes.map { Int($0) }, used: Int(account.usedBytes))
        case .getVersion(let place, let number):
            let id = try await version(number, of: place)
            let record = try await store.object(
                in: bucket(place), key: ObjectKey(bytes: place.key), version: id)
            return .bytes(.bytes(try await store.bytes(of: record)))
        case .versions(let number, let prefix, let delimiter, let limit):
            let query = VersionQuery(prefix: prefix, delimiter: delimiter, limit: limit)
            return try await versions(in: store.bucket(Self.bucketName(number)), query)
        default:
            return .done
        }
    }

    private func put(
        _ place: ModelPlace, _ body: ModelBody, _ condition: WriteCondition
    ) async throws -> StoreModel.Outcome {
        let bucket = try await bucket(place)
        let upload = try await store.beginUpload(
            expectedBytes: body.isAnnounced ? Int64(body.count) : nil, in: bucket)
        try await upload.append(body.bytes, pieceBytes: body.seed % 3 == 0 ? 100 + body.count / 3 : 400_000)
        _ = try await upload.finish()
        _ = try await store.put(
            upload, in: bucket, key: ObjectKey(bytes: place.key),
            attributes: ObjectAttributes(contentType: "text/\(body.seed)"), condition: condition)
        return .done
    }

    private func multipart(
        _ place: ModelPlace, _ bodies: [ModelBody], completes: Bool
    ) async throws -> StoreModel.Outcome {
        let multipart = try await store.initiateUpload(
            in: bucket(place), key: ObjectKey(bytes: place.key),
            attributes: ObjectAttributes(contentType: "text/parts"))
        do {
            for (index, body) in bodies.enumerated() {
                let upload = try await store.beginUpload(
                    expectedBytes: Int64(body.count), in: multipart.bucket)
                try await upload.append(body.bytes, pieceBytes: 400_000)
                _ = try await upload.finish()
                guard let number = PartNumber(index + 1) else { throw ModelDifference(text: "part \(index)") }
                _ = try await store.putPart(upload, number: number, of: multipart)
            }
            if completes {
                _ = try await store.complete(multipart, parts: nil)
            } else {
                try await store.abort(multipart)
            }
            return .done
        } catch {
            try? await store.abort(multipart)
            throw error
        }
    }

    /// Begins an upload and leaves it: given up if its length was told, forgotten if not.
    private func abandon(_ body: ModelBody) async throws -> StoreModel.Outcome {
        guard body.isAnnounced else {
            try await store.beginUpload().append(body.bytes, pieceBytes: 400_000)
            return .done
        }
        let bucket = try? await store.bucket(Self.bucketName(0))
        let upload = try await store.beginUpload(expectedBytes: Int64(body.count), in: bucket)
        do {
            try await upload.append(body.bytes, pieceBytes: 400_000)
            await upload.discard()
            return .done
        } catch {
            await upload.discard()
            throw error
        }
    }

    private func append(_ body: ModelBody, to place: ModelPlace, atEnd: Bool) async throws -> StoreModel.Outcome {
        let bucket = try await bucket(place)
        let target = ObjectPlace(bucket: bucket, key: try ObjectKey(bytes: place.key))
        let upload = try await store.beginUpload(expectedBytes: Int64(body.count), in: bucket)
        do {
            try await upload.append(body.bytes, pieceBytes: 400_000)
            _ = try await upload.finish()
            let current = try? await find(place)
            _ = try await store.append(
                upload, at: (current?.sizeBytes ?? 0) + (atEnd ? 0 : 1), to: target,
                attributes: ObjectAttributes(contentType: "text/appended"))
            return .done
        } catch {
            await upload.discard()
            throw error
        }
    }

    /// The ID of a version of a key, counted around; one that nothing has if the key has none.
    private func version(_ number: Int, of place: ModelPlace) async throws -> VersionID {
        let page = try await store.versions(in: bucket(place), VersionQuery(prefix: place.key, limit: 1_000))
        let ids = page.entries.filter { $0.key.bytes == place.key }.map(\.id)
        return ids.isEmpty ? try VersionID("CAEQ-none") : ids[number % ids.count]
    }

    /// All pages of a list, one behind the other.
    private func versions(in bucket: BucketRecord, _ query: VersionQuery) async throws -> StoreModel.Outcome {
        var (query, found, prefixes) = (query, [StoreModel.ListedVersion](), [[UInt8]]())
        while true {
            let page = try await store.versions(in: bucket, query)
            guard page.entries.count + page.commonPrefixes.count <= query.limit else {
                throw ModelDifference(text: "a page of \(query.limit) has \(page.entries.count) entries")
            }
            prefixes += page.commonPrefixes
            found += page.entries.map { entry in
                StoreModel.ListedVersion(
                    key: entry.key.bytes, isNull: entry.id == .null, isLatest: entry.isLatest,
                    size: entry.object.map { Int($0.sizeBytes) })
            }
            guard let next = page.next else { return .versions(found, prefixes: prefixes) }
            (query.keyMarker, query.versionMarker) = (next.key, next.version)
        }
    }

    private func bucket(_ place: ModelPlace) async throws -> BucketRecord {
        try await store.bucket(Self.bucketName(place.bucket))
    }

    private func find(_ place: ModelPlace) async throws -> ObjectRecord {
        try await store.object(in: bucket(place), key: ObjectKey(bytes: place.key))
    }
}
