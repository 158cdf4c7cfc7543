import OSSKit

extension DiskStore {
    /// Replaces the headers that are kept with an object; nothing else of it changes, its time neither.
    ///
    /// - Throws: `NoSuchVersion`; `StoreFailure.bodyIsGone` if the object was overwritten since it was looked up.
    package func setHeaders(_ headers: [AttributePair], of object: ObjectRecord, in bucket: BucketRecord) async throws {
        try await requireWritable(0)
        let texts = try AttributeText(ObjectAttributes(headers: headers))
        try await commit(weightBytes: texts.lengthBytes) { database in
            let found = try VersionTable.require(object.version.id, of: object.key, inBucket: bucket.id, database)
            guard found.former.body == object.body else { throw StoreFailure.bodyIsGone }
            try ObjectTable.setHeaders(texts, of: found.place, database)
            return Change(value: ())
        }
    }
}
