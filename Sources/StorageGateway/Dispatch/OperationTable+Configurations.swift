/// The operations on what is said about buckets.
extension OperationTable {
    /// The rows of documents that are set, told and removed, and of those operations that have a file.
    static let configurationRows: [Operation] =
        ConfigurationTable.rows.flatMap(\.operationRows) + factRows + namedRows + wormRows + replicationRows
        + domainRows + liveRows

    /// What a bucket tells of itself.
    private static let factRows: [Operation] = [
        Operation("GetBucketStat", "GET", .bucket, selectors: ["stat"], answer: GetBucketStat.answer),
        Operation("DeleteBucketTags", "DELETE", .bucket, selectors: ["tagging"], answer: DeleteBucketTags.answer),
        Operation(
            "GetBucketPolicyStatus", "GET", .bucket, selectors: ["policyStatus"],
            answer: GetBucketPolicyStatus.answer),
        Operation("GetUserQosInfo", "GET", .service, selectors: ["qosInfo"], answer: QoSLimits.tellOfAccount),
        Operation(
            "GetPublicAccessBlock", "GET", .service, selectors: ["publicAccessBlock"],
            answer: AccountPublicAccessBlock.tell),
        Operation(
            "PutPublicAccessBlock", "PUT", .service, selectors: ["publicAccessBlock"],
            answer: AccountPublicAccessBlock.set),
        Operation(
            "DeletePublicAccessBlock", "DELETE", .service, selectors: ["publicAccessBlock"],
            answer: AccountPublicAccessBlock.remove),
        Operation("DescribeRegions", "GET", .service, selectors: ["regions"], answer: DescribeRegions.answer),
        Operation(
            "ListAccessPoints", "GET", .bucket, selectors: ["accessPoint"], parameters: ["continuation-token"],
            answer: ListAccessPoints.answer),
        Operation(
            "ListAccessPoints", "GET", .service, selectors: ["accessPoint"], parameters: ["continuation-token"],
            answer: ListAccessPoints.answer),
    ]

    /// What a bucket has several of.
    private static let namedRows: [Operation] = [
        Operation(
            "PutBucketInventory", "PUT", .bucket, selectors: ["inventory", "inventoryId"], answer: BucketInventory.set),
        Operation(
            "GetBucketInventory", "GET", .bucket, selectors: ["inventory", "inventoryId"],
            answer: BucketInventory.tell),
        Operation(
            "DeleteBucketInventory", "DELETE", .bucket, selectors: ["inventory", "inventoryId"],
            answer: BucketInventory.remove),
        Operation(
            "ListBucketInventory", "GET", .bucket, selectors: ["inventory"], parameters: ["continuation-token"],
            answer: BucketInventory.list),
        Operation("PutStyle", "PUT", .bucket, selectors: ["style", "styleName"], answer: BucketStyles.set),
        Operation("GetStyle", "GET", .bucket, selectors: ["style", "styleName"], answer: BucketStyles.tell),
        Operation("DeleteStyle", "DELETE", .bucket, selectors: ["style", "styleName"], answer: BucketStyles.remove),
        Operation("ListStyle", "GET", .bucket, selectors: ["style"], answer: BucketStyles.list),
    ]

    /// How long a bucket keeps its objects.
    private static let wormRows: [Operation] = [
        Operation("InitiateBucketWorm", "POST", .bucket, selectors: ["worm"], answer: BucketWorm.initiate),
        Operation("AbortBucketWorm", "DELETE", .bucket, selectors: ["worm"], answer: BucketWorm.abort),
        Operation("GetBucketWorm", "GET", .bucket, selectors: ["worm"], answer: BucketWorm.tell),
        Operation("CompleteBucketWorm", "POST", .bucket, selectors: ["wormId"], answer: BucketWorm.complete),
        Operation("ExtendBucketWorm", "POST", .bucket, selectors: ["wormId", "wormExtend"], answer: BucketWorm.extend),
    ]

