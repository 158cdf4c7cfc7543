import NIOCore
import OSSKit

extension DiskStore {
    /// Looks an object up.
    ///
    /// - Throws: `NoSuchKey`.
    package func object(in bucket: BucketRecord, key: ObjectKey) async throws -> ObjectRecord {
        try requireOpen()
        return try await database.read { database in
            guard let record = try ObjectTable.find(key, inBucket: bucket.id, database) else {
                throw DiskStore.noSuchKey(key)
            }
            return record
        }
    }

    /// Opens the bytes of an object that was looked up; they stay readable whatever is written meanwhile.
    ///
    /// - Throws: `StoreFailure.bodyIsGone` if the object was overwritten or deleted since it was looked up: look it up
    ///   once more. `StoreFailure.bodyIsDamaged` if the first block, or a small body, is not what was written.
    package func read(_ record: ObjectRecord, range: Range<Int64>) async throws -> ObjectReader {
        try requireOpen()
        guard range.lowerBound >= 0, range.upperBound <= record.sizeBytes else { throw StoreFailure.rangeIsOutside }
        let sizeBytes = range.upperBound - range.lowerBound
        guard !range.isEmpty else { return ObjectReader(first: ByteBuffer(), rest: nil, sizeBytes: 0) }
        guard let blob = record.body.blob else {
            let bytes = try await database.read { try BodyTable.inlineBytes(of: record, in: $0) }
            let slice = bytes.dropFirst(Int(range.lowerBound)).prefix(Int(sizeBytes))
            return ObjectReader(first: ByteBuffer(bytes: slice), rest: nil, sizeBytes: sizeBytes)
        }
        let (blobs, fatality) = (blobs, fatality)
        do {
            let (first, rest) = try await blobs.threads.run {
                try BlobReader(blob, of: record, range: range, in: blobs).nextChunk()
            }
            return ObjectReader(first: first, rest: rest, sizeBytes: sizeBytes)
        } catch {
            throw fatality.translate(error)
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
