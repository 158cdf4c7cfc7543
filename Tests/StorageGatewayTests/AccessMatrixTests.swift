import OSSKit
import ObjectStore
import StorageGateway
import Testing

/// Every operation of the table, asked for by everybody who should not get in, and by its owner.
@Suite struct AccessMatrixTests {
    private typealias Call = TestSurface.Call

    /// How an operation refuses.
    private enum Row: Equatable {
        /// Reads or lists what a bucket holds, which a public ACL can grant.
        case reading
        /// Writes what a bucket holds, which a public ACL can grant.
        case writing
        /// Lists what a bucket holds; a public ACL grants it only where the server is told so.
        case listing
        /// Reads or changes an object's ACL or tags.
        case objectConfiguration
        /// Reads or changes a bucket.
        case configuration
        /// Is about the caller's own account.
        case account
        /// Changes the caller's own account, which answers so.
        case accountChange(status: Int)
        /// Makes a bucket.
        case creation

        /// What nobody in particular is told: the EC, which is empty where none is known.
        var strangerEC: String {
            switch self {
            case .reading, .writing, .listing: "0003-00000001"
            case .objectConfiguration: ""
            case .configuration, .account, .accountChange, .creation: "0003-00001201"
            }
        }

        /// What another owner is told: the status, and the EC.
        var otherOwner: (status: Int, ec: String) {
            switch self {
            case .reading, .writing, .listing: (403, "0003-00000001")
            case .objectConfiguration, .configuration: (403, "")
            case .account: (200, "")
            case .accountChange(let status): (status, status == 400 ? "0042-00000205" : "")
            case .creation: (409, "0015-00000104")
            }
        }
    }

