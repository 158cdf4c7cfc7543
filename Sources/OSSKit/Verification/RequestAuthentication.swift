/// Who sent a request, as far as that can be told without a secret.
///
/// Everything is read from the bytes that arrived. What is half a signature, doubled, of two kinds at once, or of a
/// kind that is not known is refused here, and never passes for a request without a signature.
/// Source: oss-wire facts 2 and 3; SECURITY 15 to 18.
public enum RequestAuthentication: Sendable {
    /// The request holds no trace of a signature.
    case anonymous
    /// The request is signed; whether rightly, the secret of its access key will tell.
    case presented(PresentedSignature)

    /// What signatures are checked against.
    public struct Conditions: Sendable {
        /// The ID of the region that this server is, such as `cn-hangzhou`.
        public let region: String
        /// The product that this server is.
        public let product: String
        /// The time.
        public let nowUnixSeconds: Int64

        /// Makes conditions.
        public init(region: String, product: String = "oss", nowUnixSeconds: Int64) {
            self.region = region
            self.product = product
            self.nowUnixSeconds = nowUnixSeconds
        }
    }

    /// Reads the signature of a request and checks all of it that needs no secret.
    ///
    /// - Parameters:
    ///   - request: the request as it arrived.
    ///   - resource: what the request is about, after its host and path were told apart.
    ///   - conditions: the region and the time.
    /// - Throws: the refusals of oss-wire's table 3: `InvalidArgument`, `AccessDenied`, `RequestTimeTooSkewed`,
    ///   `InvalidAccessKeyId`, `InvalidRequest`, `InvalidSecurityToken`.
    public static func read(
        _ request: WireRequest, resource: SignedResource, conditions: Conditions
    ) throws(OSSError) -> RequestAuthentication {
        let authorization = request.headerValues("Authorization")
        let reader = SignatureReader(request: request, resource: resource, conditions: conditions)
        guard let header = authorization.first else {
            guard let family = try QueryCredentials.family(of: request.target) else { return .anonymous }
            switch family {
            case .v1: return .presented(try reader.readV1URL())
            case .v4: return .presented(try reader.readV4URL())
            }
        }
        guard authorization.count == 1 else {
            throw AuthenticationRefusal.malformedHeader(authorization.joined(separator: ","))
        }
        guard !QueryCredentials.holdsCredentials(request.target) else {
            throw .invalidArgument(
                "Authorization", header,
                message: "Only one of the Authorization header and a signature in the query string may be given.")
        }
        return .presented(try reader.readHeader(header))
    }

    /// Whether a parameter is a part of a signature, so that it selects and changes no operation.
    public static func isPart(_ item: QueryItem) -> Bool {
        QueryCredentials.isPart(item)
    }
}

/// The traces that signatures leave in a query string.
enum QueryCredentials {
    /// The kinds of signatures in a query string that are known here.
    enum Family {
        case v1
        case v4
    }

    private static let v1Names = ["OSSAccessKeyId", "Expires", "Signature", "security-token"]
    private static let v4Names = [
        CanonicalV4.Parameter.version, CanonicalV4.Parameter.credential, CanonicalV4.Parameter.date,
        CanonicalV4.Parameter.expires, CanonicalV4.Parameter.additionalHeaders, CanonicalV4.Parameter.securityToken,
        CanonicalV4.Parameter.signature,
    ]
    /// Names that stand for schemes which are known but not taken.
    private static let foreignNames = [
        "x-oss-access-key-id", "AWSAccessKeyId", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature",
    ]
    /// Names that make sense only with a signature in the query string.
    private static let credentialNames =
        ["OSSAccessKeyId", "Signature", "x-oss-credential", "x-oss-signature", "x-oss-signature-version"] + foreignNames

    /// Whether a parameter belongs to a signature of V1 or V4.
    static func isPart(_ item: QueryItem) -> Bool {
        v1Names.contains { item.isNamed($0) } || v4Names.contains { item.isNamed($0) }
    }

    /// Whether the query string holds credentials, whole or in part.
    static func holdsCredentials(_ target: RequestTarget) -> Bool {
        credentialNames.contains { target.contains($0) }
    }

    /// The kind of the signature in a query string; nil if there is no trace of one.
    ///
    /// - Throws: `InvalidArgument` for a kind that is not taken, for two kinds at once and for a doubled parameter.
    static func family(of target: RequestTarget) throws(OSSError) -> Family? {
        if let name = foreignNames.first(where: { target.contains($0) }) {
            throw AuthenticationRefusal.unsupportedScheme(name, target.value(of: name) ?? "")
        }
        let v1 = v1Names.filter { target.contains($0) }
        let v4 = v4Names.filter { target.contains($0) }
        guard v1.isEmpty || v4.isEmpty else {
            throw OSSError(
                .invalidArgument, message: "The query string holds parts of two kinds of signatures.",
                fields: [("ArgumentName", v4[0])])
        }
        for name in v1 + v4 where target.count(of: name) > 1 {
            throw OSSError(
                .invalidArgument, message: "A parameter of the signature is given more than once.",
                fields: [("ArgumentName", name)])
        }
        return v1.isEmpty ? (v4.isEmpty ? nil : .v4) : .v1
    }
}
