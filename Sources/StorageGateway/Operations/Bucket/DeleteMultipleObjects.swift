import OSSKit
import ObjectStore

/// `POST /?delete`: deletes up to 1,000 objects, or versions of them, in one commit.
///
/// Source: oss-wire facts 8.7 and 10; that Content-MD5 may be absent is assumption A-008.
enum DeleteMultipleObjects {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let page = try PageQuery(call.request.target, limitEC: "0015-00000402")
        let isURLEncoded = page.isURLEncoded || call.header("encoding-type") == "url"
        let bucket = try await call.bucket()
        let reader = try RequestBodyReader(call, limitBytes: Int64(Limits.documentBytes))
        guard reader.announcedBytes != nil else { throw OSSError(.missingContentLength) }
        let request = try DeleteRequest(document: try await reader.bytes())
        let deletions = try request.objects.map { object in
            Deletion(key: object.key, version: try object.versionID.map { try VersionID($0) })
        }
        try await call.access.require(deletions, in: bucket)
        let outcomes = try await call.store.delete(in: bucket, deletions)
        guard !request.isQuiet else { return OSSAnswer() }
        let deleted = zip(deletions, outcomes).map { deletion, outcome in
            DeleteResult.Deleted(
                key: deletion.key, versionID: deletion.version?.text,
                deleteMarkerVersionID: outcome.isDeleteMarker ? outcome.version?.text : nil)
        }
        let result = DeleteResult(deleted: deleted, isURLEncoded: isURLEncoded)
        return OSSAnswer(document: result.write())
    }
}
