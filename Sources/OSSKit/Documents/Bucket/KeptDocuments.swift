/// The forms of documents that are kept and told, and that nothing acts upon.
///
/// Source: oss-wire fact 11.6 and what official clients send (clients.md 4).
extension DocumentShape {
    /// How fast requests to a bucket may be; -1 is no limit.
    public static let qosConfiguration = DocumentShape("QoSConfiguration", qosFields)

    private static let qosNames = [
        "TotalUploadBandwidth", "IntranetUploadBandwidth", "ExtranetUploadBandwidth", "TotalDownloadBandwidth",
        "IntranetDownloadBandwidth", "ExtranetDownloadBandwidth", "TotalQps", "IntranetQps", "ExtranetQps",
    ]

    private static let qosFields = qosNames.map { Field($0, .number(-1...100_000_000), .optional) }

    /// What a bucket without limits tells.
    public static let unlimitedQoS = XMLElement(
        "QoSConfiguration", children: qosNames.map { XMLElement($0, text: "-1") })

    /// How much a bucket may hold, in GB; -1 is no limit.
    public static let bucketUserQoS = DocumentShape(
        "BucketUserQos", [Field("StorageCapacity", .number(-1...1_000_000_000))])

    /// How much a bucket may hold, in bytes, and what happens beyond.
    public static let quotaConfiguration = DocumentShape(
        "QuotaConfiguration",
        [Field("StorageQuota", .number(0...1_000_000_000_000_000)), Field("Mode", .text(maximumBytes: 64), .optional)])

    /// Callbacks that requests name instead of telling them.
    public static let callbackPolicy = DocumentShape(
        "BucketCallbackPolicy",
        [
            Field(
                "PolicyItem",
                .elements([
                    Field("PolicyName", .text(maximumBytes: 256)), Field("Callback", .text(maximumBytes: 8_192)),
                    Field("CallbackVar", .text(maximumBytes: 8_192), .optional),
                ]), .several(100))
        ])

    /// Whether copies come within a time that is promised.
    public static let replicationTimeControl = DocumentShape(
        "ReplicationRule",
        [
            Field("RTC", .elements([Field("Status", .word(["enabled", "disabled"]))])),
            Field("ID", .text(maximumBytes: 255)),
        ])

    /// A stream that becomes a list of short films.
    public static let liveChannel = DocumentShape(
        "LiveChannelConfiguration",
        [
            Field("Description", .text(maximumBytes: 128), .optional),
            Field("Status", .word(["enabled", "disabled"]), .optional),
            Field(
                "Target",
                .elements([
                    Field("Type", .word(["HLS"])), Field("FragDuration", .number(1...100), .optional),
                    Field("FragCount", .number(1...100), .optional),
                    Field("PlaylistName", .text(maximumBytes: 128), .optional),
                ])),
            Field(
                "Snapshot",
                .elements([
                    Field("RoleName", .text(maximumBytes: 256)), Field("DestBucket", .text(maximumBytes: 63)),
                    Field("NotifyTopic", .text(maximumBytes: 256), .optional),
                    Field("Interval", .number(1...100)),
                ]), .optional),
        ])
}
