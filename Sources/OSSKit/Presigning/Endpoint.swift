/// Where an object store is reached, and how buckets are addressed there.
///
/// Source: oss-wire fact 1.2.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// How a request says which bucket it means.
    public enum Style: String, Sendable {
        /// The bucket is the first label of the host: `bucket.endpoint/key`.
        case virtualHost = "virtual-host"
        /// The bucket is the first segment of the path: `endpoint/bucket/key`.
        case path
        /// The host stands for one bucket, which the server knows: `endpoint/key`.
        case cname
    }

    /// `http` or `https`.
    public let scheme: String
    /// The host in lower case, an IPv6 address in brackets.
    public let host: String
    /// The port; nil for the scheme's own.
    public let port: Int?
    /// How buckets are addressed.
    public let style: Style

    /// Takes an endpoint such as `https://oss-cn-hangzhou.aliyuncs.com` or `127.0.0.1:10724`.
    ///
    /// - Parameters:
    ///   - text: the endpoint; without a scheme it is one of HTTPS, as official clients take it.
    ///   - style: how buckets are addressed; nil for path style at an IP address or `localhost`, and virtual host
    ///     everywhere else.
    /// - Throws: `invalidEndpoint` for anything but a scheme, a host and a port.
    public init(_ text: String, style: Style? = nil) throws(SigningError) {
        var rest = Substring(text)
        if let separator = text.firstRange(of: "://") {
            scheme = text[..<separator.lowerBound].lowercased()
            rest = text[separator.upperBound...]
        } else {
            scheme = "https"
        }
        guard scheme == "http" || scheme == "https" else { throw .invalidEndpoint }
        if rest.hasSuffix("/") {
            rest = rest.dropLast()
        }
        let host: Substring
        (host, port) = try Self.split(rest, defaultPort: scheme == "https" ? 443 : 80)
        guard Self.isHost(host) else { throw .invalidEndpoint }
        self.host = host.lowercased()
        self.style = style ?? (Self.isAddress(self.host) ? .path : .virtualHost)
    }

    public var description: String { "\(scheme)://\(authority(bucket: nil))" }

    /// The value of `Host` for a request to a bucket, or to the service if there is none.
    public func authority(bucket: String?) -> String {
        let name = bucket.map { style == .virtualHost ? "\($0).\(host)" : host } ?? host
        return port.map { "\(name):\($0)" } ?? name
    }

    /// The path of a request, percent-encoded.
    public func path(of resource: SignedResource) -> String {
        let key = resource.key.map(Self.encoded) ?? ""
        guard style == .path, let bucket = resource.bucket else { return "/" + key }
        return "/" + PercentCoding.encode(bucket) + "/" + key
    }

    /// The URL of a request, percent-encoded; a parameter with an empty value is its bare name.
    public func url(of resource: SignedResource, query: [QueryItem] = []) -> String {
        let parameters = query.map { item in
            let name = PercentCoding.encode(item.nameBytes)
            return item.isValueEmpty ? name : name + "=" + PercentCoding.encode(item.valueOrEmpty)
        }
        let text = parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&")
        return "\(scheme)://\(authority(bucket: resource.bucket))\(path(of: resource))\(text)"
    }

    /// A key in a path: its slashes stay, unless HTTP clients would take a part of it for a dot segment.
    private static func encoded(_ key: [UInt8]) -> String {
        let segments = key.split(separator: ASCII.slash, omittingEmptySubsequences: false)
        let holdsDotSegment = segments.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
        return PercentCoding.encode(key, keepingSlash: !holdsDotSegment)
    }

    private static func split(
        _ authority: Substring, defaultPort: Int
    ) throws(SigningError) -> (host: Substring, port: Int?) {
        let portStart = authority.lastIndex(of: ":")
        let addressEnd = authority.lastIndex(of: "]")
        guard let portStart, addressEnd.map({ $0 < portStart }) ?? true else { return (authority, nil) }
        guard let port = DecimalNumber.parse(authority[authority.index(after: portStart)...]),
            (1...65_535).contains(port)
        else { throw .invalidEndpoint }
        return (authority[..<portStart], port == defaultPort ? nil : Int(port))
    }

    private static func isHost(_ text: Substring) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        if text.hasPrefix("["), text.hasSuffix("]") {
            return text.dropFirst().dropLast().utf8.allSatisfy {
                Hexadecimal.value(of: $0) != nil || $0 == ASCII.colon || $0 == ASCII.period
            }
        }
        return text.utf8.allSatisfy {
            ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.hyphen || $0 == ASCII.period
                || $0 == ASCII.underscore
        }
    }

    /// Whether a host is an IP address or `localhost`, under which no bucket can have a name of its own.
    private static func isAddress(_ host: String) -> Bool {
        if host == "localhost" || host.hasPrefix("[") { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { DecimalNumber.parse($0).map { $0 <= 255 } ?? false }
    }
}
