import OSSKit

/// Who a request comes from, after its signature was verified.
struct Requester: Sendable {
    /// The account of the access key.
    let ownerID: String
    /// The access key that signed.
    let accessKeyID: String
}

/// Finds out who a request comes from.
struct Authenticator: Sendable {
    let region: String
    let keys: AccessKeyRing

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
        let conditions = RequestAuthentication.Conditions(region: region, nowUnixSeconds: nowUnixSeconds)
        switch try RequestAuthentication.read(request, resource: resource, conditions: conditions) {
        case .anonymous:
            return nil
        case .presented(let presented):
            let (key, signingKeys) = keys.lookUp(id: presented.accessKeyID)
            _ = try presented.verify(with: key?.secret, keys: signingKeys)
            guard let key, key.isEnabled else {
                throw OSSError(
                    .invalidAccessKeyId, message: "The OSS Access Key Id you provided is disabled.",
                    fields: [("OSSAccessKeyId", presented.accessKeyID)])
            }
            return Requester(ownerID: key.ownerID, accessKeyID: key.id)
        }
    }
}
