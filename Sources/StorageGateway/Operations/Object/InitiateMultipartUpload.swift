import OSSKit
import ObjectStore

/// `POST /key?uploads`: begins an upload in parts; what its headers say becomes true of the object at the end.
///
/// Source: oss-wire fact 9.
enum InitiateMultipartUpload {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let key = try call.key()
        try WriteHeaders.refuseUnknownMeaning(call)
        var attributes = try ObjectAttributes(writing: call)
        let condition = try WriteHeaders.condition(call)
        let isURLEncoded = try PageQuery.isURLEncoded(call.request.target)
        let bucket = try await call.bucket()
        if call.header("x-oss-storage-class") == nil { attributes.storageClass = bucket.storageClass }
        _ = try await RequestBodyReader.document(of: call)
        let upload = try await call.store.initiateUpload(
            in: bucket, key: key, attributes: attributes, condition: condition)
        let result = InitiateMultipartUploadResult(
            bucket: bucket.name.text, key: key, uploadID: upload.id, isURLEncoded: isURLEncoded)
        return OSSAnswer(headers: attributes.encryptionHeaders, document: result.write())
    }
}
