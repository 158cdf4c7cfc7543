import OSSKit
import ObjectStore

/// The configurations that are alike: a document that is set, told and removed.
///
/// Source: oss-wire fact 11.6; what is told of those whose absence is not documented is assumption A-075.
enum ConfigurationTable {
    /// All of them.
    static let rows: [ConfigurationRow] = inForce + kept

    /// Those upon which something here acts.
    private static let inForce: [ConfigurationRow] = [
        policy,
        ConfigurationRow(
            "BucketPublicAccessBlock", .publicAccessBlock, PublicAccessBlockConfiguration.self,
            unset: .document(PublicAccessBlockConfiguration(blocksPublicAccess: false).write())),
        ConfigurationRow(
            "BucketCors", .cors, CORSConfiguration.self, unset: .refusal(.noSuchCORSConfiguration),
            check: { document, _, _ in
                CORSConfiguration(rules: document.rules, responseVary: document.responseVary ?? false)
            }),
        ConfigurationRow(
            "BucketWebsite", .website, WebsiteConfiguration.self, unset: .refusal(.noSuchWebsiteConfiguration),
            check: WebsiteCheck.check),
        ConfigurationRow(
            "BucketReferer", .referer, RefererConfiguration.self,
            unset: .document(RefererRules.complete(RefererConfiguration()).write()),
            check: { document, _, _ in RefererRules.complete(document) }
        ).with(.set),
        ConfigurationRow(
            "BucketEncryption", .encryption, ServerSideEncryptionRule.self,
            unset: .refusal(.noSuchServerSideEncryptionRule)),
        ConfigurationRow(
            "BucketRequestPayment", .requestPayment, RequestPaymentConfiguration.self,
            unset: .document(RequestPaymentConfiguration(.bucketOwner).write())
        ).with(.set),
        ConfigurationRow(
            "BucketLifecycle", .lifecycle, LifecycleConfiguration.self, unset: .refusal(.noSuchLifecycle),
            check: { document, call, _ in try LifecycleRuleCheck(call).complete(document) }),
        ConfigurationRow(
            "BucketLogging", .logging, BucketLoggingStatus.self, unset: .document(BucketLoggingStatus(nil).write()),
            check: LoggingTarget.check),
    ].map(\.inForce)

    /// Those that are kept and told.
    private static let kept: [ConfigurationRow] = [
        ConfigurationRow(
            "BucketTags", .tags, Tagging.self, unset: .document(Tagging([]).write()),
            check: { document, _, _ in
                try document.check(for: .bucket)
                return document
            }
        ).with(.set),
        ConfigurationRow(
            "UserDefinedLogFieldsConfig", .logFields, UserDefinedLogFieldsConfiguration.self,
            unset: .refusal(.noSuchUserDefinedLogFieldsConfig)),
        ConfigurationRow(
            "BucketTransferAcceleration", .transferAcceleration, TransferAccelerationConfiguration.self,
            unset: .refusal(.noSuchTransferAccelerationConfiguration)
        ).with(.set),
        ConfigurationRow(
            "BucketResourceGroup", .resourceGroup, BucketResourceGroupConfiguration.self,
            unset: .document(BucketResourceGroupConfiguration(resourceGroupID: BucketFilter.usualGroup).write())
        ).with(.set),
        ConfigurationRow(
            "BucketHttpsConfig", .httpsConfig, HTTPSConfiguration.self,
            unset: .document(HTTPSConfiguration(limitsTLS: false).write()),
            check: { document, _, _ in
                var document = document
                document.tlsVersions = HTTPSConfiguration.versions.filter(document.tlsVersions.contains)
                return document
            }
        ).with(.set),
        ConfigurationRow(
            "BucketAccessMonitor", .accessMonitor, AccessMonitorConfiguration.self,
            unset: .document(AccessMonitorConfiguration(.disabled).write())
        ).with(.set),
        ConfigurationRow(
            "BucketArchiveDirectRead", .archiveDirectRead, ArchiveDirectReadConfiguration.self,
            unset: .document(ArchiveDirectReadConfiguration(isEnabled: false).write())
        ).with(.set),
        ConfigurationRow(
            "BucketObjectWormConfiguration", .objectWorm, ObjectWormConfiguration.self,
            unset: .refusal(.noSuchConfiguration)
        ).with(.set),
        ConfigurationRow(
            "BucketOverwriteConfig", .overwriteConfig, OverwriteConfiguration.self,
            unset: .refusal(.noSuchConfiguration), check: OverwriteRules.complete),
        ConfigurationRow(
            "BucketQosInfo", .qosInfo, selectors: ["qosInfo"],
            unset: .document(DocumentShape.unlimitedQoS.document()),
            accept: { _, _, bytes in try QoSLimits.complete(bytes) }),
        ConfigurationRow(
            "BucketStorageCapacity", .userQoS, .bucketUserQoS, selectors: ["qos"],
            unset: .document(
                XMLElement("BucketUserQos", children: [XMLElement("StorageCapacity", text: "-1")]).document())
        ).with(.set),
        ConfigurationRow(
            "BucketStorageQuota", .quota, .quotaConfiguration, selectors: ["quota"],
            unset: .refusal(.noSuchConfiguration)),
        ConfigurationRow(
            "BucketCallbackPolicy", .callbackPolicy, .callbackPolicy, selectors: ["policy", "comp=callback"],
            unset: .refusal(.bucketCallbackPolicyNotExist)),
    ]

    /// The policy, which is JSON and is told as it came.
    private static var policy: ConfigurationRow {
        var row = ConfigurationRow(
            "BucketPolicy", .policy, selectors: ["policy"], unset: .refusal(.noSuchBucketPolicy)
        ) { call, bucket, bytes in try await BucketPolicyCheck.accept(bytes, for: bucket, call) }
        row.contentType = "application/json"
        return row
    }
}
