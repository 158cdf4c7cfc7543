import OSSKit

/// How requests to the built-in store find their bucket, and what bucket documents call the store.
struct AddressingConfiguration {
    /// Hosts that stand for a bucket, in lower case, each with the bucket's name.
    let boundHosts: [String: String]
    /// The endpoint that bucket documents show, as it was given; nil shows the public one or the client's own.
    let extranetEndpoint: String?
    /// The endpoint for the operator's network that bucket documents show, as it was given; nil shows the other one.
    let intranetEndpoint: String?
    /// Whether path style is refused on OSS's own domains.
    let refusesPathStyleOnOSSDomains: Bool
    /// Whether a bucket's owner can bind a domain to it without a proof that it is theirs.
    let bindsUnprovenDomains: Bool

    private static let mostBoundHosts = 1_024
    private static let endpointBytes = 1...255

    /// Reads and checks the options.
    ///
    /// - Throws: `ConfigurationProblem`, naming the option.
    init(_ options: OptionReader) async throws {
        boundHosts =
            try await options.text(.ossBoundHosts) == nil
            ? [:]
            : ServeConfiguration.checked(
                .ossBoundHosts, options, "a list such as static.example.com=bucket, without a host twice",
                Self.boundHosts)
        extranetEndpoint = try await Self.endpoint(.ossExtranetEndpoint, options)
        intranetEndpoint = try await Self.endpoint(.ossIntranetEndpoint, options)
        refusesPathStyleOnOSSDomains = try await ServeConfiguration.checked(
            .ossPathStyle, options, "everywhere or own-hosts"
        ) { ["everywhere": false, "own-hosts": true][$0] }
        bindsUnprovenDomains = try await ServeConfiguration.checked(
            .ossCnameVerification, options, "none or refuse"
        ) { ["refuse": false, "none": true][$0] }
    }

    private static func boundHosts(_ text: String) -> [String: String]? {
        var hosts: [String: String] = [:]
        for piece in text.split(separator: ",") {
            let pair = piece.split(separator: "=", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
            guard pair.count == 2, let bucket = try? BucketName(String(pair[1])) else { return nil }
            let host = pair[0].lowercased()
            let isHost = host.utf8.allSatisfy { ServeConfiguration.isLabelByte($0) || $0 == UInt8(ascii: ".") }
            guard !host.isEmpty, isHost, hosts.updateValue(bucket.text, forKey: host) == nil else { return nil }
        }
        return hosts.isEmpty || hosts.count > mostBoundHosts ? nil : hosts
    }

    private static func endpoint(_ option: ServeOption, _ options: OptionReader) async throws -> String? {
        guard try await options.text(option) != nil else { return nil }
        return try await ServeConfiguration.checked(option, options, "1 to 255 visible ASCII characters") { text in
            let isVisible = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            return isVisible && endpointBytes.contains(text.utf8.count) ? text : nil
        }
    }
}
