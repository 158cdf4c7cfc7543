import Crypto

/// The canonical request and the string to sign of V4.
///
/// Source: oss-wire facts 2.4 and 2.5.
enum CanonicalV4 {
    /// The only payload line that OSS knows: the body is not covered.
    static let unsignedPayload = "UNSIGNED-PAYLOAD"
    /// The name of the algorithm, which begins the string to sign.
    static let algorithm = "OSS4-HMAC-SHA256"

    /// Builds the canonical request.
    ///
    /// - Parameters:
    ///   - request: the request; of its query, everything but the signature itself is taken.
    ///   - additionalHeaders: headers to cover besides those that always are: in lower case and sorted.
    ///   - leavingOutEmptyHeaders: whether headers without a value are left out, as one client does.
    static func request(
        _ request: SignableRequest, additionalHeaders: [String], leavingOutEmptyHeaders: Bool = false
    ) -> [UInt8] {
        let covered = request.canonicalHeaders.entries.filter { entry in
            guard !(leavingOutEmptyHeaders && entry.value.isEmpty) else { return false }
            return isAlwaysCovered(entry.name) || additionalHeaders.contains { entry.name.elementsEqual($0.utf8) }
        }
        let query = request.query.filter { !$0.isNamed(Parameter.signature) }.map { item in
            (
                name: PercentCoding.encodedBytes(item.nameBytes),
                value: PercentCoding.encodedBytes(item.valueOrEmpty)
            )
        }
        var text = Array(request.method.utf8) + [ASCII.lineFeed]
        text += PercentCoding.encodedBytes(request.resource.canonicalBytes, keepingSlash: true) + [ASCII.lineFeed]
        text += CanonicalQuery.text(query) + [ASCII.lineFeed]
        text += covered.lines + [ASCII.lineFeed]
        text += Array(additionalHeaders.joined(separator: ";").utf8) + [ASCII.lineFeed]
        return text + Array(unsignedPayload.utf8)
    }

    /// Builds the string to sign.
    ///
    /// - Parameter date: the moment of signing, in the form of `x-oss-date`.
    static func stringToSign(canonicalRequest: [UInt8], date: String, scope: ScopeV4) -> [UInt8] {
        let digest = Hexadecimal.lower(SHA256.hash(data: canonicalRequest))
        return Array("\(algorithm)\n\(date)\n\(scope.text)\n\(digest)".utf8)
    }

    /// Whether every V4 signature covers the header of this name, given in lower case.
    static func isAlwaysCovered(_ name: some Sequence<UInt8>) -> Bool {
        CanonicalHeaders.isOSSHeader(name) || name.elementsEqual("content-type".utf8)
            || name.elementsEqual("content-md5".utf8)
    }

    /// The parameters of a V4 signature in the query string.
    enum Parameter {
        static let version = "x-oss-signature-version"
        static let credential = "x-oss-credential"
        static let date = "x-oss-date"
        static let expires = "x-oss-expires"
        static let additionalHeaders = "x-oss-additional-headers"
        static let securityToken = "x-oss-security-token"
        static let signature = "x-oss-signature"
    }
}

/// What a V4 signing key is good for: one day, one region, one product.
public struct ScopeV4: Sendable, Hashable {
    /// The text that ends every scope.
    public static let terminator = "aliyun_v4_request"

    /// The day, such as `20250411`.
    public let day: String
    /// The region's ID, such as `cn-hangzhou`.
    public let region: String
    /// The product, which is `oss`.
    public let product: String

    /// Makes a scope.
    public init(day: String, region: String, product: String = "oss") {
        self.day = day
        self.region = region
        self.product = product
    }

    /// The scope as it stands in a string to sign.
    public var text: String { "\(day)/\(region)/\(product)/\(Self.terminator)" }
}

/// The key that signs V4 requests of one scope.
///
/// It costs four HMACs to make; who signs much keeps it for as long as its scope is the same.
public struct SigningKeyV4: Sendable {
    private let key: SymmetricKey

    /// Derives the key of a scope from an access key secret.
    public init(secret: Secret, scope: ScopeV4) {
        var key = SymmetricKey(data: Array("aliyun_v4\(secret.reveal())".utf8))
        for step in [scope.day, scope.region, scope.product, ScopeV4.terminator] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(step.utf8), using: key))
        }
        self.key = key
    }

    /// The signature of a string to sign, in 64 lower-case hexadecimal digits.
    public func signature(of stringToSign: [UInt8]) -> String {
        Hexadecimal.lower(HMAC<SHA256>.authenticationCode(for: stringToSign, using: key))
    }
}
