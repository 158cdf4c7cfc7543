/// The parameters that a V1 signature covers.
///
/// All other parameters of a V1 request can be changed by whoever holds it. Source: oss-wire fact 2.1.
public enum Subresources {
    /// Whether a V1 signature covers the parameter of this name.
    static func contains(_ name: [UInt8]) -> Bool {
        CanonicalHeaders.isOSSHeader(name) || isListed(name)
    }

    /// The names that are always covered, sorted; every name that begins with `x-oss-` is covered beside them.
    public static let list: [String] = names.map { String(decoding: $0, as: UTF8.self) }.sorted()

    /// Whether a V1 signature covers a parameter, which means that it selects an operation or changes one.
    public static func contains(_ item: QueryItem) -> Bool { contains(item.nameBytes) }

    /// Whether a name is in the list; only names of its length are compared, which is quicker than hashing it.
    private static func isListed(_ name: [UInt8]) -> Bool {
        name.count < namesByLength.count && namesByLength[name.count].contains(name)
    }

    private static let namesByLength: [[[UInt8]]] = {
        let longest = names.map(\.count).max() ?? 0
        return (0...longest).map { length in names.filter { $0.count == length } }
    }()

    private static let names: [[UInt8]] =
        """
        MetaQuery accessPoint accessPointPolicy acl append asyncFetch bucketArchiveDirectRead bucketInfo callback \
        callback-var cleanRestoredObject cloudboxes cname comp continuation-token cors dataPipeline delete dir \
        dirDelete encryption endTime group httpsConfig img inventory inventoryId legalHold lifecycle link live \
        location logging metaQuery objectInfo objectMeta objectWorm overwriteConfig partNumber policy policyStatus \
        position publicAccessBlock qos qosInfo qosRequester redundancyTransition referer regionList rename \
        replication replicationLocation replicationProgress requestPayment requesterQosInfo resourceGroup \
        resourcePool resourcePoolBuckets resourcePoolInfo response-cache-control response-content-disposition \
        response-content-encoding response-content-language response-content-type response-expires responseHeader \
        restore retention rtc seal security-token sequential startTime stat status style styleName symlink tagging \
        transferAcceleration udf udfApplication udfApplicationLog udfId udfImage udfImageDesc udfName uploadId \
        uploads userDefinedLogFieldsConfig versionId versioning versions vip vod vpcip website withHashContext worm \
        wormExtend wormId
        """.split(separator: " ").map { Array($0.utf8) }
}
