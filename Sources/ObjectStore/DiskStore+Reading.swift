import NIOCore
import OSSKit

extension DiskStore {
    /// Looks an object up.
    ///
    /// - Throws: `NoSuchKey`, which names the delete marker if there is one.
    package func object(in bucket: BucketRecord, key: ObjectKey) async throws -> ObjectRecord {
        try requireOpen()
        let row = ObjectRowKey(bucketID: bucket.id, key: key.bytes)
        return try await caches.objects.value(of: row, costBytes: { RowCaches.costBytes(of: $0.record) }) {
            try await database.read { database in
                guard let record = try ObjectTable.find(key, inBucket: bucket.id, database) else {
                    throw try VersionTable.showsNothing(key, inBucket: bucket.id, database)
                }
                return CachedObject(record: record)
            }
        }.record
    }

    /// Opens the bytes of an object that was looked up; they stay readable whatever is written meanwhile.
    ///
    /// - Throws: `StoreFailure.bodyIsGone` if the object was overwritten or deleted since it was looked up: look it up
    ///   once more. `StoreFailure.bodyIsDamaged` if the first block, or a small body, is not what was written.
    package func read(_ record: ObjectRecord, range: Range<Int64>) async throws -> ObjectReader {
        try requireOpen()
        guard range.lowerBound >= 0, range.upperBound <= record.sizeBytes else { throw StoreFailure.rangeIsOutside }
        let sizeBytes = range.upperBound - range.lowerBound
        guard !range.isEmpty else {
            let nothing = ReadStep(chunk: ByteBuffer(), rest: nil, room: nil)
            return ObjectReader(first: nothing, sizeBytes: 0, resources: readResources)
        }
        do {
            let first = try await firstStep(of: record, range: range)
            return ObjectReader(first: first, sizeBytes: sizeBytes, resources: readResources)
        } catch {
            throw fatality.translate(error)
        }
    }

    /// A body that is a row: as it was checked when it was read before, or read and checked now.
    private func inlineBytes(of record: ObjectRecord) async throws -> ByteBuffer {
        let row = ObjectRowKey(bucketID: record.bucketID, key: record.key.bytes)
        // The number of a body is never used again, and a body never changes.
        if let cached = caches.objects.value(of: row), cached.record.body == record.body, let body = cached.body {
            return body
        }
        let body = try await database.read {
            ByteBuffer(bytes: try BodyTable.inlineBytes(record.body, record.checks, in: $0))
        }
        caches.objects.extend(row, byBytes: body.capacity) { cached in
            guard cached.record.body == record.body, cached.body == nil else { return false }
            cached.body = body
            return true
        }
        return body
    }

    private func firstStep(of record: ObjectRecord, range: Range<Int64>) async throws -> ReadStep {
        switch record.body.place {
        case .inline:
            let bytes = try await inlineBytes(of: record)
            guard let chunk = bytes.getSlice(at: Int(range.lowerBound), length: range.count) else {
                throw StoreFailure.rangeIsOutside
            }
            return ReadStep(chunk: chunk, rest: nil, room: nil)
        case .blob(let blob):
            let (room, limitBytes) = readResources.room(for: Int64(range.count))
            let (chunk, rest) = try await blobs.threads.run { [blobs] in
                try BlobReader(blob, record.checks, range: range, in: blobs).nextChunk(limitBytes: limitBytes)
            }
            return ReadStep(chunk: chunk, rest: rest, room: room)
        case .segments:
            let source = SegmentReader.Source(database: database, blobs: blobs, pin: reaper.pin(record.body.id))
            return try await readResources.step(of: SegmentReader.open(source, range: range))
        }
    }

    /// One page of the objects of a bucket, from one state of it.
    ///
    /// - Throws: `NoSuchBucket`.
    package func list(in bucket: BucketRecord, _ query: ListQuery) async throws -> ListPage {
        try requireOpen()
        return try await database.read { database in
            try BucketTable.require(bucket, in: database)
            return try ObjectListing.page(ofBucket: bucket.id, query, in: database)
        }
    }
}
