/// Reads the signature of one request; the schemes are in extensions.
struct SignatureReader {
    let request: WireRequest
    let conditions: RequestAuthentication.Conditions
    /// What signatures cover of the request.
    let parts: SignedParts

    /// Takes a request and what it is about.
    init(request: WireRequest, resource: SignedResource, conditions: RequestAuthentication.Conditions) {
        self.request = request
        self.conditions = conditions
        // An empty piece, as after the last `&`, was signed by nobody who signs all parameters.
        var query = request.target.query
        if request.target.emptyPieceCount > 0 {
            query += repeatElement(QueryItem(""), count: request.target.emptyPieceCount)
        }
        parts = SignedParts(
            SignableRequest(
                method: request.method, resource: resource, query: query,
                headers: request.headers, host: request.host))
    }

    /// Reads an `Authorization` header by the scheme that it names.
    func readHeader(_ header: String) throws(OSSError) -> PresentedSignature {
        let nameEnd = header.utf8.firstIndex(of: ASCII.blank) ?? header.endIndex
        let name = header[..<nameEnd]
        let rest = header[nameEnd...].drop { $0 == " " }
        let schemes: [(name: String, scheme: SignatureScheme)] = [
            ("OSS", .v1Header), (CanonicalV2.algorithm, .v2Header), (CanonicalV4.algorithm, .v4Header),
            ("AWS", .aws2Header), (ScopeV4.Family.aws.algorithm, .aws4Header),
        ]
        let known = schemes.first { name.utf8.elementsEqual($0.name.utf8) }?.scheme
        guard let known, conditions.schemes.contains(known) else {
            let isOfOSS = known == nil && name.utf8.starts(with: "OSS".utf8)
            throw AuthenticationRefusal.unsupportedScheme(
                "Authorization", header, ec: isOfOSS ? "0002-00000061" : "0002-00000002")
        }
        return switch known {
        case .v2Header: try readV2Header(header, fields: rest)
        case .v4Header: try readV4Header(header, fields: rest)
        case .aws2Header: try readAWS2Header(header, credentials: rest)
        case .aws4Header: try readAWS4Header(header, fields: rest)
        default: try readV1Header(header, credentials: rest)
        }
    }

    /// Reads the parameters of a presigned URL.
    func readURL(_ scheme: SignatureScheme) throws(OSSError) -> PresentedSignature {
        switch scheme {
        case .v2URL: try readV2URL()
        case .v4URL: try readV4URL()
        case .aws2URL: try readAWS2URL()
        case .aws4URL: try readAWS4URL()
        default: try readV1URL()
        }
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
    /// - Parameters:
    ///   - name: the parameter.
    ///   - header: the header that holds the token where it is no parameter.
    /// - Throws: `InvalidRequest` if the token stands in the header, where a URL's signer did not see it.
    func securityToken(
        inParameter name: String, notInHeader header: String = "x-oss-security-token"
    ) throws(OSSError) -> Secret? {
        guard request.header(header) == nil else {
            throw OSSError(
                .invalidRequest, message: "Security-token must be provided by query string parameter.")
        }
        guard let token = request.target.value(of: name) else { return nil }
        return try Self.securityToken(token)
    }

    /// A security token, if its length can be one's.
    static func securityToken(_ text: String) throws(OSSError) -> Secret {
        guard (1...Limits.maximumSecurityTokenBytes).contains(text.utf8.count) else {
            throw OSSError(.invalidSecurityToken)
        }
        return Secret(text)
    }
}
