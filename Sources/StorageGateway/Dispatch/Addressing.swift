import OSSKit

/// Finds bucket and key of a request from its host and its raw target.
///
/// `bucket.domain` with a configured domain is a virtual host; every other host, an address or a domain itself included,
/// is addressed in path style, so that a URL keeps working under another name of this machine.
/// Source: oss-wire fact 1.2.
package struct Addressing: Sendable {
    private let suffixes: [String]

    /// Takes the virtual host domains, in lower case and without a leading dot.
    package init(virtualHostDomains: [String]) {
        suffixes = virtualHostDomains.map { ".\($0)" }
    }

    /// The bucket and key that a request is about, decoded once.
    ///
    /// - Throws: `InvalidBucketName` or `InvalidObjectName` for a target whose percent-coding is malformed.
    package func resource(host: String, target: RequestTarget) throws(OSSError) -> SignedResource {
        guard let bucket = bucketLabel(of: host) else { return try target.pathStyleResource() }
        return try target.hostStyleResource(bucket: bucket)
    }

    /// The host without the bucket that stands before it, as bucket documents show it.
    package func endpointHost(of host: String) -> String {
        guard let bucket = bucketLabel(of: host) else { return host }
        return String(host.dropFirst(bucket.count + 1))
    }

    private func bucketLabel(of host: String) -> String? {
        let name = host.lowercased().prefix { $0 != ":" }
        for suffix in suffixes where name.hasSuffix(suffix) {
            let label = name.dropLast(suffix.count)
            if !label.isEmpty, !label.contains(".") { return String(label) }
        }
        return nil
    }
}
