/// How a request was signed: by which rules, and where the signature stands.
///
/// The raw values are the names that `storage-gateway verify` prints.
public enum SignatureScheme: String, Sendable, CaseIterable {
    /// HMAC-SHA1 in the `Authorization` header: `OSS id:signature`.
    case v1Header = "v1-header"
    /// HMAC-SHA1 in the query string: `OSSAccessKeyId`, `Expires` and `Signature`.
    case v1URL = "v1-url"
    /// HMAC-SHA1 of a form's policy: `OSSAccessKeyId` and `Signature` among its fields.
    case v1Post = "v1-post"
    /// HMAC-SHA256 in the `Authorization` header: `OSS2 AccessKeyId:…`; historical.
    case v2Header = "v2-header"
    /// HMAC-SHA256 in the query string: `x-oss-signature-version=OSS2`; historical.
    case v2URL = "v2-url"
    /// HMAC-SHA256 in the `Authorization` header: `OSS4-HMAC-SHA256 …`.
    case v4Header = "v4-header"
    /// HMAC-SHA256 in the query string: `x-oss-signature-version=OSS4-HMAC-SHA256`.
    case v4URL = "v4-url"
    /// HMAC-SHA256 of a form's policy: `x-oss-credential` and `x-oss-signature` among its fields.
    case v4Post = "v4-post"
    /// The S3 dialect's HMAC-SHA1 in the `Authorization` header: `AWS id:signature`.
    case aws2Header = "aws2-header"
    /// The S3 dialect's HMAC-SHA1 in the query string: `AWSAccessKeyId`, `Expires` and `Signature`.
    case aws2URL = "aws2-url"
    /// The S3 dialect's HMAC-SHA256 in the `Authorization` header: `AWS4-HMAC-SHA256 …`.
    case aws4Header = "aws4-header"
    /// The S3 dialect's HMAC-SHA256 in the query string: `X-Amz-Algorithm=AWS4-HMAC-SHA256`.
    case aws4URL = "aws4-url"

    /// Today's two schemes of OSS, in the header and in the URL.
    public static let current: Set<SignatureScheme> = [.v1Header, .v1URL, .v4Header, .v4URL]
    /// Every scheme that is known here.
    public static let all = Set(allCases)

    /// Whether the request is a presigned URL.
    public var isInURL: Bool { [.v1URL, .v2URL, .v4URL, .aws2URL, .aws4URL].contains(self) }
    /// Whether it is one of the schemes of OSS's V4.
    public var isV4: Bool { [.v4Header, .v4URL, .v4Post].contains(self) }
    /// Whether it is one of the schemes of the S3 dialect.
    public var isOfAWS: Bool { [.aws2Header, .aws2URL, .aws4Header, .aws4URL].contains(self) }

    /// The EC of a wrong signature.
    var mismatchEC: String {
        switch self {
        case .v1Header, .v1URL, .v1Post: "0002-00000040"
        case .v2Header, .v2URL: "0002-00000101"
        case .v4Header, .v4URL, .v4Post: "0002-00000201"
        case .aws2Header, .aws2URL: "0002-00000307"
        case .aws4Header, .aws4URL: "0002-00000429"
        }
    }
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
