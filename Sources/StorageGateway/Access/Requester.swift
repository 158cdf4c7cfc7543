import OSSKit

/// Who a request comes from, after its signature was verified.
struct Requester: Sendable {
    /// The account of the access key.
    let ownerID: String
    /// The access key that signed.
    let accessKeyID: String
    /// The signature, which may say something about the body; nil for a form and for nobody.
    var signature: VerifiedSignature?

    /// Nobody in particular: no bucket belongs to such a requester.
    static let anonymous = Requester(ownerID: "", accessKeyID: "")
}

/// Finds out who a request comes from.
struct Authenticator: Sendable {
    let region: String
    let keys: AccessKeyRing
    /// Signing keys of earlier requests, which cost several times what one signature does.
    private let signingKeys = SigningKeyCache()

    /// Takes the region that signatures must name, and the access keys that may sign.
    init(region: String, keys: AccessKeyRing) {
        self.region = region
        self.keys = keys
    }

    /// Verifies the request's signature against what arrived.
    ///
    /// - Returns: nil for a request without credentials.
    /// - Throws: The refusal as OSS words it.
    func requester(
        of request: WireRequest, resource: SignedResource, nowUnixSeconds: Int64
    ) throws(OSSError) -> Requester? {
        let conditions = RequestAuthentication.Conditions(
            region: region, nowUnixSeconds: nowUnixSeconds, schemes: Self.schemes)
        switch try RequestAuthentication.read(request, resource: resource, conditions: conditions) {
        case .anonymous:
            return nil
        case .presented(let presented):
            return try requester(presented)
        }
    }

    /// Verifies the signature of a form, which covers its policy.
    ///
    /// - Returns: nil for a form without credentials.
    /// - Throws: The refusal as OSS words it.
    func requester(of form: PostForm, nowUnixSeconds: Int64) throws(OSSError) -> Requester? {
        let conditions = RequestAuthentication.Conditions(
            region: region, nowUnixSeconds: nowUnixSeconds, schemes: [.v1Post, .v4Post])
        switch try PostAuthentication.read(form, conditions: conditions) {
        case .anonymous: return nil
        case .presented(let presented): return try requester(presented)
        }
    }

    private func requester(_ presented: PresentedSignature) throws(OSSError) -> Requester {
        let key = keys.key(id: presented.accessKeyID)
        let verified = try presented.verify(with: key?.secret, keys: signingKeys)
        guard let key, key.isEnabled else {
            throw OSSError(
                .invalidAccessKeyId, message: "The OSS Access Key Id you provided is disabled.",
                fields: [(presented.scheme.isOfAWS ? "AWSAccessKeyId" : "OSSAccessKeyId", presented.accessKeyID)])
        }
        return Requester(ownerID: key.ownerID, accessKeyID: key.id, signature: verified)
    }

    /// The schemes that are taken: those of OSS, and those of the S3 dialect.
    private static let schemes = SignatureScheme.current.union([.aws2Header, .aws2URL, .aws4Header, .aws4URL])
}
