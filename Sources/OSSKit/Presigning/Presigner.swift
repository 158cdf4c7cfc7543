/// A URL that lets whoever holds it make one request, for a time.
public struct PresignedURL: Sendable, CustomStringConvertible {
    /// The method of the request.
    public let method: String
    /// The URL itself, which opens a door: it is given to its user, and never logged.
    public let url: String
    /// The headers that the request has to carry with these values.
    public let requiredHeaders: [WireHeader]
    /// The last second in which the URL is good.
    public let expiresAtUnixSeconds: Int64

    public var description: String { "<redacted>" }
}

/// Makes presigned URLs.
///
/// Source: oss-wire facts 2.2 and 2.5.
public struct Presigner: Sendable {
    /// The request that a URL is to allow.
    public struct Request: Sendable {
        /// The method, such as `PUT`.
        public let method: String
        /// The bucket.
        public let bucket: BucketName
        /// The key; nil for a request to the bucket itself.
        public let key: ObjectKey?
        /// Parameters of the operation, such as `response-content-type`.
        public let query: [QueryItem]
        /// Headers that the request has to carry as they stand here; another value makes the URL worthless.
        public let headers: [WireHeader]
        /// Whether the URL is good at this endpoint's host only.
        public var isHostBound = false

        /// Describes a request.
        public init(
            method: String, bucket: BucketName, key: ObjectKey?, query: [QueryItem] = [], headers: [WireHeader] = []
        ) {
            self.method = method
            self.bucket = bucket
            self.key = key
            self.query = query
            self.headers = headers
        }

        var resource: SignedResource { SignedResource(bucket: bucket.text, key: key?.bytes) }
    }

    private let endpoint: Endpoint
    private let region: String
    private let product: String
    private let credentials: Credentials

    /// Makes a presigner for one endpoint and one access key.
    public init(endpoint: Endpoint, region: String, credentials: Credentials, product: String = "oss") {
        self.endpoint = endpoint
        self.region = region
        self.product = product
        self.credentials = credentials
    }

    /// Makes a URL by V4, which can bind any header: `Content-Length` too, and so the size of an upload.
    ///
    /// - Parameters:
    ///   - request: the request to allow.
    ///   - lifetimeSeconds: how long the URL is good: 1 to 604,800 seconds.
    ///   - nowUnixSeconds: the time from which on it is.
    /// - Throws: `lifetimeOutOfRange`.
    public func presignV4(
        _ request: Request, lifetimeSeconds: Int64, nowUnixSeconds: Int64
    ) throws(SigningError) -> PresignedURL {
        guard (1...Limits.maximumV4LifetimeSeconds).contains(lifetimeSeconds) else {
            throw .lifetimeOutOfRange(seconds: lifetimeSeconds)
        }
        let expires = try sum(nowUnixSeconds, lifetimeSeconds)
        let date = ISO8601.formatBasic(unixSeconds: nowUnixSeconds)
        let scope = ScopeV4(day: String(date.prefix(8)), region: region, product: product)
        var signable = signable(request)
        let additional = try AdditionalHeaders.canonical(
            request.headers.map(\.name) + (request.isHostBound ? ["host"] : []), of: SignedParts(signable))
        signable.query += parametersV4(date: date, scope: scope, lifetime: lifetimeSeconds, additional: additional)
        let text = CanonicalV4.signedText(
            canonicalRequest: CanonicalV4.request(SignedParts(signable), additionalHeaders: additional), date: date,
            scope: scope)
        let key = SigningKeyV4(secret: credentials.accessKeySecret, scope: scope)
        signable.query.append(QueryItem(CanonicalV4.Parameter.signature, key.signature(of: text.stringToSign)))
        return PresignedURL(
            method: request.method, url: endpoint.url(of: request.resource, query: signable.query),
            requiredHeaders: request.headers, expiresAtUnixSeconds: expires)
    }

    /// Makes a URL by V1, which can bind `Content-Type`, `Content-MD5` and `x-oss-*`, and nothing else.
    ///
    /// - Parameters:
    ///   - request: the request to allow.
    ///   - lifetimeSeconds: how long the URL is good: 1 second at least.
    ///   - nowUnixSeconds: the time.
    /// - Throws: `lifetimeOutOfRange`; `headerNotCovered` for a header that V1 cannot bind.
    public func presignV1(
        _ request: Request, lifetimeSeconds: Int64, nowUnixSeconds: Int64
    ) throws(SigningError) -> PresignedURL {
        guard lifetimeSeconds >= 1 else { throw .lifetimeOutOfRange(seconds: lifetimeSeconds) }
        let expires = try sum(nowUnixSeconds, lifetimeSeconds)
        let names = request.headers.map(\.name) + (request.isHostBound ? ["host"] : [])
        for name in names where !CanonicalV4.isAlwaysCovered(ASCII.lowercased(name)) {
            throw .headerNotCovered(name: name)
        }
        var signable = signable(request)
        if let token = credentials.securityToken {
            signable.query.append(QueryItem("security-token", token.reveal()))
        }
        let stringToSign = CanonicalV1.stringToSign(SignedParts(signable), date: String(expires).utf8)
        signable.query += [
            QueryItem("OSSAccessKeyId", credentials.accessKeyID), QueryItem("Expires", String(expires)),
            QueryItem("Signature", CanonicalV1.signature(of: stringToSign, with: credentials.accessKeySecret)),
        ]
        return PresignedURL(
            method: request.method, url: endpoint.url(of: request.resource, query: signable.query),
            requiredHeaders: request.headers, expiresAtUnixSeconds: expires)
    }

    private func signable(_ request: Request) -> SignableRequest {
        SignableRequest(
            method: request.method, resource: request.resource, query: request.query, headers: request.headers,
            host: endpoint.authority(bucket: request.bucket.text))
    }

    private func parametersV4(date: String, scope: ScopeV4, lifetime: Int64, additional: [String]) -> [QueryItem] {
        var parameters = [
            QueryItem(CanonicalV4.Parameter.version, CanonicalV4.algorithm),
            QueryItem(CanonicalV4.Parameter.credential, "\(credentials.accessKeyID)/\(scope.text)"),
            QueryItem(CanonicalV4.Parameter.date, date),
            QueryItem(CanonicalV4.Parameter.expires, String(lifetime)),
        ]
        if !additional.isEmpty {
            parameters.append(
                QueryItem(CanonicalV4.Parameter.additionalHeaders, additional.joined(separator: ";")))
        }
        if let token = credentials.securityToken {
            parameters.append(QueryItem(CanonicalV4.Parameter.securityToken, token.reveal()))
        }
        return parameters
    }

    private func sum(_ now: Int64, _ lifetime: Int64) throws(SigningError) -> Int64 {
        let (sum, isOverflow) = now.addingReportingOverflow(lifetime)
        // What has more digits is no date to whoever checks the URL.
        guard !isOverflow, sum >= 0, sum < 1_000_000_000_000_000_000 else {
            throw .lifetimeOutOfRange(seconds: lifetime)
        }
        return sum
    }
}