    private static let rows: [String: Row] = [
        "GetService": .account,
        "PutBucket": .creation,
        "DeleteBucket": .configuration, "GetBucketInfo": .configuration, "GetBucketLocation": .configuration,
        "PutBucketACL": .configuration, "GetBucketACL": .configuration,
        "PutBucketVersioning": .configuration, "GetBucketVersioning": .configuration,
        "ListObjects": .listing, "ListObjectsV2": .listing, "ListMultipartUploads": .listing,
        "ListObjectVersions": .listing,
        "GetObject": .reading, "HeadObject": .reading, "GetObjectMeta": .reading, "GetSymlink": .reading,
        "PutObject": .writing, "CopyObject": .writing, "AppendObject": .writing, "PutSymlink": .writing,
        "DeleteObject": .writing, "DeleteMultipleObjects": .writing,
        "InitiateMultipartUpload": .writing, "UploadPart": .writing, "UploadPartCopy": .writing,
        "CompleteMultipartUpload": .writing, "AbortMultipartUpload": .writing, "ListParts": .writing,
        "PutObjectACL": .objectConfiguration, "GetObjectACL": .objectConfiguration,
        "PutObjectTagging": .objectConfiguration, "GetObjectTagging": .objectConfiguration,
        "DeleteObjectTagging": .objectConfiguration,
        "RestoreObject": .objectConfiguration, "CleanRestoredObject": .objectConfiguration,
        "GetPublicAccessBlock": .account, "PutPublicAccessBlock": .accountChange(status: 400),
        "DeletePublicAccessBlock": .accountChange(status: 204),
        "DescribeRegions": .account, "GetUserQosInfo": .account,
        "PutLiveChannel": .objectConfiguration, "PutLiveChannelStatus": .objectConfiguration,
        "GetLiveChannelInfo": .objectConfiguration, "GetLiveChannelStat": .objectConfiguration,
        "GetLiveChannelHistory": .objectConfiguration, "DeleteLiveChannel": .objectConfiguration,
        "PostVodPlaylist": .objectConfiguration, "GetVodPlaylist": .objectConfiguration,
        "GetBucketPublicAccessBlock": .configuration, "PutBucketPublicAccessBlock": .configuration,
        "DeleteBucketPublicAccessBlock": .configuration, "GetBucketCors": .configuration,
        "PutBucketCors": .configuration, "DeleteBucketCors": .configuration, "GetBucketLifecycle": .configuration,
        "PutBucketLifecycle": .configuration, "DeleteBucketLifecycle": .configuration,
        "GetBucketWebsite": .configuration, "PutBucketWebsite": .configuration, "DeleteBucketWebsite": .configuration,
        "GetBucketReferer": .configuration, "PutBucketReferer": .configuration, "GetBucketLogging": .configuration,
        "PutBucketLogging": .configuration, "DeleteBucketLogging": .configuration,
        "GetBucketEncryption": .configuration, "PutBucketEncryption": .configuration,
        "DeleteBucketEncryption": .configuration, "GetBucketRequestPayment": .configuration,
        "PutBucketRequestPayment": .configuration, "GetUserDefinedLogFieldsConfig": .configuration,
        "PutUserDefinedLogFieldsConfig": .configuration, "DeleteUserDefinedLogFieldsConfig": .configuration,
        "GetBucketTransferAcceleration": .configuration, "PutBucketTransferAcceleration": .configuration,
        "GetBucketResourceGroup": .configuration, "PutBucketResourceGroup": .configuration,
        "GetBucketHttpsConfig": .configuration, "PutBucketHttpsConfig": .configuration,
        "GetBucketAccessMonitor": .configuration, "PutBucketAccessMonitor": .configuration,
        "GetBucketArchiveDirectRead": .configuration, "PutBucketArchiveDirectRead": .configuration,
        "GetBucketObjectWormConfiguration": .configuration, "PutBucketObjectWormConfiguration": .configuration,
        "GetBucketOverwriteConfig": .configuration, "PutBucketOverwriteConfig": .configuration,
        "DeleteBucketOverwriteConfig": .configuration, "GetBucketQosInfo": .configuration,
        "PutBucketQosInfo": .configuration, "DeleteBucketQosInfo": .configuration,
        "GetBucketStorageCapacity": .configuration, "PutBucketStorageCapacity": .configuration,
        "GetBucketStorageQuota": .configuration, "PutBucketStorageQuota": .configuration,
        "DeleteBucketStorageQuota": .configuration, "GetBucketCallbackPolicy": .configuration,
        "PutBucketCallbackPolicy": .configuration, "DeleteBucketCallbackPolicy": .configuration,
        "GetBucketPolicy": .configuration, "PutBucketPolicy": .configuration, "DeleteBucketPolicy": .configuration,
        "GetBucketStat": .configuration, "GetBucketPolicyStatus": .configuration, "ListAccessPoints": .configuration,
        "PutBucketInventory": .configuration, "GetBucketInventory": .configuration,
        "DeleteBucketInventory": .configuration, "ListBucketInventory": .configuration, "PutStyle": .configuration,
        "GetStyle": .configuration, "DeleteStyle": .configuration, "ListStyle": .configuration,
        "InitiateBucketWorm": .configuration, "AbortBucketWorm": .configuration, "GetBucketWorm": .configuration,
        "CompleteBucketWorm": .configuration, "ExtendBucketWorm": .configuration,
        "PutBucketReplication": .configuration, "DeleteBucketReplication": .configuration,
        "GetBucketReplication": .configuration, "GetBucketReplicationLocation": .configuration,
        "GetBucketReplicationProgress": .configuration, "PutBucketRTC": .configuration,
        "CreateBucketDataRedundancyTransition": .configuration, "GetBucketDataRedundancyTransition": .configuration,
        "DeleteBucketDataRedundancyTransition": .configuration, "ListBucketDataRedundancyTransition": .configuration,
        "ListUserDataRedundancyTransition": .configuration, "PutCname": .configuration, "DeleteCname": .configuration,
        "CreateCnameToken": .configuration, "GetCnameToken": .configuration, "ListCname": .configuration,
        "GetBucketTags": .configuration, "PutBucketTags": .configuration, "DeleteBucketTags": .configuration,
        "ListLiveChannel": .configuration,
    ]

    /// What is wanted of a route; what is a configuration of no bucket is one of the caller's own account.
    private static func row(of route: OperationTable.Route) throws -> Row {
        let row = try #require(rows[route.name], "\(route.name) has no row in the matrix")
        return route.level == .service && row == .configuration ? .account : row
    }

    /// A session that may do something, and nothing that a row needs.
    private static let elsewhere = """
        {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*:*:elsewhere/*"}]}
        """

