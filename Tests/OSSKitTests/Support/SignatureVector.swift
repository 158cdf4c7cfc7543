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
        var method = ""
        var scheme = ""
        var host = ""
        var target = ""
        var headers: [[String]] = []
    }

    let id: String
    let sdk: String
    let signature: String
    let operation: String
    let credentials: Keys
    let region: String
    let time: Time
    let expires: Expiry?
    let product: String
    let addressing: String
    let endpoint: String
    let bucket: String?
    let key: String?
    let additionalHeaders: [String]
    var wire: Wire
    var formFields: [[String]]
    let canonicalRequest: String?
    let stringToSign: String
    let signatureValue: String

    var testDescription: String { "\(id) \(signature) \(operation)" }

    private enum CodingKeys: String, CodingKey {
        case id, sdk, signature, operation, credentials, region, product, endpoint, time, expires, addressing, bucket,
            key
        case additionalHeaders, wire, formFields, canonicalRequest, stringToSign, signatureValue
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(String.self, forKey: .id)
        sdk = try values.decode(String.self, forKey: .sdk)
        signature = try values.decode(String.self, forKey: .signature)
        operation = try values.decode(String.self, forKey: .operation)
        credentials = try values.decode(Keys.self, forKey: .credentials)
        region = try values.decode(String.self, forKey: .region)
        product = try values.decodeIfPresent(String.self, forKey: .product) ?? "oss"
        endpoint = try values.decodeIfPresent(String.self, forKey: .endpoint) ?? ""
        time = try values.decode(Time.self, forKey: .time)
        expires = try values.decodeIfPresent(Expiry.self, forKey: .expires)
        addressing = try values.decode(String.self, forKey: .addressing)
        bucket = try values.decodeIfPresent(String.self, forKey: .bucket)
        key = try values.decodeIfPresent(String.self, forKey: .key)
        additionalHeaders = try values.decodeIfPresent([String].self, forKey: .additionalHeaders) ?? []
        wire = try values.decodeIfPresent(Wire.self, forKey: .wire) ?? Wire()
        formFields = try values.decodeIfPresent([[String]].self, forKey: .formFields) ?? []
        canonicalRequest = try values.decodeIfPresent(String.self, forKey: .canonicalRequest)
        stringToSign = try values.decode(String.self, forKey: .stringToSign)
        signatureValue = try values.decode(String.self, forKey: .signatureValue)
    }

    /// All cases, forms included.
    static func all() throws -> [SignatureVector] {
        try Vectors.cases("signatures.json", as: SignatureVector.self)
    }

    /// The cases that are requests with a signature in a header or in the URL.
    static func requests() throws -> [SignatureVector] { try all().filter { !$0.isForm } }

    /// The cases of the schemes that a store of OSS serves.
    static func current() throws -> [SignatureVector] {
        try all().filter { SignatureScheme.current.contains($0.scheme) }
    }

    /// The cases that are forms.
    static func forms() throws -> [SignatureVector] { try all().filter(\.isForm) }

    var scheme: SignatureScheme { SignatureScheme(rawValue: signature) ?? .v1Header }
    var isV4: Bool { signature.hasPrefix("v4") }
    var isInURL: Bool { signature.hasSuffix("url") }
    var isForm: Bool { signature.hasSuffix("post") }
    var isAWS2: Bool { signature.hasPrefix("aws2") }
    var isAWS4: Bool { signature.hasPrefix("aws4") }
    /// Whether all parameters are signed.
    var signsWholeQuery: Bool { !signature.hasPrefix("v1") && !isAWS2 }
    /// The headers that an AWS V4 signature lists.
    var signedHeaders: [String] {
        let list = canonicalRequest?.split(separator: "\n", omittingEmptySubsequences: false).dropLast().last ?? ""
        return isAWS4 ? list.split(separator: ";").map(String.init) : []
    }
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

    /// Whether a header of the request, its name in lower case, is signed or is the signature.
    func signs(header name: String) -> Bool {
        if name == "authorization" { return true }
        if isAWS4 { return signedHeaders.contains(name) }
        let own = isAWS2 ? "x-amz-" : "x-oss-"
        if name.hasPrefix(own) || name == "content-type" || name == "content-md5" { return true }
        let hasOwnDate = wire.headers.contains { $0[0].lowercased() == own + "date" }
        if name == "date" { return !isV4 && !isInURL && !hasOwnDate }
        return additionalHeaders.contains(name)
    }

    /// Whether a parameter stands in the string to sign, or makes up the signature itself.
    func signs(parameter name: String) -> Bool {
        if signsWholeQuery || ["Expires", "Signature", "AWSAccessKeyId", "OSSAccessKeyId"].contains(name) {
            return true
        }
        if isAWS2, name == "x-amz-security-token" { return true }
        let resource = stringToSign.split(separator: "\n").last ?? ""
        let signed = resource.split(separator: "?").last ?? ""
        return signed.split(separator: "&").contains { $0 == name || $0.hasPrefix(name + "=") }
    }

    var form: PostForm {
        PostForm(bucket: bucket ?? "", fields: formFields.map { PostForm.Field($0[0], $0[1]) })
    }

    func conditions(
        at now: Int64? = nil, region: String? = nil, schemes: Set<SignatureScheme> = SignatureScheme.all
    ) -> RequestAuthentication.Conditions {
        .init(
            region: region ?? self.region, products: ["oss", "oss-cloudbox"], nowUnixSeconds: now ?? goodTime,
            schemes: schemes)
    }

    /// Reads the signature at a moment; by default at a good one.
    func read(
        at now: Int64? = nil, region: String? = nil, resource: SignedResource? = nil,
        schemes: Set<SignatureScheme> = SignatureScheme.all
    ) throws -> RequestAuthentication {
        let target = try RequestTarget(wire.target)
        let request = WireRequest(
            method: wire.method, scheme: wire.scheme, host: wire.host, target: target, headers: headers)
        return try RequestAuthentication.examine(
            request, resource: try resource ?? self.resource(of: target),
            conditions: conditions(at: now, region: region, schemes: schemes))
    }

    /// The signature, not yet compared.
    func presented(at now: Int64? = nil, resource: SignedResource? = nil) throws -> PresentedSignature {
        if isForm {
            guard case .presented(let presented) = try PostAuthentication.examine(form, conditions: conditions(at: now))
            else { throw OSSError(.accessDenied, message: "taken for anonymous") }
            return presented
        }
        guard case .presented(let presented) = try read(at: now, resource: resource) else {
            throw OSSError(.accessDenied, message: "taken for anonymous")
        }
        return presented
    }

    /// Reads the signature and compares it under the right secret.
    func verify(
        at now: Int64? = nil, resource: SignedResource? = nil, keys: SigningKeyCache? = nil
    ) throws -> VerifiedSignature {
        let presented = try presented(at: now, resource: resource)
        let isKnown = presented.accessKeyID == credentials.accessKeyId
        let verified = try presented.verify(with: isKnown ? secret : nil, securityToken: token, keys: keys)
        if isForm {
            _ = try PostAuthentication.checkPolicy(of: form, nowUnixSeconds: now ?? goodTime)
        }
        return verified
    }

    /// The same request with something changed after it was signed.
    func changed(_ change: (inout Wire) -> Void) -> SignatureVector {
        var copy = self
        change(&copy.wire)
        return copy
    }
}
