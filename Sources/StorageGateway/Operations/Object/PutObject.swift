import OSSKit
import ObjectStore

/// `PUT /key`: stores an object under a key, whole or not at all.
///
/// Source: oss-wire fact 8.1.
enum PutObject {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let key = try call.key()
        try WriteHeaders.refuseUnknownMeaning(call)
        var attributes = try ObjectAttributes(writing: call)
        let condition = try WriteHeaders.condition(call)
        let reader = try RequestBodyReader(call, limitBytes: Limits.objectBytes)
        let bucket = try await call.bucket()
        if call.header("x-oss-storage-class") == nil { attributes.storageClass = bucket.storageClass }
        let upload = try await call.store.beginUpload(expectedBytes: reader.announcedBytes, in: bucket)
        do {
            _ = try await reader.forEachChunk { try await upload.append($0) }
            let summary = try await upload.finish()
            try reader.check(summary)
            let object = try await call.store.put(
                upload, in: bucket, key: key, attributes: attributes, condition: condition)
            return OSSAnswer(
                headers: object.writtenHeaders(in: bucket) + [("Content-MD5", Base64.encode(summary.md5))])
        } catch {
            await upload.discard()
            throw error
        }
    }
}
