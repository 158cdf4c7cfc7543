/// Reads the signature of one request; the schemes are in extensions.
struct SignatureReader {
    let request: WireRequest
    let resource: SignedResource
    let conditions: RequestAuthentication.Conditions

    /// What a signature covers of the request.
    var signable: SignableRequest {
        SignableRequest(
            method: request.method, resource: resource, query: request.target.query, headers: request.headers,
            host: request.host)
    }

    /// Reads an `Authorization` header by the scheme that it names.
    func readHeader(_ header: String) throws(OSSError) -> PresentedSignature {
        let schemeEnd = header.utf8.firstIndex(of: ASCII.blank) ?? header.endIndex
        let scheme = header[..<schemeEnd]
        let rest = header[schemeEnd...].drop { $0 == " " }
        if scheme.utf8.elementsEqual("OSS".utf8) {
            return try readV1Header(header, credentials: rest)
        }
        if scheme.utf8.elementsEqual(CanonicalV4.algorithm.utf8) {
            return try readV4Header(header, fields: rest)
        }
        let isKnownButNotTaken = scheme.utf8.elementsEqual("OSS2".utf8)
        let isOfOSS = scheme.utf8.starts(with: "OSS".utf8) && !isKnownButNotTaken
        throw AuthenticationRefusal.unsupportedScheme(
            "Authorization", header, ec: isOfOSS ? "0002-00000061" : "0002-00000002")
    }

    /// Whether a text can be an access key ID: letters, digits and `.`, `_`, `-`, and not too long.
    static func isAccessKeyID(_ text: some StringProtocol) -> Bool {
        (1...Limits.maximumAccessKeyIDBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.period || $0 == ASCII.underscore
                    || $0 == ASCII.hyphen
            }
    }

    /// The security token in a header; nil if there is none.
    ///
    /// - Parameter names: the headers that may hold it; one client of V1 leaves `x-oss-` away.
    func securityToken(inHeaders names: [String]) throws(OSSError) -> Secret? {
        let tokens = names.flatMap { request.headerValues($0) }
        guard let token = tokens.first else { return nil }
        guard tokens.count == 1 else { throw OSSError(.invalidSecurityToken) }
        return try Self.securityToken(token)
    }

    /// The security token in a parameter; nil if there is none.
    ///
    /// - Throws: `InvalidRequest` if the token stands in a header, where a URL's signer did not see it.
    func securityToken(inParameter name: String) throws(OSSError) -> Secret? {
        guard request.header("x-oss-security-token") == nil else {
            throw OSSError(
                .invalidRequest, message: "Security-token must be provided by query string parameter.")
        }
        guard let token = request.target.value(of: name) else { return nil }
        return try Self.securityToken(token)
    }

    private static func securityToken(_ text: String) throws(OSSError) -> Secret {
        guard (1...Limits.maximumSecurityTokenBytes).contains(text.utf8.count) else {
            throw OSSError(.invalidSecurityToken)
        }
        return Secret(text)
    }
}
