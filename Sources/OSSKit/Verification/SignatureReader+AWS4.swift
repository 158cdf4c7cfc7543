/// AWS's V4 in the S3 dialect, in the header and in the URL.
///
/// Source: oss-wire fact 16.
extension SignatureReader {
    private typealias Parameter = CanonicalAWS4.Parameter

    /// Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
    func readAWS4Header(_ header: String, fields text: Substring) throws(OSSError) -> PresentedSignature {
        let fields = AuthorizationFields(
            text, separator: ASCII.equals, names: ["Credential", "SignedHeaders", "Signature"])
        guard let fields, let signature = fields["Signature"],
            (1...Limits.maximumSignatureBytes).contains(signature.utf8.count),
            let signedHeaders = signedHeaders(fields["SignedHeaders"] ?? "")
        else { throw AuthenticationRefusal.malformedHeader(header) }
        guard let credentialText = fields["Credential"], let credential = Credential(credentialText, family: .aws)
        else { throw AuthenticationRefusal.malformedHeader(header, ec: "0002-00000206") }
        let date = dateOfHeaderV4("x-amz-date")
        let payload = request.header("x-amz-content-sha256")
        var presented = try presentedAWS4(
            .aws4Header, credential: credential, date: date.text,
            text: FieldsAWS4(signedHeaders: signedHeaders, payload: payload ?? "", signature: signature))
        var refusal = FirstRefusal()
        refusal.note { () throws(OSSError) in
            guard let unixSeconds = date.unixSeconds else { throw AuthenticationRefusal.noDate }
            try check(credential, date: date.text, wording: headerWording(header))
            presented.payload = try payloadAWS4(payload ?? "")
            try checkListedHeaders(signedHeaders)
            try AuthenticationRefusal.checkSkew(ofDate: unixSeconds, now: conditions.nowUnixSeconds)
            presented.securityToken = try securityToken(inHeaders: ["x-amz-security-token"])
        }
        presented.refusal = refusal.error
        return presented
    }

    /// Reads the parameters of a presigned URL.
    func readAWS4URL() throws(OSSError) -> PresentedSignature {
        let target = request.target
        let algorithm = target.value(of: Parameter.algorithm) ?? ""
        guard algorithm.utf8.elementsEqual(ScopeV4.Family.aws.algorithm.utf8) else {
            throw refusalAWS4(of: Parameter.algorithm, message: "Unsupported algorithm.", ec: "0002-00000402")
        }
        guard let credential = Credential(target.value(of: Parameter.credential) ?? "", family: .aws) else {
            throw refusalAWS4(of: Parameter.credential, message: "The credential is invalid.", ec: nil)
        }
        let dateText = target.value(of: Parameter.date) ?? ""
        guard let date = ISO8601.parseBasic(dateText) else {
            throw refusalAWS4(of: Parameter.date, message: "Invalid signing date.", ec: nil)
        }
        let expires = date + (try lifetimeAWS4())
        let signature = target.value(of: Parameter.signature) ?? ""
        guard (1...Limits.maximumSignatureBytes).contains(signature.utf8.count) else {
            throw refusalAWS4(of: Parameter.signature, message: "The signature is missing.", ec: nil)
        }
        guard let signedHeaders = signedHeaders(target.value(of: Parameter.signedHeaders) ?? "") else {
            throw refusalAWS4(of: Parameter.signedHeaders, message: "The signed headers are invalid.", ec: nil)
        }
        let payload =
            target.value(of: Parameter.contentSHA256) ?? request.header("x-amz-content-sha256")
            ?? CanonicalV4.unsignedPayload
        var presented = try presentedAWS4(
            .aws4URL, credential: credential, date: dateText,
            text: FieldsAWS4(signedHeaders: signedHeaders, payload: payload, signature: signature))
        presented.expiresAtUnixSeconds = expires
        var first = FirstRefusal()
        first.note { () throws(OSSError) in
            try check(credential, date: dateText, wording: refusalOfScopeAWS4)
            presented.payload = try payloadAWS4(payload)
            try checkListedHeaders(signedHeaders)
            try checkLifetimeAWS4(from: date, to: expires)
            presented.securityToken = try securityToken(
                inParameter: Parameter.securityToken, notInHeader: "x-amz-security-token")
        }
        presented.refusal = first.error
        return presented
    }

