import OSSKit

/// A presigned URL as it reaches a server, and all that the server knows when it comes.
struct SignedURL {
    static let nowUnixSeconds: Int64 = 1_763_900_000
    private static let region = "cn-hangzhou"
    private static let secret = Secret("yourAccessKeySecret0123456789A")

    private let rawTarget: String
    private let parsed: WireRequest
    private let resource: SignedResource
    private let keys = SigningKeyCache()

    /// What was signed.
    let stringToSign: [UInt8]

    /// An upload bound to its type, signed by V4.
    static func v4() throws -> SignedURL {
        try SignedURL(presigner().presignV4(request(), lifetimeSeconds: 900, nowUnixSeconds: nowUnixSeconds))
    }

    /// An upload bound to its type, signed by V1.
    static func v1() throws -> SignedURL {
        try SignedURL(presigner().presignV1(request(), lifetimeSeconds: 900, nowUnixSeconds: nowUnixSeconds))
    }

    static func presigner() throws -> Presigner {
        try Presigner(
            endpoint: Endpoint("http://127.0.0.1:10724"), region: region,
            credentials: Credentials(accessKeyID: "LTAI5tExampleExampleExam", accessKeySecret: secret))
    }

    static func request() throws -> Presigner.Request {
        try Presigner.Request(
            method: "PUT", bucket: BucketName("workspace"), key: ObjectKey("user-1/session-2/chapter-3/homework.pdf"),
            headers: [WireHeader("Content-Type", "application/pdf")])
    }

    private init(_ presigned: PresignedURL) throws {
        let host = "127.0.0.1:10724"
        let target = String(presigned.url.dropFirst("http://\(host)".count))
        let headers =
            [
                WireHeader("Host", host), WireHeader("User-Agent", "curl/8.14.1"), WireHeader("Accept", "*/*"),
                WireHeader("Content-Length", "1234567"),
            ] + presigned.requiredHeaders
        rawTarget = target
        parsed = WireRequest(
            method: presigned.method, scheme: "http", host: host, target: try RequestTarget(target), headers: headers)
        resource = try parsed.target.pathStyleResource()
        let found = try RequestAuthentication.read(
            parsed, resource: resource, conditions: Self.conditions)
        guard case .presented(let signature) = found else { throw OSSError(.accessDenied) }
        stringToSign = signature.stringToSign
    }

    private static let conditions = RequestAuthentication.Conditions(
        region: region, nowUnixSeconds: nowUnixSeconds + 60)

    /// Parses the target and checks the signature, as a server does for each request.
    func verify() throws -> VerifiedSignature {
        let target = try RequestTarget(rawTarget)
        let request = WireRequest(
            method: parsed.method, scheme: "http", host: parsed.host, target: target, headers: parsed.headers)
        return try verify(request, resource: target.pathStyleResource())
    }

    /// Checks the signature of a request whose target was parsed before.
    func verifyParsed() throws -> VerifiedSignature { try verify(parsed, resource: resource) }

    private func verify(_ request: WireRequest, resource: SignedResource) throws -> VerifiedSignature {
        let found = try RequestAuthentication.read(request, resource: resource, conditions: Self.conditions)
        guard case .presented(let signature) = found else { throw OSSError(.accessDenied) }
        return try signature.verify(with: Self.secret, keys: keys)
    }
}
