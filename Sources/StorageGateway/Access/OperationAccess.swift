import OSSKit

/// What right an operation needs.
struct OperationAccess: Sendable, Equatable {
    /// When the right is asked for, and of what.
    enum Rule: Sendable, Equatable {
        /// Before the operation begins, of what the request is about.
        case one(AccessQuestion.Kind)
        /// Before it begins of some key, and again of each key that its body names.
        case eachKey(AccessQuestion.Kind)
        /// Whoever has a valid signature may, whatever the bucket; the store knows whose a bucket is.
        case account
        /// Everybody may.
        case everybody
        /// The operation finds out itself who asks, from fields of a form, and asks for the right then.
        case form(AccessQuestion.Kind)
    }

    /// OSS's name of the action, such as `oss:GetObject`.
    let action: String
    /// The action where a version is named.
    let versionAction: String
    /// When the right is asked for.
    let rule: Rule

    private init(_ action: String, _ rule: Rule, ofVersion versionAction: String? = nil) {
        self.action = "oss:" + action
        self.versionAction = "oss:" + (versionAction ?? action)
        self.rule = rule
    }

    /// The right that an operation needs.
    ///
    /// One that is not in the table, which a test forbids, is for the owner alone.
    static func of(_ operation: String) -> OperationAccess {
        table[operation] ?? OperationAccess(operation, .one(.configuration))
    }

    /// The right that something needs which is not there: that of the plain operation of its method.
    static func ofUnknown(method: String, level: ResourceLevel) -> OperationAccess {
        guard level == .object else { return of("GetBucketInfo") }
        return of(method == "GET" || method == "HEAD" ? "GetObject" : "PutObject")
    }

    /// The right that is asked for while it is not known yet what is wanted, which the owner alone has.
    static let notYetKnown = OperationAccess("None", .one(.configuration))

    /// The right of the signer of a form to store its file.
    static let ofForm = OperationAccess("PutObject", .one(.writeObject))

    /// Whether an operation is in the table.
    static func isKnown(_ operation: String) -> Bool { table[operation] != nil }

    private static let table: [String: OperationAccess] = {
        var table = objects.merging(buckets) { first, _ in first }
        for name in bucketConfigurations { table[name] = OperationAccess(name, .one(.configuration)) }
        return table
    }()

    /// Operations on objects and what they hold.
    private static let objects: [String: OperationAccess] = [
        "PutObject": .init("PutObject", .one(.writeObject)),
        "CopyObject": .init("PutObject", .one(.writeObject)),
        "AppendObject": .init("PutObject", .one(.writeObject)),
        "PutSymlink": .init("PutObject", .one(.writeObject)),
        "PostObject": .init("PutObject", .form(.writeObject)),
        "GetObject": .init("GetObject", .one(.readObject), ofVersion: "GetObjectVersion"),
        "HeadObject": .init("GetObject", .one(.readObject), ofVersion: "GetObjectVersion"),
        "GetObjectMeta": .init("GetObject", .one(.readObject), ofVersion: "GetObjectVersion"),
        "GetSymlink": .init("GetObject", .one(.readObject), ofVersion: "GetObjectVersion"),
        "SelectObject": .init("GetObject", .one(.readObject)),
        "CreateSelectObjectMeta": .init("GetObject", .one(.readObject)),
        "ProcessObject": .init("PostProcessTask", .one(.writeObject)),
        "AsyncProcessObject": .init("ProcessImm", .one(.writeObject)),
        "DeleteObject": .init("DeleteObject", .one(.writeObject), ofVersion: "DeleteObjectVersion"),
        "DeleteMultipleObjects": .init("DeleteObject", .eachKey(.writeObject), ofVersion: "DeleteObjectVersion"),
        "RestoreObject": .init(
            "RestoreObject", .one(.writeObjectConfiguration), ofVersion: "RestoreObjectVersion"),
        "CleanRestoredObject": .init("CleanRestoredObject", .one(.writeObjectConfiguration)),
        "SealAppendObject": .init("PutObject", .one(.writeObject)),
        "InitiateMultipartUpload": .init("PutObject", .one(.writeObject)),
        "UploadPart": .init("PutObject", .one(.writeObject)),
        "UploadPartCopy": .init("PutObject", .one(.writeObject)),
        "CompleteMultipartUpload": .init("PutObject", .one(.writeObject)),
        "AbortMultipartUpload": .init("AbortMultipartUpload", .one(.writeObject)),
        "ListParts": .init("ListParts", .one(.writeObject)),
        "PutObjectACL": .init("PutObjectAcl", .one(.writeObjectConfiguration), ofVersion: "PutObjectVersionAcl"),
        "GetObjectACL": .init("GetObjectAcl", .one(.readObjectConfiguration), ofVersion: "GetObjectVersionAcl"),
        "PutObjectTagging": .init(
            "PutObjectTagging", .one(.writeObjectConfiguration), ofVersion: "PutObjectVersionTagging"),
        "GetObjectTagging": .init(
            "GetObjectTagging", .one(.readObjectConfiguration), ofVersion: "GetObjectVersionTagging"),
        "DeleteObjectTagging": .init(
            "DeleteObjectTagging", .one(.writeObjectConfiguration), ofVersion: "DeleteObjectVersionTagging"),
        "OptionObject": .init("OptionObject", .everybody),
        "PutLiveChannel": .init("PutLiveChannel", .one(.writeObjectConfiguration)),
        "PutLiveChannelStatus": .init("PutLiveChannelStatus", .one(.writeObjectConfiguration)),
        "GetLiveChannelInfo": .init("GetLiveChannel", .one(.readObjectConfiguration)),
        "GetLiveChannelStat": .init("GetLiveChannelStat", .one(.readObjectConfiguration)),
        "GetLiveChannelHistory": .init("GetLiveChannelHistory", .one(.readObjectConfiguration)),
        "DeleteLiveChannel": .init("DeleteLiveChannel", .one(.writeObjectConfiguration)),
        "PostVodPlaylist": .init("PostVodPlaylist", .one(.writeObjectConfiguration)),
        "GetVodPlaylist": .init("GetVodPlaylist", .one(.readObjectConfiguration)),
    ]

