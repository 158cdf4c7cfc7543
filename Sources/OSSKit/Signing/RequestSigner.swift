/// A request that cannot be signed as its maker wants it.
public enum SigningError: Error, Sendable, Equatable {
    /// A header was to be covered whose value is not known.
    case missingHeader(name: String)
    /// A header was to be covered that the scheme cannot cover.
    case headerNotCovered(name: String)
    /// A URL was to live for a time that the scheme does not allow.
    case lifetimeOutOfRange(seconds: Int64)
    /// The text is not an endpoint: a scheme, a host, and maybe a port.
    case invalidEndpoint
    /// A parameter of the request has a name that belongs to signatures.
    case reservedParameter(name: String)
    /// A limit of speed was asked for that OSS does not take.
    case trafficLimitOutOfRange(bitsPerSecond: Int64)
    /// A callback was asked for that OSS does not take.
    case invalidCallback(reason: String)
    /// A form was to fix what a form cannot fix, or fix it twice.
    case invalidForm(field: String)
}

/// Signs requests in their `Authorization` header.
///
/// Source: oss-wire facts 2.1 and 2.4.
public struct RequestSigner: Sendable {
    private let credentials: Credentials
    private let region: String
    private let product: String

    /// Makes a signer for one access key and one region.
    public init(credentials: Credentials, region: String, product: String = "oss") {
        self.credentials = credentials
        self.region = region
        self.product = product
    }

    /// Signs a request by V4.
    ///
    /// - Parameters:
    ///   - request: the request without the headers of a signature; those it holds are replaced.
    ///   - additionalHeaders: headers to cover besides `Content-Type`, `Content-MD5` and `x-oss-*`.
    ///   - nowUnixSeconds: the time, from which the signature is good for 15 minutes.
    /// - Returns: all header fields to send.
    public func signV4(
        _ request: SignableRequest, additionalHeaders: [String] = [], nowUnixSeconds: Int64
    ) throws(SigningError) -> [WireHeader] {
        let date = ISO8601.formatBasic(unixSeconds: nowUnixSeconds)
        let scope = ScopeV4(day: String(date.prefix(8)), region: region, product: product)
        var signed = request
        signed.headers.removeAll { header in
            ["authorization", "x-oss-date", "x-oss-content-sha256", "x-oss-security-token"].contains {
                header.isNamed($0)
            }
        }
        signed.headers.append(WireHeader("x-oss-date", date))
        signed.headers.append(WireHeader("x-oss-content-sha256", CanonicalV4.unsignedPayload))
        if let token = credentials.securityToken {
            signed.headers.append(WireHeader("x-oss-security-token", token.reveal()))
        }
        let parts = SignedParts(signed)
        let additional = try AdditionalHeaders.canonical(additionalHeaders, of: parts)
        let text = CanonicalV4.signedText(
            canonicalRequest: CanonicalV4.request(parts, additionalHeaders: additional), date: date, scope: scope)
        let key = SigningKeyV4(secret: credentials.accessKeySecret, scope: scope)
        let signature = key.signature(of: text.stringToSign)
        let list = additional.isEmpty ? "" : ",AdditionalHeaders=" + additional.joined(separator: ";")
        let authorization =
            "\(CanonicalV4.algorithm) Credential=\(credentials.accessKeyID)/\(scope.text)\(list),Signature=\(signature)"
        return signed.headers + [WireHeader("Authorization", authorization)]
    }

    /// Signs a request by V1.
    ///
    /// The date is that of its `x-oss-date` or `Date`, both HTTP dates; without either, `Date` is added.
    ///
    /// - Returns: all header fields to send.
    public func signV1(_ request: SignableRequest, nowUnixSeconds: Int64) -> [WireHeader] {
        var signed = request
        signed.headers.removeAll { $0.isNamed("authorization") || $0.isNamed("x-oss-security-token") }
        if let token = credentials.securityToken {
            signed.headers.append(WireHeader("x-oss-security-token", token.reveal()))
        }
        let given = CanonicalHeaders(signed.headers, host: nil)
        let date: [UInt8]
        if let value = given.value(of: "x-oss-date") ?? given.value(of: "date") {
            date = Array(value.utf8)
        } else {
            let text = HTTPDate.format(unixSeconds: nowUnixSeconds)
            signed.headers.append(WireHeader("Date", text))
            date = Array(text.utf8)
        }
        let stringToSign = CanonicalV1.stringToSign(SignedParts(signed), date: date)
        let signature = CanonicalV1.signature(of: stringToSign, with: credentials.accessKeySecret)
        return signed.headers + [WireHeader("Authorization", "OSS \(credentials.accessKeyID):\(signature)")]
    }
}

/// The names of headers that a V4 signature covers because its maker wants it to.
enum AdditionalHeaders {
    /// The names in lower case, sorted, once each, without those that are covered anyway.
    ///
    /// - Throws: `missingHeader` if the request does not say what a header's value will be.
    static func canonical(_ names: [String], of parts: SignedParts) throws(SigningError) -> [String] {
        var canonical: [String] = []
        for name in Set(names.map { ASCII.lowercased($0) }).sorted(by: { $0.lexicographicallyPrecedes($1) })
        where !CanonicalV4.isAlwaysCovered(name) {
            let text = String(decoding: name, as: UTF8.self)
            guard parts.headers.value(of: text) != nil else { throw .missingHeader(name: text) }
            canonical.append(text)
        }
        return canonical
    }
}
