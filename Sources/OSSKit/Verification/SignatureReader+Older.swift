/// What V1, OSS2 and AWS's V2 have in common: a date line, and a signature under the secret itself.
extension SignatureReader {
    /// An access key ID and a signature as an `Authorization` header holds them.
    struct OlderCredentials {
        let accessKeyID: String
        let signature: String
    }

    /// Takes `id:signature`.
    func olderCredentials(_ text: Substring, in header: String) throws(OSSError) -> OlderCredentials {
        guard let colon = text.utf8.firstIndex(of: ASCII.colon) else {
            throw AuthenticationRefusal.malformedV1Header(header, ec: "0002-00000062")
        }
        let accessKeyID = text[..<colon]
        let signature = text[text.utf8.index(after: colon)...]
        guard !accessKeyID.isEmpty else {
            throw AuthenticationRefusal.malformedV1Header(header, ec: "0002-00000063")
        }
        guard Self.isAccessKeyID(accessKeyID) else {
            throw AuthenticationRefusal.malformedV1Header(header, ec: "0002-00000064")
        }
        guard (1...Limits.maximumSignatureBytes).contains(signature.utf8.count) else {
            throw AuthenticationRefusal.malformedV1Header(header, ec: "0002-00000065")
        }
        return OlderCredentials(accessKeyID: String(accessKeyID), signature: String(signature))
    }

    /// Checks the date line of a signature in the header: an HTTP date, 15 minutes from now at most.
    func checkDateLine(_ text: String?) throws(OSSError) {
        guard let date = text.flatMap({ HTTPDate.parse($0) }) else { throw AuthenticationRefusal.noDate }
        try AuthenticationRefusal.checkSkew(ofDate: date, now: conditions.nowUnixSeconds)
    }

    /// What the parameters of an older URL are called.
    struct OlderURLNames {
        let accessKeyID: String
        var expires = "Expires"
        var signature = "Signature"
        let securityToken: String
        var securityTokenHeader = "x-oss-security-token"
    }

    /// Reads an access key ID, the end of the URL's life and a signature, in the order in which OSS complains about them.
    ///
    /// - Parameter stringToSign: makes the string to sign with the end of the URL's life as its date line.
    func readOlderURL(
        _ scheme: SignatureScheme, names: OlderURLNames, algorithm: PresentedSignature.Algorithm,
        stringToSign: (_ expires: String) -> [UInt8]
    ) throws(OSSError) -> PresentedSignature {
        guard let accessKeyID = request.target.value(of: names.accessKeyID), !accessKeyID.isEmpty,
            let expiresText = request.target.value(of: names.expires),
            let signature = request.target.value(of: names.signature), !signature.isEmpty
        else {
            throw OSSError(
                .accessDenied,
                message: "Query-string authentication requires the \(names.signature), \(names.expires) and "
                    + "\(names.accessKeyID) parameters")
        }
        var presented = PresentedSignature(
            scheme: scheme, accessKeyID: accessKeyID, expiresAtUnixSeconds: DecimalNumber.parse(expiresText),
            signature: signature, text: SignedText(stringToSign: stringToSign(expiresText)), algorithm: algorithm,
            parts: parts)
        var refusal = FirstRefusal()
        refusal.note { () throws(OSSError) in
            try checkOlderLifetime(until: presented.expiresAtUnixSeconds)
            guard Self.isAccessKeyID(accessKeyID) else {
                throw AuthenticationRefusal.unknownKey(accessKeyID, scheme: scheme)
            }
            guard signature.utf8.count <= Limits.maximumSignatureBytes else {
                throw AuthenticationRefusal.malformedParameter(
                    names.signature, signature, message: "The signature is too long.", ec: nil)
            }
            presented.securityToken = try securityToken(
                inParameter: names.securityToken, notInHeader: names.securityTokenHeader)
        }
        presented.refusal = refusal.error
        return presented
    }

    private func checkOlderLifetime(until expires: Int64?) throws(OSSError) {
        guard let expires else {
            throw OSSError(
                .accessDenied, message: "Invalid date (should be seconds since epoch).", ec: "0002-00000070")
        }
        guard conditions.nowUnixSeconds <= expires else {
            throw AuthenticationRefusal.outsideLifetime(
                message: "Request has expired.", ec: "0002-00000069", expires: expires,
                now: conditions.nowUnixSeconds)
        }
    }
}
