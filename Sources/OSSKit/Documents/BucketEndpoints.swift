/// Where a bucket is: its region, and the two hosts that documents name for it.
public struct BucketEndpoints: Sendable, Hashable {
    /// The region's ID, such as `cn-hangzhou`.
    public let region: String
    /// The host for everybody, without the bucket.
    public let extranet: String
    /// The host inside the region, without the bucket.
    public let intranet: String

    /// Makes the endpoints of a bucket.
    public init(region: String, extranet: String, intranet: String) {
        self.region = region
        self.extranet = extranet
        self.intranet = intranet
    }

    /// The *Location* of a region: its ID behind `oss-`.
    ///
    /// Source: oss-wire fact 1.1.
    public static func location(ofRegion region: String) -> String {
        "oss-" + region
    }

    /// The region of a *Location*.
    public static func region(ofLocation location: String) -> String {
        location.utf8.starts(with: "oss-".utf8) ? String(location.dropFirst(4)) : location
    }
}
