import OSSKit
import Testing

/// A case of `signatures.json`: a request that an official client signed, as it reached a server.
struct SignatureVector: Decodable, CustomTestStringConvertible {
    struct Keys: Decodable {
        let accessKeyId: String
        let accessKeySecret: String
        let securityToken: String?
    }

    struct Time: Decodable {
        let unix: Int64
    }

    struct Expiry: Decodable {
        let seconds: Int64
        let unix: Int64
    }

    struct Wire: Decodable {
        var method: String
        let scheme: String
        let host: String
        var target: String
        var headers: [[String]]
    }

    let id: String
    let sdk: String
    let signature: String
    let operation: String
    let credentials: Keys
    let region: String
    let product: String
    let time: Time
    let expires: Expiry?
    let addressing: String
    let endpoint: String
    let bucket: String?
    let key: String?
    let additionalHeaders: [String]
    var wire: Wire
    let canonicalRequest: String?
    let stringToSign: String
    let signatureValue: String

    var testDescription: String { "\(id) \(signature) \(operation)" }

    static func all() throws -> [SignatureVector] {
        try Vectors.cases("signatures.json", as: SignatureVector.self)
    }

    var isV4: Bool { signature.hasPrefix("v4") }
    var isInURL: Bool { signature.hasSuffix("url") }
    var secret: Secret { Secret(credentials.accessKeySecret) }
    var token: Secret? { credentials.securityToken.map { Secret($0) } }
    /// A moment at which the signature is good.
    var goodTime: Int64 { min(time.unix, expires?.unix ?? time.unix) }

    var headers: [WireHeader] { wire.headers.map { WireHeader($0[0], $0[1]) } }

    func resource(of target: RequestTarget) throws -> SignedResource {
        switch addressing {
        case "service": .service
        case "path": try target.pathStyleResource()
        case "virtual-host": try target.hostStyleResource(bucket: String(wire.host.prefix { $0 != "." }))
        default: try target.hostStyleResource(bucket: try #require(bucket))
        }
    }

    /// Reads the signature at a moment; by default at a good one.
    func read(
        at now: Int64? = nil, region: String? = nil, resource: SignedResource? = nil
    ) throws -> RequestAuthentication {
        let target = try RequestTarget(wire.target)
        let request = WireRequest(
            method: wire.method, scheme: wire.scheme, host: wire.host, target: target, headers: headers)
        return try RequestAuthentication.read(
            request, resource: try resource ?? self.resource(of: target),
            conditions:
                .init(region: region ?? self.region, product: product, nowUnixSeconds: now ?? goodTime))
    }

    /// Reads the signature and compares it under the right secret.
    func verify(at now: Int64? = nil, resource: SignedResource? = nil) throws -> VerifiedSignature {
        guard case .presented(let presented) = try read(at: now, resource: resource) else {
            throw OSSError(.accessDenied, message: "taken for anonymous")
        }
        return try presented.verify(with: secret, securityToken: token)
    }

    /// The same request with something changed after it was signed.
    func changed(_ change: (inout Wire) -> Void) -> SignatureVector {
        var copy = self
        change(&copy.wire)
        return copy
    }
}
