import OSSKit
import ObjectStore

/// `PUT /key`: stores an object under a key, whole or not at all.
///
/// Source: oss-wire fact 8.1.
enum PutObject {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let key = try call.key()
        try WriteHeaders.refuseUnknownMeaning(
            call, but: WriteHeaders.callback.call, WriteHeaders.callback.variables)
        let callback = try RequestedCallback(call, operation: "PutObject")
        var attributes = try ObjectAttributes(writing: call)
        let condition = try WriteHeaders.condition(call)
        let reader = try RequestBodyReader(call, limitBytes: Limits.objectBytes)
        let bucket = try await call.bucket()
        try await attributes.complete(call, in: bucket)
        let upload = try await call.store.beginUpload(expectedBytes: reader.announcedBytes, in: bucket)
        do {
            _ = try await reader.forEachChunk { try await upload.append($0) }
            let summary = try await upload.finish()
            try reader.check(summary)
            let object = try await call.store.put(
                upload, in: bucket, key: key, attributes: attributes, condition: condition)
            let answer = OSSAnswer(
                headers: object.writtenHeaders(in: bucket) + [("Content-MD5", Base64.encode(summary.md5))])
            return try await callback?.completing(answer, of: object, call) ?? answer
        } catch {
            await upload.discard()
            throw error
        }
    }
}
