/// V4 in the URL.
///
/// Source: oss-wire facts 2.5 and 3.
extension SignatureReader {
    private typealias Parameter = CanonicalV4.Parameter

    /// Reads the parameters of a presigned URL.
    func readV4URL() throws(OSSError) -> PresentedSignature {
        let target = request.target
        let version = target.value(of: Parameter.version) ?? ""
        guard ASCII.isEqual(version, CanonicalV4.algorithm) else {
            throw AuthenticationRefusal.unsupportedScheme(Parameter.version, version)
        }
        let credential = try credentialOfURL()
        let dateText = target.value(of: Parameter.date) ?? ""
        guard let date = ISO8601.parseBasic(dateText) else {
            throw refusal(of: Parameter.date, message: "Invalid signing date.", ec: "0002-00000223")
        }
        let expires = date + (try lifetimeSeconds())
        let signature = target.value(of: Parameter.signature) ?? ""
        guard (1...Limits.maximumSignatureBytes).contains(signature.utf8.count) else {
            throw refusal(of: Parameter.signature, message: "The signature is missing.", ec: "0002-00000219")
        }
        guard let additional = additionalHeaders(target.value(of: Parameter.additionalHeaders) ?? "") else {
            throw refusal(of: Parameter.additionalHeaders, message: "The additional headers are invalid.", ec: nil)
        }
        var presented = presentedV4(
            .v4URL, credential: credential, date: (dateText, nil), additional: additional, signature: signature)
        presented.expiresAtUnixSeconds = expires
        var first = FirstRefusal()
        first.note { () throws(OSSError) in
            try check(credential, date: dateText, wording: refusalOfScope)
            try checkPayload(isRequired: false)
            try checkLifetime(from: date, to: expires)
            presented.securityToken = try securityToken(inParameter: Parameter.securityToken)
        }
        presented.refusal = first.error
        return presented
    }

    private func credentialOfURL() throws(OSSError) -> Credential {
        guard let credential = Credential(request.target.value(of: Parameter.credential) ?? "") else {
            throw refusal(of: Parameter.credential, message: "The credential is invalid.", ec: "0002-00000224")
        }
        return credential
    }

    private func lifetimeSeconds() throws(OSSError) -> Int64 {
        guard let text = request.target.value(of: Parameter.expires), !text.isEmpty else {
            throw refusal(of: Parameter.expires, message: "The lifetime is missing.", ec: "0002-00000215")
        }
        guard let seconds = DecimalNumber.parse(text), (1...Limits.maximumV4LifetimeSeconds).contains(seconds) else {
            throw refusal(
                of: Parameter.expires, message: "The lifetime must be between 1 and 604800 seconds.",
                ec: "0002-00000232")
        }
        return seconds
    }

    private func checkLifetime(from date: Int64, to expires: Int64) throws(OSSError) {
        let now = conditions.nowUnixSeconds
        guard now >= date - Limits.clockSkewSeconds else {
            throw AuthenticationRefusal.outsideLifetime(
                message: "Request is not valid yet.", ec: "0002-00000235", expires: expires, now: now)
        }
        guard now <= expires else {
            throw AuthenticationRefusal.outsideLifetime(
                message: "Request has expired.", ec: "0002-00000236", expires: expires, now: now)
        }
    }

    private func refusalOfScope(_ part: ScopePart) -> OSSError {
        let ec =
            switch part {
            case .terminator: "0002-00000213"
            case .day: "0002-00000223"
            case .region: "0002-00000228"
            case .product: "0002-00000227"
            }
        return refusal(
            of: Parameter.credential, message: "Invalid signing \(part.rawValue) in the credential.", ec: ec)
    }

    private func refusal(of name: String, message: String, ec: String?) -> OSSError {
        AuthenticationRefusal.malformedParameter(
            name, request.target.value(of: name) ?? "", message: message, ec: ec)
    }
}
