import Crypto

/// What a V4 signing key is good for: one day, one region, one product.
public struct ScopeV4: Sendable, Hashable {
    /// Whose rules of V4 a key is made by; they differ in the names that they put in.
    public enum Family: Sendable, Hashable {
        /// OSS itself.
        case oss
        /// The S3 dialect.
        case aws

        /// The name of the algorithm, which begins the string to sign.
        public var algorithm: String {
            switch self {
            case .oss: "OSS4-HMAC-SHA256"
            case .aws: "AWS4-HMAC-SHA256"
            }
        }

        /// The text that ends every scope.
        public var terminator: String {
            switch self {
            case .oss: "aliyun_v4_request"
            case .aws: "aws4_request"
            }
        }

        /// What stands before the secret in the first key.
        var keyPrefix: String {
            switch self {
            case .oss: "aliyun_v4"
            case .aws: "AWS4"
            }
        }
    }

    /// The day, such as `20250411`.
    public let day: String
    /// The region's ID, such as `cn-hangzhou`.
    public let region: String
    /// The product, which is `oss`, or `s3` in the S3 dialect.
    public let product: String
    /// Whose rules the key is made by.
    public let family: Family

    /// Makes a scope.
    public init(day: String, region: String, product: String = "oss", family: Family = .oss) {
        self.day = day
        self.region = region
        self.product = product
        self.family = family
    }

    /// The scope as it stands in a string to sign.
    public var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The scope as it stands in a string to sign, behind what was written before.
    func append(to text: inout [UInt8]) {
        text += day.utf8
        text.append(ASCII.slash)
        text += region.utf8
        text.append(ASCII.slash)
        text += product.utf8
        text.append(ASCII.slash)
        text += family.terminator.utf8
    }
}

/// The key that signs V4 requests of one scope.
///
/// It costs four HMACs to make; who verifies much keeps it in a `SigningKeyCache`.
public struct SigningKeyV4: Sendable {
    /// An HMAC that has taken in the key and nothing else; each signature goes on from a copy of it.
    private let keyed: HMAC<SHA256>

    /// Derives the key of a scope from an access key secret.
    public init(secret: Secret, scope: ScopeV4) {
        var key = SymmetricKey(data: Array((scope.family.keyPrefix + secret.reveal()).utf8))
        for step in [scope.day, scope.region, scope.product, scope.family.terminator] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(step.utf8), using: key))
        }
        keyed = HMAC(key: key)
    }

    /// The signature of a string to sign, in 64 lower-case hexadecimal digits.
    public func signature(of stringToSign: [UInt8]) -> String {
        var code = keyed
        code.update(data: stringToSign)
        return Hexadecimal.lower(code.finalize())
    }
}
