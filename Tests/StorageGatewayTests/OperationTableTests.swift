import OSSKit
import StorageGateway
import Testing

/// A request never passes for a simpler one: the whole product of sub-resource, method and level is tried.
@Suite struct OperationTableTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let method: String
        let level: ResourceLevel
        let query: String
        let name: String
        var headers: [WireHeader] = []

        var testDescription: String { "\(method) \(level.rawValue) ?\(query)" }
    }

    private static func request(_ method: String, _ query: String, _ headers: [WireHeader] = []) throws -> WireRequest {
        WireRequest(
            method: method, scheme: "http", host: "127.0.0.1",
            target: try RequestTarget(query.isEmpty ? "/" : "/?\(query)"), headers: headers)
    }

    private static let operations: [Case] = [
        Case(method: "GET", level: .service, query: "", name: "GetService"),
        Case(method: "GET", level: .service, query: "prefix=a&marker=b&max-keys=3", name: "GetService"),
        Case(method: "PUT", level: .bucket, query: "", name: "PutBucket"),
        Case(method: "DELETE", level: .bucket, query: "", name: "DeleteBucket"),
        Case(method: "GET", level: .bucket, query: "bucketInfo", name: "GetBucketInfo"),
        Case(method: "GET", level: .bucket, query: "bucketInfo=", name: "GetBucketInfo"),
        Case(method: "GET", level: .bucket, query: "location", name: "GetBucketLocation"),
        Case(method: "GET", level: .bucket, query: "", name: "ListObjects"),
        Case(method: "GET", level: .bucket, query: "prefix=&delimiter=&marker=", name: "ListObjects"),
        Case(method: "GET", level: .bucket, query: "list-type=2&continuation-token=61", name: "ListObjectsV2"),
        Case(method: "POST", level: .bucket, query: "delete&encoding-type=url", name: "DeleteMultipleObjects"),
        Case(method: "PUT", level: .object, query: "", name: "PutObject"),
        Case(
            method: "PUT", level: .object, query: "", name: "CopyObject",
            headers: [WireHeader("X-Oss-Copy-Source", "/b/k")]),
        Case(method: "GET", level: .object, query: "response-content-type=a", name: "GetObject"),
        Case(method: "GET", level: .object, query: "unknown=1", name: "GetObject"),
        Case(method: "GET", level: .object, query: "objectMeta", name: "GetObjectMeta"),
        Case(method: "HEAD", level: .object, query: "", name: "HeadObject"),
        Case(method: "HEAD", level: .object, query: "objectMeta", name: "GetObjectMeta"),
        Case(method: "DELETE", level: .object, query: "", name: "DeleteObject"),
        Case(method: "POST", level: .object, query: "uploads", name: "InitiateMultipartUpload"),
        Case(method: "POST", level: .object, query: "uploads=&encoding-type=url", name: "InitiateMultipartUpload"),
        Case(method: "PUT", level: .object, query: "uploadId=A&partNumber=1", name: "UploadPart"),
        Case(method: "PUT", level: .object, query: "uploadId=A", name: "UploadPart"),
        Case(
            method: "PUT", level: .object, query: "partNumber=1&uploadId=A", name: "UploadPartCopy",
            headers: [WireHeader("x-oss-copy-source", "/b/k")]),
        Case(method: "POST", level: .object, query: "uploadId=A", name: "CompleteMultipartUpload"),
        Case(method: "DELETE", level: .object, query: "uploadId=A", name: "AbortMultipartUpload"),
        Case(method: "GET", level: .object, query: "uploadId=A&max-parts=2", name: "ListParts"),
        Case(method: "GET", level: .bucket, query: "uploads", name: "ListMultipartUploads"),
        Case(method: "POST", level: .object, query: "append&position=0", name: "AppendObject"),
        Case(method: "PUT", level: .object, query: "tagging", name: "PutObjectTagging"),
        Case(method: "GET", level: .object, query: "tagging&versionId=null", name: "GetObjectTagging"),
        Case(method: "DELETE", level: .object, query: "tagging=", name: "DeleteObjectTagging"),
        Case(method: "PUT", level: .object, query: "acl", name: "PutObjectACL"),
        Case(method: "GET", level: .object, query: "acl=", name: "GetObjectACL"),
        Case(method: "PUT", level: .object, query: "symlink", name: "PutSymlink"),
        Case(method: "GET", level: .object, query: "symlink=", name: "GetSymlink"),
        Case(method: "PUT", level: .bucket, query: "acl=", name: "PutBucketACL"),
        Case(method: "GET", level: .bucket, query: "acl", name: "GetBucketACL"),
        Case(method: "PUT", level: .bucket, query: "versioning", name: "PutBucketVersioning"),
        Case(method: "GET", level: .bucket, query: "versioning=", name: "GetBucketVersioning"),
        Case(
            method: "GET", level: .bucket, query: "versions&key-marker=a&version-id-marker=null",
            name: "ListObjectVersions"),
        Case(method: "GET", level: .bucket, query: "uploads=&key-marker=a&max-uploads=1", name: "ListMultipartUploads"),
    ]

    @Test(arguments: operations)
    func everyOperationIsFound(_ row: Case) throws {
        let found = try OperationTable.name(
            for: Self.request(row.method, row.query, row.headers), level: row.level)
        #expect(found == row.name)
    }

    /// What neither reads nor writes documents of many lines, nor copies bytes from disk to disk: nothing else may hold up
    /// the other connections of an event loop.
    private static let quick: Set<String> = [
        "PutObject", "CopyObject", "GetObject", "HeadObject", "GetObjectMeta", "DeleteObject",
        "InitiateMultipartUpload", "UploadPart", "AbortMultipartUpload", "AppendObject", "GetObjectTagging",
        "DeleteObjectTagging", "PutObjectACL", "GetObjectACL", "PutSymlink", "GetSymlink",
    ]

    @Test(arguments: operations)
    func whatTakesLongIsNotAnsweredOnTheEventLoop(_ row: Case) throws {
        let found = try OperationTable.isQuick(
            Self.request(row.method, row.query, row.headers), level: row.level)
        #expect(found == Self.quick.contains(row.name))
    }

    /// What each sub-resource may select; everything else of the product must be refused.
    private static let served: Set<String> = [
        "GET Bucket bucketInfo", "GET Bucket location", "POST Bucket delete", "GET Object objectMeta",
        "HEAD Object objectMeta", "GET Bucket list-type", "GET Object versionId", "HEAD Object versionId",
        "DELETE Object versionId", "GET Object response-content-type", "GET Object response-content-language",
        "GET Object response-expires", "GET Object response-cache-control", "GET Object response-content-disposition",
        "GET Object response-content-encoding", "POST Object uploads", "PUT Object uploadId", "POST Object uploadId",
        "DELETE Object uploadId", "GET Object uploadId", "GET Bucket uploads", "POST Object append",
        "PUT Object tagging", "GET Object tagging", "DELETE Object tagging", "PUT Object acl", "GET Object acl",
        "PUT Bucket acl", "GET Bucket acl", "PUT Object symlink", "GET Object symlink", "PUT Bucket versioning",
        "GET Bucket versioning", "GET Bucket versions", "DELETE Object symlink",
    ]

    @Test(arguments: ["GET", "PUT", "POST", "DELETE", "HEAD"], [ResourceLevel.service, .bucket, .object])
    func aSubResourceThatIsNotServedIsRefused(_ method: String, level: ResourceLevel) throws {
        for name in Subresources.list + ["x-oss-process", "x-oss-unknown", "list-type", "regions"] {
            guard !Self.served.contains("\(method) \(level.rawValue) \(name)") else { continue }
            // The token of temporary credentials selects nothing.
            guard name != "security-token" else { continue }
            for query in [name, "\(name)=", "\(name)=1"] {
                let request = try Self.request(method, query)
                let refusal = #expect(throws: OSSError.self, "\(method) \(level.rawValue) ?\(query)") {
                    try OperationTable.name(for: request, level: level)
                }
                #expect(refusal?.code == .notImplemented || refusal?.code == .methodNotAllowed)
            }
        }
    }

    @Test(arguments: ["PUT", "DELETE", "POST"])
    func aBareNameThatNobodyKnowsWritesNothing(_ method: String) throws {
        let request = try Self.request(method, "someNewThing")
        let refusal = #expect(throws: OSSError.self) { try OperationTable.name(for: request, level: .object) }
        #expect(refusal?.code == .notImplemented)
    }

    @Test func anotherMethodIsNotAllowedAndTheAllowedOnesAreTold() throws {
        let request = try Self.request("PATCH", "")
        let refusal = #expect(throws: OSSError.self) { try OperationTable.name(for: request, level: .object) }
        #expect(refusal?.code == .methodNotAllowed)
        let allow = refusal?.headers.first { $0.name == "Allow" }?.value
        #expect(allow == "DELETE, GET, HEAD, PUT")
    }
}
