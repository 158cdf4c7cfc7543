/// What the OSS surface is told at start.
package struct SurfaceConfiguration: Sendable {
    /// The region id, without `oss-`, that V4 scopes must name.
    package var region: String
    /// The domains below which the first label of a host is a bucket, in lower case.
    package var virtualHostDomains: [String]
    /// The endpoint that bucket documents show to clients, such as `oss.example.com`.
    ///
    /// Nil shows the host by which the client came.
    package var extranetEndpoint: String?
    /// The name that owner elements show.
    package var ownerDisplayName: String
    /// The hosts that callbacks may go to.
    package var callbackHosts: CallbackHosts

    /// Makes a configuration; OSS's own domains of the region are always among the virtual host domains.
    package init(
        region: String, virtualHostDomains: [String], extranetEndpoint: String?, ownerDisplayName: String,
        callbackHosts: CallbackHosts = CallbackHosts(allowed: [])
    ) {
        self.region = region
        self.virtualHostDomains =
            virtualHostDomains + ["oss-\(region).aliyuncs.com", "oss-\(region)-internal.aliyuncs.com"]
        self.extranetEndpoint = extranetEndpoint
        self.ownerDisplayName = ownerDisplayName
        self.callbackHosts = callbackHosts
    }
}