    /// Operations on the service and on buckets whose right is not called as they are.
    private static let buckets: [String: OperationAccess] = [
        "GetService": .init("ListBuckets", .account),
        "DescribeRegions": .init("DescribeRegions", .account),
        "GetUserQosInfo": .init("GetUserQosInfo", .account),
        "GetPublicAccessBlock": .init("GetPublicAccessBlock", .account),
        "PutPublicAccessBlock": .init("PutPublicAccessBlock", .account),
        "DeletePublicAccessBlock": .init("DeletePublicAccessBlock", .account),
        "PutBucket": .init("PutBucket", .account),
        "ListObjects": .init("ListObjects", .one(.list)),
        "ListObjectsV2": .init("ListObjects", .one(.list)),
        "ListObjectVersions": .init("ListObjectVersions", .one(.list)),
        "ListMultipartUploads": .init("ListMultipartUploads", .one(.list)),
        "GetBucketACL": .init("GetBucketAcl", .one(.configuration)),
        "PutBucketACL": .init("PutBucketAcl", .one(.configuration)),
        "HeadBucket": .init("GetBucketInfo", .one(.configuration)),
        "OptionBucket": .init("OptionObject", .everybody),
        "GetBucketTags": .init("GetBucketTagging", .one(.configuration)),
        "PutBucketTags": .init("PutBucketTagging", .one(.configuration)),
        "DeleteBucketTags": .init("DeleteBucketTagging", .one(.configuration)),
        "ListLiveChannel": .init("ListLiveChannel", .one(.configuration)),
    ]

    /// Operations on the configurations of buckets, whose right is called as they are.
    private static let bucketConfigurations = [
        "DeleteBucket", "GetBucketInfo", "GetBucketLocation", "PutBucketVersioning", "GetBucketVersioning",
        "GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock", "GetBucketCors",
        "PutBucketCors", "DeleteBucketCors", "GetBucketLifecycle", "PutBucketLifecycle", "DeleteBucketLifecycle",
        "GetBucketWebsite", "PutBucketWebsite", "DeleteBucketWebsite", "GetBucketReferer", "PutBucketReferer",
        "GetBucketLogging", "PutBucketLogging", "DeleteBucketLogging", "GetBucketEncryption", "PutBucketEncryption",
        "DeleteBucketEncryption", "GetBucketRequestPayment", "PutBucketRequestPayment",
        "GetUserDefinedLogFieldsConfig", "PutUserDefinedLogFieldsConfig", "DeleteUserDefinedLogFieldsConfig",
        "GetBucketTransferAcceleration", "PutBucketTransferAcceleration", "GetBucketResourceGroup",
        "PutBucketResourceGroup", "GetBucketHttpsConfig", "PutBucketHttpsConfig", "GetBucketAccessMonitor",
        "PutBucketAccessMonitor", "GetBucketArchiveDirectRead", "PutBucketArchiveDirectRead",
        "GetBucketObjectWormConfiguration", "PutBucketObjectWormConfiguration", "GetBucketOverwriteConfig",
        "PutBucketOverwriteConfig", "DeleteBucketOverwriteConfig", "GetBucketQosInfo", "PutBucketQosInfo",
        "DeleteBucketQosInfo", "GetBucketStorageCapacity", "PutBucketStorageCapacity", "GetBucketStorageQuota",
        "PutBucketStorageQuota", "DeleteBucketStorageQuota", "GetBucketCallbackPolicy", "PutBucketCallbackPolicy",
        "DeleteBucketCallbackPolicy", "GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy", "GetBucketStat",
        "GetBucketPolicyStatus", "ListAccessPoints", "PutBucketInventory", "GetBucketInventory",
        "DeleteBucketInventory", "ListBucketInventory", "PutStyle", "GetStyle", "DeleteStyle", "ListStyle",
        "InitiateBucketWorm", "AbortBucketWorm", "GetBucketWorm", "CompleteBucketWorm", "ExtendBucketWorm",
        "PutBucketReplication", "DeleteBucketReplication", "GetBucketReplication", "GetBucketReplicationLocation",
        "GetBucketReplicationProgress", "PutBucketRTC", "CreateBucketDataRedundancyTransition",
        "GetBucketDataRedundancyTransition", "DeleteBucketDataRedundancyTransition",
        "ListBucketDataRedundancyTransition", "ListUserDataRedundancyTransition", "PutCname", "DeleteCname",
        "CreateCnameToken", "GetCnameToken", "ListCname",
    ]
}
