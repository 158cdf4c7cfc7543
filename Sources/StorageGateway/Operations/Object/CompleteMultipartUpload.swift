import OSSKit
import ObjectStore

/// `POST /key?uploadId=U`: makes the object of its parts, in one commit and without copying them.
///
/// Source: oss-wire fact 9; the form of `Location` is assumption A-056.
enum CompleteMultipartUpload {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        try WriteHeaders.refuseUnknownMeaning(
            call, but: WriteHeaders.callback.call, WriteHeaders.callback.variables)
        try ObjectEncryption.refuseLate(call)
        let callback = try RequestedCallback(call, operation: "CompleteMultipartUpload")
        let condition = try WriteHeaders.condition(call)
        let acl = call.header("x-oss-object-acl") == nil ? nil : try ObjectAttributes.acl(call)
        let isURLEncoded = try PageQuery.isURLEncoded(call.request.target)
        let takesAll = try takesAll(call)
        let upload = try await call.multipartUpload()
        let parts = try await parts(call, takesAll: takesAll)
        let object = try await call.store.complete(upload, parts: parts, acl: acl, condition: condition)
        let result = CompleteMultipartUploadResult(
            location: call.location(of: upload.key, in: upload.bucket.name), bucket: upload.bucket.name.text,
            key: upload.key, eTag: object.quotedETag, isURLEncoded: isURLEncoded)
        let answer = OSSAnswer(headers: object.writtenHeaders(in: upload.bucket), document: result.write())
        return try await callback?.completing(answer, of: object, call) ?? answer
    }

    /// Whether all parts are asked for by a header instead of a document.
    private static func takesAll(_ call: OSSCall) throws(OSSError) -> Bool {
        let name = "x-oss-complete-all"
        guard let asked = call.header(name) else { return false }
        guard asked.lowercased() == "yes" else {
            throw .invalidArgument(name, asked, message: "The value of x-oss-complete-all must be yes.")
        }
        return true
    }

    /// The parts of the document; nil for all.
    private static func parts(_ call: OSSCall, takesAll: Bool) async throws -> [CompletedPart]? {
        let document = try await RequestBodyReader.document(of: call)
        guard takesAll else {
            let asked = try OSSKit.CompleteMultipartUpload(document: document ?? [])
            return asked.parts.map { CompletedPart(number: $0.number, etag: $0.eTag) }
        }
        guard document == nil else {
            throw OSSError.invalidArgument(
                "x-oss-complete-all", "yes", message: "Should not speficy both complete all header and http body.",
                ec: "0042-00000216")
        }
        return nil
    }
}