    private static func call(_ route: OperationTable.Route, by credentials: Credentials?, isSigned: Bool) -> Call {
        let path =
            switch route.level {
            case .service: "/"
            case .bucket: "/bucket"
            case .object: "/bucket/k"
            }
        let query = route.selectors.isEmpty ? "" : "?" + route.selectors.joined(separator: "&")
        var headers: [(String, String)] = []
        if let header = route.selectingHeader { headers.append((header, "/bucket/k")) }
        let hasBody = route.method == "PUT" || route.method == "POST"
        return Call(
            method: route.method, target: path + query, headers: headers, body: hasBody ? [] : nil,
            isSigned: isSigned, credentials: credentials)
    }

    private func withSurface(_ work: (TestSurface) async throws -> Void) async throws {
        let surface = try await TestSurface()
        surface.admitOtherOwner()
        _ = try await surface.put("k", "hello")
        do {
            try await work(surface)
        } catch {
            try await surface.close()
            throw error
        }
        try await surface.close()
    }

    @Test func everyOperationNamesTheRightThatItNeeds() {
        let nameless = OperationTable.routes.filter { $0.action == nil }.map(\.name)
        #expect(nameless.isEmpty)
    }

    @Test func everyRowOfTheMatrixIsAnOperation() {
        let stale = Set(Self.rows.keys).subtracting(OperationTable.routes.map(\.name))
        #expect(stale.isEmpty)
    }

    @Test(arguments: OperationTable.routes.indices)
    func onlyTheOwnerGetsIn(_ position: Int) async throws {
        let route = OperationTable.routes[position]
        let row = try Self.row(of: route)
        try await withSurface { surface in
            let lapsed = try await surface.temporaryKey()
            surface.clock.nowMilliseconds += 900_000
            let bound = try await surface.temporaryKey(policy: Self.elsewhere)

            let stranger = try await surface.send(Self.call(route, by: nil, isSigned: false))
            #expect(stranger.status == 403, "\(route.name), nobody")
            #expect(stranger.code == "AccessDenied", "\(route.name), nobody")
            #expect(stranger.header("x-oss-ec") ?? "" == row.strangerEC, "\(route.name), nobody")

            let other = try await surface.send(Self.call(route, by: TestSurface.otherOwner, isSigned: true))
            #expect(other.status == row.otherOwner.status, "\(route.name), another owner")
            #expect(other.header("x-oss-ec") ?? "" == row.otherOwner.ec, "\(route.name), another owner")

            let late = try await surface.send(Self.call(route, by: lapsed, isSigned: true))
            #expect(late.status == 403, "\(route.name), expired")
            #expect(late.code == "SecurityTokenExpired", "\(route.name), expired")

            let elsewhere = try await surface.send(Self.call(route, by: bound, isSigned: true))
            #expect(elsewhere.status == 403, "\(route.name), wrong scope")
            #expect(elsewhere.header("x-oss-ec") == "0003-00000201", "\(route.name), wrong scope")

            let owner = try await surface.send(Self.call(route, by: nil, isSigned: true))
            #expect(owner.status != 403 && owner.status < 500, "\(route.name), owner: \(owner.status) \(owner.text)")
        }
    }

    @Test(arguments: OperationTable.routes.indices)
    func aPublicBucketOpensItsObjectsAndNothingElse(_ position: Int) async throws {
        let route = OperationTable.routes[position]
        let row = try Self.row(of: route)
        for acl in ["public-read", "public-read-write"] {
            try await withSurface { surface in
                let changed = try await surface.send(
                    Call(method: "PUT", target: "/bucket?acl", headers: [("x-oss-acl", acl)], body: []))
                #expect(changed.status == 200)
                let found = try await surface.send(Self.call(route, by: nil, isSigned: false))
                let isOpen =
                    switch row {
                    case .reading: true
                    case .writing: acl == "public-read-write"
                    case .listing, .objectConfiguration, .configuration, .account, .accountChange, .creation: false
                    }
                #expect((found.status != 403) == isOpen, "\(route.name), \(acl): \(found.status) \(found.text)")
            }
        }
    }
}
