import ArgumentParser

/// The options of `serve` that say how the built-in store is addressed, and what it grants.
struct ServeAccessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Hosts that stand for a bucket. [GATEWAY_OSS_BOUND_HOSTS]", valueName: "host=bucket,…"))
    var ossBoundHosts: String?

    @Option(
        help: ArgumentHelp(
            "The endpoint that bucket documents show, as it is. [GATEWAY_OSS_EXTRANET_ENDPOINT] (default: the host of"
                + " --oss-public-endpoint, or the one by which the client came)", valueName: "endpoint"))
    var ossExtranetEndpoint: String?

    @Option(
        help: ArgumentHelp(
            "The internal endpoint that bucket documents show, as it is. [GATEWAY_OSS_INTRANET_ENDPOINT] (default: as"
                + " the other one)", valueName: "endpoint"))
    var ossIntranetEndpoint: String?

    @Option(
        help: ArgumentHelp(
            "everywhere takes the bucket in the path on every host; own-hosts refuses it on *.aliyuncs.com, as OSS"
                + " does. [GATEWAY_OSS_PATH_STYLE] (default: everywhere)", valueName: "mode"))
    var ossPathStyle: String?

    @Option(
        help: ArgumentHelp(
            "none binds domains without a proof. [GATEWAY_OSS_CNAME_VERIFICATION] (default: refuse)",
            valueName: "mode"))
    var ossCnameVerification: String?

    @Option(
        help: ArgumentHelp(
            "Seconds between two access logs of a bucket. [GATEWAY_OSS_LOG_SECONDS] (default: 300)",
            valueName: "seconds"))
    var ossLogSeconds: String?

    @Option(
        help: ArgumentHelp(
            "Whether a public ACL lets everybody list the bucket, too. [GATEWAY_OSS_PUBLIC_ACL_LISTS]"
                + " (default: false)", valueName: "true|false"))
    var ossPublicACLLists: String?

    @Option(
        help: ArgumentHelp(
            "The longest life of a temporary access key, 900 to 43200. [GATEWAY_STS_MAX_SECONDS] (default: 3600)",
            valueName: "seconds"))
    var stsMaxSeconds: String?

    /// What was given.
    var flags: [(ServeOption, String?)] {
        [
            (.ossBoundHosts, ossBoundHosts), (.ossExtranetEndpoint, ossExtranetEndpoint),
            (.ossIntranetEndpoint, ossIntranetEndpoint), (.ossPathStyle, ossPathStyle),
            (.ossCnameVerification, ossCnameVerification), (.ossLogSeconds, ossLogSeconds),
            (.ossPublicACLLists, ossPublicACLLists), (.stsMaxSeconds, stsMaxSeconds),
        ]
    }
}
