import OSSKit
import ObjectStore

/// `PUT /key?symlink`: stores a symbolic link to a key of the same bucket, which need not be there.
///
/// Source: oss-wire fact 8.8.
enum PutSymlink {
    /// The header that names the target, percent-encoded.
    static let targetHeader = "x-oss-symlink-target"

    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let key = try call.key()
        let target = try target(of: call)
        try WriteHeaders.refuseUnknownMeaning(call, but: targetHeader)
        var attributes = try ObjectAttributes(writing: call)
        let condition = try WriteHeaders.condition(call)
        let bucket = try await call.bucket()
        if call.header("x-oss-storage-class") == nil { attributes.storageClass = bucket.storageClass }
        _ = try await RequestBodyReader.document(of: call)
        let link = try await call.store.putSymlink(
            to: target, at: ObjectPlace(bucket: bucket, key: key), attributes: attributes, condition: condition)
        return OSSAnswer(headers: [("ETag", link.quotedETag)] + VersionHeaders.of(link.version, in: bucket))
    }

    private static func target(of call: OSSCall) throws(OSSError) -> ObjectKey {
        guard let text = call.header(targetHeader) else {
            throw .invalidArgument(
                targetHeader, "", message: "The header x-oss-symlink-target is missing.", ec: "0043-00000001")
        }
        guard let bytes = PercentCoding.decodePath(text.utf8) else {
            throw .invalidArgument(
                targetHeader, text, message: "The header x-oss-symlink-target is not URL-encoded.")
        }
        return try ObjectKey(bytes: bytes)
    }
}
