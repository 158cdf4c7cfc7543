/// What the OSS surface is told at start.
package struct SurfaceConfiguration: Sendable {
    /// The region id, without `oss-`, that V4 scopes must name.
    package var region: String
    /// The domains below which the first label of a host is a bucket, in lower case.
    package var virtualHostDomains: [String]
    /// The endpoint that bucket documents show to clients, such as `oss.example.com`, as it is.
    ///
    /// Nil shows the host by which the client came.
    package var extranetEndpoint: String?
    /// The endpoint inside the operator's network that bucket documents show, as it is; nil shows the other one.
    package var intranetEndpoint: String?
    /// The name that owner elements show.
    package var ownerDisplayName: String
    /// Hosts that stand for a bucket, in lower case, each with the bucket's name.
    package var boundHosts: [String: String] = [:]
    /// Whether path style is refused on OSS's own domains, as OSS refuses it.
    package var refusesPathStyleOnOSSDomains = false
    /// Whether a public ACL of a bucket lets everybody list it, too.
    package var publicACLLists = false
    /// Whether a bucket's owner can bind a domain to it without a proof that it is theirs.
    package var bindsUnprovenDomains = false
    /// The longest life of a temporary access key, in seconds.
    package var securityTokenSeconds: Int64 = 3_600
    /// OSS's own domains of the region.
    let ossDomains: [String]
    /// The hosts that callbacks may go to.
    package var callbackHosts: CallbackHosts

    /// Makes a configuration; OSS's own domains of the region are always among the virtual host domains.
    package init(
        region: String, virtualHostDomains: [String], extranetEndpoint: String?, ownerDisplayName: String,
        callbackHosts: CallbackHosts = CallbackHosts(allowed: [])
    ) {
        self.region = region
        ossDomains = [
            "oss-\(region).aliyuncs.com", "oss-\(region)-internal.aliyuncs.com", "\(region).oss.aliyuncs.com",
            "s3.oss-\(region).aliyuncs.com", "s3.oss-\(region)-internal.aliyuncs.com",
        ]
        self.virtualHostDomains = virtualHostDomains + ossDomains
        self.extranetEndpoint = extranetEndpoint
        self.ownerDisplayName = ownerDisplayName
        self.callbackHosts = callbackHosts
    }
}
