/// V1, in the header and in the URL.
///
/// Source: oss-wire facts 2.1, 2.2 and 3.
extension SignatureReader {
    /// Reads `OSS id:signature`.
    func readV1Header(_ header: String, credentials: Substring) throws(OSSError) -> PresentedSignature {
        guard let colon = credentials.utf8.firstIndex(of: ASCII.colon) else {
            throw AuthenticationRefusal.malformedV1Header(header, ec: "0002-00000062")
        }
        let accessKeyID = credentials[..<colon]
        let signature = credentials[credentials.utf8.index(after: colon)...]
        guard !accessKeyID.isEmpty else {
            throw AuthenticationRefusal.malformedV1Header(header, ec: "0002-00000063")
        }
        guard Self.isAccessKeyID(accessKeyID) else {
            throw AuthenticationRefusal.malformedV1Header(header, ec: "0002-00000064")
        }
        guard (1...Limits.maximumSignatureBytes).contains(signature.utf8.count) else {
            throw AuthenticationRefusal.malformedV1Header(header, ec: "0002-00000065")
        }
        // Browsers cannot set Date, so x-oss-date wins where it is sent.
        guard let dateText = request.header("x-oss-date") ?? request.header("Date"),
            let date = HTTPDate.parse(dateText)
        else { throw AuthenticationRefusal.noDate }
        try AuthenticationRefusal.checkSkew(ofDate: date, now: conditions.nowUnixSeconds)
        return PresentedSignature(
            scheme: .v1Header, accessKeyID: String(accessKeyID),
            securityToken: try securityToken(inHeaders: ["x-oss-security-token", "security-token"]),
            signature: String(signature), expiresAtUnixSeconds: nil,
            forms: .v1(CanonicalV1.stringToSign(signable, date: dateText.utf8)))
    }

    /// Reads `OSSAccessKeyId`, `Expires` and `Signature`, in the order in which OSS complains about them.
    func readV1URL() throws(OSSError) -> PresentedSignature {
        guard let accessKeyID = request.target.value(of: "OSSAccessKeyId"), !accessKeyID.isEmpty,
            let expiresText = request.target.value(of: "Expires"),
            let signature = request.target.value(of: "Signature"), !signature.isEmpty
        else {
            throw OSSError(
                .accessDenied,
                message: "Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters")
        }
        guard let expires = DecimalNumber.parse(expiresText) else {
            throw OSSError(
                .accessDenied, message: "Invalid date (should be seconds since epoch).", ec: "0002-00000070")
        }
        guard conditions.nowUnixSeconds <= expires else {
            throw AuthenticationRefusal.outsideLifetime(
                message: "Request has expired.", ec: "0002-00000069", expires: expires,
                now: conditions.nowUnixSeconds)
        }
        guard Self.isAccessKeyID(accessKeyID) else { throw AuthenticationRefusal.unknownKey(accessKeyID) }
        guard signature.utf8.count <= Limits.maximumSignatureBytes else {
            throw AuthenticationRefusal.malformedParameter(
                "Signature", signature, message: "The signature is too long.", ec: nil)
        }
        return PresentedSignature(
            scheme: .v1URL, accessKeyID: accessKeyID, securityToken: try securityToken(inParameter: "security-token"),
            signature: signature, expiresAtUnixSeconds: expires,
            forms: .v1(CanonicalV1.stringToSign(signable, date: expiresText.utf8)))
    }
}
