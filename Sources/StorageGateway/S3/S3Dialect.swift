import OSSKit

/// Requests of the S3 dialect, which are requests of OSS in other words.
///
/// A request that is signed by AWS's rules is put into OSS's words, answered by the operation of OSS, and the answer is
/// put back. Nothing is done twice: what S3 has and OSS has not is refused. Source: oss-wire fact 16.
enum S3Dialect {
    /// The operations of OSS that mean in S3 what they mean in OSS, with documents of one form.
    private static let operations: Set<String> = [
        "GetService", "PutBucket", "DeleteBucket", "GetBucketInfo", "GetBucketLocation", "GetBucketACL", "PutBucketACL",
        "ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads", "DeleteMultipleObjects",
        "PutBucketVersioning", "GetBucketVersioning", "PutObject", "CopyObject", "GetObject", "HeadObject",
        "DeleteObject", "InitiateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload",
        "AbortMultipartUpload", "ListParts", "PutObjectTagging", "GetObjectTagging", "DeleteObjectTagging",
        "PutObjectACL", "GetObjectACL", "RestoreObject",
    ]

    /// Whether a request came in this dialect.
    static func isSpoken(in call: OSSCall) -> Bool { call.requester.signature?.scheme.isOfAWS == true }

    /// Answers a call of the dialect.
    ///
    /// - Parameter answer: answers the same call in OSS's words.
    static func answer(
        _ call: OSSCall, level: ResourceLevel, _ answer: (OSSCall) async throws -> OSSAnswer
    ) async throws -> OSSAnswer {
        do {
            var translated = try S3Request(call, level: level).call
            let operation = try OperationTable.operation(for: translated.request, level: level)
            guard operations.contains(operation.name) else {
                throw OSSError(.notImplemented, fields: [("Header", operation.name)])
            }
            if ["PutBucketACL", "PutObjectACL"].contains(operation.name) {
                translated = try await withGrants(translated, level: level)
            }
            let found = try await answer(translated)
            return S3Answer.rewritten(found, of: operation.name, call)
        } catch var refusal as OSSError {
            // S3 has a condition where OSS has a ban.
            if refusal.code == .fileAlreadyExists { refusal = OSSError(.preconditionFailed) }
            refusal.headers.append(OSSError.Field(name: "x-amz-request-id", value: call.origin.requestID.description))
            guard refusal.code == .notImplemented else { throw refusal }
            // S3's status for it, by which clients know that they can do without.
            var told = ErrorAnswer.answer(
                refusal, requestID: call.origin.requestID, hostID: call.request.host,
                isHead: call.request.method == "HEAD")
            told.status = 501
            return told
        }
    }

    /// A call that sets an ACL by a document, with the word of OSS that means the same.
    ///
    /// - Throws: `NotImplemented` for grants that no word of OSS means.
    private static func withGrants(_ call: OSSCall, level: ResourceLevel) async throws -> OSSCall {
        let name = level == .object ? "x-oss-object-acl" : "x-oss-acl"
        guard call.header(name) == nil, let document = try await RequestBodyReader.document(of: call) else {
            return call
        }
        let root = try XMLReader.read(document, root: "AccessControlPolicy")
        guard let word = S3Document.cannedACL(of: root, ownerID: call.requester.ownerID) else {
            throw OSSError(.notImplemented, fields: [("Header", "AccessControlPolicy")])
        }
        let request = call.request
        return call.replacing(
            request: WireRequest(
                method: request.method, scheme: request.scheme, host: request.host, target: request.target,
                headers: request.headers + [WireHeader(name, word)]))
    }
}
