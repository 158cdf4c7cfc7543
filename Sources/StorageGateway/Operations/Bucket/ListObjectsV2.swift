import OSSKit
import ObjectStore

/// `GET /?list-type=2` on a bucket: its objects, with tokens in place of markers.
///
/// Source: oss-wire fact 11.3.
enum ListObjectsV2 {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let target = call.request.target
        guard let type = target.value(of: "list-type"), type == "2" else {
            throw OSSError.invalidArgument(
                "list-type", target.value(of: "list-type") ?? "", message: "The list-type must be 2.")
        }
        let page = try PageQuery(target, limitEC: "0015-00000402")
        let token = target.value(of: "continuation-token").flatMap { $0.isEmpty ? nil : $0 }
        let startAfter = target.first("start-after")?.valueBytes ?? []
        let bucket = try await call.bucket()
        let after = try token.map(ContinuationToken.read) ?? startAfter
        let query = ListQuery(
            prefix: target.first("prefix")?.valueBytes ?? [], delimiter: target.first("delimiter")?.valueBytes ?? [],
            after: after.isEmpty ? nil : after, limit: page.limit)
        let found = try await call.store.list(in: bucket, query)
        let owner = target.value(of: "fetch-owner")?.lowercased() == "true" ? call.owner : nil
        let result = ListBucketResult(
            question: ListBucketResult.Question(
                bucket: bucket.name.text, prefix: target.value(of: "prefix") ?? "",
                delimiter: target.value(of: "delimiter"), maxKeys: page.limit, isURLEncoded: page.isURLEncoded),
            paging: .tokens(
                startAfter: target.value(of: "start-after"), continuation: token,
                next: found.next.map(ContinuationToken.write)),
            objects: found.entries.map { ListBucketResult.Object($0, owner: owner) },
            commonPrefixes: found.commonPrefixes.map { String(decoding: $0, as: UTF8.self) })
        return OSSAnswer(document: result.write())
    }
}

/// Where a list goes on: the last key or common prefix in lower-case hexadecimal digits.
///
/// Tokens are opaque to clients; hexadecimal digits pass through every encoding that clients apply to them.
enum ContinuationToken {
    /// The token of a position.
    static func write(_ position: [UInt8]) -> String { Hexadecimal.lower(position) }

    /// The position of a token.
    ///
    /// - Throws: `InvalidArgument` for a text that no list of ours returned.
    static func read(_ token: String) throws(OSSError) -> [UInt8] {
        guard let position = Hexadecimal.decode(token), !position.isEmpty else {
            throw .invalidArgument("continuation-token", token, message: "The continuation token is not valid.")
        }
        return position
    }
}
