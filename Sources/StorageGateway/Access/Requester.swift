import OSSKit

/// Who a request comes from, after its signature was verified; or nobody, if it has none.
package struct Requester: Sendable {
    /// The account of the access key; empty for nobody, whom no bucket belongs to.
    package let ownerID: String
    /// The access key that signed; empty for nobody.
    package let accessKeyID: String
    /// How the request was signed; nil for nobody.
    package let scheme: SignatureScheme?
    /// The signature, which may say something about the body; nil for nobody, and where a test makes a requester.
    let signature: VerifiedSignature?
    /// What the access key may do at most; nil if that is whatever its account may.
    package let keyPolicy: AccessPolicy?
    /// The session of a temporary access key; nil for a lasting one.
    package let session: Session?

    /// What is known of a temporary access key.
    package struct Session: Sendable {
        /// The role and the name of the session, as `role/session`.
        package let name: String
        /// The access key from which it was made.
        package let parentAccessKeyID: String
        /// What the session may do at most; nil if that is whatever its parent key may.
        package let policy: AccessPolicy?

        /// Describes a session.
        package init(name: String, parentAccessKeyID: String, policy: AccessPolicy?) {
            self.name = name
            self.parentAccessKeyID = parentAccessKeyID
            self.policy = policy
        }
    }

    /// Who sends a request without a signature.
    package static let anonymous = Requester(ownerID: "", accessKeyID: "", scheme: nil, keyPolicy: nil, session: nil)

    /// Describes a requester.
    package init(
        ownerID: String, accessKeyID: String, scheme: SignatureScheme?, keyPolicy: AccessPolicy?, session: Session?
    ) {
        self.init(
            ownerID: ownerID, accessKeyID: accessKeyID, scheme: scheme, signature: nil, keyPolicy: keyPolicy,
            session: session)
    }

    /// Describes who made a signature.
    init(_ signature: VerifiedSignature, of key: AccessKey, session: Session? = nil) {
        self.init(
            ownerID: key.ownerID, accessKeyID: signature.accessKeyID, scheme: signature.scheme, signature: signature,
            keyPolicy: key.policy, session: session)
    }

    private init(
        ownerID: String, accessKeyID: String, scheme: SignatureScheme?, signature: VerifiedSignature?,
        keyPolicy: AccessPolicy?, session: Session?
    ) {
        self.signature = signature
        self.ownerID = ownerID
        self.accessKeyID = accessKeyID
        self.scheme = scheme
        self.keyPolicy = keyPolicy
        self.session = session
    }

    /// Whether the request has no signature.
    package var isAnonymous: Bool { scheme == nil }
    /// Whether the signature stands in a URL, so that whoever holds the URL may be somebody else.
    package var isPresigned: Bool { scheme?.isInURL == true }
    /// Whether the signature stands in a header, which a page of somebody else cannot send.
    var signsInHeader: Bool {
        guard let scheme else { return false }
        return !scheme.isInURL && scheme != .v1Post && scheme != .v4Post
    }
    /// Whether a policy binds the requester to less than the account may do.
    var isBound: Bool { keyPolicy != nil || session?.policy != nil }

    /// The names by which policies of buckets can mean the requester.
    ///
    /// Source: assumption A-094.
    var principals: [String] {
        guard !isAnonymous else { return [] }
        guard let session else { return [ownerID, accessKeyID] }
        return [ownerID, "arn:sts::\(ownerID):assumed-role/\(session.name)"]
    }
}
