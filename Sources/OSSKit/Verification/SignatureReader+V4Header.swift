/// V4 in the header.
///
/// Source: oss-wire facts 2.4 and 3.
extension SignatureReader {
    /// Reads `OSS4-HMAC-SHA256 Credential=…,AdditionalHeaders=…,Signature=…`.
    func readV4Header(_ header: String, fields text: Substring) throws(OSSError) -> PresentedSignature {
        let fields = AuthorizationFields(
            text, separator: ASCII.equals, names: ["Credential", "AdditionalHeaders", "Signature"])
        guard let fields, let signature = fields["Signature"],
            (1...Limits.maximumSignatureBytes).contains(signature.utf8.count)
        else { throw AuthenticationRefusal.malformedHeader(header) }
        guard let credentialText = fields["Credential"], let credential = Credential(credentialText) else {
            throw AuthenticationRefusal.malformedHeader(header, ec: "0002-00000206")
        }
        guard let additional = additionalHeaders(fields["AdditionalHeaders"] ?? "") else {
            throw AuthenticationRefusal.malformedHeader(header)
        }
        let date = dateOfHeaderV4("x-oss-date")
        let rawDate = request.header("x-oss-date") == nil ? request.header("Date") : nil
        var presented = presentedV4(
            .v4Header, credential: credential, date: (date.text, rawDate), additional: additional,
            signature: signature)
        var refusal = FirstRefusal()
        refusal.note { () throws(OSSError) in
            guard let unixSeconds = date.unixSeconds else { throw AuthenticationRefusal.noDate }
            try check(credential, date: date.text, wording: headerWording(header))
            try checkPayload(isRequired: true)
            try AuthenticationRefusal.checkSkew(ofDate: unixSeconds, now: conditions.nowUnixSeconds)
            presented.securityToken = try securityToken(inHeaders: ["x-oss-security-token"])
        }
        presented.refusal = refusal.error
        return presented
    }

    /// The moment of signing: of a V4 date header, or of `Date` where there is none; nil if neither is a date.
    func dateOfHeaderV4(_ name: String) -> (text: String, unixSeconds: Int64?) {
        if let text = request.header(name) { return (text, ISO8601.parseBasic(text)) }
        guard let date = request.header("Date").flatMap({ HTTPDate.parse($0) }) else { return ("", nil) }
        return (ISO8601.formatBasic(unixSeconds: date), date)
    }

    /// How a header with a wrong scope is refused.
    func headerWording(_ header: String) -> Wording {
        { part in
            let ec =
                switch part {
                case .terminator: "0002-00000213"
                case .day: "0002-00000212"
                case .region: "0002-00000226"
                case .product: "0002-00000227"
                }
            return AuthenticationRefusal.malformedHeader(
                header, message: "Invalid signing \(part.rawValue) in Authorization header.", ec: ec)
        }
    }
}
