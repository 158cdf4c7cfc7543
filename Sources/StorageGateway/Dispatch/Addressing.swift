import OSSKit

/// Finds bucket and key of a request from its host and its raw target.
///
/// `bucket.domain` with a configured domain is a virtual host, and a host that is bound to a bucket stands for that
/// bucket; every other host, an address or a domain itself included, is addressed in path style, so that a URL keeps
/// working under another name of this machine. Source: oss-wire fact 1.2.
package struct Addressing: Sendable {
    private let domains: [String]
    private let suffixes: [String]
    private var boundHosts: [String: String]
    private let ownDomains: [String]

    /// Takes what hosts mean.
    ///
    /// - Parameters:
    ///   - virtualHostDomains: The virtual host domains, in lower case and without a leading dot.
    ///   - boundHosts: Hosts that stand for a bucket, in lower case, each with the bucket's name.
    ///   - ownDomains: Domains on which path style is refused, as OSS does on its own.
    package init(virtualHostDomains: [String], boundHosts: [String: String] = [:], ownDomains: [String] = []) {
        domains = virtualHostDomains
        suffixes = virtualHostDomains.map { ".\($0)" }
        self.boundHosts = boundHosts
        self.ownDomains = ownDomains
    }

    /// Takes what hosts mean from what the surface was told at start.
    init(_ configuration: SurfaceConfiguration) {
        self.init(
            virtualHostDomains: configuration.virtualHostDomains, boundHosts: configuration.boundHosts,
            ownDomains: configuration.refusesPathStyleOnOSSDomains ? configuration.ossDomains : [])
    }

    /// The bucket and key that a request is about, decoded once.
    ///
    /// - Throws: `InvalidBucketName` or `InvalidObjectName` for a target whose percent-coding is malformed;
    ///   `SecondLevelDomainForbidden` for path style where it is refused.
    package func resource(host: String, target: RequestTarget) throws(OSSError) -> SignedResource {
        let name = Self.name(of: host)
        if let bucket = bucket(ofName: name) { return try target.hostStyleResource(bucket: bucket) }
        let resource = try target.pathStyleResource()
        guard resource.bucket == nil || !ownDomains.contains(name) else {
            throw OSSError(.secondLevelDomainForbidden)
        }
        return resource
    }

    /// Whether the bucket of a request to a host stands in the path.
    package func isPathStyle(host: String) -> Bool { bucket(ofName: Self.name(of: host)) == nil }

    /// The host without the bucket that stands before it, as bucket documents show it.
    package func endpointHost(of host: String) -> String {
        let name = Self.name(of: host)
        guard boundHosts[name] == nil, let bucket = bucket(ofName: name) else { return host }
        return String(host.dropFirst(bucket.count + 1))
    }

    /// Whether a domain, or one that it lies below, is one of those that were told at start.
    func isOwn(_ domain: String) -> Bool {
        boundHosts[domain] != nil || domains.contains(domain) || suffixes.contains { domain.hasSuffix($0) }
            || !domain.utf8.contains { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    }

    /// The same with hosts that buckets bound since then; those that were told at start stay what they are.
    func adding(_ hosts: [String: String]) -> Addressing {
        guard !hosts.isEmpty else { return self }
        var addressing = self
        addressing.boundHosts.merge(hosts.filter { !isOwn($0.key) }) { told, _ in told }
        return addressing
    }

    /// The host without its port, in lower case.
    private static func name(of host: String) -> String { String(host.lowercased().prefix { $0 != ":" }) }

    private func bucket(ofName name: String) -> String? {
        if let bucket = boundHosts[name] { return bucket }
        // A domain may lie below another one, as `s3.oss-cn-hangzhou.aliyuncs.com` does.
        guard !domains.contains(name) else { return nil }
        for suffix in suffixes where name.hasSuffix(suffix) {
            let label = name.dropLast(suffix.count)
            if !label.isEmpty, !label.contains(".") { return String(label) }
        }
        return nil
    }
}