    /// What a signature of AWS's V4 says besides its credential and its date.
    private struct FieldsAWS4 {
        let signedHeaders: [String]
        let payload: String
        let signature: String
    }

    private func presentedAWS4(
        _ scheme: SignatureScheme, credential: Credential, date: String, text fields: FieldsAWS4
    ) throws(OSSError) -> PresentedSignature {
        guard let path = PercentCoding.decodePath(request.target.rawPath.utf8) else {
            throw OSSError(.invalidRequest, message: "The percent-encoding of the path is malformed.")
        }
        let canonicalRequest = CanonicalAWS4.request(
            parts, path: path, signedHeaders: fields.signedHeaders, payload: fields.payload)
        return PresentedSignature(
            scheme: scheme, accessKeyID: credential.accessKeyID, signature: fields.signature,
            additionalHeaders: fields.signedHeaders,
            text: CanonicalV4.signedText(canonicalRequest: canonicalRequest, date: date, scope: credential.scope),
            algorithm: .v4(credential.scope), signingDate: date, parts: parts)
    }

    /// The list of signed headers: lower-case names, sorted, once each, of headers which the request has.
    private func signedHeaders(_ list: String) -> [String]? {
        guard let names = additionalHeaders(list), names.contains("host"),
            names.joined(separator: ";").utf8.elementsEqual(list.utf8)
        else { return nil }
        return names
    }

    /// Refuses a request with a header that changes what is done and is not among the signed ones.
    private func checkListedHeaders(_ signedHeaders: [String]) throws(OSSError) {
        for entry in parts.headers.entries where SignatureScheme.mustBeListedByAWS4(entry.name) {
            guard signedHeaders.contains(where: { entry.name.elementsEqual($0.utf8) }) else {
                throw AuthenticationRefusal.notCovered(String(decoding: entry.name, as: UTF8.self))
            }
        }
    }

    private func payloadAWS4(_ line: String) throws(OSSError) -> SignedPayload {
        guard let payload = SignedPayload(line: line) else {
            throw .invalidArgument(
                "x-amz-content-sha256", line,
                message: "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or a SHA-256.",
                ec: "0002-00000427")
        }
        return payload
    }

    private func lifetimeAWS4() throws(OSSError) -> Int64 {
        guard let text = request.target.value(of: Parameter.expires), !text.isEmpty else {
            throw refusalAWS4(of: Parameter.expires, message: "The lifetime is missing.", ec: "0002-00000416")
        }
        guard let seconds = DecimalNumber.parse(text), (1...Limits.maximumV4LifetimeSeconds).contains(seconds) else {
            throw refusalAWS4(
                of: Parameter.expires, message: "The lifetime must be between 1 and 604800 seconds.",
                ec: "0002-00000417")
        }
        return seconds
    }

    private func checkLifetimeAWS4(from date: Int64, to expires: Int64) throws(OSSError) {
        let now = conditions.nowUnixSeconds
        guard now >= date - Limits.clockSkewSeconds else {
            throw AuthenticationRefusal.outsideLifetime(
                message: "Request is not valid yet.", ec: "0002-00000418", expires: expires, now: now)
        }
        guard now <= expires else {
            throw AuthenticationRefusal.outsideLifetime(
                message: "Request has expired.", ec: "0002-00000418", expires: expires, now: now)
        }
    }

    private func refusalOfScopeAWS4(_ part: ScopePart) -> OSSError {
        refusalAWS4(
            of: Parameter.credential, message: "Invalid signing \(part.rawValue) in the credential.", ec: nil)
    }

    private func refusalAWS4(of name: String, message: String, ec: String?) -> OSSError {
        AuthenticationRefusal.malformedParameter(
            name, request.target.value(of: name) ?? "", message: message, ec: ec)
    }
}