    /// Where the objects of a bucket are to be kept besides.
    private static let replicationRows: [Operation] = [
        Operation(
            "PutBucketReplication", "POST", .bucket, selectors: ["replication", "comp=add"],
            answer: BucketReplication.add),
        Operation(
            "DeleteBucketReplication", "POST", .bucket, selectors: ["replication", "comp=delete"],
            answer: BucketReplication.remove),
        Operation("GetBucketReplication", "GET", .bucket, selectors: ["replication"], answer: BucketReplication.tell),
        Operation(
            "GetBucketReplicationLocation", "GET", .bucket, selectors: ["replicationLocation"],
            answer: BucketReplication.tellLocations),
        Operation(
            "GetBucketReplicationProgress", "GET", .bucket, selectors: ["replicationProgress"],
            parameters: ["rule-id"], answer: BucketReplication.tellProgress),
        Operation("PutBucketRTC", "PUT", .bucket, selectors: ["rtc"], answer: BucketReplication.setTimeControl),
        Operation(
            "CreateBucketDataRedundancyTransition", "POST", .bucket, selectors: ["redundancyTransition"],
            parameters: ["x-oss-target-redundancy-type"], answer: RedundancyTransition.create),
        Operation(
            "GetBucketDataRedundancyTransition", "GET", .bucket,
            selectors: ["redundancyTransition", "x-oss-redundancy-transition-taskid"],
            answer: RedundancyTransition.tell),
        Operation(
            "DeleteBucketDataRedundancyTransition", "DELETE", .bucket,
            selectors: ["redundancyTransition", "x-oss-redundancy-transition-taskid"],
            answer: RedundancyTransition.remove),
        Operation(
            "ListBucketDataRedundancyTransition", "GET", .bucket, selectors: ["redundancyTransition"],
            answer: RedundancyTransition.list),
        Operation(
            "ListUserDataRedundancyTransition", "GET", .service, selectors: ["redundancyTransition"],
            parameters: ["continuation-token"], answer: RedundancyTransition.listAll),
    ]

    /// The domains of a bucket.
    private static let domainRows: [Operation] = [
        Operation("PutCname", "POST", .bucket, selectors: ["cname", "comp=add"], answer: BucketCname.bind),
        Operation("DeleteCname", "POST", .bucket, selectors: ["cname", "comp=delete"], answer: BucketCname.unbind),
        Operation(
            "CreateCnameToken", "POST", .bucket, selectors: ["cname", "comp=token"], answer: BucketCname.makeToken),
        Operation("GetCnameToken", "GET", .bucket, selectors: ["cname", "comp=token"], answer: BucketCname.tellToken),
        Operation("ListCname", "GET", .bucket, selectors: ["cname"], answer: BucketCname.list),
    ]

    /// Streams.
    private static let liveRows: [Operation] = [
        Operation("ListLiveChannel", "GET", .bucket, selectors: ["live"], answer: LiveChannel.list),
        Operation("PutLiveChannel", "PUT", .object, selectors: ["live"], answer: LiveChannel.set),
        Operation(
            "PutLiveChannelStatus", "PUT", .object, selectors: ["live", "status"], answer: LiveChannel.setStatus),
        Operation("GetLiveChannelInfo", "GET", .object, selectors: ["live"], answer: LiveChannel.tell),
        Operation(
            "GetLiveChannelStat", "GET", .object, selectors: ["live", "comp=stat"], answer: LiveChannel.tellState),
        Operation(
            "GetLiveChannelHistory", "GET", .object, selectors: ["live", "comp=history"],
            answer: LiveChannel.tellHistory),
        Operation("DeleteLiveChannel", "DELETE", .object, selectors: ["live"], answer: LiveChannel.remove),
        Operation(
            "PostVodPlaylist", "POST", .object, selectors: ["vod"], parameters: ["startTime", "endTime"],
            answer: LiveChannel.refuseRecording),
        Operation(
            "GetVodPlaylist", "GET", .object, selectors: ["vod"], parameters: ["startTime", "endTime"],
            answer: LiveChannel.refuseRecording),
    ]
}
