import OSSKit

extension DiskStore {
    /// How many random bytes the ID of an upload is made of.
    private static let uploadIDBytes = 16

    /// Begins an upload in parts; nothing is visible under the key before `complete`.
    ///
    /// - Throws: `NoSuchBucket`, `FileAlreadyExists` as the condition asks.
    package func initiateUpload(
        in bucket: BucketRecord, key: ObjectKey, attributes: ObjectAttributes,
        condition: WriteCondition = WriteCondition()
    ) async throws -> MultipartUpload {
        try await requireWritable(0)
        let place = ObjectPlace(bucket: bucket, key: key)
        let id = try UploadID(Hexadecimal.upper(environment.randomBytes(Self.uploadIDBytes)))
        let (texts, environment) = (try AttributeText(attributes), environment)
        return try await commit(weightBytes: texts.lengthBytes) { database in
            _ = try place.requireWritable(condition, environment, in: database)
            return Change(
                value: try UploadTable.insert(
                    id, at: place, attributes, texts: texts, atMilliseconds: environment.now(), in: database))
        }
    }

    /// Looks an upload up.
    ///
    /// - Throws: `NoSuchUpload`.
    package func multipartUpload(
        _ id: UploadID, in bucket: BucketRecord, key: ObjectKey
    ) async throws -> MultipartUpload {
        try requireOpen()
        return try await database.read { database in
            try UploadTable.find(id, at: ObjectPlace(bucket: bucket, key: key), in: database)
        }
    }

    /// Stores a finished upload of bytes as a part, in the place of the part that has its number.
    ///
    /// Whatever is thrown, the upload of the bytes is over and they are gone.
    /// - Throws: `NoSuchUpload` if the upload in parts has ended meanwhile.
    package func putPart(
        _ upload: ObjectUpload, number: PartNumber, of multipart: MultipartUpload
    ) async throws -> PartRecord {
        let body = try await upload.takeBody()
        let now = environment.now
        return try await commit(naming: body, weightBytes: 0) { database, insertBody in
            try UploadTable.require(multipart, in: database)
            let part = PartRecord(
                number: number, sizeBytes: body.summary.sizeBytes, md5: body.summary.md5, crc64: body.summary.crc64,
                lastModifiedMilliseconds: now(), body: try insertBody())
            var change = Change(value: part)
            try PartTable.write(part, of: multipart, &change.leftovers, in: database)
            return change
        }
    }

    /// Stores bytes of an object as a part.
    ///
    /// They are shared if it is the whole of an object that lies in one piece, and copied if not.
    /// - Throws: `NoSuchUpload`, `NoSuchKey` or `StoreFailure.bodyIsGone` if the source changed meanwhile.
    package func copyPart(
        _ source: ObjectRecord, range: Range<Int64>, number: PartNumber, of multipart: MultipartUpload
    ) async throws -> PartRecord {
        if let md5 = source.entityTag.md5, source.body.place != .segments, range == 0..<source.sizeBytes {
            return try await sharePart(source, md5: md5, number: number, of: multipart)
        }
        let upload = try await beginUpload(expectedBytes: Int64(range.count), in: multipart.bucket)
        do {
            for try await chunk in try await read(source, range: range) {
                try await upload.append(chunk)
            }
            _ = try await upload.finish()
        } catch {
            await upload.discard()
            throw error
        }
        return try await putPart(upload, number: number, of: multipart)
    }

    private func sharePart(
        _ source: ObjectRecord, md5: [UInt8], number: PartNumber, of multipart: MultipartUpload
    ) async throws -> PartRecord {
        try await requireWritable(0)
        let now = environment.now
        return try await commit { database in
            try UploadTable.require(multipart, in: database)
            try source.requireUnchanged(in: database)
            try BodyTable.retain(source.body, in: database)
            let part = PartRecord(
                number: number, sizeBytes: source.sizeBytes, md5: md5, crc64: source.crc64,
                lastModifiedMilliseconds: now(), body: source.body)
            var change = Change(value: part)
            try PartTable.write(part, of: multipart, &change.leftovers, in: database)
            return change
        }
    }

    /// Makes an object of the parts of an upload, in the place of the object that has the key, and ends the upload.
    ///
    /// No byte is copied: the object's body is the list of the parts'.
    /// - Parameters:
    ///   - parts: the parts to take, in ascending order; nil takes all. Others are removed.
    ///   - acl: the object's ACL; nil takes the one of the upload's beginning.
    /// - Throws: `NoSuchUpload`, `InvalidPart`, `EntityTooSmall`, `FileAlreadyExists` as the condition asks. The upload
    ///   goes on then.
    package func complete(
        _ upload: MultipartUpload, parts: [CompletedPart]?, acl: String? = nil,
        condition: WriteCondition = WriteCondition()
    ) async throws -> ObjectRecord {
        try await requireWritable(0)
        var attributes = upload.attributes
        if let acl { attributes.acl = acl }
        let (texts, environment) = (try AttributeText(attributes), environment)
        let weightBytes = texts.lengthBytes + (parts?.count ?? 0) * MultipartCompletion.weightBytesOfPart
        return try await commit(weightBytes: weightBytes) { [attributes] database in
            try UploadTable.require(upload, in: database)
            let completion = try MultipartCompletion(of: upload, asked: parts, in: database)
            let turn = try upload.place.requireWritable(condition, environment, in: database)
            let content = try completion.assemble(in: database)
            // The parts are no longer charged when the object is.
            try UploadTable.delete(upload, in: database)
            var change = try turn.write(content, attributes, texts, in: database)
            try completion.clearParts(&change.leftovers, in: database)
            return change
        }
    }

    /// Ends an upload and removes its parts.
    ///
    /// - Throws: `NoSuchUpload`.
    package func abort(_ upload: MultipartUpload) async throws {
        try requireOpen()
        try await commit(freesRoom: true) { database in
            try UploadTable.require(upload, in: database)
            try UploadTable.delete(upload, in: database)
            let release = try ReleaseTable.insert(.parts(upload.number), in: database)
            return Change(value: (), leftovers: Leftovers(releases: [release]))
        }
    }

    /// A page of the parts that an upload has, behind a number; 0 is before the first.
    ///
    /// - Throws: `NoSuchUpload`.
    package func parts(of upload: MultipartUpload, after number: Int = 0, limit: Int) async throws -> PartPage {
        try requireOpen()
        let limit = min(max(limit, 1), PartNumber.range.upperBound)
        return try await database.read { database in
            try UploadTable.require(upload, in: database)
            let parts = try PartTable.page(ofUpload: upload.number, after: number, limit: limit + 1, in: database)
            return PartPage(parts: Array(parts.prefix(limit)), isTruncated: parts.count > limit)
        }
    }

    /// A page of the uploads of a bucket that have not ended.
    ///
    /// - Throws: `NoSuchBucket`.
    package func multipartUploads(in bucket: BucketRecord, _ query: UploadQuery) async throws -> UploadPage {
        try requireOpen()
        return try await database.read { database in
            try BucketTable.require(bucket, in: database)
            return try UploadListing.page(of: bucket, query, in: database)
        }
    }
}
