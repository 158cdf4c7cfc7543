import OSSKit

extension DiskStore {
    /// Stores a finished upload that comes from elsewhere, with the time at which it was written there.
    ///
    /// Source: assumption A-071.
    /// - Throws: as `put`.
    package func importObject(
        _ upload: ObjectUpload, at place: ObjectPlace, attributes: ObjectAttributes, writtenAtMilliseconds time: Int64
    ) async throws -> ObjectRecord {
        let body = try await upload.takeBody()
        let texts = try AttributeText(attributes)
        // The row says when the bytes were written elsewhere.
        let then = StoreEnvironment(
            now: { time }, randomBytes: environment.randomBytes, onFatal: environment.onFatal)
        return try await commit(naming: body, weightBytes: texts.lengthBytes) { database, insertBody in
            let turn = try place.requireWritable(WriteCondition(), then, in: database)
            let content = ObjectContent(
                type: .normal, sizeBytes: body.summary.sizeBytes, entityTag: .md5(body.summary.md5),
                crc64: body.summary.crc64, body: try insertBody())
            return try turn.write(content, attributes, texts, in: database)
        }
    }
}
