import Foundation
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
        Case(method: "POST", level: .object, query: "restore", name: "RestoreObject"),
        Case(method: "POST", level: .object, query: "cleanRestoredObject=", name: "CleanRestoredObject"),
        Case(method: "PUT", level: .object, query: "callback=YQ&callback-var=YQ", name: "PutObject"),
        Case(method: "GET", level: .object, query: "x-oss-traffic-limit=819200", name: "GetObject"),
        Case(method: "GET", level: .object, query: "x-oss-request-payer=requester", name: "GetObject"),
        Case(method: "PUT", level: .bucket, query: "acl=", name: "PutBucketACL"),
        Case(method: "GET", level: .bucket, query: "acl", name: "GetBucketACL"),
        Case(method: "PUT", level: .bucket, query: "versioning", name: "PutBucketVersioning"),
        Case(method: "GET", level: .bucket, query: "versioning=", name: "GetBucketVersioning"),
        Case(
            method: "GET", level: .bucket, query: "versions&key-marker=a&version-id-marker=null",
            name: "ListObjectVersions"),
        Case(method: "PUT", level: .bucket, query: "cors=", name: "PutBucketCors"),
        Case(method: "DELETE", level: .bucket, query: "lifecycle", name: "DeleteBucketLifecycle"),
        Case(method: "POST", level: .bucket, query: "wormId=A&wormExtend=", name: "ExtendBucketWorm"),
        Case(method: "POST", level: .bucket, query: "wormId=A", name: "CompleteBucketWorm"),
        Case(method: "POST", level: .bucket, query: "replication&comp=add", name: "PutBucketReplication"),
        Case(method: "POST", level: .bucket, query: "comp=delete&replication", name: "DeleteBucketReplication"),
        Case(method: "GET", level: .bucket, query: "comp=token&cname=a.b", name: "GetCnameToken"),
        Case(method: "GET", level: .bucket, query: "cname=", name: "ListCname"),
        Case(method: "GET", level: .bucket, query: "inventory&continuation-token=61", name: "ListBucketInventory"),
        Case(method: "GET", level: .bucket, query: "inventory&inventoryId=a", name: "GetBucketInventory"),
        Case(method: "PUT", level: .object, query: "live&status=enabled", name: "PutLiveChannelStatus"),
        Case(method: "GET", level: .object, query: "live&comp=stat", name: "GetLiveChannelStat"),
        Case(method: "GET", level: .bucket, query: "policy", name: "GetBucketPolicy"),
        Case(method: "GET", level: .bucket, query: "policy&comp=callback", name: "GetBucketCallbackPolicy"),
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
    private static let served = Set(
        basic + configurations(["GET", "PUT"], alike + kept) + configurations(["DELETE"], alike))

    private static let basic = [
        "GET Bucket bucketInfo", "GET Bucket location", "POST Bucket delete", "GET Object objectMeta",
        "HEAD Object objectMeta", "GET Bucket list-type", "GET Object versionId", "HEAD Object versionId",
        "DELETE Object versionId", "GET Object response-content-type", "GET Object response-content-language",
        "GET Object response-expires", "GET Object response-cache-control", "GET Object response-content-disposition",
        "GET Object response-content-encoding", "POST Object uploads", "PUT Object uploadId", "POST Object uploadId",
        "DELETE Object uploadId", "GET Object uploadId", "GET Bucket uploads", "POST Object append",
        "PUT Object tagging", "GET Object tagging", "DELETE Object tagging", "PUT Object acl", "GET Object acl",
        "PUT Bucket acl", "GET Bucket acl", "PUT Object symlink", "GET Object symlink", "PUT Bucket versioning",
        "GET Bucket versioning", "GET Bucket versions",
        "GET Bucket stat", "DELETE Object symlink",
        "GET Bucket policyStatus", "GET Bucket accessPoint", "GET Bucket inventory", "GET Bucket style",
        "GET Bucket worm", "POST Bucket worm", "DELETE Bucket worm", "POST Bucket wormId", "GET Bucket replication",
        "GET Bucket replicationLocation", "GET Bucket replicationProgress", "PUT Bucket rtc",
        "GET Bucket redundancyTransition", "POST Bucket redundancyTransition", "GET Bucket cname", "GET Bucket live",
        "GET Service publicAccessBlock", "PUT Service publicAccessBlock", "DELETE Service publicAccessBlock",
        "GET Service regions", "GET Service qosInfo", "GET Service regionList", "GET Service accessPoint",
        "GET Service redundancyTransition", "PUT Object live", "GET Object live", "DELETE Object live",
        "POST Object vod", "GET Object vod",
        "PUT Object callback", "PUT Object callback-var", "POST Object restore", "POST Object cleanRestoredObject",
    ]

    /// What is set, told and removed.
    private static let alike = [
        "cors", "lifecycle", "website", "logging", "userDefinedLogFieldsConfig", "encryption", "publicAccessBlock",
        "policy", "overwriteConfig", "qosInfo", "quota", "tagging",
    ]
    /// What is set and told.
    private static let kept = [
        "referer", "requestPayment", "transferAcceleration", "resourceGroup", "httpsConfig", "accessmonitor",
        "bucketArchiveDirectRead", "objectWorm", "qos",
    ]

    private static func configurations(_ methods: [String], _ names: [String]) -> [String] {
        methods.flatMap { method in names.map { "\(method) Bucket \($0)" } }
    }

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

    @Test(arguments: ["replication&comp=other", "replication&comp", "cname&comp=add2", "policy&comp=other"])
    func aSelectorWithAnotherValueSelectsNothing(_ query: String) throws {
        for method in ["PUT", "POST", "DELETE", "GET"] {
            let request = try Self.request(method, query)
            let refusal = #expect(throws: OSSError.self) { try OperationTable.name(for: request, level: .bucket) }
            #expect(refusal?.code == .notImplemented)
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

    /// The documentation holds the table as it is; `RECORD_OPERATIONS=1` writes it anew.
    @Test func theDocumentationNamesEveryOperation() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/OPERATIONS.md").standardizedFileURL
        let text = try String(contentsOf: file, encoding: .utf8)
        let (start, end) = ("<!-- operations -->\n", "<!-- end of operations -->\n")
        let before = try #require(text.range(of: start))
        let after = try #require(text.range(of: end))
        let table =
            "\n| operation | request | |\n|---|---|---|\n" + OperationTable.documentLines.joined(separator: "\n")
            + "\n\n"
        if ProcessInfo.processInfo.environment["RECORD_OPERATIONS"] != nil {
            let written = text[..<before.upperBound] + table + text[after.lowerBound...]
            try String(written).write(to: file, atomically: true, encoding: .utf8)
        }
        let recorded = try String(contentsOf: file, encoding: .utf8)
        #expect(recorded.contains(start + table + end), "RECORD_OPERATIONS=1 writes the table anew")
    }
}
