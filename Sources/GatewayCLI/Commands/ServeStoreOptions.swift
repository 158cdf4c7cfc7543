import ArgumentParser

/// The options of `serve` that say how another object store is reached, and who may upload to it.
struct ServeStoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How the bucket is addressed at the endpoint of another store: auto, virtual-host, path or cname."
                + " [OSS_ADDRESSING] (default: auto)", valueName: "style"))
    var ossAddressing: String?

    @Option(
        help: ArgumentHelp(
            "How the bucket is addressed at --oss-public-endpoint. [OSS_PUBLIC_ADDRESSING] (default: as the other one)",
            valueName: "style"))
    var ossPublicAddressing: String?

    @Option(
        help: ArgumentHelp(
            "v4, or v1 where an endpoint knows nothing else; v1 cannot bind the size of an upload."
                + " [OSS_SIGNATURE_VERSION] (default: v4)", valueName: "version"))
    var ossSignature: String?

    @Option(
        help: ArgumentHelp(
            "A file with the access key of another store, read again when it changes. [OSS_CREDENTIALS_FILE]",
            valueName: "file"))
    var ossCredentialsFile: String?

    @Option(
        help: ArgumentHelp(
            "A URL that answers temporary access keys, as a machine's metadata service does. [OSS_CREDENTIALS_URL]",
            valueName: "url"))
    var ossCredentialsURL: String?

    @Option(
        help: ArgumentHelp(
            "The origins of web pages that may call the API and upload to the bucket; * for all."
                + " [GATEWAY_ALLOWED_ORIGINS] (default: none; with --demo all)", valueName: "origin,…"))
    var allowedOrigins: String?

    /// What was given.
    var flags: [(ServeOption, String?)] {
        [
            (.ossAddressing, ossAddressing), (.ossPublicAddressing, ossPublicAddressing),
            (.ossSignature, ossSignature), (.ossCredentialsFile, ossCredentialsFile),
            (.ossCredentialsURL, ossCredentialsURL), (.allowedOrigins, allowedOrigins),
        ]
    }
}
