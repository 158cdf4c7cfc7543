import OSSKit

/// Finds out who a request comes from.
struct Authenticator: Sendable {
    private let region: String
    private let keys: AccessKeyRing
    private let tokens: SecurityTokens?

    /// The schemes of OSS, today's and the historical one, and those of the S3 dialect.
    private static let schemes = SignatureScheme.current.union(
        [.v2Header, .v2URL, .aws2Header, .aws2URL, .aws4Header, .aws4URL])

    /// Takes the region that signatures must name, the access keys that may sign, and what opens security tokens.
    init(region: String, keys: AccessKeyRing, tokens: SecurityTokens?) {
        self.region = region
        self.keys = keys
        self.tokens = tokens
    }

    /// Verifies a request's signature, and says what the request is about by the reading that was signed.
    ///
    /// - Parameters:
    ///   - request: The request as it arrived.
    ///   - resource: What it is about.
    ///   - otherReading: What clients mean by it who write a blank in a path as `+`; nil if its path has none.
    ///   - nowUnixSeconds: The time.
    /// - Throws: The refusal as OSS words it.
    func authenticate(
        _ request: WireRequest, resource: SignedResource, otherReading: SignedResource?, nowUnixSeconds: Int64
    ) throws(OSSError) -> (requester: Requester, resource: SignedResource) {
        do {
            return (try requester(of: request, resource: resource, nowUnixSeconds: nowUnixSeconds), resource)
        } catch {
            guard error.code == .signatureDoesNotMatch, let otherReading,
                let requester = try? requester(of: request, resource: otherReading, nowUnixSeconds: nowUnixSeconds),
                requester.scheme == .v1Header || requester.scheme == .v1URL
            else { throw error }
            return (requester, otherReading)
        }
    }

    private func requester(
        of request: WireRequest, resource: SignedResource, nowUnixSeconds: Int64
    ) throws(OSSError) -> Requester {
        let conditions = RequestAuthentication.Conditions(
            region: region, nowUnixSeconds: nowUnixSeconds, schemes: Self.schemes)
        switch try RequestAuthentication.read(request, resource: resource, conditions: conditions) {
        case .anonymous: return .anonymous
        case .presented(let presented): return try requester(of: presented, nowUnixSeconds: nowUnixSeconds)
        }
    }

    /// Verifies the signature of a form, which covers its policy.
    ///
    /// - Throws: The refusal as OSS words it.
    func requester(of form: PostForm, nowUnixSeconds: Int64) throws(OSSError) -> Requester {
        let conditions = RequestAuthentication.Conditions(
            region: region, nowUnixSeconds: nowUnixSeconds, schemes: [.v1Post, .v4Post])
        switch try PostAuthentication.read(form, conditions: conditions) {
        case .anonymous: return .anonymous
        case .presented(let presented): return try requester(of: presented, nowUnixSeconds: nowUnixSeconds)
        }
    }

    /// Compares a signature, of a request or of a form, and says whose it is.
    ///
    /// - Throws: The refusal as OSS words it.
    func requester(of presented: PresentedSignature, nowUnixSeconds: Int64) throws(OSSError) -> Requester {
        guard !SecurityTokens.isTemporary(presented.accessKeyID) else {
            return try requester(ofTemporary: presented, nowUnixSeconds: nowUnixSeconds)
        }
        let (key, signingKeys) = keys.lookUp(id: presented.accessKeyID)
        let signature = try presented.verify(with: key?.secret, keys: signingKeys)
        guard let key, key.isEnabled else { throw Self.disabled(presented) }
        return Requester(signature, of: key)
    }

    /// Source: oss-wire fact 14, "STS"; the order of the checks is that of its last sentence.
    private func requester(
        ofTemporary presented: PresentedSignature, nowUnixSeconds: Int64
    ) throws(OSSError) -> Requester {
        guard let token = presented.securityToken else {
            throw OSSError(
                .invalidAccessKeyId,
                message: OSSErrorCode.invalidAccessKeyId.usualMessage
                    + " The access key is a temporary one, and its security token may be missing.",
                ec: "0002-00000003", fields: [Self.keyField(presented)])
        }
        guard let opened = tokens?.open(token) else { throw OSSError(.invalidSecurityToken) }
        guard opened.contents.accessKeyID.utf8.elementsEqual(presented.accessKeyID.utf8) else {
            throw OSSError(.accessKeyIDAndSecurityTokenNotMatch)
        }
        guard nowUnixSeconds < opened.contents.expiresAtUnixSeconds else { throw OSSError(.securityTokenExpired) }
        let (parent, signingKeys) = keys.lookUp(id: opened.contents.parentAccessKeyID)
        let signature = try presented.verify(with: opened.contents.secret, securityToken: token, keys: signingKeys)
        // What the parent key may no longer do, its sessions may not either.
        guard let parent, parent.isEnabled else {
            throw Self.disabled(presented)
        }
        return Requester(
            signature, of: parent,
            session: Requester.Session(
                name: opened.contents.sessionName, parentAccessKeyID: parent.id, policy: opened.policy))
    }

    private static func disabled(_ presented: PresentedSignature) -> OSSError {
        OSSError(
            .invalidAccessKeyId, message: "The OSS Access Key Id you provided is disabled.",
            fields: [keyField(presented)])
    }

    private static func keyField(_ presented: PresentedSignature) -> (String, String) {
        (presented.scheme.isOfAWS ? "AWSAccessKeyId" : "OSSAccessKeyId", presented.accessKeyID)
    }
}
