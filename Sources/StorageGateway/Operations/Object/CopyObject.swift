import OSSKit
import ObjectStore

/// `PUT /key` with `x-oss-copy-source`: a copy that shares the bytes of its source.
///
/// Source: oss-wire fact 8.5.
enum CopyObject {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let key = try call.key()
        let header = "x-oss-copy-source"
        let source = try CopySource(header: call.header(header) ?? "")
        try WriteHeaders.refuseUnknownMeaning(call)
        let attributes = try attributes(call)
        let condition = try WriteHeaders.condition(call)
        let target = try await call.bucket()
        let object = try await call.store.object(in: call.ownBucket(source.bucket), key: source.key)
        guard try ReadConditions(call, prefix: header + "-").judge(object) == .holds else {
            return ObjectRead.notModified(object)
        }
        let copy = try await call.store.copy(
            object, to: target, key: key, attributes: attributes, condition: condition)
        let result = CopyObjectResult(
            eTag: copy.quotedETag, lastModifiedMilliseconds: copy.lastModifiedMilliseconds)
        return OSSAnswer(headers: copy.writtenHeaders, document: result.write())
    }

    /// The attributes of the copy; nil keeps those of the source.
    private static func attributes(_ call: OSSCall) throws(OSSError) -> ObjectAttributes? {
        let name = "x-oss-metadata-directive"
        let directive = call.header(name) ?? "COPY"
        switch directive.uppercased() {
        case "REPLACE": return try ObjectAttributes(writing: call)
        case "COPY": break
        default:
            throw .invalidArgument(name, directive, message: "The directive must be COPY or REPLACE.")
        }
        // With COPY the metadata headers do not count, but a class or an ACL that is not kept here must not pass.
        _ = try ObjectAttributes(writing: call)
        return nil
    }
}
