import Foundation
import GRDB
import OSSKit

extension DiskStore {
    /// Replaces the headers that are kept with an object; nothing else of it changes, its time neither.
    ///
    /// - Throws: `NoSuchKey`; `StoreFailure.bodyIsGone` if the object was overwritten since it was looked up.
    package func setHeaders(_ headers: [AttributePair], of object: ObjectRecord, in bucket: BucketRecord) async throws {
        try await requireWritable(0)
        let texts = try AttributeText(ObjectAttributes(headers: headers))
        try await commit(weightBytes: texts.lengthBytes) { database in
            try object.requireUnchanged(in: database)
            let statement = try database.cachedStatement(
                sql: "UPDATE objects SET headers = ? WHERE bucket_id = ? AND key = ? AND body_id = ?")
            try statement.execute(
                arguments: [texts.headers, bucket.id, Data(object.key.bytes), object.body.id])
            return Change(value: ())
        }
    }
}
