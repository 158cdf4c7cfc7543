import OSSKit

/// Every operation that is served, and the choice of one for a request.
package enum OperationTable {
    /// Parameters that every upload of bytes understands.
    private static let uploadParameters: Set<String> = ["callback", "callback-var", TrafficLimit.name]

    /// The rows: an operation is one file and one line here.
    static let rows: [Operation] = basicRows + configurationRows

    private static let basicRows: [Operation] = [
        Operation("GetService", "GET", .service, parameters: ["regionList"], answer: GetService.answer),
        Operation("PutBucket", "PUT", .bucket, answer: PutBucket.answer),
        Operation("DeleteBucket", "DELETE", .bucket, answer: DeleteBucket.answer),
        Operation("GetBucketInfo", "GET", .bucket, selectors: ["bucketInfo"], answer: GetBucketInfo.answer),
        Operation("GetBucketLocation", "GET", .bucket, selectors: ["location"], answer: GetBucketLocation.answer),
        Operation("ListObjects", "GET", .bucket, answer: ListObjects.answer),
        Operation(
            "ListObjectsV2", "GET", .bucket, selectors: ["list-type"], parameters: ["continuation-token"],
            answer: ListObjectsV2.answer),
        Operation(
            "DeleteMultipleObjects", "POST", .bucket, selectors: ["delete"], answer: DeleteMultipleObjects.answer),
        Operation("PutObject", "PUT", .object, parameters: uploadParameters, isQuick: true, answer: PutObject.answer),
        Operation("CopyObject", "PUT", .object, header: "x-oss-copy-source", isQuick: true, answer: CopyObject.answer),
        Operation(
            "GetObject", "GET", .object, parameters: GetObject.overrides.union(["versionId", TrafficLimit.name]),
            isQuick: true, answer: GetObject.answer),
        Operation("HeadObject", "HEAD", .object, parameters: ["versionId"], isQuick: true, answer: HeadObject.answer),
        Operation(
            "GetObjectMeta", "HEAD", .object, selectors: ["objectMeta"], parameters: ["versionId"],
            isQuick: true, answer: GetObjectMeta.answer),
        Operation(
            "GetObjectMeta", "GET", .object, selectors: ["objectMeta"], parameters: ["versionId"],
            isQuick: true, answer: GetObjectMeta.answer),
        Operation(
            "DeleteObject", "DELETE", .object, parameters: ["versionId", "symlink"], isQuick: true,
            answer: DeleteObject.answer),
        Operation(
            "InitiateMultipartUpload", "POST", .object, selectors: ["uploads"], parameters: ["sequential"],
            isQuick: true, answer: InitiateMultipartUpload.answer),
        Operation(
            "UploadPart", "PUT", .object, selectors: ["uploadId"], parameters: ["partNumber", TrafficLimit.name],
            isQuick: true, answer: UploadPart.answer),
        Operation(
            "UploadPartCopy", "PUT", .object, selectors: ["uploadId"], header: "x-oss-copy-source",
            parameters: ["partNumber", "versionId"], answer: UploadPartCopy.answer),
        Operation(
            "CompleteMultipartUpload", "POST", .object, selectors: ["uploadId"],
            parameters: ["callback", "callback-var"], answer: CompleteMultipartUpload.answer),
        Operation(
            "AbortMultipartUpload", "DELETE", .object, selectors: ["uploadId"], isQuick: true,
            answer: AbortMultipartUpload.answer),
        Operation("ListParts", "GET", .object, selectors: ["uploadId"], answer: ListParts.answer),
        Operation(
            "ListMultipartUploads", "GET", .bucket, selectors: ["uploads"], answer: ListMultipartUploads.answer),
        Operation(
            "AppendObject", "POST", .object, selectors: ["append"], parameters: ["position", TrafficLimit.name],
            isQuick: true, answer: AppendObject.answer),
        Operation(
            "PutObjectTagging", "PUT", .object, selectors: ["tagging"], parameters: ["versionId"],
            answer: PutObjectTagging.answer),
        Operation(
            "GetObjectTagging", "GET", .object, selectors: ["tagging"], parameters: ["versionId"],
            isQuick: true, answer: GetObjectTagging.answer),
        Operation(
            "DeleteObjectTagging", "DELETE", .object, selectors: ["tagging"], parameters: ["versionId"],
            isQuick: true, answer: DeleteObjectTagging.answer),
        Operation(
            "PutObjectACL", "PUT", .object, selectors: ["acl"], parameters: ["versionId"],
            isQuick: true, answer: PutObjectACL.answer),
        Operation(
            "GetObjectACL", "GET", .object, selectors: ["acl"], parameters: ["versionId"],
            isQuick: true, answer: GetObjectACL.answer),
        Operation("PutSymlink", "PUT", .object, selectors: ["symlink"], isQuick: true, answer: PutSymlink.answer),
        Operation(
            "GetSymlink", "GET", .object, selectors: ["symlink"], parameters: ["versionId"],
            isQuick: true, answer: GetSymlink.answer),
        Operation(
            "RestoreObject", "POST", .object, selectors: ["restore"], parameters: ["versionId"],
            answer: RestoreObject.answer),
        Operation(
            "CleanRestoredObject", "POST", .object, selectors: ["cleanRestoredObject"], parameters: ["versionId"],
            answer: CleanRestoredObject.answer),
        Operation("PutBucketACL", "PUT", .bucket, selectors: ["acl"], answer: PutBucketACL.answer),
        Operation("GetBucketACL", "GET", .bucket, selectors: ["acl"], answer: GetBucketACL.answer),
        Operation(
            "PutBucketVersioning", "PUT", .bucket, selectors: ["versioning"], answer: PutBucketVersioning.answer),
        Operation(
            "GetBucketVersioning", "GET", .bucket, selectors: ["versioning"], answer: GetBucketVersioning.answer),
        Operation("ListObjectVersions", "GET", .bucket, selectors: ["versions"], answer: ListObjectVersions.answer),
    ]

    /// A row as documents and tests see it.
    package struct Route: Sendable {
        /// OSS's name of the operation.
        package let name: String
        /// The HTTP method.
        package let method: String
        /// What the operation acts on.
        package let level: ResourceLevel
        /// The parameters that select it.
        package let selectors: [String]
        /// The header that selects it; nil if none does.
        package let selectingHeader: String?
        /// OSS's name of the right that it needs; nil if nobody has said which one it is.
        package let action: String?
    }

    /// All rows.
    package static var routes: [Route] {
        rows.map { row in
            Route(
                name: row.name, method: row.method, level: row.level, selectors: row.selectors,
                selectingHeader: row.selectingHeader,
                action: OperationAccess.isKnown(row.name) ? row.access.action : nil)
        }
    }

    /// The name of the operation that a request asks for.
    ///
    /// - Throws: `NotImplemented` or `MethodNotAllowed`.
    package static func name(for request: WireRequest, level: ResourceLevel) throws(OSSError) -> String {
        try operation(for: request, level: level).name
    }

    /// Whether the operation that a request asks for is answered on the connection's event loop.
    ///
    /// - Throws: `NotImplemented` or `MethodNotAllowed`.
    package static func isQuick(_ request: WireRequest, level: ResourceLevel) throws(OSSError) -> Bool {
        try operation(for: request, level: level).isQuick
    }

    /// Parameters that select an operation although OSS's V1 signature does not cover them.
    private static let unsignedSelectors: Set<String> = [
        "list-type", "regions", "accessmonitor", "rule-id", "quota", "metadataConfiguration",
    ]

    /// The operation that a request asks for.
    ///
    /// A parameter that selects or changes an operation of OSS, and that no row of ours understands, is a refusal: the
    /// request never passes for a simpler one.
    /// - Throws: `NotImplemented` or `MethodNotAllowed`.
    static func operation(for request: WireRequest, level: ResourceLevel) throws(OSSError) -> Operation {
        let candidates = index[Place(method: request.method, level: level)] ?? []
        let found = candidates.first { $0.matches(method: request.method, level: level, request: request) }
        guard let operation = found else { throw refusal(of: request, level: level) }
        for item in request.target.query where isReserved(item, in: request) {
            guard operation.understands(item) else { throw notImplemented(item.name) }
        }
        return operation
    }

    /// Where rows are looked for.
    private struct Place: Hashable {
        let method: String
        let level: ResourceLevel
    }

    /// The rows by method and level, the most specific ones first, so that the first that matches is meant.
    private static let index: [Place: [Operation]] = Dictionary(grouping: rows) {
        Place(method: $0.method, level: $0.level)
    }.mapValues { rows in rows.sorted { $0.specificity > $1.specificity } }

    /// Whether a parameter means something to OSS beyond listing and authentication.
    static func isReserved(_ item: QueryItem, in request: WireRequest) -> Bool {
        if RequestAuthentication.isPart(item) { return false }
        // Whoever pays, it is not this server's business.
        if item.isNamed("x-oss-request-payer") { return false }
        if Subresources.contains(item) { return true }
        if unsignedSelectors.contains(where: { item.isNamed($0) }) { return true }
        // A bare name that is unknown may be an operation of tomorrow: nothing is written on its behalf.
        return request.method != "GET" && request.method != "HEAD" && item.isValueEmpty
            && !listParameters.contains(where: { item.isNamed($0) })
    }

    private static let listParameters: Set<String> = ["encoding-type"]

    private static func refusal(of request: WireRequest, level: ResourceLevel) -> OSSError {
        if let reserved = request.target.query.first(where: { isReserved($0, in: request) }) {
            return notImplemented(reserved.name)
        }
        // Preflights are operations of OSS that are not there yet.
        if request.method == "OPTIONS" {
            return OSSError(.notImplemented, fields: [("Header", request.method)])
        }
        let allowed = Set(rows.filter { $0.level == level && $0.selectors.isEmpty }.map(\.method)).sorted()
        return OSSError(
            .methodNotAllowed, fields: [("Method", request.method), ("ResourceType", level.rawValue)],
            headers: [("Allow", allowed.joined(separator: ", "))])
    }

    private static func notImplemented(_ parameter: String) -> OSSError {
        OSSError(
            .notImplemented, message: "The parameter you provided implies functionality that is not implemented.",
            fields: [("Header", parameter)])
    }
}
