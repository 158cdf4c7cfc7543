/// Makes presigned URLs.
///
/// Source: oss-wire facts 2.2 and 2.5.
public struct Presigner: Sendable {
    let endpoint: Endpoint
    let region: String
    let product: String
    let credentials: Credentials

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
    /// - Throws: `lifetimeOutOfRange`; `reservedParameter`.
    public func presignV4(
        _ request: Request, lifetimeSeconds: Int64, nowUnixSeconds: Int64
    ) throws(SigningError) -> PresignedURL {
        guard (1...Limits.maximumV4LifetimeSeconds).contains(lifetimeSeconds) else {
            throw .lifetimeOutOfRange(seconds: lifetimeSeconds)
        }
        let expires = try Self.sum(nowUnixSeconds, lifetimeSeconds)
        try checkParameters(of: request)
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
    /// - Throws: `lifetimeOutOfRange`; `reservedParameter`; `headerNotCovered` for a header that V1 cannot bind.
    public func presignV1(
        _ request: Request, lifetimeSeconds: Int64, nowUnixSeconds: Int64
    ) throws(SigningError) -> PresignedURL {
        guard lifetimeSeconds >= 1 else { throw .lifetimeOutOfRange(seconds: lifetimeSeconds) }
        let expires = try Self.sum(nowUnixSeconds, lifetimeSeconds)
        try checkParameters(of: request)
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
            host: endpoint.authority(bucket: request.bucket?.text))
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

    /// Refuses parameters that would make two signatures of one.
    private func checkParameters(of request: Request) throws(SigningError) {
        if let item = request.query.first(where: { QueryCredentials.isPart($0) }) {
            throw .reservedParameter(name: item.name)
        }
    }

    /// The end of a life that begins now.
    static func sum(_ now: Int64, _ lifetime: Int64) throws(SigningError) -> Int64 {
        let (sum, isOverflow) = now.addingReportingOverflow(lifetime)
        // What has more digits is no date to whoever checks the URL.
        guard !isOverflow, sum >= 0, sum < 1_000_000_000_000_000_000 else {
            throw .lifetimeOutOfRange(seconds: lifetime)
        }
        return sum
    }
}
