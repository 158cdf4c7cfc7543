import OSSKit

/// A call of the security token service, with its parameters and its signature.
///
/// Source: Alibaba Cloud's API reference of STS, version 2015-04-01; assumption A-098.
struct SecurityTokenRequest: Sendable {
    /// How the call is signed.
    enum Signature: Sendable {
        /// HMAC-SHA1 over all parameters, one of which it is.
        case rpc(signature: String)
        /// HMAC-SHA256 over the request, in `Authorization`.
        case acs3(ACS3Signature.Presented)
    }

    let request: WireRequest
    /// The parameters of the query string and of the form in the body.
    let parameters: [QueryItem]
    let body: [UInt8]

    private static let actionHeader = "x-acs-action"

    /// Whether a request is meant for the security token service and not for the object store.
    ///
    /// OSS's own operations on the service are all `GET` without an action.
    static func isOne(_ request: WireRequest, _ resource: SignedResource) -> Bool {
        guard resource.bucket == nil, request.method == "GET" || request.method == "POST" else { return false }
        if request.header(actionHeader) != nil { return true }
        if request.target.contains("Action"), request.target.contains("Version") { return true }
        return request.method == "POST" && isForm(request)
    }

    /// Whether the body of a request is a form whose fields are parameters.
    static func isForm(_ request: WireRequest) -> Bool {
        let type = (request.header("Content-Type") ?? "").lowercased()
        return type.utf8.starts(with: "application/x-www-form-urlencoded".utf8)
    }

    /// Takes a request and its body.
    ///
    /// - Throws: `InvalidRequest`, `InvalidArgument` for a form that cannot be read.
    init(_ request: WireRequest, body: [UInt8]) throws(OSSError) {
        self.request = request
        self.body = body
        guard Self.isForm(request), !body.isEmpty else {
            parameters = request.target.query
            return
        }
        guard let form = String(validating: body, as: UTF8.self) else { throw OSSError(.invalidRequest) }
        parameters = request.target.query + (try RequestTarget("/?\(form)").query)
    }

    /// The value of a parameter; nil if it is missing or empty.
    func value(_ name: String) -> String? {
        guard let item = parameters.first(where: { $0.isNamed(name) }), !item.isValueEmpty else { return nil }
        return item.value
    }

    /// The name of the call, such as `AssumeRole`.
    var action: String? { request.header(Self.actionHeader) ?? value("Action") }

    /// Whether the answer is JSON; XML is the older calls' usual form.
    var wantsJSON: Bool {
        if let format = value("Format") { return format.lowercased() == "json" }
        return request.header(Self.actionHeader) != nil
    }

    /// The access key that the caller claims to have, and how the claim is signed.
    ///
    /// - Throws: `MissingParameter` and others of the service.
    func signature() throws(SecurityTokenRefusal) -> (accessKeyID: String, Signature) {
        if let authorization = request.header("Authorization") {
            guard let presented = ACS3Signature.Presented(authorization: authorization) else {
                throw .incompleteSignature
            }
            try check(presented)
            return (presented.accessKeyID, .acs3(presented))
        }
        guard let id = value("AccessKeyId") else { throw .missing("AccessKeyId") }
        guard let signature = value(RPCSignature.parameter) else { throw .missing(RPCSignature.parameter) }
        guard case RPCSignature.algorithm? = value("SignatureMethod") else { throw .invalid("SignatureMethod") }
        guard value("SignatureVersion") == "1.0" else { throw .invalid("SignatureVersion") }
        for item in parameters where parameters.count(where: { $0.isNamed(item.name) }) > 1 {
            throw .invalid(item.name)
        }
        return (id, .rpc(signature: signature))
    }

    /// The moment of signing, in seconds since 1970; nil if it is not a date.
    var unixSeconds: Int64? {
        (request.header("x-acs-date") ?? value("Timestamp")).flatMap { ISO8601.parse($0) }.map { $0 / 1_000 }
    }

    /// A number that no other call has; nil if it is missing.
    var nonce: String? { request.header("x-acs-signature-nonce") ?? value("SignatureNonce") }

    /// Whether the signature was made with a secret.
    func isSigned(_ signature: Signature, with secret: Secret) -> Bool {
        switch signature {
        case .rpc(let presented):
            let text = RPCSignature.stringToSign(method: request.method, parameters: parameters)
            return equalInConstantTime(presented.utf8, RPCSignature.signature(of: text, with: secret).utf8)
        case .acs3(let presented):
            let text = ACS3Signature.stringToSign(request, signedHeaders: presented.signedHeaders, body: body)
            return equalInConstantTime(
                presented.signature.utf8, ACS3Signature.signature(of: text, with: secret).utf8)
        }
    }

    /// Checks that everything is signed which means something.
    private func check(_ presented: ACS3Signature.Presented) throws(SecurityTokenRefusal) {
        let mustBeSigned = request.headers.map { $0.name.lowercased() }.filter { name in
            name.utf8.starts(with: "x-acs-".utf8) || name == "content-type"
        }
        guard (mustBeSigned + ["host"]).allSatisfy(presented.signedHeaders.contains),
            presented.signedHeaders.allSatisfy({ $0 == "host" || request.header($0) != nil })
        else { throw .incompleteSignature }
        guard let digest = request.header("x-acs-content-sha256"),
            digest.lowercased().utf8.elementsEqual(ACS3Signature.digest(of: body).utf8)
        else { throw .incompleteSignature }
    }
}
