import OSSKit
import ObjectStore

/// `PUT /key?partNumber=N&uploadId=U`: stores a part, in the place of the one that has its number.
///
/// Source: oss-wire fact 9.
enum UploadPart {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let number = try call.partNumber()
        try WriteHeaders.refuseUnknownMeaning(call)
        try ObjectEncryption.refuseLate(call)
        let reader = try RequestBodyReader(call, limitBytes: Limits.objectBytes)
        let multipart = try await call.multipartUpload()
        let upload = try await call.store.beginUpload(
            expectedBytes: reader.announcedBytes, in: multipart.bucket)
        do {
            _ = try await reader.forEachChunk { try await upload.append($0) }
            try reader.check(try await upload.finish())
            let part = try await call.store.putPart(upload, number: number, of: multipart)
            let headers = [
                ("ETag", part.quotedETag), ("x-oss-hash-crc64ecma", String(part.crc64)),
                ("Content-MD5", Base64.encode(part.md5)),
            ]
            return OSSAnswer(headers: headers + multipart.attributes.encryptionHeaders)
        } catch {
            await upload.discard()
            throw error
        }
    }
}

extension PartRecord {
    /// The value of `ETag`, in its quotes.
    var quotedETag: String { "\"\(etag)\"" }
}
