import OSSKit
import ObjectStore

/// `POST /?delete`: deletes up to 1,000 objects in one commit.
///
/// Source: oss-wire fact 8.7; that Content-MD5 may be absent is assumption A-008.
enum DeleteMultipleObjects {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let page = try PageQuery(call.request.target, limitEC: "0015-00000402")
        let isURLEncoded = page.isURLEncoded || call.header("encoding-type") == "url"
        let bucket = try await call.bucket()
        let reader = try RequestBodyReader(call, limitBytes: Int64(Limits.documentBytes))
        guard reader.announcedBytes != nil else { throw OSSError(.missingContentLength) }
        let request = try DeleteRequest(document: try await reader.bytes())
        if let version = request.objects.first(where: { $0.versionID != nil && $0.versionID != "null" }) {
            throw OSSError(
                .noSuchVersion, fields: [("Key", version.key.text), ("VersionId", version.versionID ?? "")])
        }
        try await RetentionRules.require(request.objects.map(\.key), in: bucket, call)
        try await call.store.delete(in: bucket, keys: request.objects.map(\.key))
        guard !request.isQuiet else { return OSSAnswer() }
        let result = DeleteResult(
            deleted: request.objects.map { DeleteResult.Deleted(key: $0.key) }, isURLEncoded: isURLEncoded)
        return OSSAnswer(document: result.write())
    }
}
