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
        /// The products that this server is.
        public let products: Set<String>
        /// The time.
        public let nowUnixSeconds: Int64
        /// The schemes that are taken; all others are refused as if nobody knew them.
        public let schemes: Set<SignatureScheme>

        /// Makes conditions.
        public init(
            region: String, products: Set<String> = ["oss"], nowUnixSeconds: Int64,
            schemes: Set<SignatureScheme> = SignatureScheme.current
        ) {
            self.region = region
            self.products = products
            self.nowUnixSeconds = nowUnixSeconds
            self.schemes = schemes
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
        let found = try examine(request, resource: resource, conditions: conditions)
        if case .presented(let presented) = found, let refusal = presented.refusal { throw refusal }
        return found
    }

    /// Reads the signature of a request, also one that is refused for its time, its region or the like.
    ///
    /// Such a refusal stands in the signature's `refusal`, beside what was signed.
    ///
    /// - Throws: as `read(_:resource:conditions:)`, but only for what cannot be read as a signature at all.
    public static func examine(
        _ request: WireRequest, resource: SignedResource, conditions: Conditions
    ) throws(OSSError) -> RequestAuthentication {
        let authorization = request.headerValues("Authorization")
        let reader = SignatureReader(request: request, resource: resource, conditions: conditions)
        guard let header = authorization.first else {
            let family = try QueryCredentials.family(of: request.target, schemes: conditions.schemes)
            return try family.map { (family) throws(OSSError) in .presented(try reader.readURL(family)) } ?? .anonymous
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

    /// Whether a parameter is a part of a signature of the S3 dialect.
    package static func isPartOfAWS(_ item: QueryItem) -> Bool {
        QueryCredentials.isPart(item, of: .aws2URL) || QueryCredentials.isPart(item, of: .aws4URL)
    }
}
