import OSSKit

/// `GET /?accessPoint`: the access points of a bucket or of all buckets, of which there are none.
///
/// A header that names one of them asks for what is not here. Source: oss-wire fact 11.6.
enum ListAccessPoints {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let name = "x-oss-access-point-name"
        guard call.header(name) == nil else { throw OSSError(.notImplemented, fields: [("Header", name)]) }
        let limit = try PageQuery(call.request.target, limit: PageQuery.LimitParameter()).limit
        if call.resource.bucket != nil { _ = try await call.bucket() }
        let list = XMLElement(
            "ListAccessPointsResult",
            children: [
                XMLElement("IsTruncated", text: "false"), XMLElement("MaxKeys", text: String(limit)),
                XMLElement("AccountId", text: call.requester.ownerID), XMLElement("AccessPoints"),
            ])
        return OSSAnswer(document: list.document())
    }
}
