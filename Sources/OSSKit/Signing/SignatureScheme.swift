/// How a request was signed: by which rules, and where the signature stands.
public enum SignatureScheme: String, Sendable, CaseIterable {
    /// HMAC-SHA1 in the `Authorization` header: `OSS id:signature`.
    case v1Header
    /// HMAC-SHA1 in the query string: `OSSAccessKeyId`, `Expires` and `Signature`.
    case v1URL
    /// HMAC-SHA256 in the `Authorization` header: `OSS4-HMAC-SHA256 …`.
    case v4Header
    /// HMAC-SHA256 in the query string: `x-oss-signature-version=OSS4-HMAC-SHA256`.
    case v4URL

    /// Whether the request is a presigned URL.
    public var isInURL: Bool { self == .v1URL || self == .v4URL }
    /// Whether it is one of the two V4 schemes.
    public var isV4: Bool { self == .v4Header || self == .v4URL }
}

/// The access key of a caller, with which requests are signed.
public struct Credentials: Sendable {
    /// The access key ID, which names the caller.
    public let accessKeyID: String
    /// The access key secret.
    public let accessKeySecret: Secret
    /// The security token of a temporary access key; nil for a lasting one.
    public let securityToken: Secret?

    /// Makes credentials.
    public init(accessKeyID: String, accessKeySecret: Secret, securityToken: Secret? = nil) {
        self.accessKeyID = accessKeyID
        self.accessKeySecret = accessKeySecret
        self.securityToken = securityToken
    }
}
